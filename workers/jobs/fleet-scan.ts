/** fleet.scan: visit every device, many at once, then bring the proposals in line. */
import { z } from 'zod';
import { scanFleet } from '../../domain/flows/scan-fleet.ts';
import type { WorkerWorld } from '../../domain/ports.ts';
import type { JobSpec } from './job.ts';

const Data = z.unknown();

/** The recurring scan. */
export const fleetScan = (world: WorkerWorld, atOnce: number): JobSpec<typeof Data> => ({
  name: 'fleet.scan',
  data: Data,
  concurrency: 1,
  async run(_, signal) {
    await scanFleet(world, atOnce, signal);
  },
});
