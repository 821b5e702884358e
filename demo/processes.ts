/**
 * Which processes of this machine belong to a device that is only a directory, and how to end them. Linux: reads
 * /proc.
 */
import { readdir, readFile, readlink } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

/** A process that was really given no environment at all is believed after this long. */
const LOOK_AGAIN_MS = 5;
const MAX_LOOKS = 40;

/**
 * Process ids of everything that runs with this DPKG_ROOT in its environment: the mark that all of a device's processes
 * carry, also those that were detached from the connection that started them. Processes of other users cannot be read
 * and are not ours.
 */
export async function processesOf(root: string): Promise<readonly number[]> {
  const mark = `DPKG_ROOT=${root}`;
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const ours = await Promise.all(
    pids.map(async (pid) => {
      return (await environmentOf(pid)).split('\0').includes(mark);
    }),
  );
  return pids.filter((_pid, index) => ours[index]);
}

/**
 * A process's environment as the kernel has it, or nothing for a thread of the kernel, a process that has ended and one
 * of another user. In the middle of an exec a process has its new program and no environment yet, for as long as a busy
 * machine lets it wait there: such a one is read again, else a process that has just been started would be missed.
 */
async function environmentOf(pid: number): Promise<string> {
  for (let look = 0; look < MAX_LOOKS; look++) {
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => null);
    if (environment !== '') return environment ?? '';
    const program = await readlink(`/proc/${pid}/exe`).catch(() => null);
    if (program === null) return '';
    await delay(LOOK_AGAIN_MS);
  }
  return '';
}

/** Lets a device's processes finish for `graceMs` milliseconds, then kills what is left. Resolves when none is left. */
export async function endProcesses(root: string, graceMs: number): Promise<void> {
  const patience = Date.now() + graceMs;
  for (;;) {
    const pids = await processesOf(root);
    if (pids.length === 0) return;
    if (Date.now() >= patience) for (const pid of pids) kill(pid);
    await delay(20);
  }
}

/** SIGKILL; it is fine when the process has just ended by itself. */
export function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
