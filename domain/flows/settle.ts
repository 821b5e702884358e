/** What follows from the end of a deployment: applicability, work order, rollout. Repeated until it is recorded as done. */
import type { Deployment } from '../model/deployment.ts';
import { applicabilityId } from '../model/patch.ts';
import { ok } from '../model/result.ts';
import type { World } from '../ports.ts';
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
  if (state === 'succeeded') await closeHealed(world, deployment);
  await update(world.deployments, deployment.id, null, (now) =>
    ok({ next: now.settled ? now : { ...now, settled: true, rev: now.rev + 1 }, said: { events: [] } }),
  );
  await advanceRollout(world, deployment.rollout);
}

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
