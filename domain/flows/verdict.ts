/** What follows from a verdict: a declined patch is offered to nobody, one that is no longer declined is offered again. */
import { line } from '../cards/card.ts';
import type { Refusal } from '../errors.ts';
import type { Applicability, Patch } from '../model/patch.ts';
import { isDeclined } from '../model/patch.ts';
import { moveProposal, type Proposal, undecided } from '../model/proposal.ts';
import { ok } from '../model/result.ts';
import type { World } from '../ports.ts';
import { own, said, update } from './say.ts';

const everything = 1_000_000;

/** Whether the tenant wants a verdict before this may be approved: anything above low that nobody has triaged. */
export const needsVerdict = (
  { triageRequired }: Pick<World, 'triageRequired'>,
  { priority }: Pick<Proposal, 'priority'>,
  { verdict }: Pick<Patch, 'verdict'>,
): boolean => triageRequired && verdict === null && priority.band !== 'low';

/** Why a declined patch may not be approved or proposed, with the way out; null when it is not declined. */
export const declinedBy = (patch: Patch): Refusal | null =>
  patch.verdict && isDeclined(patch)
    ? { code: 'patch.declined', by: patch.verdict.by, reason: patch.verdict.rationale, patch: patch.id }
    : null;

/** Why triage speaks against an approval; null when it does not. Nothing keeps people from denying or deferring. */
export async function triageRefuses(world: World, proposal: Proposal): Promise<Refusal | null> {
  const patch = await world.patches.get(proposal.patch);
  if (!patch) return null;
  return (
    declinedBy(patch) ?? (needsVerdict(world, proposal, patch) ? { code: 'patch.no-verdict', patch: patch.id } : null)
  );
}

/** Brings devices and proposals in line with the verdict of their patch. Safe to repeat. */
export async function followVerdict(world: World, patch: Patch): Promise<void> {
  if (!patch.verdict) return;
  if (!isDeclined(patch)) return offerAgain(world, patch);
  await decline(world, patch);
  await denyProposals(world, patch);
}

/** Every device that misses it has it declined. Scans leave that alone as long as the patch is offered there. */
async function decline(world: World, { id, verdict }: Patch): Promise<void> {
  const because = verdict && `${verdict.by}: ${verdict.rationale}`;
  // `at` stays the scan's own in both directions: what a scan that is under way finds must not look older than what people said.
  await changeAll(world, id, 'missing', (now) => ({ ...now, state: 'declined', because }));
}

/**
 * What a simulation said of a declined patch may have been that it cannot be installed, or would remove something, and the state did
 * not show it: so nothing of it is offered before its package manager has been asked again.
 */
async function offerAgain(world: World, { id }: Patch): Promise<void> {
  await changeAll(world, id, 'declined', (now) => ({
    ...now,
    state: 'missing',
    because: null,
    planned: false,
    transaction: [],
    undo: 'none',
  }));
}

async function changeAll(
  world: World,
  patch: Patch['id'],
  from: Applicability['state'],
  change: (now: Applicability) => Applicability,
): Promise<void> {
  const at = world.clock.now();
  for (const { id } of await world.applicabilities.find({ patch, state: from }, everything)) {
    await update(world.applicabilities, id, null, (now) => {
      if (now.state !== from) return ok({ next: now, said: { events: [] } });
      const next = { ...change(now), rev: now.rev + 1 };
      return ok({ next, said: said(own(at, 'applicability.changed', id, { state: next.state })) });
    });
  }
}

/** What nobody has decided ends as denied, with the rationale. What was approved goes on: people halt it, or do not. */
async function denyProposals(world: World, { id: patch, verdict }: Patch): Promise<void> {
  if (!verdict) return;
  const { by, at, rationale } = verdict;
  const decided = { by, at, reason: rationale, declined: true } as const;
  for (const { id } of await world.proposals.find({ patch, state: { in: undecided } })) {
    await update(world.proposals, id, null, (now) => {
      // One that nobody has heard of stays so.
      const heard = now.state === 'open' ? moveProposal(now, 'announce') : ok(now);
      const denied = heard.ok ? moveProposal(heard.value, 'deny', { decided }) : heard;
      if (!denied.ok) return ok({ next: now, said: { events: [] } });
      const card = line('Patch declined', 'plain', 'Undesirable', `${by}: ${rationale}`);
      const lines = now.announcedAt === null ? [] : [{ key: `verdict:undesirable:${at.getTime()}:${id}`, card }];
      const details = { patch, by, reason: rationale };
      return ok({
        next: { ...denied.value, rev: now.rev + 1 },
        said: said(own(world.clock.now(), 'proposal.denied', id, details), lines),
      });
    });
  }
}
