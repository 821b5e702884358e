/** What the installation needs to know of: the fleet's releases, and the CVEs that its advisories name. */
import type { World } from '../../domain/ports.ts';
import type { Wanted } from './feed.ts';

type Facts = Pick<World, 'devices' | 'findings' | 'advisories'>;

const MOST_DEVICES = 100_000;
/** A device's findings may be hundreds of entries. */
const DEVICES_AT_ONCE = 200;
const ADVISORIES_AT_ONCE = 1000;

/** For feeds of advisories and of products: CVEs do not matter to them. */
export const wantedReleases = (releases: ReadonlySet<string>): Wanted => ({ releases, cve: () => true });

/**
 * For feeds of CVEs. Facts are kept of every CVE that some advisory names, so that people can look it up; those that cost a request each
 * only of CVEs that some device is open to.
 */
export async function wantedCves(world: Facts, releases: ReadonlySet<string>): Promise<Wanted> {
  const named = await world.advisories.cves();
  const cves = await openCves(world);
  return { releases, cve: (id) => named.has(id), cves };
}

async function openCves({ devices, findings, advisories }: Facts): Promise<ReadonlySet<string>> {
  const keys = new Set<string>();
  const all = (await devices.find({ retired: false }, MOST_DEVICES)).map(({ id }) => id);
  for (const some of slices(all, DEVICES_AT_ONCE)) {
    for (const { open } of await findings.of(some)) for (const { advisory } of open) keys.add(advisory);
  }
  const cves = new Set<string>();
  for (const some of slices([...keys], ADVISORIES_AT_ONCE)) {
    for (const advisory of await advisories.byKey(some)) for (const cve of advisory.cves) cves.add(cve);
  }
  return cves;
}

function* slices<T>(all: readonly T[], size: number): Generator<readonly T[]> {
  for (let at = 0; at < all.length; at += size) yield all.slice(at, at + size);
}
