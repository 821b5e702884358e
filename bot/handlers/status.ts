/** Looking at things: status, list, show, schedule. */
import type { Card } from '../../domain/cards/card.ts';
import { deviceLine, proposalCard } from '../../domain/cards/proposal-card.ts';
import { reschedule } from '../../domain/flows/decide.ts';
import { deviceByName, proposalView } from '../../domain/flows/views.ts';
import type { ProposalId, RolloutId } from '../../domain/model/ids.ts';
import type { World } from '../../domain/ports.ts';
import { done, type Reply, refused, type Verb } from './press.ts';

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
    name: 'list',
    summary: 'Proposals that wait for a decision',
    options: [],
    role: 'viewer',
    run: async () => done('Waiting for a decision', await listCard(world)),
  },
  {
    name: 'show',
    summary: 'The card of one proposal, with its buttons',
    options: [
      { name: 'proposal', description: 'Id of the proposal, or a package name', required: true, suggests: true },
    ],
    role: 'viewer',
    async run({ options }): Promise<Reply> {
      const subject = options['proposal'] ?? '';
      const view = await proposalView(world, await findProposal(world, subject));
      return view ? done('Here it is.', proposalCard(view)) : refused({ code: 'proposal.unknown', subject });
    },
    suggest: async (_, typed) => (await open(world)).map(({ id }) => id).filter((id) => id.startsWith(typed)),
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
      const proposal = await findProposal(world, options['proposal'] ?? '');
      const changed = await reschedule(world, { proposal, by, schedule });
      return changed.ok
        ? done(`Planned for ${schedule === 'now' ? 'as soon as it is approved' : 'the next window'}.`)
        : refused(changed.error);
    },
    suggest: async (option, typed) =>
      (option === 'when' ? ['now', 'next-window'] : (await open(world)).map(({ id }) => id)).filter((one) =>
        one.startsWith(typed),
      ),
  },
];

const open = (world: World) => world.proposals.find({ state: { in: ['announced', 'deferred'] } });

/** By id, or the newest one of a package. */
async function findProposal(world: World, subject: string): Promise<ProposalId> {
  const all = await world.proposals.find({});
  const fits = all.filter(({ patch }) => patch.includes(`/${subject}=`));
  const newest = [...fits].sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime()).at(-1);
  return newest?.id ?? (subject as ProposalId);
}

async function listCard(world: World): Promise<Card> {
  const items = (await open(world)).map(({ id, patch, priority, plan, state }) => {
    return `${id}: ${patch.slice(patch.indexOf('/') + 1)}, ${priority.band}, ${plan.entries.length} devices, ${state}`;
  });
  return {
    title: 'Proposals',
    tone: 'plain',
    status: `${items.length} open`,
    facts: [],
    list: { title: 'By id', items, more: 0 },
    buttons: [],
  };
}

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
  const problems = (await world.devices.find({ retired: false })).filter(({ lastScan }) => lastScan?.problem);
  const orders = await world.workOrders.count({ state: { in: ['open', 'claimed', 'waiting'] } });
  return {
    title: 'Status',
    tone: halts.length > 0 ? 'bad' : problems.length > 0 ? 'warn' : 'good',
    status: halts.length > 0 ? `Halted by ${halts.map(({ by }) => by).join(', ')}` : 'Running',
    facts: [
      { label: 'Waiting for a decision', value: String((await open(world)).length) },
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
