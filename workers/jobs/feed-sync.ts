/** feed.sync: ask the feeds that are due, one after the other, and tell the channel when one is stale, broken, or works again. */
import { z } from 'zod';
import { tellFeedHealth } from '../../domain/flows/feed-health.ts';
import { fleetReleases } from '../../domain/flows/fleet-releases.ts';
import type { WorkerWorld } from '../../domain/ports.ts';
import { type Chosen, dueAt, type FeedSettings, feedsFor } from '../feeds/index.ts';
import { type SyncParts, syncFeed } from '../feeds/sync.ts';
import { wantedCves, wantedReleases } from '../feeds/wanted.ts';
import type { JobSpec } from './job.ts';

const Data = z.unknown();

export type FeedJob = Pick<SyncParts, 'dataDir' | 'version' | 'times'> & { readonly settings: FeedSettings };

/** The recurring look for feeds that are due. */
export const feedSync = (world: WorkerWorld, job: FeedJob): JobSpec<typeof Data> => ({
  name: 'feed.sync',
  data: Data,
  concurrency: 1,
  run: (_, signal) => syncDueFeeds(world, job, signal),
});

/** Asks the feeds that are due. One feed's failure is recorded in its state and is no other one's. */
export async function syncDueFeeds(world: WorkerWorld, job: FeedJob, signal: AbortSignal): Promise<void> {
  if (!job.settings.enabled) return;
  const releases = await fleetReleases(world);
  const chosen = feedsFor(releases, job.settings);
  for (const one of await due(world, chosen)) {
    if (signal.aborted) return;
    const wanted = one.feed.gives === 'cves' ? await wantedCves(world, releases) : wantedReleases(releases);
    await syncFeed({ world, ...job }, one.feed, { wanted, url: one.url, signal });
  }
  if (signal.aborted) return;
  const ids = new Set(chosen.map(({ feed }) => feed.id));
  await tellFeedHealth(
    world,
    world.feedRules.filter(({ id }) => ids.has(id)),
  );
}

async function due({ feeds, clock }: WorkerWorld, chosen: readonly Chosen[]): Promise<readonly Chosen[]> {
  const states = new Map((await feeds.all()).map((state) => [state.id, state]));
  return chosen.filter(({ feed, everyHours }) => {
    const at = dueAt(states.get(feed.id) ?? null, everyHours);
    return at === null || at <= clock.now();
  });
}
