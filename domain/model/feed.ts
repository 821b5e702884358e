/** How a feed is doing: when it was last read, what it gave, and whether it is too old to trust its silence. */

/** Every feed that there is, also those that are off. The settings know feeds by these names. */
export const feedIds = [
  'kev',
  'epss',
  'ssvc',
  'nvd',
  'endoflife',
  'debian-tracker',
  'debian-dsa',
  'debian-dla',
  'ubuntu-notices',
  'ubuntu-vex',
  'alpine-secdb',
  'osv-debian',
  'osv-ubuntu',
  'osv-alpine',
  'osv-almalinux',
  'osv-rocky',
  'osv-opensuse',
  'osv-suse',
  'updateinfo',
  'redhat-csaf',
  'redhat-vex',
  'suse-csaf',
  'msrc',
] as const;
export type FeedId = (typeof feedIds)[number];

export type FeedState = {
  readonly id: string;
  /** The last time that the source was asked and answered, also "not changed"; null = never. */
  readonly checkedAt: Date | null;
  /** The last time that its content was taken over. */
  readonly changedAt: Date | null;
  /** The last try, when it failed; null = it worked. */
  readonly problem: { readonly code: string; readonly text: string; readonly at: Date } | null;
  /** Records that it has given and not taken back; of CVE feeds that are asked piece by piece, those of the last piece. */
  readonly records: number;
  /** Records that could not be read and were left out. */
  readonly dropped: number;
  /** How far an incremental feed has been read, in its own words. */
  readonly cursor: string | null;
  /** Validators and sizes of the files that were read, by URL. */
  readonly files: Readonly<Record<string, FeedFile>>;
  /** How new the content says it is, as `Delivery.asOf`; absent or null = unknown. */
  readonly asOf?: string | null;
  /** The fleet's releases when it was taken over; absent = never. */
  readonly releases?: readonly string[];
  /** After a failed try: when to ask again; absent or null = at its usual time. */
  readonly retryAt?: Date | null;
  /** Whether the channel was told that it is stale or broken. */
  readonly told: boolean;
};

export type FeedFile = {
  readonly etag: string | null;
  readonly lastModified: string | null;
  readonly sha256: string;
  /** Bytes as they came. */
  readonly size: number;
};

/** A feed that is switched on, and what its age means. */
export type FeedRule = {
  readonly id: string;
  readonly title: string;
  readonly everyHours: number;
  /** The age at which it counts as stale: an unasked feed is never silent. */
  readonly staleMs: number;
  /** Licence or terms and whom to name. */
  readonly licence: string;
  /** True when a fleet with these releases has any use for it: others are not asked. */
  concerns(releases: ReadonlySet<string>): boolean;
};

/** Whether its silence can be trusted. `waiting`: it was not asked yet. */
export type FeedHealth = 'good' | 'waiting' | 'stale' | 'broken';

/**
 * A feed whose source cannot be reached is only stale after `staleMs`: that ends by itself. Any other problem, and none that was ever
 * read, is `broken` at once.
 */
export function healthOf(state: FeedState | null, staleMs: number, now: Date): FeedHealth {
  if (!state || (!state.checkedAt && !state.problem)) return 'waiting';
  const { checkedAt, problem } = state;
  if (problem && (!checkedAt || problem.code !== 'feed.unreachable')) return 'broken';
  return checkedAt && now.getTime() - checkedAt.getTime() > staleMs ? 'stale' : 'good';
}

/** A feed that was never asked. */
export const newFeed = (id: string): FeedState => ({
  id,
  checkedAt: null,
  changedAt: null,
  problem: null,
  records: 0,
  dropped: 0,
  cursor: null,
  files: {},
  told: false,
});
