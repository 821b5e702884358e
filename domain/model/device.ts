/** A machine that is reached over SSH, what people said of it, and what its last scan found. */
import type { DeviceId, PersonId, TenantId } from './ids.ts';

export const criticalities = ['low', 'normal', 'high', 'mission'] as const;
export type Criticality = (typeof criticalities)[number];
export const exposures = ['isolated', 'internal', 'internet'] as const;
export type Exposure = (typeof exposures)[number];

export type Device = {
  readonly id: DeviceId;
  readonly tenant: TenantId;
  readonly rev: number;
  /** The name that people use: letters, digits, dot, dash, underscore. Unique in the tenant. */
  readonly name: string;
  readonly transport: 'ssh';
  readonly address: string;
  readonly port: number;
  readonly user: string;
  /** Name of an entry of `credentials` in the settings; the secret itself is never stored here. */
  readonly credential: string;
  /** How root is reached for the helper: `sudo -n`, or not at all because the user is root. */
  readonly become: 'sudo' | 'none';
  /** Accepted host keys as OpenSSH writes fingerprints: `ssh-ed25519 SHA256:...`. Empty = never accepted: no login happens. */
  readonly hostKeys: readonly string[];
  readonly groups: readonly string[];
  /** null = nobody said; rules then use `normal` and say that it is assumed. */
  readonly criticality: Criticality | null;
  /** null = nobody said; rules then use `internet` and say that it is assumed. */
  readonly exposure: Exposure | null;
  readonly ownership: 'company' | 'personal';
  readonly owner: PersonId | null;
  readonly zone: string;
  /** Never two devices of one cluster key at once. */
  readonly cluster: readonly string[];
  readonly retired: boolean;
  readonly facts: DeviceFacts | null;
  /** When its package lists were last brought up to date on our order; null = never. */
  readonly refreshedAt: Date | null;
  /** The last try, whether it worked or not. */
  readonly lastScan: {
    readonly at: Date;
    readonly problem: { readonly code: string; readonly text: string } | null;
  } | null;
};

/** What a scan learnt. Every fact is as old as `scannedAt`. */
export type DeviceFacts = {
  readonly scannedAt: Date;
  /** Changes when the installed packages, the offered ones, or the package manager's configuration change. */
  readonly stamp: string;
  readonly backend: string;
  readonly os: { readonly id: string; readonly version: string; readonly codename: string };
  readonly architecture: string;
  readonly kernel: string;
  readonly bootId: string;
  readonly rebootRequired: boolean;
  readonly rebootBecause: readonly string[];
  /** Services that still run replaced files, when the device can tell. */
  readonly servicesToRestart: readonly string[];
  readonly health: { readonly ok: boolean; readonly failed: readonly string[] };
  readonly freeDiskMiB: number;
  /** Device clock minus ours, in milliseconds, as seen in this visit. */
  readonly clockSkewMs: number;
  /** Packages half installed or half configured, by name. */
  readonly broken: readonly string[];
  /** rpm module streams that are enabled, such as `nodejs:18`; `fips` = packages of Ubuntu's FIPS archives are installed. */
  readonly modules: readonly string[];
  /** CVEs that a livepatch covers until the next reboot. */
  readonly livepatched: readonly string[];
  /** Version of the installed root helper, null when there is none. */
  readonly helper: string | null;
};

export type InstalledPackage = {
  readonly name: string;
  readonly arch: string;
  readonly version: string;
  readonly source: string;
  readonly sourceVersion: string;
  readonly held: boolean;
  /** False when the package manager left it half installed or half configured: its version is then a wish, not a fact. */
  readonly whole: boolean;
};

/** Everything installed on one device at `scannedAt`. */
export type Inventory = {
  readonly device: DeviceId;
  readonly tenant: TenantId;
  readonly scannedAt: Date;
  readonly packages: readonly InstalledPackage[];
};

/** The platform that advisories and patches are made for, such as `debian:12`. */
export const platformOf = (facts: DeviceFacts): string => `${facts.os.id}:${facts.os.version}`;
