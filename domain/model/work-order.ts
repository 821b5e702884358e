/** An assigned task that a failure or a skip opens. Only this file decides where it may go next. */
import type { Refusal } from '../errors.ts';
import type { DeploymentId, DeviceId, PatchId, PersonId, ProposalId, RolloutId, TenantId, WorkOrderId } from './ids.ts';
import { sha256 } from './plan.ts';
import { err, ok, type Result } from './result.ts';

export type WorkOrderState = 'open' | 'claimed' | 'waiting' | 'resolved' | 'closed' | 'withdrawn';
export type WorkOrderVerb = 'claim' | 'withdraw' | 'wait' | 'resolve' | 'release' | 'reopen' | 'close';

export type WorkOrder = {
  readonly id: WorkOrderId;
  readonly tenant: TenantId;
  readonly rev: number;
  readonly state: WorkOrderState;
  readonly title: string;
  /** What went wrong, in one sentence. */
  readonly text: string;
  /** End of the first device's log. */
  readonly log: string;
  readonly rollout: RolloutId;
  readonly proposal: ProposalId;
  readonly patch: PatchId;
  readonly devices: readonly { readonly device: DeviceId; readonly name: string; readonly deployment: DeploymentId }[];
  readonly assignee: { readonly id: PersonId; readonly name: string } | null;
  readonly openedAt: Date;
  readonly changedBy: string | null;
};

export const workOrderMoves: Record<WorkOrderState, Partial<Record<WorkOrderVerb, WorkOrderState>>> = {
  open: { claim: 'claimed', withdraw: 'withdrawn' },
  claimed: { wait: 'waiting', resolve: 'resolved', release: 'open' },
  waiting: { resolve: 'resolved', release: 'open' },
  resolved: { reopen: 'open', close: 'closed' },
  closed: {},
  withdrawn: {},
};

/** Takes one step, or says why not. */
export function moveWorkOrder(
  order: WorkOrder,
  verb: WorkOrderVerb,
  change: Partial<WorkOrder> = {},
): Result<WorkOrder, Refusal> {
  const next = workOrderMoves[order.state][verb];
  if (!next) return err({ code: 'work-order.no-such-move', state: order.state });
  return ok({ ...order, ...change, state: next, rev: order.rev + 1 });
}

/** The same fault on other devices of a rollout joins the same order: numbers, paths' digits and names of the device do not count. */
export async function workOrderId(rollout: RolloutId, text: string, deviceName: string): Promise<WorkOrderId> {
  const normal = text.replaceAll(deviceName, '<device>').replace(/\d+/g, '#').replace(/\s+/g, ' ').toLowerCase();
  return `w-${(await sha256(`${rollout}\n${normal}`)).slice(0, 10)}` as WorkOrderId;
}
