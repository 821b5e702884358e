/** From an approved proposal to a rollout with one deployment for each device, and from finished deployments to a finished rollout. */
import { line } from '../cards/card.ts';
import { type Deployment, type DeploymentState, deploymentId, unfinished, wentWrong } from '../model/deployment.ts';
import type { RolloutId } from '../model/ids.ts';
import { limitsFor, type Policy } from '../model/policy.ts';
import type { Proposal } from '../model/proposal.ts';
import { ok } from '../model/result.ts';
import { moveRollout, type Rollout } from '../model/rollout.ts';
import type { World } from '../ports.ts';
import { own, said, update } from './say.ts';

/** Makes the rollout of an approved proposal. Every part is idempotent, so that a crash half-way is mended by running it again. */
export async function startRollout(world: World, proposal: Proposal): Promise<Proposal> {
  const policy = world.policies.find(({ id }) => id === proposal.policy);
  if (!policy) return proposal;
  const at = world.clock.now();
  const id = `r-${proposal.id.slice(2)}-${proposal.planRev}` as RolloutId;
  const rollout = newRollout(proposal, policy, id, at);
  await world.rollouts.insert(
    rollout,
    said(own(at, 'rollout.scheduled', id, { proposal: proposal.id, devices: rollout.total })),
  );
  for (const entry of proposal.plan.entries) {
    const device = await world.devices.get(entry.device);
    if (!device) continue;
    const deployment = newDeployment(proposal, policy, rollout, entry, device, at);
    await world.deployments.insert(deployment, { events: [] });
    await world.queue.deployment(deployment.id);
  }
  const saved = await update(world.proposals, proposal.id, null, (now) =>
    ok({ next: now.rollout === id ? now : { ...now, rollout: id, rev: now.rev + 1 }, said: { events: [] } }),
  );
  return saved.ok ? saved.value : proposal;
}

function newRollout(proposal: Proposal, policy: Policy, id: RolloutId, at: Date): Rollout {
  const total = proposal.plan.entries.length;
  const { inFlight, errors } = limitsFor(policy, total);
  return {
    id,
    tenant: proposal.tenant,
    rev: 1,
    state: 'scheduled',
    proposal: proposal.id,
    patch: proposal.patch,
    policy: policy.id,
    digest: proposal.digest,
    schedule: proposal.plan.schedule,
    total,
    inFlight,
    errorsAllowed: errors,
    approvedBy: proposal.decided?.by ?? '',
    createdAt: at,
    startedAt: null,
    finishedAt: null,
    because: null,
  };
}

function newDeployment(
  proposal: Proposal,
  policy: Policy,
  rollout: Rollout,
  entry: Proposal['plan']['entries'][number],
  device: { id: Deployment['device']; name: string; owner: Deployment['owner'] },
  at: Date,
): Deployment {
  return {
    id: deploymentId(rollout.id, device.id),
    tenant: proposal.tenant,
    rev: 1,
    state: 'waiting',
    rollout: rollout.id,
    proposal: proposal.id,
    policy: policy.id,
    device: device.id,
    name: device.name,
    patch: proposal.patch,
    transaction: entry.transaction,
    reboot: proposal.plan.reboot,
    conffiles: proposal.plan.conffiles,
    rollbackOnFailure: policy.rollbackOnFailure,
    undo: entry.undo,
    blocker: null,
    op: null,
    prepared: null,
    attempt: 0,
    fence: 0,
    crashes: 0,
    bootId: null,
    rebootedAt: null,
    lostSince: null,
    createdAt: at,
    startedAt: null,
    finishedAt: null,
    notBefore: device.owner ? new Date(at.getTime() + policy.noticeMinutes * 60_000) : null,
    owner: device.owner,
    deferral: {
      used: 0,
      max: policy.deferrals.max,
      until: null,
      deadline: new Date(at.getTime() + policy.deferrals.deadlineDays * 86_400_000),
    },
    nextAt: at,
    settled: true,
    undoBy: null,
    result: null,
  };
}

/** How a rollout stands, by its deployments. */
type Tally = {
  readonly done: number;
  readonly wrong: number;
  readonly open: number;
  readonly waiting: number;
  readonly all: number;
};

/** Counts, not documents: a thousand deployments with their logs are many megabytes, and this is asked after each of them. */
async function tally(world: World, rollout: RolloutId): Promise<Tally> {
  const count = (states?: readonly DeploymentState[]) =>
    world.deployments.count(states ? { rollout, state: { in: states } } : { rollout });
  const [done, wrong, open, waiting, all] = await Promise.all([
    count(['succeeded']),
    count(wentWrong),
    count(unfinished),
    count(['waiting']),
    count(),
  ]);
  return { done, wrong, open, waiting, all };
}

/**
 * Moves a rollout on after one of its deployments changed: started, paused because the error budget is spent, finished.
 * Errors are devices that went wrong; one more than allowed stops the starting, in-flight devices finish.
 */
export async function advanceRollout(world: World, id: RolloutId): Promise<void> {
  const at = world.clock.now();
  await update(world.rollouts, id, null, async (now) => {
    const seen = await tally(world, id);
    const { done, wrong } = seen;
    const { total } = now;
    const step = nextStep(now, seen);
    const moved = step ? moveRollout(now, step.verb, { ...step.change(at) }) : null;
    if (!moved?.ok) return ok({ next: now, said: { events: [] } });
    const { state, because } = moved.value;
    const summary = `${done} of ${total} succeeded, ${wrong} went wrong${because ? `. ${because}` : ''}`;
    const tone = wrong > 0 ? 'warn' : 'good';
    const told =
      state === 'deploying'
        ? []
        : [{ key: `${id}:${state}:${moved.value.rev}`, card: line(`Rollout ${state}`, tone, state, summary) }];
    return ok({ next: moved.value, said: said(own(at, `rollout.${state}`, id, { done, wrong, total }), told) });
  });
}

type Step = { readonly verb: Parameters<typeof moveRollout>[1]; change(at: Date): Partial<Rollout> };

function nextStep(rollout: Rollout, seen: Tally): Step | null {
  // Whoever makes its deployments one after the other was interrupted: the sweep makes the rest.
  if (seen.all < rollout.total) return null;
  if (rollout.state === 'scheduled') {
    return seen.waiting < seen.all ? { verb: 'start', change: (at) => ({ startedAt: at, because: null }) } : null;
  }
  if (seen.open === 0 && rollout.state !== 'completed') return { verb: 'finish', change: (at) => ({ finishedAt: at }) };
  if (rollout.state === 'deploying' && seen.wrong > rollout.errorsAllowed) {
    const because = `${seen.wrong} devices went wrong, ${rollout.errorsAllowed} are allowed: nothing more starts until somebody resumes it.`;
    return { verb: 'budget-spent', change: () => ({ because }) };
  }
  return null;
}
