/** Work orders: opened for what went wrong, one for each kind of fault in a rollout, and moved on by people. */
import type { Refusal } from '../errors.ts';
import { event } from '../model/audit.ts';
import type { Deployment } from '../model/deployment.ts';
import type { WorkOrderId } from '../model/ids.ts';
import { may, type Person } from '../model/people.ts';
import { ok, type Result } from '../model/result.ts';
import { moveWorkOrder, type WorkOrder, type WorkOrderVerb, workOrderId } from '../model/work-order.ts';
import type { World } from '../ports.ts';
import { actor, own, said, update } from './say.ts';

/** Opens an order for a deployment, or adds its device to the order that this fault already has. Safe to repeat. */
export async function openWorkOrder(world: World, deployment: Deployment, title: string, text: string): Promise<void> {
  const at = world.clock.now();
  const id = await workOrderId(deployment.rollout, text, deployment.name);
  const entry = { device: deployment.device, name: deployment.name, deployment: deployment.id };
  const assignee = assigneeOf(world, deployment);
  const fresh: WorkOrder = {
    id,
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
  if (await world.workOrders.insert(fresh, said(own(at, 'work-order.opened', id, details)))) return;
  await update(world.workOrders, id, null, (now) => {
    if (now.devices.some(({ deployment: other }) => other === deployment.id))
      return ok({ next: now, said: { events: [] } });
    const next = { ...now, devices: [...now.devices, entry], rev: now.rev + 1 };
    return ok({ next, said: said(own(at, 'work-order.joined', id, details)) });
  });
}

/** The device's owner when that person may operate, else the first on call, else the first admin. */
function assigneeOf(world: World, { owner }: Deployment): Person | undefined {
  const person = owner ? world.people.byId(owner) : undefined;
  if (person && may(person, 'operator')) return person;
  const all = world.people.all();
  return all.find(({ roles }) => roles.includes('oncall')) ?? all.find(({ roles }) => roles.includes('admin'));
}

/** A person's step on an order: claim takes it over, resolve says that it is mended. */
export async function moveOrder(
  world: World,
  id: WorkOrderId,
  verb: WorkOrderVerb,
  by: Person,
): Promise<Result<WorkOrder, Refusal>> {
  const at = world.clock.now();
  return update<WorkOrder, Refusal>(world.workOrders, id, { code: 'work-order.unknown', subject: id }, (now) => {
    const assignee = verb === 'claim' ? { assignee: { id: by.id, name: by.name } } : {};
    const moved = moveWorkOrder(now, verb, { ...assignee, changedBy: by.name });
    if (!moved.ok) return moved;
    return ok({ next: moved.value, said: said(event(at, actor(by), `work-order.${moved.value.state}`, id)) });
  });
}

/** Closes every order of devices that are fine now: a verified scan is the only way to closed. */
export async function closeHealed(world: World, deployment: Deployment): Promise<void> {
  const at = world.clock.now();
  for (const order of await world.workOrders.find({ rollout: deployment.rollout, state: 'resolved' })) {
    const states = await Promise.all(
      order.devices.map(async ({ deployment: id }) => (await world.deployments.get(id))?.state),
    );
    if (states.some((state) => state !== 'succeeded')) continue;
    await update(world.workOrders, order.id, null, (now) => {
      const moved = moveWorkOrder(now, 'close');
      if (!moved.ok) return ok({ next: now, said: { events: [] } });
      return ok({ next: moved.value, said: said(own(at, 'work-order.closed', order.id)) });
    });
  }
}
