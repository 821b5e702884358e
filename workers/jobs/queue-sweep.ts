/** queue.sweep: re-create what the queue has lost, expire, wake, and feed the audit chain. */
import { z } from 'zod';
import { chainAudit, sweep } from '../../domain/flows/sweep.ts';
import type { WorkerWorld } from '../../domain/ports.ts';
import type { JobSpec } from './job.ts';

const Data = z.unknown();

/** The recurring sweep. */
export const queueSweep = (world: WorkerWorld): JobSpec<typeof Data> => ({
  name: 'queue.sweep',
  data: Data,
  concurrency: 1,
  async run() {
    try {
      await sweep(world);
    } finally {
      await chainAudit(world);
    }
  },
});
