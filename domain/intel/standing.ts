/** How one installed version stands towards one entry of an advisory: the rules, entry by entry, and nothing about indexes. */
import type { Comparator, Order } from '../backends/versions/index.ts';
import type { Affected } from '../model/advisory.ts';
import type { Verdict } from '../model/finding.ts';

/** Why an advisory's entry does or does not concern a device. */
export type MatchReason =
  | 'vulnerable'
  | 'livepatched'
  | 'fixed'
  | 'no-fix-yet'
  | 'not-affected'
  /** The vendor has not decided, or does not say which module stream its fix is for. */
  | 'undecided'
  | 'unreadable-version'
  /** The package manager left it half installed: its version is a wish, not a fact. */
  | 'half-installed'
  | 'not-installed'
  | 'not-yet-introduced'
  | 'other-release'
  | 'other-module-stream'
  | 'withdrawn';

/** What a reason means for the device; null = the entry does not concern it. */
export const verdicts: Readonly<Record<MatchReason, Verdict | null>> = {
  vulnerable: 'vulnerable',
  'no-fix-yet': 'vulnerable',
  livepatched: 'mitigated',
  undecided: 'unknown',
  'unreadable-version': 'unknown',
  'half-installed': 'unknown',
  fixed: 'fixed',
  'not-affected': 'not-affected',
  'not-installed': null,
  'not-yet-introduced': null,
  'other-release': null,
  'other-module-stream': null,
  withdrawn: null,
};

/** Worst first: of several copies or entries the worst one counts. */
export const reasonsByWeight: readonly MatchReason[] = [
  ...(['vulnerable', 'no-fix-yet', 'livepatched', 'unreadable-version', 'undecided', 'half-installed'] as const),
  ...(['fixed', 'not-yet-introduced', 'not-affected', 'other-module-stream'] as const),
  ...(['not-installed', 'other-release', 'withdrawn'] as const),
];

/** A text without any digit, such as `unfixed`, orders like a version with some of the orders, but is none. */
export const isVersion = (compare: Comparator, text: string): boolean => /\d/.test(text) && compare(text, text) === 0;

/** How a version compares with a bound; null when nobody knows the order, or one of the two is missing or no version. */
export function orderOf(compare: Comparator | null, version: string, bound: string | null): Order {
  if (!compare || bound === null || !isVersion(compare, version) || !isVersion(compare, bound)) return null;
  return compare(version, bound);
}

/** What the rules read of an entry. */
export type Rule = Pick<Affected, 'introduced' | 'fixed' | 'status'>;

/**
 * How an installed version stands towards an entry. `toIntroduced` and `toFixed`: the version compared with the two bounds, null when
 * they cannot be compared; not read where the bound is missing. `whole`: see `InstalledPackage`. `stream`: see `streamOf`.
 */
export function reasonOf(rule: Rule, toIntroduced: Order, toFixed: Order, whole: boolean, stream: Stream): MatchReason {
  if (stream === 'other') return 'other-module-stream';
  const bounded = rule.introduced !== null || rule.fixed !== null;
  if (!whole) return rule.status === 'not-affected' && !bounded ? 'not-affected' : 'half-installed';
  if (rule.fixed !== null && toFixed !== null && toFixed >= 0) return 'fixed';
  if (rule.introduced !== null && toIntroduced === -1) return 'not-yet-introduced';
  if ((rule.fixed !== null && toFixed === null) || (rule.introduced !== null && toIntroduced === null))
    return 'unreadable-version';
  if (rule.status === 'not-affected') return 'not-affected';
  if (rule.status === 'unknown' || stream === 'unsure') return 'undecided';
  return rule.fixed === null ? 'no-fix-yet' : 'vulnerable';
}

/** Whether an entry is about the module stream that an installed package is from. */
export type Stream = 'same' | 'other' | 'unsure';

/** rpm packages of module streams carry it in their release: `1.module+el9.1.0+13234`, `1.module_el8.5.0+2569`. */
export const isModular = (version: string): boolean => version.includes('.module+') || version.includes('.module_');

/**
 * Versions only compare inside one stream. An entry with a stream concerns devices that enabled exactly that one, an entry without
 * does not concern packages of streams. A fix that is plainly a stream's (`modularFix`), from a feed that does not say which, leaves
 * us unsure. `modular`: the installed package is from a stream.
 */
export function streamOf(
  module: string | null,
  modularFix: boolean,
  modular: boolean,
  enabled: ReadonlySet<string>,
): Stream {
  if (module !== null) return enabled.has(module) ? 'same' : 'other';
  if (modularFix !== modular) return 'other';
  return modularFix ? 'unsure' : 'same';
}
