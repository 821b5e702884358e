/** What a job is, and how it becomes Agenda's: checked data, a beating lock, and a signal that says when to stop. */
import type { Agenda } from 'agenda';
import type { z } from 'zod';
import type { Log } from '../../domain/ports.ts';

/**
 * How long a hold outlives a worker that was killed, in milliseconds: on a device, and on a job. Renewed three and four times in
 * that time, so both must be longer than any pause of the process or of the database.
 */
export type Leases = { readonly deviceMs: number; readonly jobMs: number };
/** An install may take an hour; who watches it is known to be alive every few seconds. */
export const usualLeases: Leases = { deviceMs: 60_000, jobMs: 60_000 };

export interface JobSpec<D extends z.ZodType> {
  /** `noun.verb` */
  readonly name: string;
  readonly data: D;
  /** Runs at once in this process. Agenda locks no more than these for us. */
  readonly concurrency: number;
  /** Short: looks at own records and does what is due. `signal` fires when the lock was lost, and when this process is to stop. */
  run(data: z.output<D>, signal: AbortSignal): Promise<void>;
}

/**
 * Registers a job. One parameter on purpose: Agenda reads a second one as "this job calls done()". A handler that fails is logged
 * and ends: the sweep finds in the records what is still to do (facts on database and Agenda, section 1.3).
 */
export function register<D extends z.ZodType>(
  agenda: Agenda,
  spec: JobSpec<D>,
  { log, jobMs, stopping }: { log: Log; jobMs: number; stopping: AbortSignal },
): void {
  const { name, concurrency } = spec;
  agenda.define(
    name,
    async (job) => {
      if (stopping.aborted) return; // the records say that it is still to do
      const stop = new AbortController();
      const abort = () => stop.abort();
      const beat = setInterval(() => void job.touch().catch(abort), jobMs / 4);
      stopping.addEventListener('abort', abort);
      try {
        await spec.run(spec.data.parse(job.attrs.data), stop.signal);
      } catch (error) {
        log.error('job.failed', { job: name, data: job.attrs.data, error: describe(error) });
      } finally {
        clearInterval(beat);
        stopping.removeEventListener('abort', abort);
      }
    },
    { concurrency, lockLimit: concurrency, lockLifetime: jobMs, removeOnComplete: true },
  );
}

/** An error as log fields: code and sentence of a Failure, stack of a bug. */
export const describe = (error: unknown): string =>
  error instanceof Error
    ? 'code' in error
      ? `${error.code}: ${error.message}`
      : (error.stack ?? error.message)
    : String(error);
