/** Whether a worker is there to do what somebody just asked for. */
import type { Base } from '../../workers/main.ts';
import type { Say } from './session.ts';

/** Workers sweep every 5 s; a busy one may be late. */
const silenceMs = 60_000;

/** When a worker swept last, or null when none ever did. */
export async function lastSweep({ jobs, world }: Base): Promise<{ at: Date; alive: boolean } | null> {
  const { jobs: found } = await jobs.agenda.queryJobs({ name: 'queue.sweep' });
  const [at] = found.flatMap(({ lastRunAt }) => (lastRunAt ? [new Date(lastRunAt)] : []));
  return at ? { at, alive: world.clock.now().getTime() - at.getTime() < silenceMs } : null;
}

/** Says so when nobody is there to do it. */
export async function workerHint(base: Base, say: Say): Promise<void> {
  if ((await lastSweep(base))?.alive) return;
  say('No worker is running, so this waits until one is: patchherd start --config FILE');
}
