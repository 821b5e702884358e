/** feed.sync: ask the feeds that are due, one after the other, and tell the channel when one is stale, broken, or works again. */
import { z } from 'zod';
import { tellFeedHealth } from '../../domain/flows/feed-health.ts';
import { fleetReleases } from '../../domain/flows/fleet-releases.ts';
import { matchFleet } from '../../domain/flows/intel.ts';
import type { WorkerWorld } from '../../domain/ports.ts';
import { type Chosen, dueAt, type FeedSettings, feedsFor } from '../feeds/index.ts';
import { type SyncParts, syncFeed } from '../feeds/sync.ts';
import { wantedCves, wantedReleases } from '../feeds/wanted.ts';
import type { JobSpec } from './job.ts';

const Data = z.unknown();

export type FeedJob = Pick<SyncParts, 'dataDir' | 'version' | 'times' | 'fetch'> & { readonly settings: FeedSettings };

/** The recurring look for feeds that are due. */
export const feedSync = (world: WorkerWorld, job: FeedJob): JobSpec<typeof Data> => ({
  name: 'feed.sync',
  data: Data,
  concurrency: 1,
  async run(_, signal) {
    await syncDueFeeds(world, job, signal);
  },
});

/** Longer than the slowest of all feeds takes; whoever dies in it is followed after this. */
const turnMs = 15 * 60_000;

/**
 * Asks the feeds that are due. One feed's failure is recorded in its state and is no other one's. One process at a time, so that nobody
 * reads facts about CVEs while somebody else is still at the advisories that name them: false = somebody else is at it, nothing was done.
 */
export async function syncDueFeeds(world: WorkerWorld, job: FeedJob, signal: AbortSignal): Promise<boolean> {
  if (!job.settings.enabled) return true;
  const turn = await world.claims.take('feeds', world.owner, turnMs);
  if (turn === null) return false;
  try {
    await syncAll(world, job, signal);
    return true;
  } finally {
    await world.claims.release('feeds', turn);
  }
}

async function syncAll(world: WorkerWorld, job: FeedJob, signal: AbortSignal): Promise<void> {
  const releases = await fleetReleases(world);
  // Before the first scan nobody knows which advisories and CVEs matter: what is read now would be read for nothing.
  if (releases.size === 0) return;
  const chosen = feedsFor(releases, job.settings);
  await syncEach(world, job, { chosen, releases }, signal);
  if (signal.aborted) return;
  const ids = new Set(chosen.map(({ feed }) => feed.id));
  await tellFeedHealth(
    world,
    world.feedRules.filter(({ id }) => ids.has(id)),
  );
}

/** Advisories first, then facts about the CVEs that they name. Prices are made anew once, when all have been read. */
async function syncEach(
  world: WorkerWorld,
  job: FeedJob,
  { chosen, releases }: { chosen: readonly Chosen[]; releases: ReadonlySet<string> },
  signal: AbortSignal,
): Promise<void> {
  const isDue = await dueNow(world);
  let [fresh, matched, changed] = [false, false, false];
  const later = async (): Promise<void> => {
    changed = true;
  };
  const reading = { ...world, queue: { ...world.queue, intel: later } };
  try {
    for (const one of chosen) {
      if (signal.aborted) return;
      const ofCves = one.feed.gives === 'cves';
      // New advisories name new CVEs, of which these feeds were not asked before.
      if (!isDue(one) && !(ofCves && fresh)) continue;
      // Which CVEs matter is known when the devices were matched with the new advisories.
      if (ofCves && fresh && !matched) await matchFleet(world, signal);
      matched ||= ofCves;
      const wanted = ofCves ? await wantedCves(world, releases) : wantedReleases(releases);
      const synced = await syncFeed({ world: reading, ...job }, one.feed, { wanted, url: one.url, signal });
      fresh ||= one.feed.gives === 'advisories' && synced.kind === 'taken' && synced.tally.changed > 0;
    }
  } finally {
    if (changed) await world.queue.intel();
  }
}

async function dueNow({ feeds, clock }: WorkerWorld): Promise<(one: Chosen) => boolean> {
  const states = new Map((await feeds.all()).map((state) => [state.id, state]));
  return ({ feed, everyHours }) => {
    const at = dueAt(states.get(feed.id) ?? null, everyHours);
    return at === null || at <= clock.now();
  };
}
