/** A scan of every device, and the proposals that follow from it. */
import type { PatchId } from '../model/ids.ts';
import type { WorkerWorld } from '../ports.ts';
import { proposePatch } from './propose.ts';
import { scanDevice } from './scan.ts';
import { closeHealed } from './work-orders.ts';

/** Counts of one pass over the fleet. */
export type FleetScan = { readonly scanned: number; readonly failed: number; readonly patches: number };

/** Visits all devices that are not retired, `atOnce` at the same time, until done or aborted. */
export async function scanFleet(world: WorkerWorld, atOnce: number, signal: AbortSignal): Promise<FleetScan> {
  const devices = await world.devices.find({ retired: false });
  const changed = new Set<PatchId>();
  const waiting = devices[Symbol.iterator]();
  let [scanned, failed] = [0, 0];
  const visit = async () => {
    for (const device of waiting) {
      if (signal.aborted) return;
      const patches = await scanDevice(world, device, 'refresh-if-old');
      if (patches) scanned += 1;
      else failed += 1;
      for (const patch of patches ?? []) changed.add(patch);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, devices.length) }, visit));
  for (const { patch } of await world.workOrders.find({ state: 'resolved' })) changed.add(patch);
  for (const patch of changed) {
    await proposePatch(world, patch);
    await closeHealed(world, patch);
  }
  world.log.info('fleet.scanned', { scanned, failed, patches: changed.size });
  return { scanned, failed, patches: changed.size };
}
