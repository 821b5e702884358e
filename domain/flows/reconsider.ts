/** Denied patches stay denied, but people hear of it when one has become urgent since, and can have it proposed again. */
import type { Refusal } from '../errors.ts';
import { event } from '../model/audit.ts';
import type { Patch } from '../model/patch.ts';
import { askAgain, type Decision, type Proposal } from '../model/proposal.ts';
import { err, ok, type Result } from '../model/result.ts';
import type { Said, World } from '../ports.ts';
import { type Ballot, unknownProposal } from './decide.ts';
import { inBatches, type Offered, type Priced, price } from './pricing.ts';
import { candidatesOf, offerOf, proposePatch, roundsOf } from './propose.ts';
import { moreUrgent, reasonsOf, sameWorth } from './reprice.ts';
import { actor, own, said, update } from './say.ts';
import { declinedBy } from './verdict.ts';

/** More than people ever deny: `pick` stops at 10,000 by itself. */
const everything = 1_000_000;

type Denied = { readonly proposal: Proposal; readonly offer: Offered };

/**
 * Prices what the denied ones of these patches would be if they were proposed now, and asks people about those that have become
 * urgent, once for each time. Safe to repeat and to run twice at once; `signal` ends it between two batches.
 */
export async function reconsider(world: World, patches: readonly Patch[], signal: AbortSignal): Promise<void> {
  await inBatches(
    denied(world, patches),
    ({ offer }) => offer.on.length,
    signal,
    async (some) => {
      const priced = await price(
        world,
        some.map(({ offer }) => offer),
      );
      for (const [index, { proposal }] of some.entries()) {
        const now = priced[index];
        if (now) await update(world.proposals, proposal.id, null, (stored) => ok(judged(world, stored, now)));
      }
    },
  );
}

/** The last rounds that were denied, with the devices that miss the patch now: nobody is asked about what no device needs. */
async function* denied(world: World, patches: readonly Patch[]): AsyncGenerator<Denied> {
  const known = new Map(patches.map((patch) => [patch.id, patch]));
  const all = await world.proposals.pick({ state: 'denied' }, ['id', 'patch', 'policy'], everything);
  for (const { id, patch: of, policy: under } of all) {
    const [patch, policy] = [known.get(of), world.policies.find((one) => one.id === under)];
    if (!patch || patch.blocked || !policy) continue;
    const proposal = (await roundsOf(world, { patch: of, policy: under })).at(-1);
    if (proposal?.id !== id) continue;
    const chosen = await candidatesOf(world, patch, policy);
    if (chosen.length > 0) yield { proposal, offer: offerOf(patch, chosen) };
  }
}

/** What is known of it now is kept quietly; what makes it urgent is told, also of one that ended before anybody had heard of it. */
function judged(world: World, stored: Proposal, now: Priced): { readonly next: Proposal; readonly said: Said } {
  const { decided, state } = stored;
  const before = decided?.worth ?? stored;
  if (state !== 'denied' || !decided || decided.again || sameWorth(before, now)) {
    return { next: stored, said: { events: [] } };
  }
  const at = world.clock.now();
  const { priority, threat } = now;
  const { band, score, due } = priority;
  const kept: Decision = { ...decided, worth: { priority, threat } };
  const priced = own(at, 'proposal.repriced', stored.id, { band, score, due });
  if (!moreUrgent(before, now)) {
    return { next: { ...stored, decided: kept, rev: stored.rev + 1 }, said: { events: [priced], quiet: true } };
  }
  const urged = [...(decided.urged ?? []), { at, because: reasonsOf(before, now), band, score }];
  const first = stored.announcedAt === null ? [own(at, 'proposal.announced', stored.id, { patch: stored.patch })] : [];
  return {
    next: { ...stored, announcedAt: stored.announcedAt ?? at, decided: { ...kept, urged }, rev: stored.rev + 1 },
    said: { events: [priced, ...first] },
  };
}

/**
 * A person wants a denied patch proposed again: a new round with a plan made now, for people to decide. Gives its proposal; pressed
 * twice there is one. Refusals: `proposal.unknown`, those of `askAgain`, `proposal.proposed-again`, `patch.declined` while the verdict
 * stands, `patch.retracted`, and `proposal.nothing-left`: then it is proposed as soon as a device can get it.
 */
export async function proposeAgain(
  world: World,
  { proposal: id, by, seenRev }: Ballot,
): Promise<Result<Proposal, Refusal>> {
  const at = world.clock.now();
  const asked = await update<Proposal, Refusal>(world.proposals, id, unknownProposal(id), async (now) => {
    const next = askAgain(now, by, at, seenRev);
    if (!next.ok) return next;
    const refusal = await refusalOf(world, now);
    if (refusal) return err(refusal);
    return ok({
      next: next.value,
      said: said(event(at, actor(by), 'proposal.asked-again', id, { patch: now.patch, revision: seenRev })),
    });
  });
  if (!asked.ok) return asked;
  await proposePatch(world, asked.value.patch);
  const made = (await roundsOf(world, asked.value)).at(-1);
  return made && made.id !== id ? ok(made) : err({ code: 'proposal.nothing-left' });
}

async function refusalOf(world: World, now: Proposal): Promise<Refusal | null> {
  const latest = (await roundsOf(world, now)).at(-1);
  if (latest && latest.id !== now.id) return { code: 'proposal.proposed-again', id: latest.id, state: latest.state };
  const patch = await world.patches.get(now.patch);
  if (patch?.retracted) return { code: 'patch.retracted', reason: patch.retracted.reason };
  return patch && declinedBy(patch);
}
