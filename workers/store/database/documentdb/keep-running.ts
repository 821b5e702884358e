/** Keeps one child process running: whenever it ends by itself, it is started again. */
import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { endChild } from './postgres.ts';

export type Kept = { stop(): Promise<void> };

const longestPauseMs = 30_000;

/**
 * Starts a child and watches it. `start` gives a child that is ready; the first start may throw, later ones are repeated
 * with a growing pause (0.1 s to 30 s). `stop` ends the child with `signal` and waits for it.
 */
export async function keepRunning(
  name: string,
  start: () => Promise<ChildProcess>,
  signal: NodeJS.Signals,
  say: (line: string) => void,
): Promise<Kept> {
  const stopping = new AbortController();
  let child = await start();
  const watching = watch();

  async function watch(): Promise<void> {
    while (!stopping.signal.aborted) {
      await ended(child);
      for (let pauseMs = 100; !stopping.signal.aborted; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
        say(`${name} ended unexpectedly: starting it again`);
        try {
          child = await start();
          break;
        } catch (error) {
          say(error instanceof Error ? error.message : String(error));
          await sleep(pauseMs, undefined, { signal: stopping.signal }).catch(() => {}); // stopped meanwhile
        }
      }
    }
  }

  return {
    async stop() {
      stopping.abort();
      await endChild(child, signal);
      await watching;
      await endChild(child, signal); // one that was just being started
    },
  };
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => child.once('exit', () => resolve()));
}
