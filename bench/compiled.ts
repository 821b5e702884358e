/** The product as it ships: compiled by tsc into bench/out, so that no measurement includes a TypeScript loader. */
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
