/** fleet.plan: simulate what changed since the last look, such as after a deployment or a worker's death, and propose anew. */
import { z } from 'zod';
import { follow, planFleet } from '../../domain/flows/plan-device.ts';
import type { WorkerWorld } from '../../domain/ports.ts';
import type { JobSpec } from './job.ts';

const Data = z.unknown();

/** The recurring look for devices whose plans are out of date. */
export const fleetPlan = (world: WorkerWorld, atOnce: number): JobSpec<typeof Data> => ({
  name: 'fleet.plan',
  data: Data,
  concurrency: 1,
  async run(_, signal) {
    await follow(world, await planFleet(world, atOnce, signal));
  },
});
