/** The buttons of a proposal: approve, approve now, in 24 hours, deny, details. */
import { detailsCard } from '../../domain/cards/details-card.ts';
import { approve, deny, postpone } from '../../domain/flows/decide.ts';
import { announceNow } from '../../domain/flows/digests.ts';
import { proposeAgain } from '../../domain/flows/reconsider.ts';
import { proposalView } from '../../domain/flows/views.ts';
import type { ProposalId, RolloutId } from '../../domain/model/ids.ts';
import type { Plan } from '../../domain/model/plan.ts';
import type { World } from '../../domain/ports.ts';
import { done, type Press, type PressHandler, type Reply, refused } from './press.ts';

const postponeHours = 24;

/** `schedule` null = as planned. */
const approveAs = (world: World, action: string, schedule: Plan['schedule'] | null): PressHandler => ({
  action,
  role: 'approver',
  async handle({ subject, seenRev, by }) {
    const decided = await approve(world, { proposal: subject as ProposalId, by, seenRev, schedule });
    if (!decided.ok) return refused(decided.error);
    if (decided.value.state === 'approved') return done('Approved. The card shows how it goes.');
    return done('Your approval is counted. It needs more people.');
  },
});

/** All buttons of a proposal's card. */
export const decideHandlers = (world: World): readonly PressHandler[] => [
  approveAs(world, 'proposal.approve', null),
  approveAs(world, 'proposal.approve-now', 'now'),
  {
    action: 'proposal.defer',
    role: 'approver',
    async handle({ subject, seenRev, by }) {
      const put = await postpone(world, { proposal: subject as ProposalId, by, seenRev, hours: postponeHours });
      return put.ok ? done(`Put away. It is announced again in ${postponeHours} hours.`) : refused(put.error);
    },
  },
  {
    action: 'proposal.deny',
    role: 'approver',
    async handle({ subject, seenRev, by, answer }) {
      const decided = await deny(world, { proposal: subject as ProposalId, by, seenRev, reason: answer });
      return decided.ok ? done('Denied. Your reason is kept.') : refused(decided.error);
    },
  },
  {
    action: 'proposal.announce',
    role: 'approver',
    async handle({ subject, by }) {
      const told = await announceNow(world, subject as ProposalId, by);
      return told.ok ? done('Announced: its card is in the channel.') : refused(told.error);
    },
  },
  {
    action: 'proposal.again',
    role: 'approver',
    async handle({ subject, seenRev, by }) {
      const made = await proposeAgain(world, { proposal: subject as ProposalId, by, seenRev });
      if (!made.ok) return refused(made.error);
      const where = made.value.state === 'open' ? 'It waits for its digest.' : 'Its card is in the channel.';
      return done(`Proposed again with a plan of now. ${where} Nothing is approved by it.`);
    },
  },
  { action: 'proposal.details', role: 'viewer', handle: ({ subject }: Press) => details(world, subject as ProposalId) },
  {
    action: 'rollout.details',
    role: 'viewer',
    async handle({ subject }) {
      const rollout = await world.rollouts.get(subject as RolloutId);
      return rollout ? details(world, rollout.proposal) : refused({ code: 'rollout.unknown', subject });
    },
  },
];

/** The long form of a card, for the one who asked. */
export async function details(world: World, id: ProposalId): Promise<Reply> {
  const view = await proposalView(world, id);
  return view ? done('Details', detailsCard(view)) : refused({ code: 'proposal.unknown', subject: id });
}
