/** Runs start-database.ts: what a second patchherd, or one that is killed, does to a data directory. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const tsxLoader: string = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;

export type OtherProcess = {
  readonly uri: string;
  readonly kind: string;
  readonly child: ChildProcess;
  stop(): Promise<void>;
};

/** Resolves when its database runs. */
export async function startInOtherProcess(dataDir: string): Promise<OtherProcess> {
  const script = fileURLToPath(new URL('./start-database.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', tsxLoader, script, dataDir], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [line] = await Promise.race([
    once(child.stdout, 'data'),
    once(child, 'exit').then(() => Promise.reject(new Error('the other process ended'))),
  ]);
  async function stop(): Promise<void> {
    const ended = once(child, 'exit');
    child.stdin.end();
    await ended;
  }
  return { ...JSON.parse(String(line)), child, stop };
}
