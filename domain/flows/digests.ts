/** Announcing: what is urgent has a card of its own at once, the rest waits for the digest of its policy, one a day. */
import type { Refusal } from '../errors.ts';
import { event } from '../model/audit.ts';
import { type Digest, digestId } from '../model/digest.ts';
import type { ProposalId } from '../model/ids.ts';
import type { Person } from '../model/people.ts';
import type { Policy } from '../model/policy.ts';
import { urgent } from '../model/priority.ts';
import { mostUrgentFirst, moveProposal, type Proposal } from '../model/proposal.ts';
import { err, ok, type Result } from '../model/result.ts';
import type { World } from '../ports.ts';
import { fleetReleases } from './fleet-releases.ts';
import { actor, own, said, update } from './say.ts';

/** The first digest goes out when nothing new has come for this long, and after the longer time in any case. */
const [quietMs, patienceMs] = [15_000, 10 * 60_000];

/** Whether a proposal is announced at once, by a card of its own. */
export const atOnceCard = (policy: Policy, { band }: Proposal['priority']): boolean =>
  policy.digest === null || urgent(band);

/** The proposal as announced now, with all its time to decide; null when it is past that. */
export function announced(world: World, proposal: Proposal, change: Partial<Proposal> = {}): Proposal | null {
  const at = world.clock.now();
  const hours = world.policies.find(({ id }) => id === proposal.policy)?.expiresHours ?? 72;
  const expiresAt = new Date(at.getTime() + hours * 3_600_000);
  const moved = moveProposal(proposal, 'announce', { announcedAt: at, expiresAt, ...change });
  return moved.ok ? moved.value : null;
}

/**
 * A person does not want to wait for the digest: the proposal gets a card of its own now. Refusals: `proposal.unknown`, and that of
 * a proposal which was announced before.
 */
export async function announceNow(world: World, id: ProposalId, by: Person): Promise<Result<Proposal, Refusal>> {
  const at = world.clock.now();
  return update<Proposal, Refusal>(world.proposals, id, { code: 'proposal.unknown', subject: id }, (now) => {
    const next = now.state === 'open' ? announced(world, now) : null;
    if (!next) return err({ code: 'proposal.no-such-move', state: now.state });
    return ok({ next, said: said(event(at, actor(by), 'proposal.announced', id, { patch: now.patch })) });
  });
}

/**
 * Makes the digests that are due and finishes those that a killed worker left half-made. Safe to repeat and to run twice at once.
 * `first` now: somebody knows that everything was found, and the first digest need not wait for quiet.
 */
export async function makeDigests(world: World, first: 'when-quiet' | 'now' = 'when-quiet'): Promise<void> {
  if ((await world.proposals.count({ state: 'open' })) > 0) {
    for (const policy of world.policies) await digestFor(world, policy, first);
  }
  for (const half of await world.digests.find({ complete: false })) await complete(world, half);
}

async function digestFor(world: World, policy: Policy, when: 'when-quiet' | 'now'): Promise<void> {
  const waiting = { state: 'open', policy: policy.id } as const;
  // The policy may have had digests when these were made.
  if (!policy.digest) return release(world, policy);
  const slot = slotOf(world, policy.digest);
  if (!slot || (await world.digests.get(digestId(policy.id, slot.day)))) return;
  const first = (await world.digests.count({ policy: policy.id })) === 0;
  const due = first
    ? when === 'now' || (await settled(world, policy))
    : (await world.proposals.count({ ...waiting, createdAt: { before: slot.start } })) > 0;
  if (!due) return;
  const proposals = await world.proposals.find(waiting);
  if (proposals.length > 0) await makeDigest(world, policy, slot.day, proposals);
}

async function release(world: World, policy: Policy): Promise<void> {
  const at = world.clock.now();
  for (const { id } of await world.proposals.find({ state: 'open', policy: policy.id })) {
    await update(world.proposals, id, null, (now) => {
      const next = now.state === 'open' ? announced(world, now) : null;
      if (!next) return ok({ next: now, said: { events: [] } });
      return ok({ next, said: said(own(at, 'proposal.announced', id, { patch: now.patch })) });
    });
  }
}

/** The last time that the hour struck, and the day on which it did. The calendar knows about clocks that change. */
function slotOf(world: World, { hour, zone }: NonNullable<Policy['digest']>): { start: Date; day: string } | null {
  const at = world.clock.now();
  const struck = world.calendar.current(
    { cron: `0 ${hour} * * *`, zone, durationMinutes: 1440, cutoffMinutes: 0 },
    at,
  )?.start;
  // On a day of 25 hours nothing is due in the hour that is left over.
  if (!struck || struck > at) return null;
  const day = new Intl.DateTimeFormat('en-CA', { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit' });
  return { start: struck, day: day.format(struck) };
}

/** Nobody waits until tomorrow for the very first results, but they are told when they are complete, not one by one. */
async function settled(world: World, { id }: Policy): Promise<boolean> {
  const now = world.clock.now().getTime();
  const waiting = { state: 'open', policy: id } as const;
  const old = (ms: number) => world.proposals.count({ ...waiting, createdAt: { before: new Date(now - ms) } });
  if ((await old(patienceMs)) > 0) return true;
  const unseen = await world.devices.count({ retired: false, lastScan: null });
  if (unseen > 0 || (await world.applicabilities.count({ planned: false })) > 0) return false;
  if ((await old(quietMs)) !== (await world.proposals.count(waiting))) return false;
  return !(await feedsUnread(world)); // last, because it reads the whole fleet
}

/** Until every feed has answered, or failed, once, nobody can say what is urgent. */
async function feedsUnread(world: World): Promise<boolean> {
  const releases = await fleetReleases(world);
  const asked = new Set(
    (await world.feeds.all()).filter(({ checkedAt, problem }) => checkedAt ?? problem).map(({ id }) => id),
  );
  return world.feedRules.some(({ id, concerns }) => concerns(releases) && !asked.has(id));
}

async function makeDigest(world: World, policy: Policy, day: string, waiting: readonly Proposal[]): Promise<void> {
  const at = world.clock.now();
  const digest: Digest = {
    id: digestId(policy.id, day),
    tenant: world.tenant,
    rev: 1,
    policy: policy.id,
    at,
    day,
    proposals: mostUrgentFirst(waiting).map(({ id }) => id),
    complete: false,
  };
  const details = { policy: policy.id, day, proposals: waiting.length };
  // Told when it is complete, so that its thread begins with the most urgent one.
  await world.digests.insert(digest, { ...said(own(at, 'digest.made', digest.id, details)), quiet: true });
}

/** Announces what is in a digest, and then the digest itself, which draws the cards in its thread. */
async function complete(world: World, { id, proposals }: Digest): Promise<void> {
  const at = world.clock.now();
  for (const proposal of proposals) {
    await update(world.proposals, proposal, null, (now) => {
      const next = now.state === 'open' ? announced(world, now, { inDigest: id }) : null;
      if (!next) return ok({ next: now, said: { events: [] } });
      const saying = said(own(at, 'proposal.announced', now.id, { patch: now.patch, digest: id }));
      return ok({ next, said: { ...saying, quiet: true } });
    });
  }
  await update(world.digests, id, null, (now) =>
    ok({
      next: now.complete ? now : { ...now, complete: true, rev: now.rev + 1 },
      said: { events: [] },
    }),
  );
}
