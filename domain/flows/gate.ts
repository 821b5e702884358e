/** Why a deployment may not start right now. Asked again, from the database, before each start; every doubt is a blocker. */
import type { Blocker, Deployment } from '../model/deployment.ts';
import { inFlight, wentWrong } from '../model/deployment.ts';
import type { Device } from '../model/device.ts';
import { haltFor } from '../model/halt.ts';
import type { Occurrence, Policy } from '../model/policy.ts';
import type { Rollout } from '../model/rollout.ts';
import type { World } from '../ports.ts';

/** Expected time of an install on Linux, until history says better (product.md section 4). */
const estimateMs = 5 * 60_000;

/** Whoever ends wakes the next ones; this is for the case that it could not. */
const pollSeconds = 15;

const soon = (at: Date, seconds: number): Date => new Date(at.getTime() + seconds * 1000);
const block = (kind: Blocker['kind'], text: string, until: Date | null = null): Blocker => ({ kind, text, until });
const nobodyAnswers = block('approval', 'Its policy or rollout is gone: nobody answers for this any more.');

/**
 * The one current blocker of a waiting deployment, or null when it may start now. The order is fixed: halt, approval, exception,
 * deferral, window, budget, cluster.
 */
export async function whatBlocks(world: World, deployment: Deployment): Promise<Blocker | null> {
  const at = world.clock.now();
  const device = await world.devices.get(deployment.device);
  const rollout = await world.rollouts.get(deployment.rollout);
  const policy = world.policies.find(({ id }) => id === deployment.policy);
  if (!device || device.retired) return block('exception', `${deployment.name} was retired.`);
  if (device.ownership === 'personal')
    return block('exception', `${deployment.name} is a personal device now: nothing is pushed to it.`);
  if (!rollout || !policy) return nobodyAnswers;
  return (
    (await haltBlocks(world, deployment)) ??
    (await approvalBlocks(world, deployment, rollout)) ??
    (await patchBlocks(world, deployment)) ??
    deferralBlocks(deployment, at) ??
    windowBlocks(world, rollout, policy, deployment, at) ??
    (await budgetBlocks(world, rollout, at)) ??
    (await clusterBlocks(world, deployment, device, at))
  );
}

/**
 * What speaks against ordering the install on a device that was started and prepared: halt, blocked or retracted patch, window. Until that order
 * nothing was changed there, and a worker may have been away for hours. Budget and cluster have counted this device since its start.
 */
export async function whatStops(world: World, deployment: Deployment): Promise<Blocker | null> {
  const rollout = await world.rollouts.get(deployment.rollout);
  const policy = world.policies.find(({ id }) => id === deployment.policy);
  if (!rollout || !policy) return nobodyAnswers;
  return (
    (await haltBlocks(world, deployment)) ??
    (await patchBlocks(world, deployment)) ??
    windowBlocks(world, rollout, policy, deployment, world.clock.now())
  );
}

async function haltBlocks(world: World, { device, rollout }: Deployment): Promise<Blocker | null> {
  const halt = haltFor(await world.halts.find({ active: true }), device, rollout);
  return halt
    ? block('halt', `${halt.by} halted ${halt.scope.kind === 'all' ? 'everything' : `this ${halt.scope.kind}`}.`)
    : null;
}

async function approvalBlocks(world: World, deployment: Deployment, rollout: Rollout): Promise<Blocker | null> {
  const proposal = await world.proposals.get(deployment.proposal);
  if (proposal?.state !== 'approved') return block('approval', 'Its approval was taken back.');
  if (proposal.digest !== rollout.digest)
    return block('approval', 'The approved plan is not the plan of this rollout.');
  if (rollout.state === 'cancelled') return block('approval', rollout.because ?? 'The rollout was cancelled.');
  if (rollout.state === 'paused') return block('budget', rollout.because ?? 'The rollout is paused.');
  if (rollout.state === 'halted') return block('halt', rollout.because ?? 'The rollout is halted.');
  // A device that is tried again may belong to a completed rollout; from any other state nothing starts.
  const starts: readonly Rollout['state'][] = ['scheduled', 'deploying', 'soaking', 'completed'];
  return starts.includes(rollout.state) ? null : block('approval', `The rollout is ${rollout.state}.`);
}

async function patchBlocks(world: World, { patch }: Deployment): Promise<Blocker | null> {
  const found = await world.patches.get(patch);
  if (!found) return block('approval', 'The catalog does not know this patch any more.');
  if (found.retracted)
    return block('exception', `The patch was retracted by ${found.retracted.by}: ${found.retracted.reason}`);
  return found.blocked ? block('exception', `The patch is blocked: ${found.blocked.reason}`) : null;
}

function deferralBlocks({ deferral }: Deployment, at: Date): Blocker | null {
  if (!deferral.until || deferral.until <= at) return null;
  return block('deferral', `Deferred by its owner, ${deferral.used} of ${deferral.max} used.`, deferral.until);
}

/** Windows of a policy add up: the first that is open counts. A window that cannot be read never opens. */
export function windowNow(
  world: World,
  policy: Policy,
  at: Date,
): { open: Occurrence | null; next: Occurrence | null } {
  const all = policy.windows.flatMap((window) => {
    const occurrence = world.calendar.current(window, at);
    return occurrence ? [{ occurrence, cutoffMs: window.cutoffMinutes * 60_000 }] : [];
  });
  const fits = all.find(
    ({ occurrence: { start, end }, cutoffMs }) => start <= at && at.getTime() + estimateMs <= end.getTime() - cutoffMs,
  );
  if (fits) return { open: fits.occurrence, next: fits.occurrence };
  const later = policy.windows.flatMap((window) => world.calendar.upcoming(window, at, 1));
  const next = later.sort((a, b) => a.start.getTime() - b.start.getTime())[0] ?? null;
  return { open: null, next };
}

function windowBlocks(
  world: World,
  rollout: Rollout,
  policy: Policy,
  deployment: Deployment,
  at: Date,
): Blocker | null {
  const { notBefore } = deployment;
  if (notBefore && notBefore > at)
    return block('window', 'Its owner was told and still has time to answer.', notBefore);
  if (rollout.schedule === 'now') return null;
  const { open, next } = windowNow(world, policy, at);
  if (open) return null;
  if (!next) return block('window', `Policy ${policy.id} has no window in the next five years.`);
  return block('window', `Waits for the next window of policy ${policy.id}.`, next.start);
}

async function budgetBlocks(world: World, rollout: Rollout, at: Date): Promise<Blocker | null> {
  const wrong = await world.deployments.count({ rollout: rollout.id, state: { in: wentWrong } });
  if (wrong > rollout.errorsAllowed)
    return block('budget', `${wrong} devices went wrong, ${rollout.errorsAllowed} are allowed.`);
  const busy = await world.deployments.count({ rollout: rollout.id, state: { in: inFlight } });
  if (busy < rollout.inFlight) return null;
  return block(
    'budget',
    `${busy} devices are at work, ${rollout.inFlight} at once are allowed.`,
    soon(at, pollSeconds),
  );
}

async function clusterBlocks(world: World, deployment: Deployment, device: Device, at: Date): Promise<Blocker | null> {
  const busy = await world.deployments.find({ state: { in: inFlight } });
  for (const other of busy) {
    if (other.id === deployment.id) continue;
    if (other.device === device.id)
      return block('cluster', 'Another deployment is at work on this device.', soon(at, 5));
    const neighbour = device.cluster.length > 0 ? await world.devices.get(other.device) : null;
    const shared = neighbour?.cluster.find((key) => device.cluster.includes(key));
    if (shared) return block('cluster', `${other.name} of the same cluster (${shared}) is at work.`, soon(at, 5));
  }
  return null;
}
