import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { announceNow, makeDigests } from '../../../domain/flows/digests.ts';
import { matchFleet } from '../../../domain/flows/intel.ts';
import { proposePatch } from '../../../domain/flows/propose.ts';
import { sweep } from '../../../domain/flows/sweep.ts';
import { digestId } from '../../../domain/model/digest.ts';
import type { DigestId, PolicyId } from '../../../domain/model/ids.ts';
import type { Proposal } from '../../../domain/model/proposal.ts';
import { policy } from '../make.ts';
import { advisory, daily, feed, kev, knowing, offer, outdated, signal } from './intel-world.ts';
import { acme, addDevices, events, type FlowWorld, flowDatabase, misses, sam } from './world.ts';

let db: Awaited<ReturnType<typeof flowDatabase>>;
beforeAll(async () => {
  db = await flowDatabase();
});
afterAll(() => db.close());

/** Monday noon in the tests' clock is one o'clock in Madrid; nine there is eight in UTC. */
const [monday, tuesday] = ['2026-11-23', '2026-11-24'];
const one = async (world: FlowWorld): Promise<Proposal> => {
  const [found] = await world.proposals.find({});
  if (!found) throw new Error('nothing is proposed');
  return found;
};
const digests = async (world: FlowWorld) =>
  [...(await world.digests.find({}))].sort((a, b) => (a.day < b.day ? -1 : 1));

/** A world with one update that waits for its first digest. */
async function waiting(change: object = {}) {
  const world = db.world({ policies: [daily(change)] });
  await outdated(world, ['web-1']);
  await proposePatch(world, acme);
  return world;
}

describe('a proposal that is not urgent', () => {
  it('waits for the first digest, which goes out as soon as everything was looked at and nothing new comes', async () => {
    const world = await waiting();
    expect(await one(world)).toMatchObject({ state: 'open', announcedAt: null, inDigest: null, rev: 1 });
    await makeDigests(world);
    expect(await digests(world)).toEqual([]);
    world.clock.set('2026-11-23T12:00:16Z');
    await makeDigests(world);
    const { id } = await one(world);
    expect(await digests(world)).toMatchObject([
      {
        id: `d-standard-${monday}`,
        proposals: [id],
        complete: true,
      },
    ]);
    expect(await one(world)).toMatchObject({
      state: 'announced',
      inDigest: `d-standard-${monday}`,
      announcedAt: world.clock.now(),
      expiresAt: new Date('2026-11-26T12:00:16Z'),
    });
    expect(await events(world, id)).toEqual(['proposal.opened', 'proposal.announced']);
  });

  it('waits while devices were never scanned or plans are missing, but not longer than ten minutes', async () => {
    const world = await waiting();
    await addDevices(world, ['new-1'], { lastScan: null });
    world.clock.set('2026-11-23T12:09:59Z');
    await makeDigests(world);
    expect(await digests(world)).toEqual([]);
    world.clock.set('2026-11-23T12:10:01Z');
    await makeDigests(world);
    expect(await digests(world)).toHaveLength(1);
  });

  it('waits for the hour of the next day when it comes after a digest, and each day has one', async () => {
    const world = await waiting();
    world.clock.set('2026-11-23T12:00:16Z');
    await makeDigests(world);
    await offer(world, 'acme-two');
    for (const at of ['2026-11-23T12:05:00Z', '2026-11-24T07:59:59Z']) {
      world.clock.set(at);
      await makeDigests(world);
      expect(await digests(world)).toHaveLength(1);
    }
    world.clock.set('2026-11-24T08:00:00Z');
    await makeDigests(world);
    await makeDigests(world);
    expect((await digests(world)).map(({ day, proposals }) => [day, proposals.length])).toEqual([
      [monday, 1],
      [tuesday, 1],
    ]);
  });

  it('that is found after an hour at which there was nothing to tell waits for the next day', async () => {
    const world = await waiting();
    world.clock.set('2026-11-23T12:00:16Z');
    await makeDigests(world);
    world.clock.set('2026-11-24T10:00:00Z');
    await offer(world, 'acme-three');
    await makeDigests(world);
    expect(await digests(world)).toHaveLength(1);
    world.clock.set('2026-11-25T08:00:00Z');
    await makeDigests(world);
    expect((await digests(world)).at(-1)).toMatchObject({ day: '2026-11-25' });
  });

  it('is in a digest that a worker had no time to make at its hour', async () => {
    const world = await waiting();
    world.clock.set('2026-11-23T12:00:16Z');
    await makeDigests(world);
    await offer(world, 'acme-late');
    world.clock.set('2026-11-25T03:00:00Z');
    await makeDigests(world);
    expect((await digests(world)).at(-1)).toMatchObject({ day: tuesday, complete: true });
  });

  it('is announced once when two processes make the digest at the same moment', async () => {
    const world = await waiting();
    world.clock.set('2026-11-23T12:00:16Z');
    await Promise.all([makeDigests(world), makeDigests(db.world({ like: world })), makeDigests(world)]);
    expect(await digests(world)).toHaveLength(1);
    expect(await events(world, (await one(world)).id)).toEqual(['proposal.opened', 'proposal.announced']);
  });

  it('is announced by the sweep after the process that made its digest was killed half-way', async () => {
    const world = await waiting();
    const dies: FlowWorld['proposals'] = {
      ...world.proposals,
      save: async () => {
        throw new Error('killed');
      },
    };
    world.clock.set('2026-11-23T12:00:16Z');
    await expect(makeDigests({ ...world, proposals: dies })).rejects.toThrow('killed');
    expect(await one(world)).toMatchObject({ state: 'open' });
    expect(await world.store.outbox.due(10)).not.toContainEqual(expect.objectContaining({ kind: 'digest' }));
    await sweep(world);
    expect(await one(world)).toMatchObject({ state: 'announced', inDigest: `d-standard-${monday}` });
    expect(await world.store.outbox.due(10)).toContainEqual(expect.objectContaining({ kind: 'digest' }));
  });

  it('comes in the order of urgency, equally urgent ones by name', async () => {
    const world = await waiting();
    for (const name of ['a', 'b', 'c', 'd', 'e']) await offer(world, `acme-${name}`);
    const secure = await offer(world, 'acme-secure', { classification: 'security', archive: 'security' });
    world.clock.set('2026-11-23T12:00:16Z');
    await makeDigests(world);
    const [digest] = await digests(world);
    const named = new Map((await world.proposals.find({})).map((proposal) => [proposal.id, proposal.patch]));
    expect(digest?.proposals.map((id) => named.get(id))).toEqual([
      secure,
      'debian:12/acme-a=2.0',
      acme,
      ...['b', 'c', 'd', 'e'].map((name) => `debian:12/acme-${name}=2.0`),
    ]);
  });

  it('that nobody misses any more before its digest ends without anybody hearing of it', async () => {
    const world = await waiting();
    const [device] = await world.devices.find({});
    if (device) await misses(world, device, { state: 'installed', transaction: [] });
    await proposePatch(world, acme);
    expect(await one(world)).toMatchObject({ state: 'superseded', announcedAt: null });
    world.clock.set('2026-11-23T12:00:16Z');
    await makeDigests(world);
    expect(await digests(world)).toEqual([]);
  });

  it('has a card of its own at once where the policy has no digest, also when that was set later', async () => {
    const world = db.world({ policies: [policy()] });
    await outdated(world, ['web-1']);
    await proposePatch(world, acme);
    expect(await one(world)).toMatchObject({ state: 'announced', inDigest: null, announcedAt: world.clock.now() });
    const before = await waiting();
    await makeDigests({ ...before, policies: [policy()] });
    expect(await one(before)).toMatchObject({ state: 'announced', inDigest: null });
    expect(await digests(before)).toEqual([]);
  });

  it('is announced now when a person does not want to wait, and once', async () => {
    const world = await waiting();
    const { id } = await one(world);
    expect(await announceNow(world, id, sam)).toMatchObject({
      ok: true,
      value: { state: 'announced', inDigest: null },
    });
    expect(await announceNow(world, id, sam)).toEqual({
      ok: false,
      error: { code: 'proposal.no-such-move', state: 'announced' },
    });
    world.clock.set('2026-11-23T12:00:16Z');
    await makeDigests(world);
    expect(await digests(world)).toEqual([]);
  });
});

describe('a proposal that is urgent', () => {
  it('has a card of its own at once, and is in no digest', async () => {
    const world = knowing(db.world({ policies: [daily()] }));
    await outdated(world, ['web-1'], { exposure: 'internet' });
    await feed(world, 'debian-dsa', advisory());
    await kev(world, '2026-11-20', 'CVE-2026-1001');
    await matchFleet(world, signal);
    await proposePatch(world, acme);
    expect(await one(world)).toMatchObject({ state: 'announced', inDigest: null, priority: { band: 'high' } });
    world.clock.set('2026-11-23T12:00:16Z');
    await makeDigests(world);
    expect(await digests(world)).toEqual([]);
  });
});

describe('the id of a digest', () => {
  it('is the policy and the day, so that there cannot be two', () => {
    expect(digestId('standard' as PolicyId, monday)).toBe(`d-standard-${monday}` as DigestId);
  });
});
