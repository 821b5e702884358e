import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { proposePatch } from '../../../domain/flows/propose.ts';
import type { Device } from '../../../domain/model/device.ts';
import type { PatchId } from '../../../domain/model/ids.ts';
import { applicabilityId } from '../../../domain/model/patch.ts';
import { patch } from '../make.ts';
import { daily, outdated } from './intel-world.ts';
import { acme, type FlowWorld, flowDatabase, misses, silent, told } from './world.ts';

let db: Awaited<ReturnType<typeof flowDatabase>>;
beforeAll(async () => {
  db = await flowDatabase();
});
afterAll(() => db.close());

/** A newer version that a device is offered, or is not any more. */
async function offer(world: FlowWorld, version: string, devices: readonly Device[], state = 'missing') {
  const id = `debian:12/acme-agent=${version}` as PatchId;
  await world.patches.insert(patch({ id, version, tenant: world.tenant }), silent);
  for (const device of devices) {
    await misses(world, device, { id: applicabilityId(device.id, id), patch: id, planned: true, state });
  }
  return id;
}
const gone = (world: FlowWorld, devices: readonly Device[]) =>
  Promise.all(devices.map((device) => misses(world, device, { state: 'not-applicable', transaction: [] })));

describe('an older patch', () => {
  it('gives way to the newest version when no device is offered it any more, and its card and thread name that one', async () => {
    const world = db.world();
    const devices = await outdated(world, ['web-1', 'web-2']);
    await proposePatch(world, acme);
    // Compared as versions of Debian: as text 1.9 would be newer.
    await offer(world, '1.9', []);
    const newest = await offer(world, '1.10', devices);
    await gone(world, devices);
    await proposePatch(world, acme);
    await proposePatch(world, acme);
    await proposePatch(world, newest);
    expect(await world.patches.get(acme)).toMatchObject({ supersededBy: newest });
    expect(await world.proposals.find({ patch: acme })).toMatchObject([
      { state: 'superseded', voided: 'Superseded by acme-agent 1.10: devices are offered that one instead.' },
    ]);
    expect(await world.proposals.find({ patch: newest })).toMatchObject([{ state: 'announced' }]);
    expect(await told(world)).toEqual([
      'No longer needed: Superseded by acme-agent 1.10: devices are offered that one instead.',
    ]);
  });

  it('stays while a device is offered it', async () => {
    const world = db.world();
    const [web1, web2] = await outdated(world, ['web-1', 'web-2']);
    if (!web1 || !web2) throw new Error('no devices');
    await proposePatch(world, acme);
    await offer(world, '1.2', [web1]);
    await gone(world, [web1]);
    await proposePatch(world, acme);
    expect(await world.patches.get(acme)).toMatchObject({ supersededBy: null });
    expect(await world.proposals.find({ patch: acme })).toMatchObject([
      { state: 'announced', plan: { entries: [{ device: 'd-web-2' }] } },
    ]);
  });

  it('comes back when a device is offered it again', async () => {
    const world = db.world();
    const devices = await outdated(world, ['web-1']);
    await offer(world, '1.2', devices);
    await gone(world, devices);
    await proposePatch(world, acme);
    expect((await world.patches.get(acme))?.supersededBy).not.toBeNull();
    for (const device of devices) await misses(world, device, { planned: true });
    await proposePatch(world, acme);
    expect((await world.patches.get(acme))?.supersededBy).toBeNull();
    expect(await world.proposals.find({ patch: acme })).toMatchObject([{ state: 'announced' }]);
  });

  it('that nobody has heard of goes without a word', async () => {
    const world = db.world({ policies: [daily()] });
    const devices = await outdated(world, ['web-1']);
    await proposePatch(world, acme);
    await offer(world, '1.2', devices);
    await gone(world, devices);
    await proposePatch(world, acme);
    expect(await world.proposals.find({ patch: acme })).toMatchObject([{ state: 'superseded', announcedAt: null }]);
    expect(await told(world)).toEqual([]);
  });
});
