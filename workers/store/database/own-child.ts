/** Starts a file of this program as a process of its own, in development (TypeScript, through tsx) and after a build. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath, pathToFileURL } from 'node:url';

export type OwnChild = ChildProcessByStdio<Writable, Readable, null>;

/**
 * `file` is a URL without its extension: the child gets the one that this file has. Its input is a pipe that ends with us,
 * so that it can notice our death; its errors go where ours go. Ctrl-C in a terminal does not reach it.
 */
export function startOwnChild(file: URL, args: readonly string[], env: NodeJS.ProcessEnv = {}): OwnChild {
  const extension = path.extname(import.meta.url);
  const tsx = () => pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
  const loader = extension === '.ts' ? ['--import', tsx()] : [];
  return spawn(process.execPath, [...loader, `${fileURLToPath(file)}${extension}`, ...args], {
    detached: true,
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  });
}
