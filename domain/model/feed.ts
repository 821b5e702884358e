/** How a feed is doing: when it was last read, what it gave, and whether it is too old to trust its silence. */

/** Every feed that there is, also those that are off. The settings know feeds by these names. */
export const feedIds = [
  'kev',
  'epss',
  'ssvc',
  'nvd',
  'endoflife',
  'osv',
  'debian-tracker',
  'debian-dsa',
  'ubuntu-notices',
  'alpine-secdb',
  'updateinfo',
  'redhat',
  'suse',
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
  /** What was taken over last. */
  readonly records: number;
  /** Records that could not be read and were left out. */
  readonly dropped: number;
  /** How far an incremental feed has been read, in its own words. */
  readonly cursor: string | null;
  /** Validators and sizes of the files that were read, by URL. */
  readonly files: Readonly<Record<string, FeedFile>>;
  /** How new the content says it is, as `Delivery.asOf`; absent or null = unknown. */
  readonly asOf?: string | null;
  /** Whether the channel was told that it is stale. */
  readonly told: boolean;
};

export type FeedFile = {
  readonly etag: string | null;
  readonly lastModified: string | null;
  readonly sha256: string;
  /** Bytes as they came. */
  readonly size: number;
};

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
