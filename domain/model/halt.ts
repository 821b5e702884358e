/** A latch that is read before every start. */
import type { DeviceId, RolloutId, TenantId } from './ids.ts';

export type HaltScope =
  | { readonly kind: 'all' }
  | { readonly kind: 'device'; readonly device: DeviceId }
  | { readonly kind: 'rollout'; readonly rollout: RolloutId };

export type Halt = {
  /** `all`, `device:<id>` or `rollout:<id>`: one latch for each scope. */
  readonly id: string;
  readonly tenant: TenantId;
  readonly rev: number;
  readonly scope: HaltScope;
  readonly active: boolean;
  readonly by: string;
  readonly at: Date;
  readonly reason: string | null;
};

/** The id of the one latch for a scope. */
export function haltId(scope: HaltScope): string {
  if (scope.kind === 'all') return 'all';
  return scope.kind === 'device' ? `device:${scope.device}` : `rollout:${scope.rollout}`;
}

/** The first active latch that covers this device in this rollout. */
export const haltFor = (halts: readonly Halt[], device: DeviceId, rollout: RolloutId): Halt | undefined =>
  halts.find(
    ({ active, scope }) =>
      active &&
      (scope.kind === 'all' ||
        (scope.kind === 'device' && scope.device === device) ||
        (scope.kind === 'rollout' && scope.rollout === rollout)),
  );
