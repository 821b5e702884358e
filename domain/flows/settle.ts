/** What follows from the end of a deployment: applicability, work order, rollout. Repeated until it is recorded as done. */
import { type Deployment, unfinished } from '../model/deployment.ts';
import { applicabilityId } from '../model/patch.ts';
import { ok } from '../model/result.ts';
import { livingRollouts, type Rollout } from '../model/rollout.ts';
import type { World } from '../ports.ts';
import { proposePatch } from './propose.ts';
import { advanceRollout } from './rollout.ts';
import { own, said, update } from './say.ts';
import { closeHealed, openWorkOrder } from './work-orders.ts';

const titles: Partial<Record<Deployment['state'], string>> = {
  failed: 'Install failed',
  'rolled-back': 'Install failed and was rolled back',
  stuck: 'Needs a person',
  skipped: 'Not installed before the deadline',
};

/** Draws the consequences and marks the deployment as settled. Every part is safe to repeat. */
export async function settle(world: World, deployment: Deployment): Promise<void> {
  const { state } = deployment;
  if (state === 'failed' || state === 'rolled-back') await markApplicability(world, deployment, state);
  const title = titles[state];
  if (title && !(state === 'rolled-back' && deployment.undoBy)) {
    await openWorkOrder(world, deployment, title, deployment.result?.text ?? 'No reason was recorded.');
  }
  if (state === 'succeeded') await closeHealed(world, deployment.patch);
  await update(world.deployments, deployment.id, null, (now) =>
    // It may have been tried again and have ended anew since: that end has consequences of its own.
    ok({
      next: now.settled || now.rev !== deployment.rev ? now : { ...now, settled: true, rev: now.rev + 1 },
      said: { events: [], quiet: true },
    }),
  );
  await advanceRollout(world, deployment.rollout);
  // A device that a rollout left without the patch (cancelled, skipped) has not changed: no scan would have it offered again.
  const rollout = await world.rollouts.get(deployment.rollout);
  if (rollout) await wakeNext(world, rollout);
  if (!rollout || livingRollouts.includes(rollout.state)) return;
  const open = await world.deployments.count({ rollout: rollout.id, state: { in: unfinished } });
  if (open === 0) await proposePatch(world, deployment.patch);
}

/** There may be room for others now: they look at once instead of at their next poll. */
async function wakeNext(world: World, { id, inFlight }: Rollout): Promise<void> {
  const next = await world.deployments.find(
    { rollout: id, state: 'waiting', nextAt: { before: inAMinute(world) } },
    inFlight,
  );
  for (const waiting of next) await world.queue.deployment(waiting.id);
}
const inAMinute = ({ clock }: World): Date => new Date(clock.now().getTime() + 60_000);

/** A patch that failed here is not offered again for this device until a person says so. */
async function markApplicability(world: World, deployment: Deployment, state: 'failed' | 'rolled-back'): Promise<void> {
  const at = world.clock.now();
  const id = applicabilityId(deployment.device, deployment.patch);
  const because = deployment.result?.text ?? null;
  await update(world.applicabilities, id, null, (now) => {
    if (now.state === state) return ok({ next: now, said: { events: [] } });
    return ok({
      next: { ...now, state, because, at, rev: now.rev + 1 },
      said: said(own(at, 'applicability.changed', id, { state })),
    });
  });
}
