/** What advisories say of one device, kept beside its inventory. */
import type { MatchIndex } from '../intel/match.ts';
import { releaseOf } from '../model/advisory.ts';
import type { Device, DeviceFacts, Inventory } from '../model/device.ts';
import type { DeviceFindings, Finding } from '../model/finding.ts';
import type { WorkerWorld, World } from '../ports.ts';

/** A device as its newest scan knows it: its record may be older. */
export type Scanned = Pick<Device, 'id' | 'exposure'> & { readonly facts: DeviceFacts };

/** Matches one device after a scan; writes only what changed. Without advisories it only asks whether there are any. */
export async function matchDevice(
  world: WorkerWorld,
  device: Scanned,
  packages: Inventory['packages'],
): Promise<DeviceFindings | null> {
  const index = await world.matchIndex(releaseOf(device.facts.os));
  if (index.size === 0) return null;
  const found = findingsOf(world, index, device, packages);
  const before = await world.findings.get(device.id);
  if (!sameFindings(before, found)) await world.findings.put(found);
  return found;
}

/** What a device is open to, in order of advisory and package: equal findings are equal records. */
export function findingsOf(
  { tenant, clock }: Pick<World, 'tenant' | 'clock'>,
  index: MatchIndex,
  { id, exposure, facts }: Scanned,
  packages: Inventory['packages'],
): DeviceFindings {
  const release = releaseOf(facts.os);
  const open = index.match({
    release,
    packages,
    modules: new Set(facts.modules),
    livepatched: new Set(facts.livepatched),
  });
  return { device: id, tenant, release, exposure, at: clock.now(), open: [...open].sort(byAdvisory) };
}

const byAdvisory = (a: Finding, b: Finding): number =>
  a.advisory === b.advisory ? (a.package < b.package ? -1 : 1) : a.advisory < b.advisory ? -1 : 1;

/** Whether a matching has nothing new to say. A device that was never matched and is open to nothing needs no record. */
export function sameFindings(before: DeviceFindings | null, now: DeviceFindings): boolean {
  if (!before) return now.open.length === 0;
  const same = before.release === now.release && before.exposure === now.exposure;
  return same && before.open.length === now.open.length && before.open.every((one, at) => equal(one, now.open[at]));
}

/** Field by field: a device may have thousands. */
const equal = (a: Finding, b: Finding | undefined): boolean =>
  a.advisory === b?.advisory &&
  a.package === b.package &&
  a.installed === b.installed &&
  a.fixed === b.fixed &&
  a.verdict === b.verdict &&
  a.requires === b.requires;
