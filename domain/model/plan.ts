/** The frozen list that people approve: which device gets which exact versions, when, and whether there is a way back. */
import type { DeviceId, PatchId, PlanDigest, PolicyId } from './ids.ts';
import type { TransactionItem } from './patch.ts';

export type RebootPolicy = 'never' | 'if-required' | 'always' | 'next-window';

export type PlanEntry = {
  readonly device: DeviceId;
  readonly transaction: readonly TransactionItem[];
  readonly undo: 'downgrade' | 'none';
};

export type Plan = {
  readonly patch: PatchId;
  readonly policy: PolicyId;
  /** Sorted by device id. */
  readonly entries: readonly PlanEntry[];
  /** `now` skips the wait for the next window, never a freeze or a halt. */
  readonly schedule: 'next-window' | 'now';
  readonly reboot: RebootPolicy;
  /** What happens to a configuration file that both the vendor and the device changed. */
  readonly conffiles: 'keep' | 'replace';
};

/** JSON with sorted keys and no spaces: equal plans give equal text (RFC 8785 for the types that a plan has). */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  const sorted = fields.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${sorted.map(([key, field]) => `${JSON.stringify(key)}:${canonical(field)}`).join(',')}}`;
}

/** sha256 of a text, hexadecimal. */
export async function sha256(text: string): Promise<string> {
  const bytes = await globalThis.crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** The digest that votes bind to. */
export const digestOf = async (plan: Plan): Promise<PlanDigest> => (await sha256(canonical(plan))) as PlanDigest;

/** How many devices can go back, for the card: "37 downgrade, 3 impossible". */
export function undoSummary(plan: Plan): { downgrade: number; none: number } {
  const downgrade = plan.entries.filter((entry) => entry.undo === 'downgrade').length;
  return { downgrade, none: plan.entries.length - downgrade };
}
