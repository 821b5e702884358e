/** Work orders: opened for what went wrong, one for each kind of fault in a rollout, and moved on by people. */
import type { Refusal } from '../errors.ts';
import { type AuditEvent, event } from '../model/audit.ts';
import type { Deployment } from '../model/deployment.ts';
import type { PatchId, WorkOrderId } from '../model/ids.ts';
import { type ApplicabilityState, applicabilityId } from '../model/patch.ts';
import { may, onCall, type Person } from '../model/people.ts';
import { err, ok, type Result } from '../model/result.ts';
import { moveWorkOrder, type WorkOrder, type WorkOrderVerb, workOrderId } from '../model/work-order.ts';
import type { Said, World } from '../ports.ts';
import { actor, own, said, update } from './say.ts';

/**
 * Opens an order for a deployment, or adds its device to the order that this fault already has: a resolved one opens again, and
 * beside one that is over there is a new one. Safe to repeat.
 */
export async function openWorkOrder(world: World, deployment: Deployment, title: string, text: string): Promise<void> {
  const at = world.clock.now();
  const base = await workOrderId(deployment.rollout, text, deployment.name);
  const entry = { device: deployment.device, name: deployment.name, deployment: deployment.id };
  const assignee = assigneeOf(world, deployment);
  const fresh: Omit<WorkOrder, 'id'> = {
    tenant: world.tenant,
    rev: 1,
    state: 'open',
    title,
    text,
    log: deployment.result?.log ?? '',
    rollout: deployment.rollout,
    proposal: deployment.proposal,
    patch: deployment.patch,
    devices: [entry],
    assignee: assignee ? { id: assignee.id, name: assignee.name } : null,
    openedAt: at,
    changedBy: null,
  };
  const details = { device: deployment.name, rollout: deployment.rollout, assignee: assignee?.name ?? 'nobody' };
  for (let round = 1; ; round += 1) {
    const id = (round === 1 ? base : `${base}-${round}`) as WorkOrderId;
    if (await world.workOrders.insert({ ...fresh, id }, said(own(at, 'work-order.opened', id, details)))) return;
    const joined = await update(world.workOrders, id, null, (now) => join(now, entry, at, details));
    if (joined.ok) return;
  }
}

/** The order with one more device; an error when it is over. */
function join(
  now: WorkOrder,
  entry: WorkOrder['devices'][number],
  at: Date,
  details: AuditEvent['details'],
): Result<{ next: WorkOrder; said: Said }, null> {
  const known = now.devices.some(({ deployment }) => deployment === entry.deployment);
  const devices = known ? now.devices : [...now.devices, entry];
  if (now.state === 'closed' || now.state === 'withdrawn') return err(null);
  if (now.state === 'resolved') {
    const again = moveWorkOrder(now, 'reopen', { devices, changedBy: null });
    return again.ok
      ? ok({ next: again.value, said: said(own(at, 'work-order.reopened', now.id, details)) })
      : err(null);
  }
  if (known) return ok({ next: now, said: { events: [] } });
  return ok({ next: { ...now, devices, rev: now.rev + 1 }, said: said(own(at, 'work-order.joined', now.id, details)) });
}

/** The device's owner when that person may operate, else the first on call, else the first admin. */
function assigneeOf(world: World, { owner }: Deployment): Person | undefined {
  const person = owner ? world.people.byId(owner) : undefined;
  if (person && may(person, 'operator')) return person;
  return onCall(world.people.all());
}

/** A person's step on an order: claim takes it over, resolve says that it is mended. */
export async function moveOrder(
  world: World,
  id: WorkOrderId,
  verb: WorkOrderVerb,
  by: Person,
): Promise<Result<WorkOrder, Refusal>> {
  const at = world.clock.now();
  const unknown: Refusal = { code: 'work-order.unknown', subject: id };
  const changed = await update<WorkOrder, Refusal>(world.workOrders, id, unknown, (now) => {
    const assignee = verb === 'claim' ? { assignee: { id: by.id, name: by.name } } : {};
    const moved = moveWorkOrder(now, verb, { ...assignee, changedBy: by.name });
    if (!moved.ok) return moved;
    return ok({ next: moved.value, said: said(event(at, actor(by), `work-order.${moved.value.state}`, id)) });
  });
  // The device may be fine already: then no later scan has to say so.
  if (changed.ok && changed.value.state === 'resolved') await closeHealed(world, changed.value.patch);
  return changed;
}

/** The patch is there, or the device does not need it any more. */
const healed: readonly ApplicabilityState[] = ['installed', 'pending-reboot', 'not-applicable'];

/** Closes the resolved orders of a patch whose devices are fine by their last scans: a verified scan is the only way to closed. */
export async function closeHealed(world: World, patch: PatchId): Promise<void> {
  const at = world.clock.now();
  for (const order of await world.workOrders.find({ patch, state: 'resolved' })) {
    const ids = order.devices.map(({ device }) => applicabilityId(device, patch));
    const found = await world.applicabilities.find({ id: { in: ids } });
    if (new Set(ids).size > found.length || found.some(({ state }) => !healed.includes(state))) continue;
    await update(world.workOrders, order.id, null, (now) => {
      const moved = moveWorkOrder(now, 'close');
      if (!moved.ok) return ok({ next: now, said: { events: [] } });
      return ok({ next: moved.value, said: said(own(at, 'work-order.closed', order.id)) });
    });
  }
}
