import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { advisoryCard } from '../../../domain/cards/advisory-card.ts';
import { explain } from '../../../domain/errors.ts';
import { lookUp, proposalNamed } from '../../../domain/flows/look-up.ts';
import { openDevices, patchesFixing } from '../../../domain/flows/open-devices.ts';
import type { DeviceFindings } from '../../../domain/model/finding.ts';
import type { DeviceId, PatchId, ProposalId, RolloutId } from '../../../domain/model/ids.ts';
import { patchId } from '../../../domain/model/patch.ts';
import { asText } from '../cards/as-text.ts';
import * as make from '../make.ts';
import { advisory, feed, setPatch } from './intel-world.ts';
import { acme, addDevices, type FlowWorld, flowDatabase, silent } from './world.ts';

let db: Awaited<ReturnType<typeof flowDatabase>>;
beforeAll(async () => {
  db = await flowDatabase();
});
afterAll(() => db.close());

/** A device that the last matching found open to these. */
async function open(world: FlowWorld, name: string, exposure: DeviceFindings['exposure'], ...keys: readonly string[]) {
  const [device] = await addDevices(world, [name], { exposure });
  if (!device) throw new Error(`no ${name}`);
  const finding = {
    package: 'acme-agent',
    installed: '1.0',
    fixed: '1.1',
    verdict: 'vulnerable',
    requires: null,
  } as const;
  await world.findings.put({
    ...{ device: device.id, tenant: world.tenant, release: 'debian:12', exposure, at: make.noon },
    open: keys.map((key) => ({ ...finding, advisory: key })),
  });
}
async function propose(world: FlowWorld, id: string, change: object = {}) {
  const made = { ...make.proposal({ tenant: world.tenant }), id: id as ProposalId, ...change };
  await world.proposals.insert(made, silent);
}
const sentence = async (world: FlowWorld, typed: string) => {
  const found = await lookUp(world, typed);
  return found.ok ? found.value.kind : explain(found.error);
};

describe('looking something up', () => {
  it('warns that silence means nothing before any feed was read', async () => {
    expect(await sentence(db.world(), 'CVE-2099-1000')).toContain(
      'as far as the feeds know it concerns no device. But no feed was read yet, so that says nothing.',
    );
  });

  it('shows an advisory that was withdrawn as such, whatever the last matching found', async () => {
    const world = db.world();
    await feed(world, 'debian-dsa', advisory({ id: 'DSA-9-1', withdrawn: make.noon }));
    await open(world, 'web-1', null, 'debian-dsa/DSA-9-1');
    const found = await lookUp(world, 'DSA-9-1');
    if (!found.ok || found.value.kind !== 'advisory') throw new Error('no advisory');
    const all = asText(advisoryCard(found.value.view));
    expect(all.slice(0, 2)).toEqual([
      'DSA-9-1: acme-agent: something [Withdrawn]',
      'Its vendor took it back at 2026-11-23T12:00:00.000Z.',
    ]);
    expect(all.some((line) => line.startsWith('Devices:'))).toBe(false);
  });

  it('reads a well-formed CVE as a CVE, and one with too few digits as a mistake', async () => {
    const world = db.world();
    await feed(world, 'debian-dsa', advisory({ cves: ['CVE-2026-1001'] }));
    expect(await sentence(world, 'cve-2026-1001')).toBe('cve');
    expect(await sentence(world, 'CVE-2026-1')).toContain('and found none');
  });

  it('shows the tracker’s word on a CVE that is an advisory too', async () => {
    const world = db.world();
    await feed(world, 'debian-tracker', advisory({ id: 'CVE-2026-8008', cves: ['CVE-2026-8008'] }));
    const found = await lookUp(world, 'CVE-2026-8008');
    expect(found.ok && found.value.kind === 'cve' && found.value.view.advisories.map(({ feed: of }) => of)).toEqual([
      'debian-tracker',
    ]);
  });

  it('shortens and cleans what was typed before it says it back', async () => {
    const text = await sentence(db.world(), `zz\u202e\n${'y'.repeat(5000)}`);
    expect(text.length).toBeLessThan(300);
    expect(text).not.toMatch(/[\n\u202e]/);
  });

  it('finds the package that devices still wait for rather than the newest that is decided', async () => {
    const world = db.world();
    await addDevices(world, ['web-1']);
    await propose(world, 'p-old', { createdAt: new Date('2026-11-01T00:00:00Z') });
    await propose(world, 'p-denied', { state: 'denied', createdAt: new Date('2026-11-20T00:00:00Z') });
    expect(await proposalNamed(world, 'acme-agent')).toBe('p-old');
    expect(await proposalNamed(world, 'p-denied')).toBe('p-denied');
    expect(await proposalNamed(world, 'emacs')).toBeNull();
  });

  it('shows the patch of a package that nobody was ever offered', async () => {
    const world = db.world();
    await addDevices(world, ['web-1']);
    expect(await sentence(world, 'acme-agent')).toBe('patch');
    expect(await sentence(world, 'acme-agent=1.1')).toBe('patch');
    expect(await sentence(world, 'acme-agent=9')).toContain('Did you mean acme-agent?');
  });
});

describe('devices that are open to something', () => {
  it('are all counted, by exposure, and the first five named', async () => {
    const world = db.world();
    for (let at = 1; at <= 7; at += 1) await open(world, `web-${at}`, at < 3 ? 'internet' : null, 'a/1', 'a/2');
    await open(world, 'db-1', 'isolated', 'a/3');
    const { count, byExposure, names } = await openDevices(world, ['a/1', 'a/2']);
    expect([count, Object.fromEntries(byExposure)]).toEqual([7, { internet: 2, internal: 0, isolated: 0, null: 5 }]);
    expect(names).toHaveLength(5);
    expect((await openDevices(world, ['a/1', 'a/3'])).count).toBe(8);
    expect(await openDevices(world, [])).toMatchObject({ count: 0, names: [] });
  });
});

describe('patches that fix something', () => {
  it('come with how far people are: those that can be decided first, what was taken back last', async () => {
    const world = db.world();
    await addDevices(world, ['web-1']);
    const put = (source: string, change: object = {}) => {
      const id = patchId('debian:12', source, '2');
      const made = make.patch({ tenant: world.tenant, advisories: ['a/1'], source, version: '2', ...change } as never);
      return world.patches.insert({ ...made, id }, silent);
    };
    await put('back', { retracted: { reason: 'it breaks', by: 'Ann', at: make.noon } });
    await put('deploying');
    await put('lonely');
    await setPatch(world, acme, { advisories: ['a/1', 'b/1'] });
    await propose(world, 'p-1');
    const rollout = 'r-9' as RolloutId;
    await propose(world, 'p-9', { patch: 'debian:12/deploying=2' as PatchId, state: 'approved', rollout });
    await world.rollouts.insert({ ...make.rollout({ tenant: world.tenant }), id: rollout }, silent);
    const found = await patchesFixing(world, ['a/1']);
    expect(found.map(({ patch, proposal, rollout: of }) => [patch.source, proposal?.id ?? null, of])).toEqual([
      ['acme-agent', 'p-1', null],
      ['deploying', 'p-9', 'deploying'],
      ['lonely', null, null],
      ['back', null, null],
    ]);
    expect(await patchesFixing(world, ['a/9'])).toEqual([]);
    expect((await patchesFixing(world, ['b/1'])).map(({ patch }) => patch.id)).toEqual([acme]);
  });

  it('does not count devices of another tenant', async () => {
    const [mine, other] = [db.world(), db.world()];
    await open(mine, 'web-1', null, 'a/1');
    expect((await openDevices(other, ['a/1'])).count).toBe(0);
    expect(await other.devices.pick({ id: { in: ['d-web-1' as DeviceId] } }, ['id'])).toEqual([]);
  });
});
