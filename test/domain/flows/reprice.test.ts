import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { approve } from '../../../domain/flows/decide.ts';
import { makeDigests } from '../../../domain/flows/digests.ts';
import { matchFleet } from '../../../domain/flows/intel.ts';
import { proposePatch } from '../../../domain/flows/propose.ts';
import type { Epss } from '../../../domain/model/cve.ts';
import type { Proposal } from '../../../domain/model/proposal.ts';
import { policy } from '../make.ts';
import { advisory, daily, feed, kev, knowing, outdated, signal } from './intel-world.ts';
import { acme, always, type FlowWorld, flowDatabase, nightly, riley, sam, silent, told } from './world.ts';

let db: Awaited<ReturnType<typeof flowDatabase>>;
let cves = 2000;
beforeAll(async () => {
  db = await flowDatabase();
});
afterAll(() => db.close());

const one = async (world: FlowWorld): Promise<Proposal> => {
  const [found] = await world.proposals.find({});
  if (!found) throw new Error('nothing is proposed');
  return found;
};
const epss = (world: FlowWorld, id: string, score: number) => {
  const value: Epss = { score, percentile: 0.9, date: '2026-11-23' };
  return world.cves.takeOver('epss', [{ field: 'epss', id, value }], false);
};

/** A proposal for a normal device, of an important update whose CVE nobody else's test knows. */
async function proposed(options: Parameters<typeof db.world>[0] = {}, device: object = {}) {
  const world = knowing(db.world(options));
  cves += 1;
  const cve = `CVE-2026-${cves}`;
  await outdated(world, ['web-1'], device);
  await feed(world, 'debian-dsa', advisory({ cves: [cve] }));
  await kev(world, '2026-11-20');
  await matchFleet(world, signal);
  await proposePatch(world, acme);
  return { world, cve };
}
const drawn = async (world: FlowWorld) => (await world.store.outbox.due(100)).map(({ kind }) => kind);
/** Everything that is due in chat was told. */
async function tell(world: FlowWorld): Promise<void> {
  for (const due of await world.store.outbox.due(100)) await world.store.outbox.done(due);
}

describe('a proposal whose CVE is now known to be exploited', () => {
  it('gets its new priority, says so once in its thread, and keeps its votes and its buttons', async () => {
    const two = policy({ windows: [always], approvals: { approve: 2, deny: 1 } });
    const { world, cve } = await proposed({ policies: [two] });
    const before = await one(world);
    const press = { proposal: before.id, by: sam, seenRev: before.rev, schedule: null };
    expect(await approve(world, press)).toMatchObject({ ok: true, value: { state: 'announced' } });
    await kev(world, '2026-11-20', cve);
    await matchFleet(world, signal);
    await matchFleet(world, signal);
    expect(await one(world)).toMatchObject({
      state: 'announced',
      planRev: before.planRev,
      votes: [{ person: 'sam' }],
      priority: { band: 'high', score: 58, due: '14-days', deciding: cve },
      threat: { cves: [{ id: cve, kev: true }] },
    });
    expect(await told(world)).toEqual([
      `Priority changed: Priority went from low (28) to high (58): ${cve} is now known to be exploited (KEV, 2026-11-20).`,
    ]);
    const seen = { proposal: before.id, by: riley, seenRev: before.rev, schedule: null };
    expect(await approve(world, seen)).toMatchObject({ ok: true, value: { state: 'approved' } });
  });

  it('goes down again, and says that too', async () => {
    const { world, cve } = await proposed();
    await kev(world, '2026-11-20', cve);
    await matchFleet(world, signal);
    await kev(world, '2026-11-20');
    await matchFleet(world, signal);
    expect((await told(world)).at(-1)).toBe(
      `Priority changed: Priority went from high (58) to low (28): ${cve} is not in KEV any more.`,
    );
  });

  it('leaves its digest for a card of its own', async () => {
    const { world, cve } = await proposed({ policies: [daily()] });
    world.clock.set('2026-11-23T12:00:16Z');
    await makeDigests(world);
    const { inDigest } = await one(world);
    await kev(world, '2026-11-20', cve);
    await matchFleet(world, signal);
    expect(inDigest).toBe('d-standard-2026-11-23');
    expect(await one(world)).toMatchObject({ state: 'announced', inDigest: null, formerDigest: inDigest });
  });

  it('does not wait for its digest any longer', async () => {
    const { world, cve } = await proposed({ policies: [daily()] });
    expect(await one(world)).toMatchObject({ state: 'open' });
    await kev(world, '2026-11-20', cve);
    await matchFleet(world, signal);
    expect(await one(world)).toMatchObject({ state: 'announced', inDigest: null, formerDigest: null });
    // Nobody has seen the old priority, so nobody has to hear that it changed.
    expect(await told(world)).toEqual([]);
  });

  it('comes back when it was put away', async () => {
    const { world, cve } = await proposed();
    const now = await one(world);
    const put = { ...now, state: 'deferred' as const, deferredUntil: new Date('2026-11-24T12:00:00Z') };
    await world.proposals.save({ ...put, rev: now.rev + 1 }, now.rev, silent);
    await kev(world, '2026-11-20', cve);
    await matchFleet(world, signal);
    expect(await one(world)).toMatchObject({ state: 'announced', deferredUntil: null });
  });
});

describe('a proposal whose score moves a little', () => {
  it('is only drawn again', async () => {
    const { world, cve } = await proposed();
    await tell(world);
    await epss(world, cve, 0.02);
    await matchFleet(world, signal);
    expect((await one(world)).priority).toMatchObject({ band: 'low', score: 34 });
    expect(await told(world)).toEqual([]);
    expect(await drawn(world)).toEqual(['proposal']);
    await tell(world);
    await matchFleet(world, signal);
    expect(await drawn(world)).toEqual([]);
  });

  it('says it when that is another band, with the addend that is new', async () => {
    const { world, cve } = await proposed();
    await epss(world, cve, 0.615);
    await matchFleet(world, signal);
    expect(await told(world)).toEqual([
      `Priority changed: Priority went from low (28) to normal (50): EPSS 61.5 %, ${cve}: 22.`,
    ]);
  });
});

describe('an approved proposal', () => {
  const approved = async () => {
    const { world, cve } = await proposed({ policies: [policy({ windows: [nightly] })] });
    const { id, rev } = await one(world);
    await approve(world, { proposal: id, by: sam, seenRev: rev, schedule: null });
    return { world, cve };
  };

  it('that has not started gets the new priority, and stays approved', async () => {
    const { world, cve } = await approved();
    await kev(world, '2026-11-20', cve);
    await matchFleet(world, signal);
    expect(await one(world)).toMatchObject({ state: 'approved', priority: { band: 'high' } });
    expect(await told(world)).toHaveLength(1);
    expect(await world.rollouts.find({})).toMatchObject([{ state: 'scheduled' }]);
  });

  it('that is being deployed keeps the priority that it was approved with', async () => {
    const { world, cve } = await approved();
    const [rollout] = await world.rollouts.find({});
    if (!rollout) throw new Error('no rollout');
    await world.rollouts.save({ ...rollout, state: 'deploying', rev: rollout.rev + 1 }, rollout.rev, silent);
    await kev(world, '2026-11-20', cve);
    await matchFleet(world, signal);
    expect(await one(world)).toMatchObject({ state: 'approved', priority: { band: 'low' } });
  });
});
