import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { scanDevice } from '../../../domain/flows/scan.ts';
import { scanFleet } from '../../../domain/flows/scan-fleet.ts';
import { applicabilityId, patchId } from '../../../domain/model/patch.ts';
import { machines } from './machine.ts';
import { addDevices, deviceOn, events, flowDatabase, silent } from './world.ts';

let db: Awaited<ReturnType<typeof flowDatabase>>;
let fleet: Awaited<ReturnType<typeof machines>>;
beforeAll(async () => {
  [db, fleet] = await Promise.all([flowDatabase(), machines()]);
});
afterAll(async () => {
  await fleet.close();
  await db.close();
});

const agent = patchId('debian:12', 'acme-agent', '1.1');
async function reachable(name: string) {
  const { remote, device, ssh } = await fleet.start(name);
  const world = db.world({ remote });
  await addDevices(world, [name], { ...device, facts: null });
  return { world, ssh };
}

describe('a scan', () => {
  it('whose worker was killed before it proposed anything loses no patch: the next scan proposes it', async () => {
    const { world } = await reachable('lost');
    expect(await scanDevice(world, await deviceOn(world, 'lost'), 'refresh-if-old')).toEqual(new Set([agent]));
    // Killed here. Nothing on the device has changed until the next scan.
    await scanFleet(world, 5, new AbortController().signal);
    expect(await world.proposals.find({})).toMatchObject([{ state: 'announced', patch: agent }]);
  });

  it('that ended before another one does not overwrite what that one found', async () => {
    const { world } = await reachable('late');
    const device = await deviceOn(world, 'late');
    await scanDevice(world, device, 'refresh-if-old');
    const id = applicabilityId(device.id, agent);
    const missing = await world.applicabilities.get(id);
    if (!missing) throw new Error('not found missing');
    const later = new Date(world.clock.now().getTime() + 60_000);
    const installed = { ...missing, state: 'installed' as const, transaction: [], at: later, rev: missing.rev + 1 };
    expect(await world.applicabilities.save(installed, missing.rev, silent)).toBe(true);
    const { facts, rev, ...rest } = await deviceOn(world, 'late');
    if (!facts) throw new Error('no facts');
    const newer = { ...rest, facts: { ...facts, stamp: 'newer', scannedAt: later }, rev: rev + 1 };
    expect(await world.devices.save(newer, rev, silent)).toBe(true);
    await scanDevice(world, device, 'refresh-if-old');
    expect(await world.applicabilities.get(id)).toMatchObject({ state: 'installed' });
    expect((await deviceOn(world, 'late')).facts).toMatchObject({ stamp: 'newer' });
  });

  it('does not offer again what has failed there, and says once what changed', async () => {
    const { world } = await reachable('failed');
    await scanDevice(world, await deviceOn(world, 'failed'), 'refresh-if-old');
    const id = applicabilityId((await deviceOn(world, 'failed')).id, agent);
    const old = await world.applicabilities.get(id);
    if (!old) throw new Error('not found missing');
    await world.applicabilities.save({ ...old, state: 'failed', rev: old.rev + 1 }, old.rev, silent);
    await scanDevice(world, { ...(await deviceOn(world, 'failed')), facts: null }, 'refresh-if-old');
    expect(await world.applicabilities.get(id)).toMatchObject({ state: 'failed' });
    expect(await events(world, id)).toEqual(['applicability.changed']);
  });

  it('of a device that does not answer is a problem of the device, not "no patches"', async () => {
    const { world, ssh } = await reachable('gone');
    await scanDevice(world, await deviceOn(world, 'gone'), 'refresh-if-old');
    await ssh.stop();
    world.remote.forget(await deviceOn(world, 'gone'));
    expect(await scanDevice(world, await deviceOn(world, 'gone'), 'refresh-if-old')).toBeNull();
    const device = await deviceOn(world, 'gone');
    expect(device.lastScan?.problem?.code).toBe('device.unreachable');
    expect(device.facts?.backend).toBe('apt');
    expect(await world.applicabilities.count({ state: 'missing' })).toBe(1);
  });
});
