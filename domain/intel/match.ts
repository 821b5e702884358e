/** Devices × advisories: which of a release's advisories an inventory is open to, and for each of the others why not. Pure. */
import type { Advisory, Affected } from '../model/advisory.ts';
import type { InstalledPackage } from '../model/device.ts';
import type { Finding } from '../model/finding.ts';

/** What matching needs to know of a device. */
export type MatchSubject = {
  /** As `releaseOf` names it. */
  readonly release: string;
  readonly packages: readonly InstalledPackage[];
  /** rpm module streams that are enabled, such as `nodejs:18`. */
  readonly modules: ReadonlySet<string>;
  /** CVEs that a livepatch covers until the next reboot. */
  readonly livepatched: ReadonlySet<string>;
};

/** Why an advisory's entry does or does not concern a device. */
export type MatchReason =
  | 'vulnerable'
  | 'livepatched'
  | 'fixed'
  | 'no-fix-yet'
  | 'not-affected'
  | 'undecided'
  | 'unreadable-version'
  | 'not-installed'
  | 'not-yet-introduced'
  | 'other-release'
  | 'other-module-stream'
  | 'withdrawn';
export type Explained = {
  readonly affected: Affected;
  readonly reason: MatchReason;
  readonly installed: string | null;
};

/** Advisories by release and package, ready for many devices. */
export interface MatchIndex {
  /** Open findings (vulnerable, mitigated, unknown) of one device. */
  match(subject: MatchSubject): readonly Finding[];
  /** How many advisories it holds. */
  readonly size: number;
}
/** Every entry of one advisory with the reason why it does or does not concern this device. */
export type Explain = (advisory: Advisory, subject: MatchSubject) => readonly Explained[];
