/** A vendor's bulletin in one normal form, shaped like OSV 1.7: what it fixes, where, how bad the vendor calls it. */

/** Our four words and `unrated`, worst first. Microsoft and Red Hat use the same four (facts on feeds, section 6). */
export const severities = ['critical', 'important', 'moderate', 'low', 'unrated'] as const;
export type Severity = (typeof severities)[number];

/** One package of one release that an advisory speaks of. */
export type Affected = {
  /** The release as `releaseOf` names it, such as `debian:12`, `almalinux:9`, `alpine:3.19`. */
  readonly release: string;
  /** What `package` names: Debian, Ubuntu and Alpine write source packages, rpm vendors binary ones. */
  readonly names: 'source' | 'binary';
  readonly package: string;
  /** The first version that has the fault; null = every version before `fixed`. */
  readonly introduced: string | null;
  /** The first version without the fault; null = there is none yet. */
  readonly fixed: string | null;
  /** `not-affected`: the vendor looked and this release is fine (VEX). `unknown`: the vendor has not decided. */
  readonly status: 'affected' | 'not-affected' | 'unknown';
  /** What one must pay for to get the fixed version; null = nothing. */
  readonly requires: 'ubuntu-pro' | null;
  /** rpm module stream that the package belongs to, such as `nodejs:18`; null = none. */
  readonly module: string | null;
  /** Names of the repositories whose files say so, sorted, where one advisory is spread over the files of several; absent = it is not. */
  readonly repositories?: readonly string[];
};

export type Advisory = {
  /** The vendor's own: DSA-5678-1, USN-7270-1, ALSA-2024:8793, KB5035857; a CVE id where a tracker has no bulletins. */
  readonly id: string;
  /** Which feed says so. The same id from two feeds is two advisories. */
  readonly feed: string;
  /** One line of plain text, at most 200 characters. */
  readonly title: string;
  /** Plain text, at most 2,000 characters. */
  readonly text: string;
  readonly kind: 'security' | 'bugfix' | 'feature';
  /** Well-formed CVE ids, sorted, each once. */
  readonly cves: readonly string[];
  readonly severity: Severity;
  /** Word for word; null = the vendor does not say. */
  readonly vendorSeverity: string | null;
  readonly affected: readonly Affected[];
  readonly published: Date | null;
  readonly modified: Date | null;
  /** The vendor has taken it back. */
  readonly withdrawn: Date | null;
  /** The vendor says that a reboot is needed. */
  readonly reboot: boolean;
  /** Fixed in the running kernel by livepatch, without a reboot (Ubuntu LSN). */
  readonly livepatch: boolean;
  /** https addresses, at most 5. */
  readonly references: readonly string[];
};

type Optional = 'severity' | 'vendorSeverity' | 'published' | 'modified' | 'withdrawn' | 'reboot' | 'livepatch';

/**
 * An advisory of what its vendor says; the fields left out are those of which it says nothing. Each field stands here by name: V8 keeps
 * objects that were spread together as dictionaries, and reading tens of thousands of those took 1.8 times as long (bench debsecan).
 */
export function statedAdvisory(said: Omit<Advisory, Optional> & Partial<Pick<Advisory, Optional>>): Advisory {
  return {
    id: said.id,
    feed: said.feed,
    title: said.title,
    text: said.text,
    kind: said.kind,
    cves: said.cves,
    severity: said.severity ?? 'unrated',
    vendorSeverity: said.vendorSeverity ?? null,
    affected: said.affected,
    published: said.published ?? null,
    modified: said.modified ?? null,
    withdrawn: said.withdrawn ?? null,
    reboot: said.reboot ?? false,
    livepatch: said.livepatch ?? false,
    references: said.references,
  };
}

/** One key in the store: ids are the vendors', and two feeds may know the same one. */
export const advisoryKey = ({ feed, id }: Pick<Advisory, 'feed' | 'id'>): string => `${feed}/${id}`;

/** Distributions whose advisories are for a major version: 9.4 has those of 9 (their own update policies). */
const byMajor: readonly string[] = ['almalinux', 'rocky', 'rhel', 'centos', 'ol', 'debian', 'amzn', 'fedora'];
/** Distributions whose advisories are for a branch of two numbers. */
const byBranch: readonly string[] = ['alpine'];

/**
 * The release that advisories are written for, from the fields ID and VERSION_ID of /etc/os-release: `debian:12`, `ubuntu:24.04`,
 * `almalinux:9` for 9.4, `alpine:3.19` for 3.19.1.
 */
export function releaseOf({ id, version }: { readonly id: string; readonly version: string }): string {
  const parts = version.split('.');
  if (byMajor.includes(id)) return `${id}:${parts[0]}`;
  if (byBranch.includes(id)) return `${id}:${parts.slice(0, 2).join('.')}`;
  return `${id}:${version}`;
}
