/** Every job that workers run. One line each. */
import type { Agenda } from 'agenda';
import type { WorkerWorld } from '../../domain/ports.ts';
import { deploymentRun } from './deployment-run.ts';
import { deviceScan } from './device-scan.ts';
import { fleetScan } from './fleet-scan.ts';
import { register } from './job.ts';
import { queueSweep } from './queue-sweep.ts';

/** Registers all of them. `scanAtOnce`: how many devices are visited at the same time. */
export function registerJobs(agenda: Agenda, world: WorkerWorld, { scanAtOnce }: { scanAtOnce: number }): void {
  register(agenda, deploymentRun(world), world.log);
  register(agenda, deviceScan(world), world.log);
  register(agenda, fleetScan(world, scanAtOnce), world.log);
  register(agenda, queueSweep(world), world.log);
}
