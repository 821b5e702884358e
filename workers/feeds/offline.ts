/** Reads feeds from files that lie in a directory, as they were fetched or copied, without a database: what they say of one release. */
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, sep } from 'node:path';
import { type Advisory, advisoryKey } from '../../domain/model/advisory.ts';
import { type CveFacts, type CveSaying, unknownCve } from '../../domain/model/cve.ts';
import { Failure } from '../../domain/model/failure.ts';
import type { Feed, Item, Wanted } from './feed.ts';

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
type Read = { readonly feed: Feed; readonly file: Found; readonly items: readonly Item[] };
/** `nothing`: a feed can read it, and it is about other releases. */
type Outcome = Read | { readonly file: Found; readonly nothing: true } | { readonly file: Found; readonly why: string };

/**
 * Offers each file to the feed that its folder or the beginning of its name tells, else to each feed until one finds something in it. A
 * file is taken over as a whole or not at all. Throws Failure `check.feeds` when there is no such directory.
 */
export async function readOffline(directory: string, release: string, feeds: readonly Feed[]): Promise<Offline> {
  const files = (await filesIn(directory)).map((file) => ({ file, owner: ownerOf(file, feeds) }));
  const releases = new Set([release]);
  const outcomes: Outcome[] = [];
  const offered = async (gives: Feed['gives'], wanted: Wanted): Promise<readonly Item[]> => {
    const useful = feeds.filter((feed) => feed.gives === gives && feed.concerns(releases));
    const done = new Set(outcomes.flatMap((one) => ('items' in one ? [one.file] : [])));
    const items: Item[] = [];
    for (const { file, owner } of files) {
      if (done.has(file)) continue;
      for (const feed of useful.filter((one) => owner === undefined || owner === one)) {
        const outcome = await offer(file, feed, wanted, owner !== undefined);
        outcomes.push(outcome);
        if (!('items' in outcome)) continue;
        for (const item of outcome.items) items.push(item);
        break;
      }
    }
    return items;
  };
  const found = await offered('advisories', { releases, cve: () => true });
  const advisories = new Map(
    found.flatMap((item) => (item.kind === 'advisory' ? [[advisoryKey(item.advisory), item.advisory] as const] : [])),
  );
  const named = new Set([...advisories.values()].flatMap(({ cves }) => cves));
  const sayings = await offered('cves', { releases, cve: (id) => named.has(id), cves: named });
  const reads = outcomes.flatMap((one) => ('items' in one ? [one] : []));
  return {
    advisories,
    cves: factsFrom(sayings.flatMap((item) => (item.kind === 'cve' && named.has(item.saying.id) ? [item.saying] : []))),
    feeds: feeds.flatMap((feed) => summary(feed, reads) ?? []),
    unread: unreadOf(outcomes),
  };
}

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
    files.push({ path, name, at: found.mtime });
  }
  return files;
}

/** The feed that a file says it is of, by a folder with its id or by the beginning of its name. */
function ownerOf({ name }: Found, feeds: readonly Feed[]): Feed | undefined {
  const folders = dirname(name).split(sep);
  const begins = ({ id }: Feed): boolean => new RegExp(`^${id}(?![a-z0-9-])`).test(basename(name));
  return feeds.find(({ id }) => folders.includes(id)) ?? feeds.find(begins);
}

/** `own`: the file says that it is of this feed; then what cannot be read of it is a fault, else it is just another feed's. */
async function offer(file: Found, feed: Feed, wanted: Wanted, own: boolean): Promise<Outcome> {
  const items: Item[] = [];
  try {
    for await (const item of feed.read(file.path, wanted)) items.push(item);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { file, why: own || error.code !== 'feed.unreadable' ? error.message : unknown };
  }
  if (own || items.some(({ kind }) => kind !== 'dropped')) return { feed, file, items };
  return items.length === 0 ? { file, nothing: true } : { file, why: unknown };
}

const unknown = 'no feed knows what it is';

function unreadOf(outcomes: readonly Outcome[]): Offline['unread'] {
  const read = new Set(outcomes.flatMap((one) => ('why' in one ? [] : [one.file])));
  const unread = new Map<string, string>();
  for (const one of outcomes) {
    if (!('why' in one) || read.has(one.file)) continue;
    // What a feed says of its own file tells more than that others do not know it.
    if (one.why !== unknown || !unread.has(one.file.name)) unread.set(one.file.name, one.why);
  }
  return [...unread].map(([file, why]) => ({ file, why }));
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
