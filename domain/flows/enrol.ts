/** Devices come in from the settings, from a file, or one by one; what scans and people added since stays. */
import type { Device } from '../model/device.ts';
import type { DeviceId } from '../model/ids.ts';
import { canonical, sha256 } from '../model/plan.ts';
import { ok } from '../model/result.ts';
import type { World } from '../ports.ts';
import { own, said, update } from './say.ts';

/** A device as people describe it. */
export type DeviceSeed = Omit<Device, 'id' | 'rev' | 'retired' | 'facts' | 'refreshedAt' | 'lastScan'>;

/**
 * Adds the devices that are new by name and changes those whose description changed. Host keys that were accepted by hand are kept
 * unless the description names keys itself. Gives how many were added and changed.
 */
export async function enrol(world: World, seeds: readonly DeviceSeed[]): Promise<{ added: number; changed: number }> {
  let [added, changed] = [0, 0];
  for (const seed of seeds) {
    const known = (await world.devices.find({ name: seed.name }))[0];
    if (!known) {
      await add(world, seed);
      added += 1;
    } else if (await change(world, known, seed)) changed += 1;
  }
  // How exposed and how critical a device is decides how urgent its patches are.
  if (changed > 0) await world.queue.intel();
  return { added, changed };
}

async function add(world: World, seed: DeviceSeed): Promise<void> {
  // From the name, so that two processes that start at once make one device of it and not two.
  const id = `d-${(await sha256(`${world.tenant}\n${seed.name}`)).slice(0, 16)}` as DeviceId;
  const device: Device = { ...seed, id, rev: 1, retired: false, facts: null, refreshedAt: null, lastScan: null };
  await world.devices.insert(device, said(own(world.clock.now(), 'device.added', id, { name: seed.name })));
}

async function change(world: World, known: Device, seed: DeviceSeed): Promise<boolean> {
  let changed = false;
  await update(world.devices, known.id, null, (now) => {
    const hostKeys = seed.hostKeys.length > 0 ? seed.hostKeys : now.hostKeys;
    const next: Device = { ...now, ...seed, hostKeys };
    changed = canonical(describe(next)) !== canonical(describe(now));
    if (!changed) return ok({ next: now, said: { events: [] } });
    const event = own(world.clock.now(), 'device.changed', now.id, { name: now.name });
    return ok({ next: { ...next, rev: now.rev + 1 }, said: said(event) });
  });
  return changed;
}

/** Only what people say of a device. */
function describe({
  facts: _facts,
  lastScan: _lastScan,
  rev: _rev,
  ...rest
}: Device): Omit<Device, 'facts' | 'lastScan' | 'rev'> {
  return rest;
}
