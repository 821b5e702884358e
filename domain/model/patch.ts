/** One installable update, and its state on one device. */
import type { DeviceId, PatchId, TenantId } from './ids.ts';

export type Classification = 'security' | 'bugfix' | 'feature' | 'unknown';

export const triageVerdicts = ['necessary', 'desirable', 'neutral', 'undesirable'] as const;
export type TriageVerdict = (typeof triageVerdicts)[number];

export type Patch = {
  readonly id: PatchId;
  readonly tenant: TenantId;
  readonly rev: number;
  readonly backend: string;
  /** Such as `debian:12`. */
  readonly platform: string;
  /** Source package: what vendors name in bulletins. */
  readonly source: string;
  readonly version: string;
  readonly classification: Classification;
  /** What the archive that offers it says; `classification` is raised to `security` by the advisories that it fixes. */
  readonly archive: Classification;
  /** Archives that offer it, as the package manager printed them. */
  readonly origins: readonly string[];
  readonly firstSeen: Date;
  /** When the vendor published the newest of its advisories; null = not told. */
  readonly releasedAt: Date | null;
  /** Who makes it when that is not the distribution: the label of the archive, such as `Google LLC`. null = the distribution. */
  readonly thirdParty: string | null;
  /** What it fixes on at least one device, by `advisoryKey`, sorted; kept up to date by matching. */
  readonly advisories: readonly string[];
  /** A newer patch of the same source that devices are offered instead. */
  readonly supersededBy: PatchId | null;
  /** The vendor, or a person, took it back: nothing may start, devices that have it are listed. */
  readonly retracted: { readonly reason: string; readonly by: string; readonly at: Date } | null;
  /** Triage: is it worth installing? `undesirable` = declined. null = nobody has decided. */
  readonly verdict: {
    readonly verdict: TriageVerdict;
    readonly rationale: string;
    readonly by: string;
    readonly at: Date;
  } | null;
  /** Known side effects, as people or vendors wrote them. */
  readonly sideEffects: readonly { readonly text: string; readonly by: string; readonly at: Date }[];
  /** Why nobody may install it at the moment; set by a rollback, lifted by a person. */
  readonly blocked: { readonly reason: string; readonly at: Date } | null;
};

/** Triage called it undesirable: no device is offered it. */
export const isDeclined = ({ verdict }: Pick<Patch, 'verdict'>): boolean => verdict?.verdict === 'undesirable';

export const applicabilityStates = [
  'installed',
  'missing',
  'pending-reboot',
  'installed-other',
  'held',
  'phased',
  'kept-back',
  'excepted',
  'declined',
  'failed',
  'rolled-back',
  'not-applicable',
  'stale',
] as const;
export type ApplicabilityState = (typeof applicabilityStates)[number];

/** One package of a transaction. `from` null = newly installed; `to` null = removed. */
export type TransactionItem = {
  readonly name: string;
  readonly arch: string;
  readonly from: string | null;
  readonly to: string | null;
};

export type Applicability = {
  /** `<device>/<patch>` */
  readonly id: string;
  readonly tenant: TenantId;
  readonly rev: number;
  readonly device: DeviceId;
  readonly patch: PatchId;
  readonly state: ApplicabilityState;
  /** What to ask the package manager for. Empty when not missing. */
  readonly wants: readonly { readonly name: string; readonly version: string }[];
  /** False while the transaction was not simulated since the device's packages changed. */
  readonly planned: boolean;
  /** Everything that installing this patch here would do, as the package manager itself simulated it. Empty until it did, and when not missing. */
  readonly transaction: readonly TransactionItem[];
  /** Whether every old version can be had again before the install. */
  readonly undo: 'downgrade' | 'none';
  /** Why it is in this state, when the state alone does not say. */
  readonly because: string | null;
  readonly at: Date;
};

/** A patch is named by platform, source package and version, so that one approval covers every binary built from it. */
export const patchId = (platform: string, source: string, version: string): PatchId =>
  `${platform}/${source}=${version}` as PatchId;
/** The one record of a patch on a device. */
export const applicabilityId = (device: DeviceId, patch: PatchId): string => `${device}/${patch}`;
