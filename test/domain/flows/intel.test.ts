import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { enrol } from '../../../domain/flows/enrol.ts';
import { matchFleet } from '../../../domain/flows/intel.ts';
import { matchDevice } from '../../../domain/flows/match.ts';
import { proposePatch } from '../../../domain/flows/propose.ts';
import type { DeviceFindings } from '../../../domain/model/finding.ts';
import type { PatchId } from '../../../domain/model/ids.ts';
import type { Patch } from '../../../domain/model/patch.ts';
import * as make from '../make.ts';
import { advisory, feed, has, installed, kev, knowing, outdated, setPatch, signal } from './intel-world.ts';
import { acme, addDevices, deviceOn, events, type FlowWorld, flowDatabase, misses, silent } from './world.ts';

let db: Awaited<ReturnType<typeof flowDatabase>>;
beforeAll(async () => {
  db = await flowDatabase();
});
afterAll(() => db.close());

const patchNow = async (world: FlowWorld, id: PatchId = acme): Promise<Patch> => {
  const found = await world.patches.get(id);
  if (!found) throw new Error(`no patch ${id}`);
  return found;
};
/** The world with every matching of a device counted. */
function counting(world: FlowWorld) {
  const put: DeviceFindings[] = [];
  const findings: FlowWorld['findings'] = {
    ...world.findings,
    async put(found) {
      put.push(found);
      await world.findings.put(found);
    },
  };
  return { world: { ...world, findings }, put };
}
const known = { advisory: 'debian-dsa/DSA-1-1', package: 'acme-agent', installed: '1.0', fixed: '1.1' };

describe('the matching of one device', () => {
  it('keeps what it is open to, and writes only what changed', async () => {
    const { world, put } = counting(knowing(db.world()));
    await feed(world, 'debian-dsa', advisory());
    const [web1] = await addDevices(world, ['web-1']);
    if (!web1?.facts) throw new Error('no device');
    const device = { id: web1.id, exposure: web1.exposure, facts: web1.facts };
    await matchDevice(world, device, [installed('1.0')]);
    await matchDevice(world, device, [installed('1.0')]);
    expect(put).toHaveLength(1);
    expect(await world.findings.get(web1.id)).toMatchObject({
      release: 'debian:12',
      open: [{ ...known, verdict: 'vulnerable' }],
    });
    await matchDevice(world, { ...device, exposure: 'internet' }, [installed('1.0')]);
    expect((await world.findings.get(web1.id))?.exposure).toBe('internet');
    await matchDevice(world, device, [installed('1.1')]);
    expect((await world.findings.get(web1.id))?.open).toEqual([]);
  });

  it('neither reads nor writes anything of the device when there is no advisory', async () => {
    const world = db.world();
    const never = async () => {
      throw new Error('asked');
    };
    const findings: FlowWorld['findings'] = { ...world.findings, get: never, put: never, of: never };
    const device = { ...make.device('web-1'), facts: make.facts() };
    expect(await matchDevice({ ...world, findings }, device, [installed('1.0')])).toBeNull();
  });
});

describe('the matching of the fleet', () => {
  it('says what a patch fixes and since when, and that it is a security update although its archive is none', async () => {
    const world = knowing(db.world());
    await outdated(world, ['web-1', 'web-2']);
    const later = advisory({ id: 'DSA-1-2', cves: [], published: new Date('2026-11-22T00:00:00Z') });
    const other = advisory({ id: 'DSA-1-3', affected: { fixed: '1.2' } });
    await feed(world, 'debian-dsa', advisory(), later, other);
    await matchFleet(world, signal);
    expect(await patchNow(world)).toMatchObject({
      advisories: ['debian-dsa/DSA-1-1', 'debian-dsa/DSA-1-2'],
      releasedAt: new Date('2026-11-22T00:00:00Z'),
      classification: 'security',
      archive: 'bugfix',
    });
    const { rev } = await patchNow(world);
    await matchFleet(world, signal);
    expect((await patchNow(world)).rev).toBe(rev);
  });

  it('prices a proposal by what the patch fixes on its own devices', async () => {
    const world = knowing(db.world());
    await feed(world, 'debian-dsa', advisory());
    const [web1] = await outdated(world, ['web-1'], { criticality: 'mission', exposure: 'internet' });
    const [web2] = await outdated(world, ['web-2']);
    if (!web1 || !web2) throw new Error('no devices');
    // The important one is not open to it: whatever the list of the package manager says.
    await has(world, web1, installed('1.1'));
    await proposePatch(world, acme);
    await matchFleet(world, signal);
    const [proposal] = await world.proposals.find({});
    expect(proposal?.priority).toMatchObject({ score: 28, deciding: 'CVE-2026-1001' });
    await has(world, web1, installed('1.0'));
    await matchFleet(world, signal);
    const [after] = await world.proposals.find({});
    expect(after?.priority).toMatchObject({ score: 42 });
    expect(after?.threat).toMatchObject({ advisoryCount: 1, cveCount: 1, exposed: 1, severity: 'important' });
  });

  it('lets advisories of rpm vendors speak of binary packages', async () => {
    const world = knowing(db.world());
    const facts = make.facts({ os: { id: 'almalinux', version: '9.4', codename: '' } });
    const [alma] = await addDevices(world, ['alma-1'], { facts });
    if (!alma) throw new Error('no device');
    const id = 'almalinux:9.4/acme=3.0-2' as PatchId;
    const rpm = make.patch({ id, tenant: world.tenant, platform: 'almalinux:9.4', source: 'acme', version: '3.0-2' });
    await world.patches.insert(rpm, silent);
    const libs = { ...installed('1:3.0-1', 'acme-libs'), source: 'acme', sourceVersion: '3.0-1' };
    await has(world, alma, libs);
    const transaction = [{ name: 'acme-libs', arch: 'x86_64', from: '1:3.0-1', to: '1:3.0-2' }];
    await misses(world, alma, { id: `${alma.id}/${id}`, patch: id, planned: true, transaction });
    const affected = { release: 'almalinux:9', names: 'binary', package: 'acme-libs', fixed: '1:3.0-2' } as const;
    await feed(world, 'updateinfo', advisory({ id: 'ALSA-1', affected }));
    await matchFleet(world, signal);
    await proposePatch(world, id);
    expect((await world.proposals.find({ patch: id }))[0]?.threat.advisories).toMatchObject([{ id: 'ALSA-1' }]);
    expect((await patchNow(world, id)).advisories).toEqual(['updateinfo/ALSA-1']);
    await feed(world, 'updateinfo');
  });

  it('remembers what a patch fixed after every device has it', async () => {
    const world = knowing(db.world());
    const [web1] = await outdated(world, ['web-1']);
    if (!web1) throw new Error('no device');
    await feed(world, 'debian-dsa', advisory());
    await matchFleet(world, signal);
    await has(world, web1, installed('1.1'));
    await matchFleet(world, signal);
    expect((await patchNow(world)).advisories).toEqual(['debian-dsa/DSA-1-1']);
    expect((await world.findings.get(web1.id))?.open).toEqual([]);
  });

  it('prices a patch anew when its only advisory was withdrawn, and does not take the patch back', async () => {
    const world = knowing(db.world());
    await outdated(world, ['web-1']);
    await feed(world, 'debian-dsa', advisory());
    await matchFleet(world, signal);
    await proposePatch(world, acme);
    expect((await world.proposals.find({}))[0]?.priority.score).toBe(28);
    await feed(world, 'debian-dsa');
    await matchFleet(world, signal);
    expect(await patchNow(world)).toMatchObject({ retracted: null, advisories: [], classification: 'bugfix' });
    expect((await world.proposals.find({}))[0]).toMatchObject({
      state: 'announced',
      priority: { score: 5 },
      threat: { advisoryCount: 0 },
    });
  });

  it('takes back what a repository marks as retracted, and not what has only left it', async () => {
    const world = knowing(db.world());
    await outdated(world, ['web-1']);
    await setPatch(world, acme, { platform: 'debian:12' });
    const update = advisory({ id: 'UPD-1', modified: new Date('2026-11-21T00:00:00Z') });
    await feed(world, 'updateinfo', update);
    await matchFleet(world, signal);
    await proposePatch(world, acme);
    await feed(world, 'updateinfo');
    await matchFleet(world, signal);
    expect((await patchNow(world)).retracted).toBeNull();
    await feed(world, 'updateinfo', update);
    await matchFleet(world, signal);
    await feed(world, 'updateinfo', { ...update, withdrawn: update.modified });
    await matchFleet(world, signal);
    expect((await patchNow(world)).retracted).toMatchObject({
      by: 'its vendor',
      reason: 'UPD-1 is marked as retracted.',
    });
    expect(await world.proposals.find({})).toMatchObject([{ state: 'superseded' }]);
    await feed(world, 'updateinfo');
  });

  it('forgets what devices are open to when no advisory is left', async () => {
    const world = knowing(db.world());
    const [web1] = await outdated(world, ['web-1']);
    if (!web1) throw new Error('no device');
    await feed(world, 'debian-dsa', advisory());
    await matchFleet(world, signal);
    expect((await world.findings.get(web1.id))?.open).toHaveLength(1);
    await feed(world, 'debian-dsa');
    await matchFleet(world, signal);
    expect((await world.findings.get(web1.id))?.open).toEqual([]);
  });

  it('does not overwrite what a scan has found since the page of inventories was read', async () => {
    const world = knowing(db.world());
    const [web1] = await outdated(world, ['web-1']);
    if (!web1?.facts) throw new Error('no device');
    const { id, facts } = web1;
    await feed(world, 'debian-dsa', advisory());
    const inventories: FlowWorld['inventories'] = {
      ...world.inventories,
      async *all() {
        const page = [];
        for await (const inventory of world.inventories.all()) page.push(inventory);
        world.clock.set('2026-11-23T12:00:01Z');
        await has(world, web1, installed('1.1'));
        await matchDevice(world, { ...web1, facts }, [installed('1.1')]);
        yield* page;
      },
    };
    await matchFleet({ ...world, inventories }, signal);
    expect((await world.findings.get(id))?.open ?? []).toEqual([]);
    await feed(world, 'debian-dsa');
  });
});

describe('a device whose exposure or criticality changes', () => {
  it('has its patches priced anew', async () => {
    const world = knowing(db.world());
    await feed(world, 'debian-dsa', advisory());
    await outdated(world, ['web-1']);
    await matchFleet(world, signal);
    await proposePatch(world, acme);
    let asked = 0;
    const queue: FlowWorld['queue'] = {
      ...world.queue,
      async intel() {
        asked += 1;
      },
    };
    const {
      id: _id,
      rev: _rev,
      retired: _retired,
      facts: _f,
      refreshedAt: _r,
      lastScan: _l,
      ...seed
    } = await deviceOn(world, 'web-1');
    await enrol({ ...world, queue }, [seed]);
    expect(asked).toBe(0);
    await enrol({ ...world, queue }, [{ ...seed, exposure: 'internet', criticality: 'mission' }]);
    expect(asked).toBe(1);
    await matchFleet(world, signal);
    const [proposal] = await world.proposals.find({});
    expect(proposal?.priority.score).toBe(42);
    expect(proposal && (await events(world, proposal.id)).at(-1)).toBe('proposal.repriced');
    await kev(world, '2026-11-20');
    await feed(world, 'debian-dsa');
  });
});
