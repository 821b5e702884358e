import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { matchFleet } from '../../../domain/flows/intel.ts';
import { type Entry, enterAdvisory, removeAdvisory } from '../../../domain/flows/manual-entry.ts';
import { proposePatch } from '../../../domain/flows/propose.ts';
import type { Advisory } from '../../../domain/model/advisory.ts';
import { advisory, feed, knowing, outdated, signal } from './intel-world.ts';
import { acme, addDevices, events, type FlowWorld, flowDatabase, riley, sam } from './world.ts';

let db: Awaited<ReturnType<typeof flowDatabase>>;
beforeAll(async () => {
  db = await flowDatabase();
});
afterAll(() => db.close());

/** Advisories are the same for every tenant, so each test has ids of its own. */
let ids = 0;
const entry = (change: Partial<Entry> = {}): Entry => {
  ids += 1;
  return {
    id: `ACME-2026-${ids}`,
    release: 'debian:12',
    package: 'acme-agent',
    fixed: '1.1',
    severity: 'critical',
    cves: 'CVE-2026-1234,cve-2026-1235,CVE-2026-1234',
    title: 'Remote code execution in the agent',
    ...change,
  };
};
/** A world that counts how often a matching was asked for. */
function counting() {
  const asked = { intel: 0 };
  const world = knowing(db.world());
  const queue: FlowWorld['queue'] = {
    ...world.queue,
    intel: async () => {
      asked.intel += 1;
    },
  };
  return { world: { ...world, queue }, asked };
}
const stored = async (world: FlowWorld, id: string): Promise<Advisory | undefined> =>
  (await world.advisories.byKey([`manual/${id}`]))[0];
/** The world's devices forget what another test's advisory says of them. */
const gone = (world: FlowWorld, id: string) => removeAdvisory(world, id, 'End of the test.', sam);

describe('an advisory that a person adds', () => {
  it('is matched, priced and shown like one of a feed', async () => {
    const { world, asked } = counting();
    await outdated(world, ['web-1'], { exposure: 'internal' });
    await proposePatch(world, acme);
    expect(await world.proposals.find({})).toMatchObject([{ priority: { band: 'low' } }]);
    const typed = entry();
    expect(await enterAdvisory(world, typed, sam)).toMatchObject({ ok: true, value: { inFleet: true } });
    expect(asked.intel).toBe(1);
    await matchFleet(world, signal);
    const [proposal] = await world.proposals.find({});
    expect(proposal?.threat).toMatchObject({
      severity: 'critical',
      advisories: [{ id: typed.id, title: typed.title }],
      cves: [{ id: 'CVE-2026-1234' }, { id: 'CVE-2026-1235' }],
    });
    expect(proposal?.priority.band).not.toBe('low');
    expect(await world.patches.get(acme)).toMatchObject({
      classification: 'security',
      advisories: [`manual/${typed.id}`],
      releasedAt: world.clock.now(),
    });
    await gone(world, typed.id);
  });

  it('is told in the channel, which holds the audit event, once however often it is entered', async () => {
    const { world } = counting();
    const typed = entry();
    await enterAdvisory(world, typed, sam);
    await enterAdvisory(world, typed, riley);
    const notices = await world.notices.find({});
    expect(notices).toMatchObject([
      {
        rev: 1,
        title: `Sam added advisory ${typed.id}`,
        status: 'Severity critical',
        text: 'Remote code execution in the agent (CVE-2026-1234, CVE-2026-1235)',
        items: { lines: ['debian:12: acme-agent, fixed in 1.1'] },
      },
    ]);
    expect(await events(world, `manual/${typed.id}`)).toEqual(['advisory.added']);
    await gone(world, typed.id);
  });

  it('finds its devices by the name of the source and by that of an installed package', async () => {
    const { world } = counting();
    const typed = entry();
    await enterAdvisory(world, typed, sam);
    expect((await stored(world, typed.id))?.affected.map(({ names, package: name }) => `${names} ${name}`)).toEqual([
      'source acme-agent',
      'binary acme-agent',
    ]);
    await gone(world, typed.id);
  });

  it('keeps the packages that it has when it is entered again for another one, and corrects its own', async () => {
    const { world } = counting();
    const typed = entry();
    await enterAdvisory(world, typed, sam);
    const first = await stored(world, typed.id);
    world.clock.set('2026-11-24T12:00:00Z');
    await enterAdvisory(world, { ...typed, package: 'acme-cli', fixed: '2.0', severity: 'Low', cves: '-' }, riley);
    await enterAdvisory(world, { ...typed, fixed: '1.2', severity: 'low', cves: '-' }, riley);
    const now = await stored(world, typed.id);
    const rows = (now?.affected ?? []).filter(({ names }) => names === 'source');
    expect(rows.map(({ package: name, fixed }) => `${name} ${fixed}`).sort()).toEqual([
      'acme-agent 1.2',
      'acme-cli 2.0',
    ]);
    expect(now).toMatchObject({ severity: 'low', cves: [], published: first?.published });
    expect(await events(world, `manual/${typed.id}`)).toEqual([
      'advisory.added',
      'advisory.changed',
      'advisory.changed',
    ]);
    await gone(world, typed.id);
  });

  it('is of the release that vendors write for, and the answer says when no device has it', async () => {
    const { world } = counting();
    await addDevices(world, ['web-1']);
    const minor = entry({ release: 'debian:12.5' });
    expect(await enterAdvisory(world, minor, sam)).toMatchObject({ value: { release: 'debian:12', inFleet: true } });
    const other = entry({ release: 'almalinux:9.4', fixed: '1:1.1-2.el9' });
    expect(await enterAdvisory(world, other, sam)).toMatchObject({
      value: { release: 'almalinux:9', inFleet: false },
    });
    for (const { id } of [minor, other]) await gone(world, id);
  });

  it('has a title on one line, without characters that nobody sees', async () => {
    const { world } = counting();
    const typed = entry({ title: `Remote\ncode \u202eexecution ${'x'.repeat(300)}` });
    await enterAdvisory(world, typed, sam);
    const title = (await stored(world, typed.id))?.title ?? '';
    expect(title).toMatch(/^Remote code execution x+…$/);
    expect(title).toHaveLength(200);
    await gone(world, typed.id);
  });

  it.each<readonly [keyof Entry, string]>([
    ['id', ''],
    ['id', 'a b'],
    ['id', 'debian-dsa/DSA-1'],
    ['id', '../x'],
    ['id', 'x'.repeat(65)],
    ['release', 'debian'],
    ['release', 'debain:12'],
    ['release', 'debian:'],
    ['release', 'debian:.'],
    ['release', 'windows:11'],
    ['release', 'constructor:1'],
    ['package', ''],
    ['package', 'a;b'],
    ['package', '-rf'],
    ['fixed', ''],
    ['fixed', 'unfixed'],
    ['fixed', '1.1 beta'],
    ['fixed', `1${'.1'.repeat(64)}`],
    ['severity', 'urgent'],
    ['severity', ''],
    ['cves', ''],
    ['cves', 'CVE-2026-1234,'],
    ['cves', 'CVE-2026-1234;CVE-2026-1235'],
    ['cves', 'CVE-26-1'],
    ['title', ' \n'],
  ])(
    'is refused for a bad %s %j, with its name and what is right, and nothing is stored or told',
    async (name, value) => {
      const { world, asked } = counting();
      const typed = entry({ [name]: value });
      expect(await enterAdvisory(world, typed, sam)).toMatchObject({ ok: false, error: { code: 'value.wrong', name } });
      expect(await stored(world, typed.id)).toBeUndefined();
      expect([await world.notices.count({}), asked.intel]).toEqual([0, 0]);
    },
  );
});

describe('an advisory that a person takes back', () => {
  it('concerns no device any more, and the channel reads why', async () => {
    const { world, asked } = counting();
    await outdated(world, ['web-1']);
    const typed = entry();
    await enterAdvisory(world, typed, sam);
    await matchFleet(world, signal);
    expect((await world.patches.get(acme))?.advisories).toEqual([`manual/${typed.id}`]);
    expect(await removeAdvisory(world, typed.id, 'A mistake.', riley)).toMatchObject({ ok: true });
    await matchFleet(world, signal);
    expect(await world.patches.get(acme)).toMatchObject({ advisories: [], classification: 'bugfix' });
    expect(
      (await world.findings.of((await world.devices.find({})).map(({ id }) => id))).flatMap(({ open }) => open),
    ).toEqual([]);
    expect(asked.intel).toBe(2);
    const removed = (await world.notices.find({})).find(({ status }) => status === 'Removed');
    expect(removed).toMatchObject({
      title: `Riley removed advisory ${typed.id}`,
      text: `${typed.title}. Why: A mistake.`,
    });
    expect(await events(world, `manual/${typed.id}`)).toEqual(['advisory.added', 'advisory.removed']);
  });

  it('may be added anew, without the packages that it had, and that is told again', async () => {
    const { world } = counting();
    const typed = entry();
    await enterAdvisory(world, typed, sam);
    await gone(world, typed.id);
    world.clock.set('2026-11-24T12:00:00Z');
    await enterAdvisory(world, { ...typed, package: 'acme-cli' }, sam);
    const names = (await stored(world, typed.id))?.affected.map((one) => one.package);
    expect(new Set(names)).toEqual(new Set(['acme-cli']));
    expect(await stored(world, typed.id)).toMatchObject({ withdrawn: null });
    expect((await world.notices.find({})).filter(({ title }) => title.includes(' added '))).toHaveLength(2);
    await gone(world, typed.id);
  });

  it('is refused when it is of a feed, was taken back already, is unknown, or has no reason', async () => {
    const { world } = counting();
    await feed(world, 'debian-dsa', advisory({ id: 'DSA-9-1' }));
    const typed = entry();
    await enterAdvisory(world, typed, sam);
    const answer = async (id: string, why: string) => {
      const removed = await removeAdvisory(world, id, why, sam);
      return removed.ok ? null : removed.error.code;
    };
    expect(await answer('DSA-9-1', 'Wrong.')).toBe('advisory.unknown');
    expect(await answer('ACME-none', 'Wrong.')).toBe('advisory.unknown');
    expect(await answer(typed.id, ' ')).toBe('value.wrong');
    expect(await answer(typed.id, 'Wrong.')).toBeNull();
    expect(await answer(typed.id, 'Wrong.')).toBe('advisory.unknown');
    expect((await world.advisories.byKey(['debian-dsa/DSA-9-1']))[0]?.withdrawn).toBeNull();
  });
});
