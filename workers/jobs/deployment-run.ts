/** deployment.run: take one device through one rollout. Safe to run twice: the deployment's own state says where to resume. */
import { z } from 'zod';
import { runDeployment } from '../../domain/flows/deploy.ts';
import type { DeploymentId } from '../../domain/model/ids.ts';
import type { WorkerWorld } from '../../domain/ports.ts';
import type { JobSpec } from './job.ts';

const Data = z.object({ deploymentId: z.string().min(1) });
/** A handler lets go after this long and comes back: locks stay short, restarts stay quick. */
const turnMs = 25_000;

/** The job that moves deployments on. `leaseMs`: how long its claim on a device outlives it. */
export const deploymentRun = (world: WorkerWorld, leaseMs: number): JobSpec<typeof Data> => ({
  name: 'deployment.run',
  data: Data,
  concurrency: 50,
  async run({ deploymentId }, signal) {
    const id = deploymentId as DeploymentId; // checked: queue.deployment is the only writer of this data
    const until = new Date(world.clock.now().getTime() + turnMs);
    const next = await runDeployment(world, id, { until, signal, leaseMs });
    if (next) await world.queue.deployment(id, next);
  },
});
