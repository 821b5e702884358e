/** Every job that workers run. One line each. */
import type { Agenda } from 'agenda';
import type { WorkerWorld } from '../../domain/ports.ts';
import { deploymentRun } from './deployment-run.ts';
import { deviceScan } from './device-scan.ts';
import { type FeedJob, feedSync } from './feed-sync.ts';
import { fleetPlan } from './fleet-plan.ts';
import { fleetScan } from './fleet-scan.ts';
import { intelMatch } from './intel-match.ts';
import { type Leases, register } from './job.ts';
import { queueSweep } from './queue-sweep.ts';

/** Registers all of them. `scanAtOnce`: how many devices are visited at the same time. `stopping` ends those that run. */
export function registerJobs(
  agenda: Agenda,
  world: WorkerWorld,
  {
    scanAtOnce,
    leases,
    stopping,
    feeds,
  }: { scanAtOnce: number; leases: Leases; stopping: AbortSignal; feeds: FeedJob },
): void {
  const parts = { log: world.log, jobMs: leases.jobMs, stopping };
  register(agenda, deploymentRun(world, leases.deviceMs), parts);
  register(agenda, deviceScan(world), parts);
  register(agenda, fleetScan(world, scanAtOnce), parts);
  register(agenda, fleetPlan(world, scanAtOnce), parts);
  register(agenda, feedSync(world, feeds), parts);
  register(agenda, intelMatch(world), parts);
  register(agenda, queueSweep(world), parts);
}
