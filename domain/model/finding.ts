/** What advisories say of one device: which of them it is open to. One record a device, replaced by each matching. */
import type { Exposure } from './device.ts';
import type { DeviceId, TenantId } from './ids.ts';

/**
 * `vulnerable`: the installed version is older than the fix, or there is no fix. `mitigated`: so it is, but a livepatch covers it until
 * the next reboot. `unknown`: one of the two versions is none, or the vendor has not decided.
 */
export type Verdict = 'vulnerable' | 'mitigated' | 'unknown' | 'fixed' | 'not-affected';

export type Finding = {
  /** `advisoryKey` of the advisory. */
  readonly advisory: string;
  /** The package as the advisory names it: source or binary. */
  readonly package: string;
  /** The device's version of it, of the same kind (source or binary). */
  readonly installed: string;
  readonly fixed: string | null;
  readonly verdict: Verdict;
  readonly requires: 'ubuntu-pro' | null;
};

/** Only what is open: verdicts vulnerable, mitigated and unknown. */
export type DeviceFindings = {
  readonly device: DeviceId;
  readonly tenant: TenantId;
  readonly release: string;
  /** The device's own when it was matched, so that devices can be counted by it; null = nobody had said. */
  readonly exposure: Exposure | null;
  readonly at: Date;
  readonly open: readonly Finding[];
};
