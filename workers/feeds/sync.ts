/** One feed, once: asks its source, takes over what is new, and records how it went. A failure is recorded; it never reads as "no patches". */
import { join } from 'node:path';
import { Failure } from '../../domain/model/failure.ts';
import { type FeedState, newFeed } from '../../domain/model/feed.ts';
import type { WorkerWorld } from '../../domain/ports.ts';
import type { Delivery, Feed, Wanted } from './feed.ts';
import type { Times } from './patience.ts';
import { type OpenSource, openSource } from './source.ts';
import { leastOf, type Tally, take } from './take.ts';

const LEASE_MS = 60_000;
/** Not the feed's fault: soon again. */
const RETRY_MS = 10 * 60_000;
const DAY_MS = 24 * 3_600_000;

export type SyncWorld = Pick<
  WorkerWorld,
  'advisories' | 'cves' | 'lifecycles' | 'feeds' | 'claims' | 'owner' | 'queue' | 'clock' | 'log'
>;
export type SyncParts = {
  readonly world: SyncWorld;
  /** Below it, each feed has `feeds/<id>` for its last good copies. */
  readonly dataDir: string;
  readonly version: string;
  readonly times?: Partial<Times>;
  /** How files are asked for. @default Node's own fetch */
  readonly fetch?: typeof fetch;
};
export type SyncOptions = {
  readonly wanted: Wanted;
  /** The address that the settings give this feed; null = its own. */
  readonly url?: string | null;
  /** Takes over a delivery that is much smaller or older than the last one. */
  readonly force?: boolean;
  readonly signal?: AbortSignal;
};

export type Synced =
  | { readonly kind: 'taken'; readonly tally: Tally; readonly state: FeedState }
  | { readonly kind: 'unchanged'; readonly state: FeedState }
  | { readonly kind: 'failed'; readonly problem: NonNullable<FeedState['problem']>; readonly state: FeedState }
  /** Another process is at it. */
  | { readonly kind: 'busy' }
  /** This process stops, or has lost its claim: nothing was recorded. */
  | { readonly kind: 'stopped' };

/** Asks the feed's source. Throws only what the database throws: everything else is in the answer and in the feed's state. */
export async function syncFeed(parts: SyncParts, feed: Feed, options: SyncOptions): Promise<Synced> {
  return claimed(parts, feed, options, async (before, signal) => {
    const own = options.url ?? null;
    const directory = join(parts.dataDir, 'feeds', feed.id);
    const { version, times, fetch } = parts;
    const source = await openSource({
      ...{ directory, title: feed.title, own, files: before.files, version, signal },
      ...(times ? { times } : {}),
      ...(fetch ? { fetch } : {}),
    });
    try {
      const delivery = await feed.sync(source, own ?? feed.url, before.cursor, options.wanted);
      if (!delivery) return { before: { ...before, files: await source.commit() }, tally: null };
      return await takeOver(parts, feed, before, delivery, options, source);
    } finally {
      await source.discard();
    }
  });
}

/**
 * Reads one file of the feed, from a mirror or a USB stick, as if its source had given it. What a file that is `whole` does not name is
 * gone; any other file only adds and changes. The next sync goes on from where the last one was. A wrong file is told to the caller and
 * not recorded: the source is not to blame.
 */
export async function importFile(parts: SyncParts, feed: Feed, file: string, options: SyncOptions): Promise<Synced> {
  return claimed(parts, feed, { ...options, quiet: true }, (before) => {
    const items = feed.read(file, options.wanted);
    const delivery = { complete: feed.whole === true, items, cursor: before.cursor };
    return takeOver(parts, feed, before, delivery, options, null);
  });
}

type Done = { readonly before: FeedState; readonly tally: Tally | null };

async function takeOver(
  { world }: SyncParts,
  feed: Feed,
  before: FeedState,
  delivery: Delivery,
  { wanted, force = false }: SyncOptions,
  source: OpenSource | null,
): Promise<Done> {
  if (!force) refuseOlder(feed, before, delivery.asOf);
  const least = force ? 0 : leastOf(before, wanted.releases);
  let changed = false;
  const handing = (): void => {
    changed = true;
  };
  try {
    const tally = await take(world, feed, before, { ...delivery, least, handing });
    changed = tally.changed > 0;
    const next: FeedState = {
      ...before,
      changedAt: world.clock.now(),
      records: tally.total,
      dropped: tally.dropped,
      cursor: delivery.cursor,
      asOf: believable(delivery.asOf, world.clock.now()) ?? before.asOf ?? null,
      releases: [...wanted.releases].sort(),
    };
    return { before: source ? { ...next, files: await source.commit() } : next, tally };
  } finally {
    // Also when it broke off in the middle: what was written by then counts, and the next try finds it unchanged.
    if (changed) await world.queue.intel();
  }
}

/** Time does not go backwards: an older copy, from a mirror that fell behind or from an attacker, would take back what is known. */
function refuseOlder({ id, title }: Feed, { asOf: before }: FeedState, asOf: string | undefined): void {
  if (!asOf || !before || asOf >= before) return;
  const sentence = `${title}: this delivery is of ${asOf}, and one of ${before} was taken over already: the old one stays. If it is right: patchherd feed sync ${id} --force`;
  throw new Failure('feed.older', sentence);
}

/** A date in the future would refuse everything until then. */
function believable(asOf: string | undefined, now: Date): string | null {
  if (asOf === undefined) return null;
  return asOf <= new Date(now.getTime() + DAY_MS).toISOString() ? asOf : null;
}

/** Holds the feed's claim while `work` runs, and records how it ended. */
async function claimed(
  parts: SyncParts,
  feed: Feed,
  { signal, quiet = false }: SyncOptions & { readonly quiet?: boolean },
  work: (before: FeedState, signal: AbortSignal) => Promise<Done>,
): Promise<Synced> {
  const { claims, owner, feeds } = parts.world;
  const name = `feed:${feed.id}`;
  const fence = await claims.take(name, owner, LEASE_MS);
  if (fence === null) return { kind: 'busy' };
  const stop = new AbortController();
  const lost = (): void => stop.abort();
  signal?.addEventListener('abort', lost);
  if (signal?.aborted) lost();
  const beat = setInterval(() => {
    claims.renew(name, fence, LEASE_MS).then((ours) => ours || lost(), lost);
  }, LEASE_MS / 3);
  try {
    const before = (await feeds.get(feed.id)) ?? newFeed(feed.id);
    return await recorded(parts, { feed, before, signal: stop.signal, quiet }, () => work(before, stop.signal));
  } finally {
    clearInterval(beat);
    signal?.removeEventListener('abort', lost);
    await claims.release(name, fence);
  }
}

type Try = { readonly feed: Feed; readonly before: FeedState; readonly signal: AbortSignal; readonly quiet: boolean };

async function recorded(
  { world }: SyncParts,
  { feed, before, signal, quiet }: Try,
  work: () => Promise<Done>,
): Promise<Synced> {
  /** Somebody may have noted meanwhile that the channel was told. */
  const put = async (state: FeedState): Promise<FeedState> => {
    const next = { ...state, told: (await world.feeds.get(feed.id))?.told ?? false };
    await world.feeds.put(next);
    return next;
  };
  try {
    const { before: state, tally } = await work();
    if (signal.aborted) return { kind: 'stopped' };
    const kept = await put({ ...state, checkedAt: world.clock.now(), problem: null, retryAt: null });
    if (!tally) return { kind: 'unchanged', state: kept };
    const { records, changed, dropped, examples } = tally;
    world.log.info('feed.taken-over', { feed: feed.id, records, changed });
    if (dropped > 0) world.log.warn('feed.records-dropped', { feed: feed.id, dropped, examples });
    return { kind: 'taken', tally, state: kept };
  } catch (error) {
    if (signal.aborted) return { kind: 'stopped' };
    const problem = problemOf(feed, error, world.clock.now());
    const { code, text } = problem;
    world.log.warn('feed.failed', {
      feed: feed.id,
      code,
      text,
      ...(error instanceof Failure ? {} : { error: stackOf(error) }),
    });
    if (quiet) return { kind: 'failed', problem, state: before };
    const retryAt = retryOf(error, world.clock.now());
    return { kind: 'failed', problem, state: await put({ ...before, problem, retryAt }) };
  }
}

function problemOf({ title }: Feed, error: unknown, at: Date): NonNullable<FeedState['problem']> {
  if (!(error instanceof Failure)) {
    return { code: 'bug', text: `${title}: reading it went wrong inside patchherd: the log has the details.`, at };
  }
  // Those of unpacking and parsing name the file; everybody should read which feed it was.
  const text = error.message.startsWith(title) ? error.message : `${title}: ${error.message}`;
  return { code: error.code, text, at };
}

function retryOf(error: unknown, now: Date): Date | null {
  if (!(error instanceof Failure && error.retryable)) return null;
  return new Date(now.getTime() + Math.max(RETRY_MS, error.retryAfterMs ?? 0));
}

const stackOf = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error));
