/** What is going on, and changing when something will. */
import type { Card } from '../../domain/cards/card.ts';
import { deviceLine, proposalCard } from '../../domain/cards/proposal-card.ts';
import { reschedule } from '../../domain/flows/decide.ts';
import { proposalNamed } from '../../domain/flows/look-up.ts';
import { deviceByName, proposalView } from '../../domain/flows/views.ts';
import type { ProposalId, RolloutId } from '../../domain/model/ids.ts';
import { undecided } from '../../domain/model/proposal.ts';
import type { World } from '../../domain/ports.ts';
import { openIds } from './catalog.ts';
import { done, type Reply, refused, type Verb } from './press.ts';

/** More than any fleet has. */
const everything = 1_000_000;

/** The verbs that look. */
export const statusVerbs = (world: World): readonly Verb[] => [
  {
    name: 'status',
    summary: 'What is going on: everywhere, in one rollout, or on one device',
    options: [{ name: 'subject', description: 'A rollout id or a device name', required: false, suggests: false }],
    role: 'viewer',
    run: ({ options }) => status(world, options['subject']),
  },
  {
    name: 'schedule',
    summary: 'Change when a proposal would be deployed; votes start again',
    options: [
      { name: 'proposal', description: 'Id of the proposal', required: true, suggests: true },
      { name: 'when', description: 'now or next-window', required: true, suggests: true },
    ],
    role: 'approver',
    async run({ by, options }): Promise<Reply> {
      const schedule = options['when'] === 'now' ? 'now' : 'next-window';
      const typed = options['proposal'] ?? '';
      const proposal = (await proposalNamed(world, typed)) ?? (typed as ProposalId);
      const changed = await reschedule(world, { proposal, by, schedule });
      return changed.ok
        ? done(`Planned for ${schedule === 'now' ? 'as soon as it is approved' : 'the next window'}.`)
        : refused(changed.error);
    },
    suggest: async (option, typed) =>
      option === 'when' ? ['now', 'next-window'].filter((one) => one.startsWith(typed)) : openIds(world, typed),
  },
];

async function status(world: World, subject: string | undefined): Promise<Reply> {
  if (!subject) return done('Status', await overview(world));
  const rollout = await world.rollouts.get(subject as RolloutId);
  const view = rollout ? await proposalView(world, rollout.proposal) : null;
  if (view) return done('Status', proposalCard(view));
  const device = await deviceByName(world, subject);
  if (!device) return refused({ code: 'device.unknown', name: subject });
  const deployments = await world.deployments.find({ device: device.id });
  const items = [...deployments].sort((a, b) => b.createdAt.getTime() - a.createdAt.getTime()).map(deviceLine);
  const list = { title: 'Deployments, newest first', items, more: 0 };
  return done('Status', {
    title: device.name,
    tone: 'plain',
    status: `${items.length} deployments`,
    facts: [],
    list,
    buttons: [],
  });
}

async function overview(world: World): Promise<Card> {
  const halts = await world.halts.find({ active: true });
  const rollouts = await world.rollouts.find({
    state: { in: ['scheduled', 'deploying', 'soaking', 'paused', 'halted'] },
  });
  const problems = (await world.devices.pick({ retired: false }, ['lastScan'], everything)).filter(
    ({ lastScan }) => lastScan?.problem,
  );
  const orders = await world.workOrders.count({ state: { in: ['open', 'claimed', 'waiting'] } });
  return {
    title: 'Status',
    tone: halts.length > 0 ? 'bad' : problems.length > 0 ? 'warn' : 'good',
    status: halts.length > 0 ? `Halted by ${halts.map(({ by }) => by).join(', ')}` : 'Running',
    facts: [
      { label: 'Waiting for a decision', value: String(await world.proposals.count({ state: { in: undecided } })) },
      { label: 'Rollouts', value: String(rollouts.length) },
      { label: 'Work orders', value: String(orders) },
      { label: 'Devices with problems', value: String(problems.length) },
    ],
    list: {
      title: 'Rollouts',
      items: rollouts.map(
        ({ id, patch, state, because }) => `${id}: ${patch.slice(patch.indexOf('/') + 1)} ${state}. ${because ?? ''}`,
      ),
      more: 0,
    },
    buttons: [],
  };
}
