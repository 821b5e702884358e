/** Which releases of which distributions the fleet has: feeds of others are of no use. */
import { releaseOf } from '../model/advisory.ts';
import type { World } from '../ports.ts';

/** Those of all devices that were scanned, as `releaseOf` names them. */
export async function fleetReleases({ devices }: Pick<World, 'devices'>): Promise<ReadonlySet<string>> {
  return new Set((await devices.systems()).map(releaseOf));
}
