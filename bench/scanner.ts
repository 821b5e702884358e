/** Talks to the measured worker process: starts it, tells it what to do, and waits for its answer. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { compiled } from './compiled.ts';
import type { Answer, Order } from './scan-process.ts';

export type Worked = Extract<Answer, { kind: 'worked' }>;
export type Scanner = {
  /** CPU seconds from its start until it was ready: loading, connecting to the database, enrolling the devices. */
  readonly startSeconds: number;
  work(order: 'scan' | 'plan'): Promise<Worked>;
  close(): Promise<void>;
};

/** Starts one, compiled, on an empty database. `node`: options of Node, such as `--cpu-prof`. */
export async function startScanner(settings: unknown, uri: string, node: readonly string[] = []): Promise<Scanner> {
  const child = fork(compiled('bench/scan-process.js'), { execArgv: [...node] });
  const { cpuSeconds } = await ask(child, { open: { settings, uri } });
  return {
    startSeconds: cpuSeconds,
    async work(order) {
      const answer = await ask(child, order);
      if (answer.kind !== 'worked') throw new Error(`the worker answered ${order} with ${answer.kind}`);
      return answer;
    },
    async close() {
      const ended = once(child, 'exit');
      child.send('close' satisfies Order);
      await ended;
    },
  };
}

function ask(child: ChildProcess, order: Order): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const fail = (code: number | null) => reject(new Error(`the worker ended with ${code}: see the lines before`));
    child.once('exit', fail);
    child.once('message', (answer: Answer) => {
      child.off('exit', fail);
      resolve(answer);
    });
    child.send(order);
  });
}
