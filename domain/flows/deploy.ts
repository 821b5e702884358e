/** One worker's hold on one deployment: claim, step after step, let go. Safe to kill at any instant and safe to run twice. */
import { type Blocker, type Deployment, moveDeployment, unfinished } from '../model/deployment.ts';
import { Failure } from '../model/failure.ts';
import type { DeploymentId } from '../model/ids.ts';
import type { Said, WorkerWorld } from '../ports.ts';
import {
  installing,
  preparing,
  rebooting,
  rollingBack,
  type Step,
  type StepInput,
  unsure,
  verifying,
} from './deploy-steps.ts';
import { whatBlocks } from './gate.ts';
import { park, step } from './outcome.ts';
import { advanceRollout } from './rollout.ts';
import { own } from './say.ts';
import { settle } from './settle.ts';

/** A deployment that has taken its worker down this often is handed to a person. */
const maxCrashes = 5;
/** How long one start may take. */
const turnMs = 10_000;
/** How soon a deployment that nobody can unblock by waiting is looked at again. */
const idleMs = 15_000;

const stepOf: Partial<Record<Deployment['state'], (input: StepInput) => Promise<Step>>> = {
  preparing,
  installing,
  unsure,
  rebooting,
  verifying,
  'rolling-back': rollingBack,
};

/**
 * Takes a deployment as far as it goes until `until`, and gives the instant at which to look again (null = nothing left to do).
 * `leaseMs`: how long the claim on the device lasts when nobody renews it any more.
 * A lost claim, or a newer fence on the device, ends it at once without another write.
 */
export async function runDeployment(
  world: WorkerWorld,
  id: DeploymentId,
  limit: { until: Date; signal: AbortSignal; leaseMs: number },
): Promise<Date | null> {
  const deployment = await world.deployments.get(id);
  if (!deployment) return null;
  if (!unfinished.includes(deployment.state)) {
    if (!deployment.settled) await settle(world, deployment);
    return null;
  }
  if (deployment.state === 'waiting') {
    const blocked = await wait(world, deployment);
    if (blocked) return blocked;
  }
  const claim = `device:${deployment.device}`;
  const fence = await world.claims.take(claim, world.owner, limit.leaseMs);
  if (fence === null) return soon(world, 2_000);
  const hold = keep(world, { claim, fence, leaseMs: limit.leaseMs }, limit.signal);
  try {
    return await carryOn(world, id, fence, { until: limit.until, signal: hold.signal });
  } finally {
    hold.stop();
    await world.claims.release(claim, fence);
  }
}

const soon = (world: WorkerWorld, ms: number): Date => new Date(world.clock.now().getTime() + ms);

/** Renews the claim until stopped; its signal fires when the claim is lost or the caller gives up. */
function keep(
  world: WorkerWorld,
  { claim, fence, leaseMs }: { claim: string; fence: number; leaseMs: number },
  outer: AbortSignal,
): { signal: AbortSignal; stop(): void } {
  const lost = new AbortController();
  const timer = setInterval(() => {
    world.claims.renew(claim, fence, leaseMs).then(
      (ours) => ours || lost.abort(),
      () => lost.abort(), // without the database nobody can say that the device is still ours
    );
  }, leaseMs / 3);
  return { signal: AbortSignal.any([outer, lost.signal]), stop: () => clearInterval(timer) };
}

/** Records why it waits. Gives the instant to look again, or null when nothing blocks it. */
async function wait(world: WorkerWorld, deployment: Deployment): Promise<Date | null> {
  const at = world.clock.now();
  const rollout = await world.rollouts.get(deployment.rollout);
  if (rollout?.state === 'cancelled') return end(world, deployment, 'cancel', rollout.because ?? 'It was cancelled.');
  const { blocker: old } = deployment;
  // What a visit found (offline, prerequisite) stands until its time is over.
  const standing = old && (old.kind === 'offline' || old.kind === 'prerequisite') && old.until && old.until > at;
  const blocker = standing ? old : await whatBlocks(world, deployment);
  if (!blocker) return null;
  // Never a silent miss: past its deadline a waiting device becomes a work order.
  if (at > deployment.deferral.deadline) {
    return end(world, deployment, 'skip', `Not installed before the deadline: ${blocker.text}`);
  }
  const nextAt = blocker.until ?? soon(world, idleMs);
  if (old?.kind !== blocker.kind || old.text !== blocker.text || deployment.nextAt.getTime() !== nextAt.getTime()) {
    const events =
      old?.kind === blocker.kind ? [] : [own(at, 'deployment.blocked', deployment.id, { blocker: blocker.kind })];
    const saying = { events, ...(looksSame(old, blocker) ? { quiet: true as const } : {}) };
    await world.deployments.save({ ...deployment, blocker, nextAt, rev: deployment.rev + 1 }, deployment.rev, saying);
  }
  return nextAt;
}

/** A thousand waiting devices look again and again: chat is only bothered when their line on the card would be another one. */
function looksSame(old: Blocker | null, blocker: Blocker): boolean {
  if (old?.kind !== blocker.kind || old.text !== blocker.text) return false;
  return blocker.kind === 'budget' || blocker.kind === 'cluster' || old.until?.getTime() === blocker.until?.getTime();
}

/** A waiting device that will not get the patch from this rollout any more, and why. */
async function end(world: WorkerWorld, deployment: Deployment, verb: 'skip' | 'cancel', text: string): Promise<Date> {
  const at = world.clock.now();
  const change = { result: { text, log: '' }, finishedAt: at };
  const ended = step(world, deployment, [verb], change, { tone: 'warn', text });
  if (await world.deployments.save(ended.next, deployment.rev, ended.said)) await settle(world, ended.next);
  return at;
}

async function carryOn(
  world: WorkerWorld,
  id: DeploymentId,
  fence: number,
  limit: { until: Date; signal: AbortSignal },
): Promise<Date | null> {
  let current = await takeOver(world, id, fence);
  while (current && !limit.signal.aborted) {
    if (!unfinished.includes(current.state)) {
      await settle(world, current);
      return null;
    }
    const taken = await next(world, current, limit.signal);
    if (limit.signal.aborted) break;
    const saved = await world.deployments.save(taken.next, current.rev, taken.said);
    if (!saved) return soon(world, 1_000); // fenced out, or a person was faster: look again with fresh eyes
    current = taken.next;
    if (!unfinished.includes(current.state)) continue;
    if (current.state === 'waiting' || taken.next.nextAt > limit.until) return taken.next.nextAt;
    await pause(taken.next.nextAt.getTime() - world.clock.now().getTime(), limit.signal);
  }
  return soon(world, 1_000);
}

/** Writes our fence into the record before anything else, so that a zombie's later write is refused. */
async function takeOver(world: WorkerWorld, id: DeploymentId, fence: number): Promise<Deployment | null> {
  const found = await world.deployments.get(id);
  if (!found || !unfinished.includes(found.state)) return found;
  // We slept through our lease, and somebody else was here: their token is newer than ours.
  if (found.fence >= fence) return null;
  if (found.state === 'waiting') return start(world, found, fence);
  const ours = { ...found, fence, crashes: found.crashes + 1, rev: found.rev + 1 };
  return (await world.deployments.save(ours, found.rev, { events: [], quiet: true })) ? ours : null;
}

async function backToWaiting(world: WorkerWorld, started: Deployment): Promise<null> {
  const until = soon(world, 1_000);
  const blocker = { kind: 'budget' as const, text: 'Others were started at the same moment.', until };
  const back = step(world, started, ['not-ready'], { blocker, nextAt: until });
  await world.deployments.save(back.next, started.rev, back.said);
  return null;
}

/**
 * waiting -> preparing. Starts are made one at a time in a tenant, so that the counts behind budget and cluster are true when the
 * move is written.
 */
async function start(world: WorkerWorld, found: Deployment, fence: number): Promise<Deployment | null> {
  const turn = await world.claims.take('start', world.owner, turnMs);
  if (turn === null) return null;
  try {
    if (await whatBlocks(world, found)) return null;
    const at = world.clock.now();
    const change = { fence, attempt: found.attempt + 1, startedAt: at, nextAt: at, op: null };
    const moved = moveDeployment(found, 'start', change);
    if (!moved.ok) return null;
    const events = [own(at, 'deployment.started', found.id, { device: found.name, fence, patch: found.patch })];
    if (!(await world.deployments.save(moved.value, found.rev, { events }))) return null;
    // Our turn may have ended while we looked: then the counts were old, and others may have started on the same ones.
    if (!(await world.claims.renew('start', turn, turnMs))) return backToWaiting(world, moved.value);
    await advanceRollout(world, found.rollout);
    return moved.value;
  } finally {
    await world.claims.release('start', turn);
  }
}

async function next(
  world: WorkerWorld,
  current: Deployment,
  signal: AbortSignal,
): Promise<{ next: Deployment; said: Said }> {
  const work = stepOf[current.state];
  if (!work) throw new Error(`deployment.no-step: ${current.state}`);
  if (current.crashes > maxCrashes) return park(world, current);
  const device = await world.devices.get(current.device);
  if (!device) throw new Failure('device.gone', `${current.name} was deleted while it was being patched.`);
  return work({ world, device, deployment: current, signal });
}

/** Sleeps, but not longer than the signal allows. */
const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (ms <= 0 || signal.aborted) return resolve();
    const wake = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', wake);
      resolve();
    };
    const timer = setTimeout(wake, ms);
    signal.addEventListener('abort', wake);
  });
