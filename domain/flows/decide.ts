/** What people decide about a proposal: approve, deny, defer, reschedule. */
import type { Refusal } from '../errors.ts';
import { event } from '../model/audit.ts';
import type { ProposalId } from '../model/ids.ts';
import type { Person } from '../model/people.ts';
import { digestOf, type Plan } from '../model/plan.ts';
import { isStale, moveProposal, type Proposal, replan, vote } from '../model/proposal.ts';
import { err, ok, type Result } from '../model/result.ts';
import type { World } from '../ports.ts';
import { startRollout } from './rollout.ts';
import { actor, said, update } from './say.ts';
import { triageRefuses } from './verdict.ts';

/** Who presses what on which proposal, and the revision that the card was drawn from. */
export type Ballot = { readonly proposal: ProposalId; readonly by: Person; readonly seenRev: number };

/** The refusal of a proposal that does not exist. */
export const unknownProposal = (id: ProposalId): Refusal => ({ code: 'proposal.unknown', subject: id });

/**
 * Counts an approval of exactly the plan that the card showed. `schedule` `now` changes only the plan's schedule first, which voids
 * earlier votes. When the threshold is met the rollout is made. Refusals: those of `vote`, `proposal.unknown`, and of triage:
 * `patch.no-verdict`, `patch.declined`.
 */
export async function approve(
  world: World,
  { proposal, by, seenRev, schedule }: Ballot & { readonly schedule: Plan['schedule'] | null },
): Promise<Result<Proposal, Refusal>> {
  const at = world.clock.now();
  const decided = await update<Proposal, Refusal>(
    world.proposals,
    proposal,
    unknownProposal(proposal),
    async (shown) => {
      if (shown.state === 'announced' && isStale(shown, seenRev)) return err({ code: 'proposal.stale' });
      const refusal = shown.state === 'announced' ? await triageRefuses(world, shown) : null;
      if (refusal) return err(refusal);
      const plan = { ...shown.plan, schedule: schedule ?? shown.plan.schedule };
      const now = replan(shown, plan, await digestOf(plan), `${by.name} changed the schedule.`);
      const voted = vote(now, by, 'approve', at, {
        seenRev: now === shown ? seenRev : now.rev,
        thresholds: thresholdsOf(world, now),
        reason: null,
      });
      if (!voted.ok) return voted;
      const what = voted.value.state === 'approved' ? 'proposal.approved' : 'proposal.voted';
      const details = { digest: now.digest, patch: now.patch, schedule: plan.schedule, revision: seenRev };
      return ok({ next: voted.value, said: said(event(at, actor(by), what, proposal, details)) });
    },
  );
  if (!decided.ok || decided.value.state !== 'approved') return decided;
  return ok(await startRollout(world, decided.value));
}

/** Counts a vote against the plan. `reason` is kept and shown. */
export async function deny(
  world: World,
  { proposal, by, seenRev, reason }: Ballot & { readonly reason: string | null },
): Promise<Result<Proposal, Refusal>> {
  const at = world.clock.now();
  return update<Proposal, Refusal>(world.proposals, proposal, unknownProposal(proposal), (now) => {
    const voted = vote(now, by, 'deny', at, { seenRev, thresholds: thresholdsOf(world, now), reason });
    if (!voted.ok) return voted;
    const what = voted.value.state === 'denied' ? 'proposal.denied' : 'proposal.voted-against';
    const details = { digest: now.digest, patch: now.patch, reason: reason ?? '' };
    return ok({ next: voted.value, said: said(event(at, actor(by), what, proposal, details)) });
  });
}

/** Puts the whole proposal away for some hours; it is announced again then. */
export async function postpone(
  world: World,
  { proposal, by, seenRev, hours }: Ballot & { readonly hours: number },
): Promise<Result<Proposal, Refusal>> {
  const at = world.clock.now();
  return update<Proposal, Refusal>(world.proposals, proposal, unknownProposal(proposal), (now) => {
    if (isStale(now, seenRev)) return err({ code: 'proposal.stale' });
    const moved = moveProposal(now, 'defer', { deferredUntil: new Date(at.getTime() + hours * 3_600_000) });
    if (!moved.ok) return moved;
    return ok({ next: moved.value, said: said(event(at, actor(by), 'proposal.deferred', proposal, { hours })) });
  });
}

/** Changes when an undecided proposal would be deployed. A change voids votes. */
export async function reschedule(
  world: World,
  { proposal, by, schedule }: Omit<Ballot, 'seenRev'> & { readonly schedule: Plan['schedule'] },
): Promise<Result<Proposal, Refusal>> {
  const at = world.clock.now();
  return update<Proposal, Refusal>(world.proposals, proposal, unknownProposal(proposal), async (now) => {
    if (now.state !== 'announced') return err({ code: 'proposal.no-such-move', state: now.state });
    const plan = { ...now.plan, schedule };
    const next = replan(now, plan, await digestOf(plan), `${by.name} changed the schedule.`);
    return ok({ next, said: said(event(at, actor(by), 'proposal.rescheduled', proposal, { schedule })) });
  });
}

function thresholdsOf(world: World, { policy }: Proposal): { approve: number; deny: number } {
  // A policy that left the settings since: nobody can approve what no rule covers any more.
  const found = world.policies.find(({ id }) => id === policy);
  return found?.approvals ?? { approve: Number.POSITIVE_INFINITY, deny: 1 };
}
