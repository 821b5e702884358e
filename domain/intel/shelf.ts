/** All that advisories say of one package of one release, and what it means for an installed version of it. */
import type { Comparator, Order } from '../backends/versions/index.ts';
import { type Advisory, type Affected, advisoryKey } from '../model/advisory.ts';
import type { Finding } from '../model/finding.ts';
import { isModular, isVersion, type MatchReason, reasonOf, streamOf, verdicts } from './standing.ts';

/** What is kept of an advisory. */
export type Notice = { readonly key: string; readonly cves: readonly string[] };
/** What an advisory says, in the same words, of several packages: rpm vendors list dozens with one version. */
export type Statement = Pick<Affected, 'introduced' | 'fixed' | 'status' | 'requires' | 'module'> & {
  readonly notice: Notice;
  /** Its fix is from a module stream. */
  readonly modularFix: boolean;
};
type Entry = {
  readonly statement: Statement;
  /** Where the bounds stand among all of the shelf, see `levelOf`; null = it is missing, or no version. */
  introducedAt: number | null;
  fixedAt: number | null;
};

export type Shelf = {
  readonly package: string;
  readonly compare: Comparator | null;
  /** Those of one advisory stand together. */
  readonly entries: Entry[];
  /** Those that say `not-affected`. */
  readonly vex: Entry[];
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
  vex: [],
  streams: [],
  bounds: null,
  known: null,
});

/** What an installed version is open to, one finding for each advisory. Shared by all devices that have it. */
export type Judged = readonly Finding[];
const nothingOpen: Judged = [];

/** What a vendor declared harmless: whole advisories by key, and CVEs. */
export type Harmless = { readonly keys: ReadonlySet<string>; readonly cves: ReadonlySet<string> };
export const nothingHarmless: Harmless = { keys: new Set(), cves: new Set() };

/** An installed copy. `enabled`: the device's module streams. */
export type Copy = { readonly version: string; readonly whole: boolean; readonly enabled: ReadonlySet<string> };

/**
 * What is kept of an advisory, and a function from its entries to statements. `once` gives one text for all equal ones: CVEs and
 * versions recur in thousands of advisories.
 */
export function reader(advisory: Advisory, once: (text: string) => string) {
  const notice: Notice = { key: advisoryKey(advisory), cves: advisory.cves.map(once) };
  const said: Statement[] = [];
  function statementOf({ introduced, fixed, status, requires, module }: Affected): Statement {
    for (const one of said.slice(-memory)) {
      const same = one.introduced === introduced && one.fixed === fixed && one.status === status;
      if (same && one.requires === requires && one.module === module) return one;
    }
    const bounds = { introduced: introduced && once(introduced), fixed: fixed && once(fixed) };
    const statement = { notice, ...bounds, status, requires, module, modularFix: isModular(fixed ?? '') };
    said.push(statement);
    return statement;
  }
  return { notice, statementOf };
}
/** So many statements of an advisory are looked through for an equal one: enough for a module's packages, and no more in a hostile one. */
const memory = 16;

/** Puts on the shelf what an advisory says of its package; what it has just said is not said twice. */
export function put(shelf: Shelf, statement: Statement): void {
  const { status, module } = statement;
  const list = status === 'not-affected' ? shelf.vex : shelf.entries;
  if (list.at(-1)?.statement === statement) return;
  list.push({ statement, introducedAt: null, fixedAt: null });
  if (module !== null && !shelf.streams.includes(module)) shelf.streams.push(module);
  shelf.bounds = null;
}

/** Sorts the bounds once, so that an installed version needs a few comparisons whatever the number of entries. */
function sortBounds(shelf: Shelf): readonly string[] {
  const { compare } = shelf;
  if (!compare) return [];
  const entries = [...shelf.entries, ...shelf.vex];
  const texts = new Set(entries.flatMap(({ statement }) => [statement.introduced ?? '', statement.fixed ?? '']));
  const sorted = [...texts].filter((text) => isVersion(compare, text)).sort((a, b) => compare(a, b) ?? 0);
  const bounds = sorted.filter((text, at) => at === 0 || compare(sorted[at - 1] ?? '', text) !== 0);
  for (const entry of entries) {
    const { introduced, fixed } = entry.statement;
    entry.introducedAt = introduced === null ? null : levelOf(compare, bounds, introduced);
    entry.fixedAt = fixed === null ? null : levelOf(compare, bounds, fixed);
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

/** A copy, and where its version stands on the shelf. */
type Placed = Copy & { readonly level: number | null; readonly modular: boolean };

function place(shelf: Shelf, copy: Copy): Placed {
  shelf.bounds ??= sortBounds(shelf);
  const level = shelf.compare && copy.whole ? levelOf(shelf.compare, shelf.bounds, copy.version) : null;
  return { ...copy, level, modular: isModular(copy.version) };
}

/** Why an entry does or does not concern a copy, not regarding what other entries say. */
function reasonFor(entry: Entry, { whole, enabled, level, modular }: Placed): MatchReason {
  const { statement } = entry;
  const stream = streamOf(statement.module, statement.modularFix, modular, enabled);
  return reasonOf(statement, between(level, entry.introducedAt), between(level, entry.fixedAt), whole, stream);
}

/** What is declared harmless for this copy (VEX). */
export const harmless = (shelf: Shelf, copy: Copy): Harmless =>
  shelf.vex.length > 0 ? harmlessFor(shelf, place(shelf, copy)) : nothingHarmless;

function harmlessFor({ vex }: Shelf, placed: Placed): Harmless {
  if (vex.length === 0) return nothingHarmless;
  const declared = vex
    .filter((entry) => reasonFor(entry, placed) === 'not-affected')
    .map(({ statement }) => statement.notice);
  return { keys: new Set(declared.map(({ key }) => key)), cves: new Set(declared.flatMap(({ cves }) => cves)) };
}

const isHarmless = ({ key, cves }: Notice, by: readonly Harmless[]): boolean =>
  by.some(({ keys }) => keys.has(key)) ||
  (cves.length > 0 && cves.every((cve) => by.some((declared) => declared.cves.has(cve))));

/** What a copy is open to. `besides`: what is declared harmless elsewhere, for its source package. */
export function judge(shelf: Shelf, copy: Copy, besides: Harmless): Judged {
  const placed = place(shelf, copy);
  const declared = [harmlessFor(shelf, placed), besides].filter(({ keys }) => keys.size > 0);
  const open: Finding[] = [];
  let last: Notice | null = null;
  for (const entry of shelf.entries) {
    // Nearly all of a release's history: fixed before this version, or another stream's.
    if (placed.level !== null && entry.fixedAt !== null && placed.level >= entry.fixedAt) continue;
    const { notice, fixed, requires } = entry.statement;
    const verdict = verdicts[reasonFor(entry, placed)];
    if (verdict !== 'vulnerable' && verdict !== 'unknown') continue;
    if (declared.length > 0 && isHarmless(notice, declared)) continue;
    const finding = { advisory: notice.key, package: shelf.package, installed: copy.version, fixed, verdict, requires };
    const said = last === notice ? open.at(-1) : undefined;
    if (!said) open.push(finding);
    else if (isWorse(finding, said)) open[open.length - 1] = finding;
    last = notice;
  }
  return open.length === 0 ? nothingOpen : open;
}

/** Of two findings of one advisory: whether the first one counts. Equally bad: what one need not pay for, then the older version. */
function isWorse(one: Finding, other: Finding): boolean {
  if (one.verdict !== other.verdict) return one.verdict === 'vulnerable';
  return one.requires === null && other.requires !== null;
}

/** What a device with several copies is open to: for each advisory its worst copy, and of equally bad ones the oldest. */
export function worstOf({ compare }: Shelf, all: Iterable<Judged>): Judged {
  const worst = new Map<string, Finding>();
  for (const finding of [...all].flat()) {
    const before = worst.get(finding.advisory);
    const older = before && compare?.(finding.installed, before.installed) === -1;
    if (!before || isWorse(finding, before) || (older && !isWorse(before, finding)))
      worst.set(finding.advisory, finding);
  }
  return [...worst.values()];
}
