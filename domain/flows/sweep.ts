/** Finds in the records what is due and makes sure that somebody does it: nothing here depends on the queue having survived. */

import { firstBroken, nextLink } from '../model/audit.ts';
import { unfinished } from '../model/deployment.ts';
import { moveProposal } from '../model/proposal.ts';
import { ok } from '../model/result.ts';
import { livingRollouts } from '../model/rollout.ts';
import type { WorkerWorld, World } from '../ports.ts';
import { advanceRollout, startRollout } from './rollout.ts';
import { own, said, update } from './say.ts';
import { settle } from './settle.ts';

/** Re-creates lost jobs, finishes half-done consequences, ends what has expired, wakes what was put away. Safe to repeat. */
export async function sweep(world: World): Promise<void> {
  const at = world.clock.now();
  for (const late of await world.deployments.find({ state: { in: unfinished }, nextAt: { before: at } }, 1000)) {
    await world.queue.deployment(late.id);
  }
  for (const ended of await world.deployments.find({ settled: false }, 1000)) {
    if (!unfinished.includes(ended.state)) await settle(world, ended);
  }
  for (const approved of await world.proposals.find({ state: 'approved', rollout: null }))
    await startRollout(world, approved);
  for (const rollout of await world.rollouts.find({ state: { in: livingRollouts } }))
    await advanceRollout(world, rollout.id);
  await ageProposals(world, at);
}

/** Undecided for too long: expired, and announced again so that it is not forgotten. Deferred ones come back when their time is up. */
async function ageProposals(world: World, at: Date): Promise<void> {
  for (const { id, policy } of await world.proposals.find({ state: 'announced', expiresAt: { before: at } })) {
    const hours = world.policies.find((one) => one.id === policy)?.expiresHours ?? 72;
    await update(world.proposals, id, null, (now) => {
      const expired = moveProposal(now, 'expire');
      const again = expired.ok ? moveProposal(expired.value, 'announce') : expired;
      if (!again.ok) return ok({ next: now, said: { events: [] } });
      const expiresAt = new Date(at.getTime() + hours * 3_600_000);
      const next = { ...again.value, votes: [], expiresAt, voided: 'Nobody decided in time: votes start again.' };
      return ok({ next: { ...next, planRev: next.rev }, said: said(own(at, 'proposal.expired', id)) });
    });
  }
  for (const { id } of await world.proposals.find({ state: 'deferred', deferredUntil: { before: at } })) {
    await update(world.proposals, id, null, (now) => {
      const woken = moveProposal(now, 'wake', { deferredUntil: null });
      if (!woken.ok) return ok({ next: now, said: { events: [] } });
      return ok({ next: woken.value, said: said(own(at, 'proposal.announced', id)) });
    });
  }
}

/** Moves events from the records into the chain, oldest first. Another process may do the same: each event enters once. */
export async function chainAudit({ audit, tenant }: Pick<WorkerWorld, 'audit' | 'tenant'>): Promise<void> {
  for (const waiting of await audit.waiting(500)) {
    const link = await nextLink(tenant, await audit.last(), waiting.event);
    // When somebody else took this number the event stays with its record and comes again.
    await audit.append(link);
    await audit.taken(waiting);
  }
}

/** The number of the first link that was tampered with, or null. */
export const verifyAudit = ({ audit }: Pick<WorkerWorld, 'audit'>): Promise<number | null> => firstBroken(audit.all());
