/** Keeps the index of the fleet's advisories in memory, and makes it anew when it is out of date. */
import { fleetReleases } from '../domain/flows/fleet-releases.ts';
import { buildIndex, type MatchIndex } from '../domain/intel/match.ts';
import type { Advisory } from '../domain/model/advisory.ts';
import type { WorkerWorld, World } from '../domain/ports.ts';

type Facts = Pick<World, 'advisories' | 'devices'>;
type Kept = { readonly revision: number; readonly releases: ReadonlySet<string>; readonly index: MatchIndex };

/** How old the number of the advisories' revision may be for a scan: whatever changes it orders a matching of the whole fleet anyway. */
const freshMs = 1000;

/**
 * The `matchIndex` of a WorkerWorld. Kept until an advisory changes or the fleet has other releases. Callers take turns: a fleet's scans
 * ask at the same time, and the first one's answer is good for all. One that could not be made is not kept.
 */
export function keptMatchIndex(world: Facts): WorkerWorld['matchIndex'] {
  let kept: Kept | null = null;
  let looked: { readonly at: number; readonly revision: number } | null = null;
  let turn: Promise<unknown> = Promise.resolve();

  async function revisionFor(release: string | undefined): Promise<number> {
    if (release !== undefined && looked && performance.now() - looked.at < freshMs) return looked.revision;
    // Before the advisories are read: if one changes meanwhile, whoever asks next sees another number.
    const revision = await world.advisories.revision();
    looked = { at: performance.now(), revision };
    return revision;
  }
  async function look(release: string | undefined): Promise<MatchIndex> {
    const revision = await revisionFor(release);
    const known = release !== undefined && kept?.releases.has(release) ? kept.releases : null;
    const releases = known ?? (await releasesOf(world, release));
    if (kept?.revision === revision && same(kept.releases, releases)) return kept.index;
    const index = await make(world, releases);
    kept = { revision, releases, index };
    return index;
  }
  return (release) => {
    const mine = turn.then(() => look(release));
    turn = mine.catch(() => undefined);
    return mine;
  };
}

const make = ({ advisories }: Facts, releases: ReadonlySet<string>): Promise<MatchIndex> =>
  buildIndex(trimmed(advisories.forReleases([...releases]), releases));

/** A bulletin may speak of many releases: those that nobody has would only fill the memory. */
async function* trimmed(all: AsyncIterable<Advisory>, releases: ReadonlySet<string>): AsyncIterable<Advisory> {
  for await (const one of all) yield { ...one, affected: one.affected.filter(({ release }) => releases.has(release)) };
}

/** Those of the fleet, as `releaseOf` names them, and this one: a device may be matched before its own record says where it is. */
async function releasesOf(world: Facts, release: string | undefined): Promise<ReadonlySet<string>> {
  const found = await fleetReleases(world);
  return release === undefined ? found : new Set([...found, release]);
}

const same = (a: ReadonlySet<string>, b: ReadonlySet<string>): boolean =>
  a.size === b.size && [...a].every((one) => b.has(one));
