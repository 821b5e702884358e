/** Starts worker processes of their own, to be killed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { leases, type TestWorld } from './world.ts';

export type WorkerProcess = {
  /** SIGKILL: nothing is said, nothing is finished. */
  kill(): Promise<void>;
  /** SIGSTOP: it sleeps in the middle of whatever it does, and knows nothing of it after `wake`. */
  freeze(): void;
  wake(): void;
};

/** Starts a worker on the database and the devices of a world; resolves when its jobs run. */
export async function startWorkerProcess({ settings, database }: TestWorld): Promise<WorkerProcess> {
  const main = fileURLToPath(new URL('./worker-process.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', main], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(JSON.stringify({ settings, uri: database.uri, leases }));
  const ready = await Promise.race([
    once(child.stdout, 'data').then(() => true),
    once(child, 'exit').then(() => false),
  ]);
  if (!ready) throw new Error('the worker process ended before it was ready');
  return {
    kill: () => kill(child),
    freeze: () => void child.kill('SIGSTOP'),
    wake: () => void child.kill('SIGCONT'),
  };
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}
