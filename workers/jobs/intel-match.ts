/** intel.match: match the fleet with the advisories and price anew what is not decided, after a feed or a device has changed. */
import { z } from 'zod';
import { matchFleet } from '../../domain/flows/intel.ts';
import type { WorkerWorld } from '../../domain/ports.ts';
import type { JobSpec } from './job.ts';

const Data = z.unknown();
const claim = 'intel';
/** Longer than a matching of a large fleet takes: whoever dies in it is followed after this. */
const leaseMs = 10 * 60_000;
const againMs = 2000;

/** The job behind `Queue.intel`. */
export const intelMatch = (world: WorkerWorld): JobSpec<typeof Data> => ({
  name: 'intel.match',
  data: Data,
  concurrency: 1,
  async run(_, signal) {
    const fence = await world.claims.take(claim, world.owner, leaseMs);
    if (fence === null) {
      // Another process has begun with what was there before: what is new needs another run.
      await new Promise((resolve) => setTimeout(resolve, againMs));
      if (!signal.aborted) await world.queue.intel();
      return;
    }
    try {
      await matchFleet(world, signal);
    } finally {
      await world.claims.release(claim, fence);
    }
  },
});
