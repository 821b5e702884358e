/** What people do about one device's part of a rollout: defer it, roll it back, try it again, lift its block. */
import type { Refusal } from '../errors.ts';
import { event } from '../model/audit.ts';
import { type Deployment, moveDeployment, opId } from '../model/deployment.ts';
import type { DeploymentId, DeviceId, PatchId } from '../model/ids.ts';
import { applicabilityId } from '../model/patch.ts';
import type { Person } from '../model/people.ts';
import type { Policy } from '../model/policy.ts';
import { err, ok, type Result } from '../model/result.ts';
import type { World } from '../ports.ts';
import { proposePatch } from './propose.ts';
import { actor, said, update } from './say.ts';

const missing = (id: DeploymentId): Refusal => ({ code: 'deployment.unknown', device: id, patch: 'that patch' });
const utc = (at: Date): string => `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`;

/**
 * The owner moves this device to the next window. `seenUsed`: how many deferrals were used when the card was drawn, so that a double
 * click takes one of them. Refused when the budget is used up, when no later window opens before the deadline, when it has started
 * already, or when somebody else asks.
 */
export async function deferDevice(
  world: World,
  id: DeploymentId,
  by: Person,
  seenUsed: number,
): Promise<Result<Deployment, Refusal>> {
  const at = world.clock.now();
  const changed = await update<Deployment, Refusal>(world.deployments, id, missing(id), (now) => {
    if (now.owner !== by.id) return err({ code: 'deployment.not-yours', device: now.name });
    if (now.state !== 'waiting') return err({ code: 'deployment.no-such-move', device: now.name, state: now.state });
    const policy = world.policies.find((one) => one.id === now.policy);
    const until = policy ? nextWindow(world, policy, now) : null;
    const { used, max, deadline } = now.deferral;
    if (used >= max) return err({ code: 'deferral.used-up', used, max, at: utc(now.nextAt) });
    if (!until) return err({ code: 'deferral.no-window', deadline: utc(deadline) });
    if (until > deadline) return err({ code: 'deferral.past-deadline', deadline: utc(deadline) });
    if (used !== seenUsed) return err({ code: 'proposal.stale' });
    const deferral = { ...now.deferral, used: used + 1, until };
    const text = `Deferred by ${by.name}, ${used + 1} of ${max} used.`;
    const blocker = { kind: 'deferral' as const, text, until };
    const details = { until: until.toISOString(), used: used + 1, max };
    const next = { ...now, deferral, blocker, nextAt: until, rev: now.rev + 1 };
    return ok({ next, said: said(event(at, actor(by), 'deployment.deferred', id, details)) });
  });
  if (changed.ok) await world.queue.deployment(id, changed.value.nextAt);
  return changed;
}

/** The start of the first window after the one that is open now or is waited for. */
function nextWindow(world: World, policy: Policy, deployment: Deployment): Date | null {
  const from = new Date(Math.max(world.clock.now().getTime(), deployment.deferral.until?.getTime() ?? 0));
  const starts = policy.windows.flatMap((window) => {
    const current = world.calendar.current(window, from);
    const [after] = current ? world.calendar.upcoming(window, current.start, 1) : [];
    return after ? [after.start.getTime()] : [];
  });
  return starts.length > 0 ? new Date(Math.min(...starts)) : null;
}

/** The latest deployment of a patch on a device, by what people type: device name, and patch id or package name. */
export async function findDeployment(
  world: World,
  deviceName: string,
  patch: string,
): Promise<Result<Deployment, Refusal>> {
  const device = (await world.devices.find({ name: deviceName }))[0];
  if (!device) return err({ code: 'device.unknown', name: deviceName });
  const all = await world.deployments.find({ device: device.id });
  const fits = all.filter((one) => one.patch === patch || one.patch.includes(`/${patch}=`));
  const latest = [...fits].sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime()).at(-1);
  return latest ? ok(latest) : err({ code: 'deployment.unknown', device: deviceName, patch });
}

/** A person takes a succeeded deployment back. The patch then stays off this device until the block is lifted. */
export async function rollBack(world: World, id: DeploymentId, by: Person): Promise<Result<Deployment, Refusal>> {
  const at = world.clock.now();
  const changed = await update<Deployment, Refusal>(world.deployments, id, missing(id), (now) => {
    if (now.undo === 'none' || !now.prepared) return err({ code: 'deployment.no-undo', device: now.name });
    const op = { id: opId(now, 'undo'), step: 'undo' as const, since: at };
    const moved = moveDeployment(now, 'roll-back', { op, nextAt: at, undoBy: by.name, finishedAt: null });
    if (!moved.ok) return moved;
    return ok({
      next: moved.value,
      said: said(event(at, actor(by), 'deployment.rolling-back', id, { device: now.name })),
    });
  });
  if (changed.ok) await world.queue.deployment(id);
  return changed;
}

/**
 * After somebody mended the cause: a failed deployment starts again, from the beginning and under the same approval; a stuck device
 * is looked at again, and what it has then decides.
 */
export async function retry(world: World, id: DeploymentId, by: Person): Promise<Result<Deployment, Refusal>> {
  const at = world.clock.now();
  const changed = await update<Deployment, Refusal>(world.deployments, id, missing(id), (now) => {
    const again = { nextAt: at, finishedAt: null };
    const moved =
      now.state === 'stuck'
        ? moveDeployment(now, 'resolved', again)
        : moveDeployment(now, 'retry', { ...again, op: null, prepared: null, result: null, blocker: null });
    if (!moved.ok) return moved;
    return ok({ next: moved.value, said: said(event(at, actor(by), 'deployment.retried', id, { device: now.name })) });
  });
  if (changed.ok) await world.queue.deployment(id);
  return changed;
}

/** A device that was rolled back, or failed, may be offered the patch again. */
export async function unblock(
  world: World,
  device: DeviceId,
  patch: PatchId,
  by: Person,
): Promise<Result<null, Refusal>> {
  const at = world.clock.now();
  const id = applicabilityId(device, patch);
  const gone: Refusal = { code: 'deployment.unknown', device, patch };
  const changed = await update(world.applicabilities, id, gone, (now) => {
    if (now.state !== 'rolled-back' && now.state !== 'failed') return err(gone);
    const next = { ...now, state: 'missing' as const, because: null, at, rev: now.rev + 1 };
    return ok({ next, said: said(event(at, actor(by), 'applicability.unblocked', id)) });
  });
  if (!changed.ok) return changed;
  await proposePatch(world, patch);
  return ok(null);
}
