/** The product as it ships: compiled by tsc into bench/out, so that no measurement includes a TypeScript loader. */
import { fork } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '../test/fleet/sshd.ts';

const here = path.dirname(fileURLToPath(import.meta.url));

/** Compiles. Throws with the compiler's words. */
export async function compile(): Promise<void> {
  const tsc = path.join(here, '../node_modules/typescript/bin/tsc');
  const { code, stdout } = await run([process.execPath, tsc, '-p', path.join(here, 'tsconfig.json')]);
  if (code !== 0) throw new Error(`the product does not compile:\n${stdout}`);
}

/** Where a file of the repository is after `compile`, such as `bot/cli/main.js`. */
export const compiled = (file: string): string => path.join(here, 'out', file);

/** What a process of its own answers to one order: its memory is only what it measures. `file` as for `compiled`. */
export function measuredBy<Order extends object, Answer>(file: string, order: Order): Promise<Answer> {
  const child = fork(compiled(file), { execArgv: ['--expose-gc'] });
  return new Promise((resolve, reject) => {
    child.once('message', (answer: Answer) => resolve(answer));
    child.once('exit', (code) => reject(new Error(`the measured process ended with ${code}: see the lines before`)));
    child.send(order);
  });
}
