/** Patches that were denied and become urgent: people hear of it once. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deny } from '../../../domain/flows/decide.ts';
import { matchFleet } from '../../../domain/flows/intel.ts';
import { proposePatch } from '../../../domain/flows/propose.ts';
import { triage } from '../../../domain/flows/triage.ts';
import { denied, first, listed, pressed, proposed, rounds, tell, urgent } from './denied.ts';
import { advisory, daily, feed, has, installed, kev, knowing, outdated, setPatch, signal } from './intel-world.ts';
import { acme, deviceOn, events, type FlowWorld, flowDatabase, misses, sam } from './world.ts';

let db: Awaited<ReturnType<typeof flowDatabase>>;
beforeAll(async () => {
  db = await flowDatabase();
});
afterAll(() => db.close());

const urged = async (world: FlowWorld) => (await first(world)).decided?.urged ?? [];
const drawn = async (world: FlowWorld) => (await world.store.outbox.due(100)).map(({ kind }) => kind);

describe('a denied patch whose CVE is now known to be exploited', () => {
  it('stays denied, and people hear of it once, however often it is looked at', async () => {
    const { world, cve } = await urgent(db);
    expect(await first(world)).toMatchObject({ state: 'denied', priority: { band: 'low', score: 28 }, votes: [{}] });
    const because = `${cve} is now known to be exploited (KEV, 2026-11-22)`;
    expect(await urged(world)).toEqual([{ at: new Date('2026-11-23T12:20:00Z'), because, band: 'high', score: 58 }]);
    expect(await drawn(world)).toEqual(['proposal']);
    await tell(world);
    await matchFleet(world, signal);
    await matchFleet(knowing(db.world({ like: world })), signal);
    expect(await urged(world)).toHaveLength(1);
    expect(await drawn(world)).toEqual([]);
    expect(await rounds(world)).toHaveLength(1);
  });

  it('is told once when two workers find it at the same moment', async () => {
    const { world, cve } = await denied(db);
    await kev(world, '2026-11-22', cve);
    await Promise.all([world, db.world({ like: world })].map((one) => matchFleet(knowing(one), signal)));
    expect(await urged(world)).toHaveLength(1);
    expect((await events(world, (await first(world)).id)).filter((what) => what === 'proposal.repriced')).toHaveLength(
      1,
    );
  });

  it('is told again when that was over and has come back', async () => {
    const { world, cve } = await urgent(db);
    await listed(world, '2026-11-20');
    expect(await urged(world)).toHaveLength(1);
    await listed(world, '2026-11-23', cve);
    expect((await urged(world)).map(({ because }) => because)).toEqual([
      `${cve} is now known to be exploited (KEV, 2026-11-22)`,
      `${cve} is now known to be exploited (KEV, 2026-11-23)`,
    ]);
  });

  it('is told of each CVE that was not known to be exploited when it was denied, also when it was urgent then', async () => {
    const { world, cve } = await proposed(db);
    const other = `${cve}9`;
    await feed(world, 'debian-dsa', advisory({ cves: [cve, other] }));
    await listed(world, '2026-11-20', cve);
    const { id, rev, priority } = await first(world);
    expect(priority.band).toBe('high');
    await deny(world, { proposal: id, by: sam, seenRev: rev, reason: 'No.' });
    await matchFleet(world, signal);
    expect(await urged(world)).toEqual([]);
    await listed(world, '2026-11-22', cve, other);
    expect(await urged(world)).toMatchObject([{ because: expect.stringContaining(`${other} is now known`) }]);
  });

  it('is not told when no device misses it any more, or nobody may install it', async () => {
    const { world, cve } = await denied(db);
    const web1 = await deviceOn(world, 'web-1');
    await misses(world, web1, { state: 'installed', transaction: [] });
    await listed(world, '2026-11-22', cve);
    await misses(world, web1, { planned: true });
    await setPatch(world, acme, { blocked: { reason: 'it was rolled back', at: world.clock.now() } });
    await matchFleet(world, signal);
    expect(await urged(world)).toEqual([]);
    await setPatch(world, acme, { blocked: null });
    await matchFleet(world, signal);
    expect(await urged(world)).toHaveLength(1);
  });

  it('is told when only devices miss it that came after it was denied', async () => {
    const { world, cve } = await denied(db);
    const web1 = await deviceOn(world, 'web-1');
    await misses(world, web1, { state: 'installed', transaction: [] });
    await has(world, web1, installed('1.1'));
    await outdated(world, ['web-2']);
    await listed(world, '2026-11-22', cve);
    expect(await urged(world)).toHaveLength(1);
  });
});

describe('a denied patch that becomes a little more urgent', () => {
  it('is neither told nor drawn again', async () => {
    const { world, cve } = await denied(db);
    await world.cves.takeOver(
      'epss',
      [{ field: 'epss', id: cve, value: { score: 0.02, percentile: 0.9, date: '2026-11-23' } }],
      false,
    );
    await matchFleet(world, signal);
    expect((await first(world)).decided?.worth?.priority).toMatchObject({ band: 'low', score: 34 });
    expect(await urged(world)).toEqual([]);
    expect(await drawn(world)).toEqual([]);
  });

  it('is told when it is urgent by what its devices are, without any CVE of KEV', async () => {
    const { world, cve } = await denied(db);
    await world.cves.takeOver(
      'epss',
      [{ field: 'epss', id: cve, value: { score: 0.7, percentile: 0.9, date: '2026-11-23' } }],
      false,
    );
    await outdated(world, ['web-2'], { exposure: 'internet', criticality: 'mission' });
    await matchFleet(world, signal);
    expect(await urged(world)).toMatchObject([{ band: 'high', because: expect.stringContaining('on the internet') }]);
  });
});

describe('a patch that a verdict declined', () => {
  it('is told the same way, and is not proposed again while the verdict stands', async () => {
    const { world, cve } = await proposed(db);
    await triage(world, acme, { verdict: 'undesirable', rationale: 'It breaks the printer.' }, sam);
    await listed(world, '2026-11-22', cve);
    expect(await urged(world)).toMatchObject([{ band: 'high' }]);
    expect(await pressed(world)).toEqual({
      ok: false,
      error: { code: 'patch.declined', by: 'Sam', reason: 'It breaks the printer.', patch: acme },
    });
    expect(await rounds(world)).toHaveLength(1);
    await triage(world, acme, { verdict: 'necessary', rationale: 'Exploited.' }, sam);
    await misses(world, await deviceOn(world, 'web-1'), { planned: true });
    await proposePatch(world, acme);
    const [, again] = await rounds(world);
    expect(again).toMatchObject({ state: 'announced', priority: { band: 'high' } });
    expect(await pressed(world)).toEqual({
      ok: false,
      error: { code: 'proposal.proposed-again', id: again?.id, state: 'announced' },
    });
    // From now on the new round is told of.
    await listed(world, '2026-11-20');
    await listed(world, '2026-11-23', cve);
    expect(await urged(world)).toHaveLength(1);
  });

  it('before anybody had heard of it is announced then, still denied', async () => {
    const { world, cve } = await proposed(db, { policies: [daily()] });
    await triage(world, acme, { verdict: 'undesirable', rationale: 'It breaks the printer.' }, sam);
    expect(await first(world)).toMatchObject({ state: 'denied', announcedAt: null });
    await listed(world, '2026-11-22', cve);
    expect(await first(world)).toMatchObject({ state: 'denied', announcedAt: world.clock.now(), inDigest: null });
  });
});
