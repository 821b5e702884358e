/** Who gets patched when, by whose leave: selection, windows, approvals, deferrals, budgets. */
import type { DeviceId, PolicyId } from './ids.ts';
import type { RebootPolicy } from './plan.ts';

/** A recurring time: 5-field cron in an IANA zone. Nothing starts later than end minus cutoff. */
export type Window = {
  readonly cron: string;
  readonly zone: string;
  readonly durationMinutes: number;
  readonly cutoffMinutes: number;
};

/** One time that a window is open, both ends as instants. */
export type Occurrence = { readonly start: Date; readonly end: Date };

export type Policy = {
  readonly id: PolicyId;
  /** Devices with one of these groups; empty = every device. The first policy that selects a device has it. */
  readonly groups: readonly string[];
  readonly windows: readonly Window[];
  readonly approvals: { readonly approve: number; readonly deny: number };
  /** Hours until an undecided proposal expires and is announced again. */
  readonly expiresHours: number;
  readonly reboot: RebootPolicy;
  readonly conffiles: 'keep' | 'replace';
  readonly deferrals: { readonly max: number; readonly deadlineDays: number };
  /** Minutes that an owner is given between the message and the earliest start. */
  readonly noticeMinutes: number;
  readonly concurrency: Amount | null;
  readonly errorBudget: Amount | null;
  readonly rollbackOnFailure: boolean;
  /** When proposals that are not urgent are announced together: every day at this hour (0 to 23). null = each at once, by itself. */
  readonly digest: { readonly hour: number; readonly zone: string } | null;
};

/** A number of devices, or a percentage of the rollout. */
export type Amount = { readonly count: number } | { readonly percent: number };

/** The first policy whose groups meet the device's. */
export const policyFor = (
  device: { readonly id: DeviceId; readonly groups: readonly string[] },
  policies: readonly Policy[],
): Policy | undefined =>
  policies.find(({ groups }) => groups.length === 0 || groups.some((group) => device.groups.includes(group)));

/** Defaults by size (AWS SSM "Patch now": facts on patching, section 4.5). */
const bySize = (devices: number): { concurrency: Amount; errorBudget: Amount } => {
  if (devices < 25) return { concurrency: { count: 1 }, errorBudget: { count: 1 } };
  if (devices <= 100) return { concurrency: { percent: 5 }, errorBudget: { count: 5 } };
  if (devices <= 1000) return { concurrency: { percent: 8 }, errorBudget: { count: 10 } };
  return { concurrency: { percent: 10 }, errorBudget: { count: 10 } };
};

const inDevices = (amount: Amount, devices: number): number =>
  'count' in amount ? amount.count : Math.floor((devices * amount.percent) / 100);

/**
 * How many devices may be in flight at once (at least 1), and how many errors are allowed: one more than `errors` stops starting
 * (10 % of 50 stops at the 6th error; 0 stops after the first).
 */
export function limitsFor(policy: Policy, devices: number): { inFlight: number; errors: number } {
  const usual = bySize(devices);
  return {
    inFlight: Math.max(1, inDevices(policy.concurrency ?? usual.concurrency, devices)),
    errors: inDevices(policy.errorBudget ?? usual.errorBudget, devices),
  };
}
