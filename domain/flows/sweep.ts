/** Finds in the records what is due and makes sure that somebody does it: nothing here depends on the queue having survived. */

import { line } from '../cards/card.ts';
import { firstBroken, nextLink } from '../model/audit.ts';
import { endStates, unfinished } from '../model/deployment.ts';
import { moveProposal, type Proposal } from '../model/proposal.ts';
import { ok } from '../model/result.ts';
import { livingRollouts } from '../model/rollout.ts';
import type { Line, Recorded, WorkerWorld, World } from '../ports.ts';
import { makeDigests } from './digests.ts';
import { advanceRollout, startRollout } from './rollout.ts';
import { own, said, update } from './say.ts';
import { settle } from './settle.ts';
import { expireWorkaround } from './workarounds.ts';

/** Re-creates lost jobs, finishes half-done consequences, ends what has expired, wakes what was put away, announces what is due. Safe to repeat. */
export async function sweep(world: World): Promise<void> {
  const at = world.clock.now();
  const late = await world.deployments.find({ state: { in: unfinished }, nextAt: { before: at } }, 1000);
  await each(world, late, ({ id }) => world.queue.deployment(id));
  const unsettled = await world.deployments.find({ settled: false, state: { in: endStates } }, 1000);
  await each(world, unsettled, (ended) => settle(world, ended));
  const approved = await world.proposals.find({ state: 'approved', rollout: null });
  await each(world, approved, (proposal) => startRollout(world, proposal));
  const living = await world.rollouts.find({ state: { in: livingRollouts } });
  await each(world, living, ({ id }) => advanceRollout(world, id));
  await ageProposals(world, at);
  const over = await world.workarounds.find({ state: 'active', expiresAt: { before: at } });
  await each(world, over, (workaround) => expireWorkaround(world, workaround));
  await makeDigests(world);
}

/** One record that cannot be worked on must not keep the others, or the audit chain, from their turn. */
async function each<R extends Recorded>(
  world: World,
  records: readonly R[],
  work: (record: R) => Promise<unknown>,
): Promise<void> {
  for (const record of records) {
    try {
      await work(record);
    } catch (error) {
      world.log.error('sweep.failed', {
        record: record.id,
        error: error instanceof Error ? error.stack : String(error),
      });
    }
  }
}

/**
 * Undecided for too long: expired, and announced again so that it is not forgotten. Deferred ones come back when their time is up,
 * with all their time to decide. A card that only changes in place is seen by nobody, so the thread says it.
 */
async function ageProposals(world: World, at: Date): Promise<void> {
  const expiry = ({ policy }: Proposal): Date => {
    const hours = world.policies.find(({ id }) => id === policy)?.expiresHours ?? 72;
    return new Date(at.getTime() + hours * 3_600_000);
  };
  const expired = await world.proposals.find({ state: 'announced', expiresAt: { before: at } });
  await each(world, expired, ({ id }) =>
    update(world.proposals, id, null, (now) => {
      const over = now.expiresAt < at ? moveProposal(now, 'expire') : null;
      const again = over?.ok ? moveProposal(over.value, 'announce') : null;
      if (!again?.ok) return ok({ next: now, said: { events: [] } });
      const voided = 'Nobody decided in time: votes start again.';
      const next = { ...again.value, votes: [], expiresAt: expiry(now), voided, planRev: again.value.rev };
      return ok({ next, said: said(own(at, 'proposal.expired', id), [reminder(next, voided)]) });
    }),
  );
  const deferred = await world.proposals.find({ state: 'deferred', deferredUntil: { before: at } });
  await each(world, deferred, ({ id }) =>
    update(world.proposals, id, null, (now) => {
      const woken = moveProposal(now, 'wake', { deferredUntil: null, expiresAt: expiry(now) });
      if (!woken.ok) return ok({ next: now, said: { events: [] } });
      const lines = [reminder(woken.value, 'It was put away until now.')];
      return ok({ next: woken.value, said: said(own(at, 'proposal.announced', id), lines) });
    }),
  );
}

const reminder = ({ id, rev }: Proposal, why: string): Line => ({
  key: `reminder:${id}:${rev}`,
  card: line('Waiting for a decision', 'warn', 'Announced again', why),
});

/** Moves events from the records into the chain, oldest first. Another process may do the same: each event enters once. */
export async function chainAudit({ audit, tenant }: Pick<WorkerWorld, 'audit' | 'tenant'>): Promise<void> {
  let last = await audit.last();
  for (const waiting of await audit.waiting(500)) {
    const link = await nextLink(tenant, last, waiting.event);
    // When somebody else took this number, or has this event, it stays with its record and comes again.
    last = (await audit.append(link)) ? link : await audit.last();
    await audit.taken(waiting);
  }
}

/** The number of the first link that was tampered with, or null. */
export const verifyAudit = ({ audit }: Pick<WorkerWorld, 'audit'>): Promise<number | null> => firstBroken(audit.all());
