/** Devices × advisories: which of a release's advisories an inventory is open to, and for each of the others why not. Pure. */
import { compareFor } from '../backends/versions/index.ts';
import type { Advisory, Affected } from '../model/advisory.ts';
import type { InstalledPackage } from '../model/device.ts';
import type { Finding, Verdict } from '../model/finding.ts';
import {
  type Copy,
  harmless,
  type Judged,
  judge,
  type Notice,
  newShelf,
  nothingHarmless,
  put,
  reader,
  type Shelf,
  worstOf,
} from './shelf.ts';
import { isModular, type MatchReason, orderOf, reasonOf, reasonsByWeight, streamOf, verdicts } from './standing.ts';

export type { MatchReason } from './standing.ts';

/** What matching needs to know of a device. */
export type MatchSubject = {
  /** As `releaseOf` names it. */
  readonly release: string;
  readonly packages: readonly InstalledPackage[];
  /** As `DeviceFacts` has them. */
  readonly modules: ReadonlySet<string>;
  /** CVEs that a livepatch covers until the next reboot. */
  readonly livepatched: ReadonlySet<string>;
};

export type Explained = {
  readonly affected: Affected;
  readonly reason: MatchReason;
  readonly installed: string | null;
};

/** Advisories by release and package, ready for many devices. */
export interface MatchIndex {
  /**
   * Open findings (vulnerable, mitigated, unknown) of one device: one for each advisory and package name, in an order that only
   * depends on the order of packages and advisories.
   */
  match(subject: MatchSubject): readonly Finding[];
  /** How many advisories it holds. */
  readonly size: number;
}
/** Every entry of one advisory with the reason why it does or does not concern this device. */
export type Explain = (advisory: Advisory, subject: MatchSubject) => readonly Explained[];

/** What the advisories of one release speak of. */
type Shelves = Readonly<Record<Affected['names'], Map<string, Shelf>>>;

/** Results are remembered up to about so many bytes: most devices of a fleet have the same versions of the same packages. */
const rememberedBytes = 32 * 2 ** 20;
const bytesOf = (judged: Judged): number => 200 + 90 * judged.length;

/** Names of packages of another architecture than the device's own end in `:arch`. */
function bareName(name: string): string {
  const colon = name.indexOf(':');
  return colon < 0 ? name : name.slice(0, colon);
}

/** Reads the advisories once, keeps of them what matching needs, and gives the index. Withdrawn ones are left out. */
export async function buildIndex(advisories: AsyncIterable<Advisory> | Iterable<Advisory>): Promise<MatchIndex> {
  const releases = new Map<string, Shelves>();
  const texts = new Map<string, string>();
  const once = (text: string): string => {
    const known = texts.get(text);
    if (known !== undefined) return known;
    texts.set(text, text);
    return text;
  };
  const notices = new Map<string, Notice>();
  for await (const advisory of advisories) {
    if (advisory.withdrawn) continue;
    const { notice, statementOf } = reader(advisory, once);
    notices.set(notice.key, notice);
    for (const affected of advisory.affected) put(shelfFor(releases, affected), statementOf(affected));
  }
  return { size: notices.size, match: matcher(releases, notices) };
}

function shelfFor(releases: Map<string, Shelves>, affected: Affected): Shelf {
  const { release, names } = affected;
  const shelves = releases.get(release) ?? { source: new Map(), binary: new Map() };
  releases.set(release, shelves);
  const shelf = shelves[names].get(affected.package) ?? newShelf(affected.package, compareFor(release));
  shelves[names].set(affected.package, shelf);
  return shelf;
}

/** By package: what its only version is open to, or what each of several is. */
type Found = Map<Shelf, Judged | Set<Judged>>;

function matcher(releases: ReadonlyMap<string, Shelves>, notices: ReadonlyMap<string, Notice>): MatchIndex['match'] {
  const judged = remembering();
  return ({ release, packages, modules, livepatched }) => {
    const shelves = releases.get(release);
    if (!shelves) return [];
    const found: Found = new Map();
    const add = (shelf: Shelf, one: Judged): void => {
      if (one.length === 0) return;
      const before = found.get(shelf);
      if (!before) found.set(shelf, one);
      else if (before instanceof Set) before.add(one);
      else if (before !== one) found.set(shelf, new Set([before, one]));
    };
    for (const { name, version, source, sourceVersion, whole } of packages) {
      const bySource = shelves.source.get(source);
      const byName = shelves.binary.get(bareName(name));
      if (bySource) add(bySource, judged(bySource, { version: sourceVersion, whole, enabled: modules }, null, ''));
      const vex = byName && bySource && bySource.vex.length > 0 ? bySource : null;
      if (byName) add(byName, judged(byName, { version, whole, enabled: modules }, vex, sourceVersion));
    }
    const open: Finding[] = [];
    for (const [shelf, all] of found) {
      // Not by spreading: a kernel can be open to more advisories than a call takes arguments.
      for (const one of all instanceof Set ? worstOf(shelf, all) : all) open.push(one);
    }
    return livepatched.size === 0 ? open : open.map((one) => livepatch(one, notices, livepatched));
  };
}

/** Judges copies of packages, and remembers the answers. A vendor's word on a `source` package is its word on what is built from it. */
function remembering() {
  const filled = new Set<Shelf>();
  let bytes = 0;
  function remember(shelf: Shelf, key: string, one: Judged): void {
    bytes += bytesOf(one);
    if (bytes > rememberedBytes) {
      for (const full of filled) full.known = null;
      filled.clear();
      bytes = bytesOf(one);
    }
    shelf.known ??= new Map();
    shelf.known.set(key, one);
    filled.add(shelf);
  }
  return (shelf: Shelf, copy: Copy, source: Shelf | null, sourceVersion: string): Judged => {
    const key = keyOf(shelf, copy, source, sourceVersion);
    const known = copy.whole ? shelf.known?.get(key) : undefined;
    if (known) return known;
    const besides = source ? harmless(source, { ...copy, version: sourceVersion }) : nothingHarmless;
    const judged = judge(shelf, copy, besides);
    if (copy.whole) remember(shelf, key, judged);
    return judged;
  };
}

/** Everything that an answer depends on, except for the shelf itself; usually the version alone. */
function keyOf(shelf: Shelf, { version, enabled }: Copy, source: Shelf | null, sourceVersion: string): string {
  // Devices name versions: none may look like one of the longer keys.
  const own = !version.startsWith('\n');
  if (own && !source && shelf.streams.length === 0) return version;
  const streams = [...shelf.streams, ...(source?.streams ?? [])].filter((stream) => enabled.has(stream));
  if (own && !source && streams.length === 0) return version;
  return `\n${JSON.stringify([version, source && [source.package, sourceVersion], ...streams])}`;
}

function livepatch(finding: Finding, notices: ReadonlyMap<string, Notice>, livepatched: ReadonlySet<string>): Finding {
  const { cves } = notices.get(finding.advisory) ?? { cves: [] };
  return isCovered(finding.verdict, cves, livepatched) ? { ...finding, verdict: 'mitigated' } : finding;
}

/** A livepatch covers an advisory when it covers every CVE of it. */
const isCovered = (verdict: Verdict | null, cves: readonly string[], by: ReadonlySet<string>): boolean =>
  verdict === 'vulnerable' && cves.length > 0 && cves.every((cve) => by.has(cve));

/**
 * Takes one advisory and one device; gives each entry of the advisory with the reason why it does or does not concern the device, and
 * the installed version that decides. What other advisories say (VEX) is not known here.
 */
export const explainMatch: Explain = (advisory, subject) =>
  advisory.affected.map((affected) => explainEntry(advisory, affected, subject));

function explainEntry(advisory: Advisory, affected: Affected, subject: MatchSubject): Explained {
  if (advisory.withdrawn) return { affected, reason: 'withdrawn', installed: null };
  if (affected.release !== subject.release) return { affected, reason: 'other-release', installed: null };
  const copies = subject.packages
    .filter(({ name, source }) => (affected.names === 'source' ? source : bareName(name)) === affected.package)
    .map((copy): Explained => {
      const reason = reasonForCopy(advisory, affected, copy, subject);
      return { affected, reason, installed: versionFor(affected, copy) };
    });
  const compare = compareFor(affected.release);
  const weight = ({ reason }: Explained): number => reasonsByWeight.indexOf(reason);
  const older = (a: Explained, b: Explained): number => compare?.(a.installed ?? '', b.installed ?? '') ?? 0;
  const [worst] = copies.sort((a, b) => weight(a) - weight(b) || older(a, b));
  return worst ?? { affected, reason: 'not-installed', installed: null };
}

function reasonForCopy(
  advisory: Advisory,
  affected: Affected,
  copy: InstalledPackage,
  subject: MatchSubject,
): MatchReason {
  const { modules, livepatched } = subject;
  const reason = ownReason(affected, copy, modules);
  const verdict = verdicts[reason];
  if (verdict !== 'vulnerable' && verdict !== 'unknown') return reason;
  const isSame = (by: Affected): boolean => by.names === affected.names && by.package === affected.package;
  const isAbout = (by: Affected): boolean => isSame(by) || (by.names === 'source' && by.package === copy.source);
  const declared = advisory.affected.filter((by) => by.release === affected.release && isAbout(by));
  if (declared.some((by) => ownReason(by, copy, modules) === 'not-affected')) return 'not-affected';
  return isCovered(verdict, advisory.cves, livepatched) ? 'livepatched' : reason;
}

const versionFor = ({ names }: Affected, { version, sourceVersion }: InstalledPackage): string =>
  names === 'source' ? sourceVersion : version;

/** Not regarding what other entries say. */
function ownReason(affected: Affected, copy: InstalledPackage, enabled: ReadonlySet<string>): MatchReason {
  const { release, introduced, fixed, module } = affected;
  const [compare, version] = [compareFor(release), versionFor(affected, copy)];
  const stream = streamOf(module, isModular(fixed ?? ''), isModular(version), enabled);
  const [toIntroduced, toFixed] = [orderOf(compare, version, introduced), orderOf(compare, version, fixed)];
  return reasonOf(affected, toIntroduced, toFixed, copy.whole, stream);
}
