/** Every feed, a line each, and which of them a fleet with these settings has use for. */
import type { FeedRule, FeedState } from '../../domain/model/feed.ts';
import { alpineSecdb } from './alpine-secdb.ts';
import { debianDla, debianDsa } from './debian-dsa.ts';
import { debianTracker } from './debian-tracker.ts';
import { endoflife } from './endoflife.ts';
import { epss } from './epss.ts';
import type { Feed } from './feed.ts';
import { kev } from './kev.ts';
import { msrc } from './msrc.ts';
import { nvd } from './nvd.ts';
import { osvAlmalinux, osvAlpine, osvDebian, osvOpensuse, osvRocky, osvSuse, osvUbuntu } from './osv.ts';
import { redhatCsaf, redhatVex } from './redhat.ts';
import { ssvc } from './ssvc.ts';
import { suseCsaf } from './suse.ts';
import { ubuntuNotices } from './ubuntu-notices.ts';
import { ubuntuVex } from './ubuntu-vex.ts';
import { updateinfo } from './updateinfo.ts';

/** A new feed is a file in this folder, a line here, and its id in `feedIds` of domain/model/feed.ts. */
export const feeds: readonly Feed[] = [
  kev,
  epss,
  ssvc,
  nvd,
  endoflife,
  debianTracker,
  debianDsa,
  debianDla,
  ubuntuNotices,
  ubuntuVex,
  alpineSecdb,
  osvDebian,
  osvUbuntu,
  osvAlpine,
  osvAlmalinux,
  osvRocky,
  osvOpensuse,
  osvSuse,
  updateinfo,
  redhatCsaf,
  redhatVex,
  suseCsaf,
  msrc,
];

export const feedById = (id: string): Feed | undefined => feeds.find((feed) => feed.id === id);

/** What the settings say of feeds. */
export type FeedSettings = {
  readonly enabled: boolean;
  readonly sources: { readonly [id: string]: FeedSource | undefined };
};
export type FeedSource = {
  readonly enabled?: boolean | undefined;
  readonly url?: string | undefined;
  readonly everyHours?: number | undefined;
};

/** A feed with what the settings make of it. `url` null = its own. */
export type Chosen = {
  readonly feed: Feed;
  readonly on: boolean;
  readonly url: string | null;
  readonly everyHours: number;
};

/** Every feed, on or off. */
export const allFeeds = ({ enabled, sources }: FeedSettings): readonly Chosen[] =>
  feeds.map((feed) => {
    const { enabled: wanted = feed.byDefault, url = null, everyHours = feed.everyHours } = sources[feed.id] ?? {};
    return { feed, on: enabled && wanted, url, everyHours };
  });

/** Those that are on and of use for a fleet with these releases: advisories first, because of CVEs only those that they name are kept. */
export const feedsFor = (releases: ReadonlySet<string>, settings: FeedSettings): readonly Chosen[] =>
  [...allFeeds(settings)]
    .filter(({ feed, on }) => on && feed.concerns(releases))
    .sort((a, b) => order.indexOf(a.feed.gives) - order.indexOf(b.feed.gives));

const order: readonly Feed['gives'][] = ['advisories', 'lifecycles', 'cves'];

/** What the world knows of the feeds that are on. Three times without an answer is stale. */
export const feedRulesOf = (settings: FeedSettings): readonly FeedRule[] =>
  allFeeds(settings)
    .filter(({ on }) => on)
    .map(({ feed, everyHours }) => ({
      ...{ id: feed.id, title: feed.title, licence: feed.licence, everyHours },
      staleMs: 3 * everyHours * HOUR_MS,
      concerns: (releases) => feed.concerns(releases),
    }));

const HOUR_MS = 3_600_000;

/** When a feed is to be asked next; null = now, because it never was. */
export function dueAt(state: FeedState | null, everyHours: number): Date | null {
  if (!state) return null;
  if (state.retryAt) return state.retryAt;
  const last = state.problem?.at ?? state.checkedAt;
  return last && new Date(last.getTime() + everyHours * HOUR_MS);
}
