/** A scan of every device, the plans for what it found, and the proposals that follow. */
import type { PatchId } from '../model/ids.ts';
import type { WorkerWorld } from '../ports.ts';
import { atOnce } from './at-once.ts';
import { follow, planFleet } from './plan-device.ts';
import { scanDevice } from './scan.ts';

/** Counts of one pass over the fleet, and the patches whose device list may have changed. */
export type FleetVisit = { readonly scanned: number; readonly failed: number; readonly patches: ReadonlySet<PatchId> };

/** Visits all devices that are not retired, `most` at the same time, until done or aborted. */
export async function visitFleet(world: WorkerWorld, most: number, signal: AbortSignal): Promise<FleetVisit> {
  const devices = await world.devices.find({ retired: false });
  const patches = new Set<PatchId>();
  let [scanned, failed] = [0, 0];
  await atOnce(devices, most, signal, async (device) => {
    const found = await scanDevice(world, device, 'refresh-if-old');
    if (found) scanned += 1;
    else failed += 1;
    for (const patch of found ?? []) patches.add(patch);
  });
  return { scanned, failed, patches };
}

/** Visits the fleet, plans what it misses, and brings proposals and work orders in line. */
export async function scanFleet(world: WorkerWorld, most: number, signal: AbortSignal): Promise<FleetVisit> {
  const seen = await visitFleet(world, most, signal);
  const planned = await planFleet(world, most, signal);
  const mended = (await world.workOrders.find({ state: 'resolved' })).map(({ patch }) => patch);
  await follow(world, new Set([...seen.patches, ...planned, ...mended]));
  world.log.info('fleet.scanned', { scanned: seen.scanned, failed: seen.failed, patches: seen.patches.size });
  return seen;
}
