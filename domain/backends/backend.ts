/** The contract of a package manager: a pure dialect. Commands go out as data, what the device printed comes back as data. */
import type { DeviceFacts, InstalledPackage } from '../model/device.ts';
import type { OpId } from '../model/ids.ts';
import type { TransactionItem } from '../model/patch.ts';

/**
 * One visit to a device: a program, its arguments and what it reads on standard input. Scripts are constants and arrive by
 * `sh -s`; everything that varies is an argument, quoted in one place only, or JSON on standard input.
 */
export type Visit = { readonly argv: readonly string[]; readonly stdin?: string };

/** An update that the device's own package manager offers. */
export type Offer = {
  readonly name: string;
  readonly arch: string;
  /** null = a new package that an update pulls in. */
  readonly from: string | null;
  readonly to: string;
  readonly source: string;
  /** Source version of `to`. */
  readonly sourceVersion: string;
  readonly origins: readonly string[];
  readonly security: boolean;
  /** `missing`: can be installed now. The others are outside the denominator: the device's own rules keep them back. */
  readonly state: 'missing' | 'held' | 'phased' | 'kept-back';
};

export type ScanReport =
  | { readonly kind: 'unchanged'; readonly facts: ScannedFacts }
  | {
      readonly kind: 'full';
      readonly facts: ScannedFacts;
      readonly packages: readonly InstalledPackage[];
      readonly offers: readonly Offer[];
      /** Packages that the whole upgrade would remove: never approved silently. */
      readonly wouldRemove: readonly string[];
    };

/** Facts as the device tells them; the caller adds its own clock. `deviceTime` is milliseconds since 1970. */
export type ScannedFacts = Omit<DeviceFacts, 'scannedAt' | 'clockSkewMs' | 'backend'> & { readonly deviceTime: number };

/** What installing `want` would really do on this device, by the package manager's own simulation. */
export type Simulation = {
  readonly want: readonly { readonly name: string; readonly version: string }[];
  readonly transaction: readonly TransactionItem[];
  /** `downgrade` when every replaced version can be fetched or repacked beforehand. */
  readonly undo: 'downgrade' | 'none';
  /** Set when the package manager refused to plan it. */
  readonly problem: string | null;
};

/** Orders to the root helper on the device: JSON on its standard input, never arguments. */
export type HelperOrder =
  | { readonly op: 'refresh' }
  | { readonly op: 'prepare'; readonly id: OpId; readonly fence: number; readonly items: readonly TransactionItem[] }
  | {
      readonly op: 'install';
      readonly id: OpId;
      readonly fence: number;
      readonly items: readonly TransactionItem[];
      readonly conffiles: 'keep' | 'replace';
    }
  | { readonly op: 'undo'; readonly id: OpId; readonly fence: number; readonly of: OpId }
  | { readonly op: 'reboot'; readonly id: OpId; readonly fence: number }
  | { readonly op: 'poll'; readonly id: OpId };

/**
 * What the helper says. `started` and `running`: detached work goes on, poll by id. `done`: it ended with `code`.
 * `unknown-op`: this device never saw that id. `refused` codes: `helper.fenced` (a newer fence was seen), `helper.busy`
 * (package manager locked), `helper.disk` (text has the numbers), `helper.plan-differs` (the simulation is no longer the approved
 * transaction), `helper.no-undo`, `helper.bad-order`, `helper.failed`. `started` is answered also when the same id was started before.
 */
export type HelperAnswer =
  | { readonly kind: 'started' | 'running' | 'unknown-op' }
  | { readonly kind: 'done'; readonly code: number; readonly log: string; readonly packages: readonly PackageState[] }
  | { readonly kind: 'ready'; readonly undo: 'downgrade' | 'none'; readonly log: string }
  | { readonly kind: 'refused'; readonly code: string; readonly text: string };

/** One package of the transaction as the package database has it afterwards. `version` null = not installed. */
export type PackageState = {
  readonly name: string;
  readonly arch: string;
  readonly version: string | null;
  readonly whole: boolean;
};

export interface Backend {
  readonly id: string;
  /** True when the operating system id of /etc/os-release, or one of its ID_LIKE, is this package manager's. */
  fits(os: { id: string; like: readonly string[] }): boolean;
  /** One scan. `seenStamp` is the stamp of the last full scan, or null to have everything. */
  scan(seenStamp: string | null): Visit;
  /** Reads a scan's standard output. Throws Failure `scan.unreadable` when a section is missing or cut off. */
  readScan(stdout: string): ScanReport;
  /** Simulates each wish on its own. Names and versions must pass `isPackageName` and `isVersion`, else Failure `package.bad-name`. */
  simulate(wishes: readonly Simulation['want'][]): Visit;
  /** Reads the simulations in the order of the wishes. Throws Failure `scan.unreadable`. */
  readSimulations(stdout: string): readonly Simulation[];
  /** The visit that gives an order to the installed root helper. */
  order(order: HelperOrder, become: 'sudo' | 'none'): Visit;
  /** Reads the helper's answer. Throws Failure `helper.unreadable`. */
  readAnswer(stdout: string): HelperAnswer;
  /** The root helper, its place on the device and its version; `device prepare` installs it. */
  readonly helper: { readonly path: string; readonly version: string; readonly script: string };
  /** -1, 0, 1; null when one of the two is not a version at all. */
  compareVersions(a: string, b: string): -1 | 0 | 1 | null;
}
