/** Remembers in a feed's cursor which releases were read, so that a release that joins the fleet is not missed until a file changes. */
import type { Delivery, Item, Source, Wanted } from './feed.ts';

const EVERY = '*';

/** True when one of `releases` is of one of these distributions. */
export const anyOf = (releases: ReadonlySet<string>, distributions: readonly string[]): boolean =>
  [...releases].some((release) => distributions.some((distribution) => release.startsWith(`${distribution}:`)));

/** True when an advisory's entry for `release` is to be kept. */
export const isWanted = (wanted: Wanted, release: string): boolean =>
  wanted.releases.size === 0 || wanted.releases.has(release);

/** The wanted releases of these distributions in one word: `debian:12,debian:13`; `*` = every release. */
export function coverageOf(wanted: Wanted, distributions: readonly string[]): string {
  if (wanted.releases.size === 0) return EVERY;
  return [...wanted.releases]
    .filter((release) => anyOf(new Set([release]), distributions))
    .sort()
    .join(',');
}

/** True when what was read for `had` holds everything for `now`. */
export function covers(had: string | null, now: string): boolean {
  if (had === null) return false;
  if (had === EVERY || had === now) return true;
  const releases = new Set(had.split(','));
  return now !== EVERY && now.split(',').every((release) => releases.has(release));
}

/**
 * The sync of a feed that is one file: what is in it, when it has changed or when a release has joined the fleet since. Failures: those
 * of Source, and of `read` while the items are read.
 */
export async function syncWholeFile(
  { source, url, cursor, wanted }: { source: Source; url: string; cursor: string | null; wanted: Wanted },
  { distributions, maxBytes }: { distributions: readonly string[]; maxBytes: number },
  read: (file: string, wanted: Wanted) => AsyncIterable<Item>,
): Promise<Delivery | null> {
  const coverage = coverageOf(wanted, distributions);
  const file = covers(cursor, coverage) ? await source.get(url, { maxBytes }) : await source.whole(url, { maxBytes });
  return file && { complete: true, items: read(file.path, wanted), cursor: coverage };
}
