/** Which releases of which distributions the fleet has: feeds of others are of no use. */
import { releaseOf } from '../model/advisory.ts';
import type { World } from '../ports.ts';

const mostDevices = 100_000;

/** Those of all devices that were scanned, as `releaseOf` names them. */
export async function fleetReleases({ devices }: Pick<World, 'devices'>): Promise<ReadonlySet<string>> {
  const all = await devices.find({ retired: false }, mostDevices);
  return new Set(all.flatMap(({ facts }) => (facts ? [releaseOf(facts.os)] : [])));
}
