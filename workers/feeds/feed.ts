/** The contract of a feed: one file each in this folder, a line in index.ts. What it gives is the domain's own form, checked. */
import type { Advisory } from '../../domain/model/advisory.ts';
import type { CveSaying } from '../../domain/model/cve.ts';
import type { Lifecycle } from '../../domain/model/lifecycle.ts';

export type { Lifecycle } from '../../domain/model/lifecycle.ts';

/** One record that a feed's file holds. `dropped`: it could not be read and is left out; the feed survives. */
export type Item =
  | { readonly kind: 'advisory'; readonly advisory: Advisory }
  | { readonly kind: 'cve'; readonly saying: CveSaying }
  | { readonly kind: 'lifecycle'; readonly lifecycle: Lifecycle }
  /** An advisory that is gone, by its id. */
  | { readonly kind: 'gone'; readonly id: string }
  /** `where`: id or position in the file. `why`: a short sentence without the record's own text. */
  | { readonly kind: 'dropped'; readonly where: string; readonly why: string };

/** What the installation needs to know of: everything else in a file is passed over. */
export type Wanted = {
  /** Releases of the fleet, as `releaseOf` names them, such as `debian:12`. Empty = every release. */
  readonly releases: ReadonlySet<string>;
  /** False for a CVE that nobody has; asked by feeds that speak of every CVE of the world. */
  cve(id: string): boolean;
  /** Those of them that some device is open to, in no order; asked by feeds for which each CVE is a request. Without it such feeds bring nothing. */
  readonly cves?: Iterable<string>;
};

/** A file that was fetched or imported: on disk, whole, within its size limit, its checksum known. */
export type Fetched = { readonly url: string; readonly path: string; readonly sha256: string; readonly size: number };

/**
 * `maxBytes`: as it comes over the wire, 512 MiB by default. `once`: for records that are files of their own and are read once, such as
 * those behind a list of changes: always fetched, neither kept nor remembered.
 */
export type Limits = { readonly maxBytes?: number; readonly once?: true };

/** Fetches. Conditional (ETag, Last-Modified); the last good copy is kept. */
export interface Source {
  /**
   * null = not changed since it was last taken over. Failures: `feed.unreachable` (retryable: no answer, a stall, status 429 or 5xx),
   * `feed.refused` (any other status, such as 404; plain http), `feed.too-large`, `feed.unreadable` (a web page in place of data).
   */
  get(url: string, limits?: Limits): Promise<Fetched | null>;
  /** The same, but never null: the last good copy when it has not changed. */
  whole(url: string, limits?: Limits): Promise<Fetched>;
}

/** What one sync brought. */
export type Delivery = {
  /** True: the items are everything that this feed knows; what was there before and is not among them is gone. */
  readonly complete: boolean;
  readonly items: AsyncIterable<Item>;
  /** Kept for the next `sync` when this one was taken over; null = there is nothing to keep. */
  readonly cursor: string | null;
  /**
   * How new the delivery says it is (a catalog's date, the newest `modified`), as ISO 8601 so that later dates are greater texts. When it is
   * older than what was taken over last, nothing is taken over: time went backwards. Absent = the feed does not say.
   */
  readonly asOf?: string;
};

export interface Feed {
  /** Lower-case letters, digits, dashes: also its key in the settings. One of `feedIds`. */
  readonly id: string;
  /** How people call it, such as `CISA KEV`. */
  readonly title: string;
  readonly gives: 'advisories' | 'cves' | 'lifecycles';
  /** Where it is; a setting may name another place (mirror, file://). May hold `{release}` placeholders that only this feed understands. */
  readonly url: string;
  /** How often it is asked. */
  readonly everyHours: number;
  /** False: only where an administrator switches it on. */
  readonly byDefault: boolean;
  /** Licence or terms and whom to name, one line. */
  readonly licence: string;
  /** True: one file of `read` is everything that this feed knows (KEV, EPSS): what is not in it is gone. Absent: a file may be a part. */
  readonly whole?: true;
  /**
   * Where one advisory is spread over several files: what is stored of it, and what a file or sync says, as one. Called for each advisory,
   * and where nothing is stored (null); calling it again with its own answer must change nothing. Absent: the last delivery is all.
   */
  joined?(stored: Advisory | null, delivered: Advisory): Advisory;
  /** True when a fleet with these releases has any use for it. */
  concerns(releases: ReadonlySet<string>): boolean;
  /** Asks `source` at `url` for what is new since `cursor` (null = everything). null = nothing has changed. Failures: those of Source, `feed.unreadable`. */
  sync(source: Source, url: string, cursor: string | null, wanted: Wanted): Promise<Delivery | null>;
  /** Reads one whole file of this feed, as it comes from a mirror or a USB stick. Throws Failure `feed.unreadable` when it is no such file. */
  read(file: string, wanted: Wanted): AsyncIterable<Item>;
}
