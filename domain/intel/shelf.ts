/** All that advisories say of one package of one release, and what it means for an installed version of it. */
import type { Comparator, Order } from '../backends/versions/index.ts';
import { type Advisory, type Affected, advisoryKey } from '../model/advisory.ts';
import type { Finding } from '../model/finding.ts';
import { isModular, isVersion, type MatchReason, reasonOf, streamOf, verdicts } from './standing.ts';

/** What is kept of an advisory. */
export type Notice = { readonly key: string; readonly cves: readonly string[] };
type Entry = Pick<Affected, 'introduced' | 'fixed' | 'status' | 'requires' | 'module'> & {
  readonly notice: Notice;
  /** Its fix is from a module stream. */
  readonly modularFix: boolean;
  /** Where the bounds stand among all of the shelf, see `levelOf`; null = it is missing, or no version. */
  introducedAt: number | null;
  fixedAt: number | null;
};

export type Shelf = {
  readonly package: string;
  readonly compare: Comparator | null;
  /** Those of one advisory stand together. */
  readonly entries: Entry[];
  /** Some entry says `not-affected`. */
  hasVex: boolean;
  /** rpm module streams that entries name. */
  readonly streams: string[];
  /** Every bound that is a version, each once, oldest first; null = to be made, because an entry was added. */
  bounds: readonly string[] | null;
  /** What was found out already, by version and whatever else it depends on; null = nothing. */
  known: Map<string, Judged> | null;
};

export const newShelf = (name: string, compare: Comparator | null): Shelf => ({
  package: name,
  compare,
  entries: [],
  hasVex: false,
  streams: [],
  bounds: null,
  known: null,
});

/** What an installed version is open to: `findings` and, in the same order, their advisories. Shared by devices. */
export type Judged = { readonly findings: readonly Finding[]; readonly notices: readonly Notice[] };

/** What a vendor declared harmless: whole advisories by key, and CVEs. */
export type Harmless = { readonly keys: ReadonlySet<string>; readonly cves: ReadonlySet<string> };
export const nothingHarmless: Harmless = { keys: new Set(), cves: new Set() };

/** An installed copy. `enabled`: the device's module streams. */
export type Copy = { readonly version: string; readonly whole: boolean; readonly enabled: ReadonlySet<string> };

/** Puts an entry of an advisory on the shelf; what the same advisory said already is not said twice. */
export function put(shelf: Shelf, notice: Notice, affected: Affected): void {
  const { introduced, fixed, status, requires, module } = affected;
  for (let at = shelf.entries.length - 1; at >= 0; at -= 1) {
    const one = shelf.entries[at];
    if (one?.notice !== notice) break;
    const same = one.introduced === introduced && one.fixed === fixed && one.status === status;
    if (same && one.requires === requires && one.module === module) return;
  }
  const bounds = { introduced, introducedAt: null, fixed, fixedAt: null, modularFix: isModular(fixed ?? '') };
  shelf.entries.push({ notice, ...bounds, status, requires, module });
  if (status === 'not-affected') shelf.hasVex = true;
  if (module !== null && !shelf.streams.includes(module)) shelf.streams.push(module);
  shelf.bounds = null;
}

/** Sorts the bounds once, so that an installed version needs a few comparisons whatever the number of entries. */
function sortBounds(shelf: Shelf): readonly string[] {
  const { compare, entries } = shelf;
  if (!compare) return [];
  const texts = new Set(entries.flatMap(({ introduced, fixed }) => [introduced ?? '', fixed ?? '']));
  const sorted = [...texts].filter((text) => isVersion(compare, text)).sort((a, b) => compare(a, b) ?? 0);
  const bounds = sorted.filter((text, at) => at === 0 || compare(sorted[at - 1] ?? '', text) !== 0);
  for (const entry of entries) {
    entry.introducedAt = entry.introduced === null ? null : levelOf(compare, bounds, entry.introduced);
    entry.fixedAt = entry.fixed === null ? null : levelOf(compare, bounds, entry.fixed);
  }
  return bounds;
}

/** 1 for the first bound, 3 for the second, and so on; even numbers for what stands between them. null = no version. */
function levelOf(compare: Comparator, bounds: readonly string[], version: string): number | null {
  if (!isVersion(compare, version)) return null;
  let [low, high] = [0, bounds.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const order = compare(version, bounds[middle] ?? '');
    if (order === 0) return 2 * middle + 1;
    if (order === -1) high = middle;
    else low = middle + 1;
  }
  return 2 * low;
}

const between = (level: number | null, bound: number | null): Order =>
  level === null || bound === null ? null : level < bound ? -1 : level > bound ? 1 : 0;

/** Each entry with the reason why it does or does not concern this copy, not regarding what other entries say. */
function reasons(shelf: Shelf, { version, whole, enabled }: Copy): readonly MatchReason[] {
  shelf.bounds ??= sortBounds(shelf);
  const level = shelf.compare && whole ? levelOf(shelf.compare, shelf.bounds, version) : null;
  const modular = isModular(version);
  return shelf.entries.map((entry) => {
    const [toIntroduced, toFixed] = [between(level, entry.introducedAt), between(level, entry.fixedAt)];
    return reasonOf(entry, toIntroduced, toFixed, whole, streamOf(entry.module, entry.modularFix, modular, enabled));
  });
}

/** What is declared harmless for this copy (VEX). */
export function harmless(shelf: Shelf, copy: Copy): Harmless {
  return shelf.hasVex ? harmlessBy(shelf, reasons(shelf, copy)) : nothingHarmless;
}

function harmlessBy({ entries }: Shelf, why: readonly MatchReason[]): Harmless {
  const declared = entries.filter((_, at) => why[at] === 'not-affected').map(({ notice }) => notice);
  return { keys: new Set(declared.map(({ key }) => key)), cves: new Set(declared.flatMap(({ cves }) => cves)) };
}

const isHarmless = ({ key, cves }: Notice, by: readonly Harmless[]): boolean =>
  by.some(({ keys }) => keys.has(key)) ||
  (cves.length > 0 && cves.every((cve) => by.some((declared) => declared.cves.has(cve))));

/** What a copy is open to, one finding for each advisory. `besides`: what is declared harmless elsewhere, for its source package. */
export function judge(shelf: Shelf, copy: Copy, besides: Harmless): Judged {
  const why = reasons(shelf, copy);
  const declared = [shelf.hasVex ? harmlessBy(shelf, why) : nothingHarmless, besides].filter(
    ({ keys }) => keys.size > 0,
  );
  const findings: Finding[] = [];
  const notices: Notice[] = [];
  for (const [at, { notice, fixed, status, requires }] of shelf.entries.entries()) {
    const verdict = verdicts[why[at] ?? 'withdrawn'];
    if (status === 'not-affected' || (verdict !== 'vulnerable' && verdict !== 'unknown')) continue;
    if (declared.length > 0 && isHarmless(notice, declared)) continue;
    const finding = { advisory: notice.key, package: shelf.package, installed: copy.version, fixed, verdict, requires };
    const said = notices.at(-1) === notice ? findings.at(-1) : undefined;
    if (!said) {
      findings.push(finding);
      notices.push(notice);
    } else if (isWorse(finding, said)) findings[findings.length - 1] = finding;
  }
  return { findings, notices };
}

/** Of two findings of one advisory: whether the first one counts. Equally bad: what one need not pay for, then the older version. */
function isWorse(one: Finding, other: Finding): boolean {
  if (one.verdict !== other.verdict) return one.verdict === 'vulnerable';
  return one.requires === null && other.requires !== null;
}

/** What a device with several copies is open to: for each advisory its worst copy, and of equally bad ones the oldest. */
export function worstOf(shelf: Shelf, all: Iterable<Judged>): Judged {
  const worst = new Map<string, readonly [Finding, Notice]>();
  for (const { findings, notices } of all) {
    for (const [at, finding] of findings.entries()) {
      const notice = notices[at];
      const before = worst.get(finding.advisory)?.[0];
      const older = before && shelf.compare?.(finding.installed, before.installed) === -1;
      const counts = !before || isWorse(finding, before) || (older && !isWorse(before, finding));
      if (notice && counts) worst.set(finding.advisory, [finding, notice]);
    }
  }
  const pairs = [...worst.values()];
  return { findings: pairs.map(([finding]) => finding), notices: pairs.map(([, notice]) => notice) };
}

/** What is kept of an advisory. `once` gives one text for all equal ones: CVEs and versions recur in thousands of advisories. */
export const noticeOf = (advisory: Advisory, once: (text: string) => string): Notice => ({
  key: advisoryKey(advisory),
  cves: advisory.cves.map(once),
});
