/** Turns the items of one delivery into what the stores take over, counts them, and refuses a delivery that is suspiciously small. */
import { type Advisory, advisoryKey } from '../../domain/model/advisory.ts';
import type { CveField, CveSaying } from '../../domain/model/cve.ts';
import { Failure } from '../../domain/model/failure.ts';
import type { FeedState } from '../../domain/model/feed.ts';
import type { Lifecycle } from '../../domain/model/lifecycle.ts';
import type { World } from '../../domain/ports.ts';
import { inBatches } from '../store/facts.ts';
import type { Feed, Item } from './feed.ts';

/** A delivery with a tenth of last time's records, or less, is a broken file and not a quiet year. */
const SHRUNK = 0.1;
const EXAMPLES = 3;

export type Stores = Pick<World, 'advisories' | 'cves' | 'lifecycles'>;

/** What is to be taken over. */
export type Load = {
  readonly items: AsyncIterable<Item>;
  readonly complete: boolean;
  /** A complete delivery with fewer records is refused before anything of it is written. */
  readonly least: number;
  /** Called when the first record is handed to a store: from then on, something may have been written. */
  handing(): void;
};

export type Tally = {
  readonly records: number;
  /** How many records the feed has now. */
  readonly total: number;
  readonly changed: number;
  readonly dropped: number;
  /** The first few that were dropped, with the reason. */
  readonly examples: readonly string[];
};

/** How many records a complete delivery must have: more than a tenth of last time's, unless the fleet has fewer releases than then. */
export function leastOf(before: FeedState, releases: ReadonlySet<string>): number {
  const comparable = (before.releases ?? []).every((release) => releases.has(release));
  return comparable && before.records > 0 ? Math.floor(before.records * SHRUNK) + 1 : 0;
}

/**
 * Takes everything over. Failures: `feed.shrunk`; `feed.unreadable` when a complete delivery has records and none can be read; whatever
 * the items throw while they are read.
 */
export async function take(stores: Stores, feed: Feed, before: FeedState, load: Load): Promise<Tally> {
  const count = { records: 0, dropped: 0, examples: [] as string[], gone: [] as string[] };
  const items = checked(feed, load, count);
  const { changed, total } = await hand(stores, feed, before, { ...load, items, gone: count.gone });
  const { records, dropped, examples } = count;
  return { records, changed, dropped, examples, total: total ?? records };
}

type Count = { records: number; dropped: number; readonly examples: string[]; readonly gone: string[] };
type Known = Exclude<Item, { kind: 'dropped' | 'gone' }>;

/** Passes records on, but holds the first ones back until there are enough of them, so that nothing of a broken file is written. */
async function* checked(feed: Feed, { items, complete, least, handing }: Load, count: Count): AsyncGenerator<Known> {
  const enough = complete ? least : 0;
  const held: Known[] = [];
  for await (const item of items) {
    if (item.kind === 'dropped') {
      count.dropped++;
      if (count.examples.length < EXAMPLES) count.examples.push(`${item.where}: ${item.why}`);
    } else if (item.kind === 'gone') count.gone.push(item.id);
    else {
      count.records++;
      held.push(item);
      if (count.records < enough) continue;
      handing();
      yield* held.splice(0);
    }
  }
  if (complete && count.records === 0 && count.dropped > 0) throw noneReadable(feed, count);
  if (count.records < enough) throw shrunk(feed, count.records, enough);
}

const noneReadable = ({ title }: Feed, { dropped, examples }: Count): Failure =>
  new Failure('feed.unreadable', `${title}: none of its ${dropped} records could be read. The first: ${examples[0]}`);

function shrunk({ id, title }: Feed, records: number, enough: number): Failure {
  const sentence = `${title}: ${records} records, where at least ${enough} were expected: less than a tenth of last time is taken for a broken file, and the old ones stay. If it is right: patchherd feed sync ${id} --force`;
  return new Failure('feed.shrunk', sentence);
}

type Handed = { readonly changed: number; readonly total?: number };
type Checked = { readonly items: AsyncIterable<Known>; readonly complete: boolean; readonly gone: readonly string[] };

async function hand(stores: Stores, feed: Feed, before: FeedState, load: Checked): Promise<Handed> {
  if (feed.gives === 'advisories') return handAdvisories(stores, feed, before, load);
  if (feed.gives === 'lifecycles') {
    const all = await collected(feed, load.items, lifecycleOf);
    return { changed: await stores.lifecycles.put(all, load.complete) };
  }
  return handSayings(stores, await collected(feed, load.items, sayingOf), load.complete);
}

async function handAdvisories({ advisories }: Stores, feed: Feed, before: FeedState, load: Checked): Promise<Handed> {
  const delivered = joinedIn(advisories, feed, advisoriesIn(feed, load.items));
  const { added, changed, withdrawn, same } = await advisories.takeOver(feed.id, delivered, load.complete, load.gone);
  return {
    changed: added.length + changed.length + withdrawn.length,
    total: load.complete
      ? added.length + changed.length + same
      : Math.max(0, before.records + added.length - withdrawn.length),
  };
}

async function handSayings({ cves }: Stores, sayings: readonly CveSaying[], complete: boolean): Promise<Handed> {
  const fields = new Map<CveField, CveSaying[]>();
  for (const saying of sayings) {
    const same = fields.get(saying.field);
    if (same) same.push(saying);
    else fields.set(saying.field, [saying]);
  }
  let changed = 0;
  for (const [field, said] of fields) changed += (await cves.takeOver(field, said, complete)).size;
  return { changed };
}

/** Each with what is stored of it, for a feed whose advisories are spread over several files. */
async function* joinedIn(
  stored: Stores['advisories'],
  { joined }: Feed,
  delivered: AsyncIterable<Advisory>,
): AsyncGenerator<Advisory> {
  if (!joined) return yield* delivered;
  for await (const some of inBatches(delivered)) {
    const known = new Map((await stored.byKey(some.map(advisoryKey))).map((one) => [advisoryKey(one), one]));
    for (const one of some) yield joined(known.get(advisoryKey(one)) ?? null, one);
  }
}

async function* advisoriesIn(feed: Feed, items: AsyncIterable<Known>): AsyncGenerator<Advisory> {
  for await (const item of items) {
    if (item.kind !== 'advisory') throw wrongKind(feed, item);
    yield item.advisory;
  }
}

async function collected<T>(feed: Feed, items: AsyncIterable<Known>, one: (item: Known) => T | null): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) {
    const found = one(item);
    if (found === null) throw wrongKind(feed, item);
    all.push(found);
  }
  return all;
}

const sayingOf = (item: Known): CveSaying | null => (item.kind === 'cve' ? item.saying : null);
const lifecycleOf = (item: Known): Lifecycle | null => (item.kind === 'lifecycle' ? item.lifecycle : null);

/** A bug of the feed's own file. */
const wrongKind = ({ id, gives }: Feed, { kind }: Known): Error =>
  new Error(`feed.wrong-kind: ${id} gives ${gives}, and a record is ${kind}`);
