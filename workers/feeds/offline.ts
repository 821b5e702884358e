/** Reads feeds from files that lie in a directory, as they were fetched or copied, without a database: what they say of one release. */
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, sep } from 'node:path';
import { type Advisory, advisoryKey } from '../../domain/model/advisory.ts';
import { type CveFacts, type CveSaying, unknownCve } from '../../domain/model/cve.ts';
import { Failure } from '../../domain/model/failure.ts';
import type { Feed, Item, Wanted } from './feed.ts';
import { whoseFile } from './guess.ts';

/** What one feed gave. */
export type OfflineFeed = {
  readonly id: string;
  readonly title: string;
  readonly gives: Feed['gives'];
  readonly files: readonly string[];
  readonly records: number;
  readonly dropped: number;
  /** When the oldest of its files was written. */
  readonly at: Date;
};
export type Offline = {
  /** By `advisoryKey`. */
  readonly advisories: ReadonlyMap<string, Advisory>;
  readonly cves: ReadonlyMap<string, CveFacts>;
  readonly feeds: readonly OfflineFeed[];
  /** Files that no feed could read, with the reason: what they say is missing. */
  readonly unread: readonly { readonly file: string; readonly why: string }[];
};

type Found = { readonly path: string; readonly name: string; readonly at: Date };
type Owned = { readonly file: Found; readonly feed: Feed };
type Read = Owned & { readonly items: readonly Item[] };

/**
 * Lets each file be read by the feed that its folder or the beginning of its name tells, else by the one that can read its beginning. A
 * file is taken over as a whole or not at all. Throws Failure `check.feeds` when there is no such directory.
 */
export async function readOffline(directory: string, release: string, feeds: readonly Feed[]): Promise<Offline> {
  const releases = new Set([release]);
  const unread: { readonly file: string; readonly why: string }[] = [];
  const attempt = async <T>(file: Found, work: () => Promise<T>): Promise<T | null> => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      unread.push({ file: file.name, why: error.message });
      return null;
    }
  };
  const owned: Owned[] = [];
  for (const file of await filesIn(directory)) {
    const feed = await attempt(file, () => ownerOf(file, feeds, releases));
    if (feed?.concerns(releases)) owned.push({ file, feed });
  }
  const readBy = async (gives: Feed['gives'], wanted: Wanted): Promise<readonly Read[]> => {
    const reads: Read[] = [];
    for (const { file, feed } of owned.filter((one) => one.feed.gives === gives)) {
      const items = await attempt(file, () => itemsOf(feed, file, wanted));
      if (items) reads.push({ file, feed, items });
    }
    return reads;
  };
  const told = await readBy('advisories', { releases, cve: () => true });
  const advisories = advisoriesIn(told);
  const named = new Set([...advisories.values()].flatMap(({ cves }) => cves));
  const known = await readBy('cves', { releases, cve: (id) => named.has(id), cves: named });
  const sayings = itemsIn(known, 'cve').map(({ saying }) => saying);
  return {
    advisories,
    cves: factsFrom(sayings.filter(({ id }) => named.has(id))),
    feeds: feeds.flatMap((feed) => summary(feed, [...told, ...known]) ?? []),
    unread,
  };
}

/** By key: the last file's word, or that of all files where a feed joins them. */
function advisoriesIn(reads: readonly Read[]): ReadonlyMap<string, Advisory> {
  const all = new Map<string, Advisory>();
  for (const read of reads) {
    for (const { advisory } of itemsIn([read], 'advisory')) {
      const key = advisoryKey(advisory);
      all.set(key, read.feed.joined?.(all.get(key) ?? null, advisory) ?? advisory);
    }
  }
  return all;
}

const itemsIn = <K extends Item['kind']>(reads: readonly Read[], kind: K): readonly Extract<Item, { kind: K }>[] =>
  reads.flatMap(({ items }) => items.filter((item): item is Extract<Item, { kind: K }> => item.kind === kind));

async function itemsOf(feed: Feed, { path }: Found, wanted: Wanted): Promise<readonly Item[]> {
  const items: Item[] = [];
  for await (const item of feed.read(path, wanted)) items.push(item);
  return items;
}

/** Lists of what has changed and of what there is: feeds keep them beside what they list. */
const lists = /(?:modified_id|changes|deletions)\.csv$|(?:archive_latest|index)\.txt$|repomd\.xml$/;

async function filesIn(directory: string): Promise<readonly Found[]> {
  const names = await readdir(directory, { recursive: true }).catch((cause) => {
    throw new Failure('check.feeds', `The directory of feeds ${directory} cannot be read (${cause.code}).`, { cause });
  });
  const files: Found[] = [];
  for (const name of names.sort()) {
    const path = join(directory, name);
    const found = await stat(path).catch(() => null); // a link to nowhere
    // What an interrupted sync left behind was never taken over.
    if (!found?.isFile() || basename(dirname(path)).startsWith('new-') || basename(path).startsWith('.')) continue;
    if (lists.test(name)) continue;
    files.push({ path, name, at: found.mtime });
  }
  return files;
}

/** Throws Failure `check.feeds` for a file of no feed. */
async function ownerOf(file: Found, feeds: readonly Feed[], releases: ReadonlySet<string>): Promise<Feed> {
  const folders = dirname(file.name).split(sep);
  const begins = ({ id }: Feed): boolean => new RegExp(`^${id}(?![a-z0-9-])`).test(basename(file.name));
  const said = feeds.find(({ id }) => folders.includes(id)) ?? feeds.find(begins);
  if (said) return said;
  const able = await whoseFile(feeds, file.path);
  const feed = able.find((one) => one.concerns(releases)) ?? able[0];
  if (!feed) throw new Failure('check.feeds', 'No feed can read it.');
  return feed;
}

function summary(feed: Feed, reads: readonly Read[]): OfflineFeed | null {
  const own = reads.filter((read) => read.feed === feed);
  if (own.length === 0) return null;
  const items = own.flatMap((read) => read.items.map(({ kind }) => kind));
  const { id, title, gives } = feed;
  return {
    id,
    title,
    gives,
    files: own.map(({ file }) => file.name),
    records: items.filter((kind) => kind === 'advisory' || kind === 'cve').length,
    dropped: items.filter((kind) => kind === 'dropped').length,
    at: new Date(Math.min(...own.map(({ file }) => file.at.getTime()))),
  };
}

/** A rating of NVD only counts where the CVE's own record has none. */
function factsFrom(sayings: readonly CveSaying[]): ReadonlyMap<string, CveFacts> {
  const facts = new Map<string, CveFacts>();
  const sorted = [...sayings].sort((a, b) => Number(b.field === 'nvd') - Number(a.field === 'nvd'));
  for (const { field, id, value } of sorted) {
    const known = facts.get(id) ?? unknownCve(id);
    facts.set(id, { ...known, [field === 'nvd' ? 'cvss' : field]: value });
  }
  return facts;
}
