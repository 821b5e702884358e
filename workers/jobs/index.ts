/** Every job that workers run. One line each. */
import type { Agenda } from 'agenda';
import type { WorkerWorld } from '../../domain/ports.ts';
import { deploymentRun } from './deployment-run.ts';
import { deviceScan } from './device-scan.ts';
import { fleetScan } from './fleet-scan.ts';
import { type Leases, register } from './job.ts';
import { queueSweep } from './queue-sweep.ts';

/** Registers all of them. `scanAtOnce`: how many devices are visited at the same time. */
export function registerJobs(
  agenda: Agenda,
  world: WorkerWorld,
  { scanAtOnce, leases: { deviceMs, jobMs } }: { scanAtOnce: number; leases: Leases },
): void {
  register(agenda, deploymentRun(world, deviceMs), world.log, jobMs);
  register(agenda, deviceScan(world), world.log, jobMs);
  register(agenda, fleetScan(world, scanAtOnce), world.log, jobMs);
  register(agenda, queueSweep(world), world.log, jobMs);
}
