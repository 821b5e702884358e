/** New facts, new urgency: proposals that still matter get their new priority, and people hear of it when it makes a difference. */
import { line, type Tone } from '../cards/card.ts';
import type { Device } from '../model/device.ts';
import type { Patch } from '../model/patch.ts';
import { canonical } from '../model/plan.ts';
import { byUrgency, type DueClass, type Priority, urgent } from '../model/priority.ts';
import { moveProposal, type Proposal, undecided, type Worth } from '../model/proposal.ts';
import { ok } from '../model/result.ts';
import type { Said, World } from '../ports.ts';
import { announced, atOnceCard } from './digests.ts';
import { inBatches, learn, type Offered, type Priced, price } from './pricing.ts';
import { own, update } from './say.ts';

type Concerned = { readonly patch: Patch; readonly proposal: Proposal };

/**
 * Prices the proposals of these patches anew: those that nobody has decided, and those that are approved and have not started.
 * Votes stay. Safe to repeat; `signal` ends it between two batches.
 */
export async function reprice(world: World, patches: readonly Patch[], signal: AbortSignal): Promise<void> {
  const devices = ({ proposal }: Concerned) => proposal.plan.entries.length;
  await inBatches(concerned(world, patches), devices, signal, (some) => priceAgain(world, some));
}

async function* concerned(world: World, patches: readonly Patch[]): AsyncGenerator<Concerned> {
  const scheduled = (await world.rollouts.find({ state: 'scheduled' })).map(({ id }) => id);
  for (const patch of patches) {
    const open = await world.proposals.find({ patch: patch.id, state: { in: undecided } });
    const approved = await world.proposals.find({
      patch: patch.id,
      state: 'approved',
      rollout: { in: [null, ...scheduled] },
    });
    for (const proposal of [...open, ...approved]) yield { patch, proposal };
  }
}

async function priceAgain(world: World, waiting: readonly Concerned[]): Promise<void> {
  const ids = new Set(waiting.flatMap(({ proposal }) => proposal.plan.entries.map(({ device }) => device)));
  const found = ids.size > 0 ? await world.devices.find({ id: { in: [...ids] } }, ids.size) : [];
  const devices = new Map(found.map((device) => [device.id, device]));
  const offered = waiting
    .map(({ patch, proposal }) => ({ proposal, offer: offerOf(patch, proposal, devices) }))
    .filter(({ offer }) => offer.on.length > 0);
  const priced = await price(
    world,
    offered.map(({ offer }) => offer),
  );
  for (const [index, { proposal, offer }] of offered.entries()) {
    const now = priced[index];
    if (!now) continue;
    await learn(world, offer.patch, now.fixes);
    await update(world.proposals, proposal.id, null, (stored) =>
      // With another plan it was priced by whoever changed the plan.
      ok(
        stored.digest === proposal.digest && stored.state === proposal.state
          ? repriced(world, stored, stored, now)
          : { next: stored, said: { events: [] } },
      ),
    );
  }
}

function offerOf(patch: Patch, { plan }: Proposal, devices: ReadonlyMap<Device['id'], Device>): Offered {
  const on = plan.entries.flatMap(({ device: id, transaction }) => {
    const device = devices.get(id);
    return device ? [{ device, transaction }] : [];
  });
  return { patch, on };
}

/**
 * The proposal with its new priority, and what is said of it. `stored` is the record as it was read; `now` may have another plan
 * already. One that has become urgent does not wait any longer: neither for its digest, nor for the end of a deferral.
 */
export function repriced(
  world: World,
  stored: Proposal,
  now: Proposal,
  priced: Priced,
): { readonly next: Proposal; readonly said: Said } {
  const { priority, threat } = priced;
  const before = { priority: now.priority, threat: now.threat };
  if (sameWorth(before, priced)) return { next: now, said: { events: [] } };
  const at = world.clock.now();
  const rev = now === stored ? now.rev + 1 : now.rev;
  const next = { ...hurried(world, { ...now, priority, threat }, before.priority), rev };
  const text = changeOf(before, priced);
  const tone: Tone = byUrgency(priority, before.priority) < 0 ? 'bad' : 'plain';
  const told = text && stored.announcedAt !== null ? [text] : [];
  const { band, score, due } = priority;
  const first = stored.announcedAt === null && next.announcedAt !== null;
  return {
    next,
    said: {
      events: [
        own(at, 'proposal.repriced', now.id, { band, score, due }),
        ...(first ? [own(at, 'proposal.announced', now.id, { patch: now.patch })] : []),
      ],
      lines: told.map((words) => ({
        key: `reprice:${now.id}:${rev}`,
        card: line('Priority changed', tone, priority.band, words),
      })),
    },
  };
}

/** Whether nothing at all has changed. */
export const sameWorth = (a: Worth, b: Worth): boolean => canonical(plain(a)) === canonical(plain(b));

/** Dates as text, so that two priorities can be compared by their canonical form. */
const plain = ({ priority, threat }: Worth): unknown => JSON.parse(JSON.stringify({ priority, threat }));

function hurried(world: World, now: Proposal, before: Priority): Proposal {
  const policy = world.policies.find(({ id }) => id === now.policy);
  if (now.state === 'open') return policy && atOnceCard(policy, now.priority) ? (announced(world, now) ?? now) : now;
  if (!urgent(now.priority.band) || urgent(before.band) || !undecided.includes(now.state)) return now;
  const lifted = now.inDigest ? { ...now, inDigest: null, formerDigest: now.inDigest } : now;
  if (lifted.state !== 'deferred') return lifted;
  // It was put away by what was known then.
  const expiresAt = new Date(world.clock.now().getTime() + (policy?.expiresHours ?? 72) * 3_600_000);
  const woken = moveProposal(lifted, 'wake', { deferredUntil: null, expiresAt });
  return woken.ok ? woken.value : lifted;
}

/** One sentence about what changed and why, when it makes a difference: another band, another due class, another fact of KEV. */
export function changeOf(before: Worth, after: Known): string | null {
  const [was, is] = [before.priority, after.priority];
  const moved = was.band !== is.band;
  if (!moved && was.due === is.due && exploited(before).join() === exploited(after).join()) return null;
  const what = moved
    ? `Priority went from ${was.band} (${was.score}) to ${is.band} (${is.score})`
    : was.due !== is.due
      ? `Due went from ${dueWords[was.due]} to ${dueWords[is.due]}`
      : `Priority stays ${is.band} (${is.score})`;
  return `${what}: ${reasonsOf(before, after)}.`;
}

/** Priced, with what is known of its CVEs. */
type Known = Pick<Priced, 'priority' | 'threat' | 'cves'>;

const exploited = ({ threat }: Worth): readonly string[] =>
  threat.cves.flatMap(({ id, kev }) => (kev ? [id] : [])).sort();

/** Whether something has become urgent, or another of its CVEs known to be exploited. */
export function moreUrgent(before: Worth, after: Worth): boolean {
  const known = exploited(before);
  const listed = exploited(after).some((id) => !known.includes(id));
  return listed || (urgent(after.priority.band) && !urgent(before.priority.band));
}

/** The first two reasons of a change, in one sentence without its full stop. */
export const reasonsOf = (before: Worth, after: Known): string => reasons(before, after).slice(0, 2).join('; ');

const dueWords: Record<DueClass, string> = {
  '3-days-triage': '3 days with a look for intruders',
  '3-days': '3 days',
  '14-days': '14 days',
  '60-days': '60 days',
  'next-window': 'the next window',
};

function reasons({ priority: was, threat: old }: Worth, { priority: is, threat, cves }: Known): readonly string[] {
  const known = new Map(old.cves.map((cve) => [cve.id, cve.kev]));
  const listed = threat.cves
    .filter(({ id, kev }) => kev && !known.get(id))
    .map(({ id }) => `${id} is now known to be exploited (KEV, ${cves.get(id)?.kev?.added ?? 'no date'})`);
  const unlisted = old.cves
    .filter(({ id, kev }) => kev && cves.has(id) && !cves.get(id)?.kev)
    .map(({ id }) => `${id} is not in KEV any more`);
  const added = threat.advisories.filter(({ id }) => !old.advisories.some((one) => one.id === id)).map(({ id }) => id);
  const more =
    threat.advisoryCount > old.advisoryCount && added.length > 0 ? [`it is known to fix ${added.join(', ')} now`] : [];
  const fewer =
    threat.advisoryCount < old.advisoryCount
      ? [`it fixes ${threat.advisoryCount} advisories, no longer ${old.advisoryCount}`]
      : [];
  const exposed =
    threat.exposed === old.exposed
      ? []
      : [`devices on the internet, or perhaps: ${threat.exposed} instead of ${old.exposed}`];
  const certain = [...listed, ...unlisted, ...more, ...fewer, ...exposed];
  if (certain.length > 0) return certain;
  // Each addend is a sentence of its own: those that are new are the reason.
  const addends = is.why.filter((one) => !was.why.includes(one) && !one.startsWith('= '));
  return addends.length > 0 ? addends : ['what it was computed from has changed'];
}
