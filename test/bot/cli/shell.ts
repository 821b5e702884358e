/** Runs the real shell as a process of its own, with settings files in a folder of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { cacheFolder } from '../../../workers/store/database/documentdb/packages.ts';

export type Ran = { readonly code: number | null; readonly stdout: string; readonly stderr: string };
export type Started = {
  readonly child: ChildProcess;
  /** Waits until it has said this on standard output or standard error; throws with all that it said when it ends before. */
  says(text: string): Promise<void>;
  readonly ended: Promise<Ran>;
};
export type Place = Awaited<ReturnType<typeof makePlace>>;

const main = fileURLToPath(new URL('../../../bot/cli/main.ts', import.meta.url));
const tsx = import.meta.resolve('tsx');

/** A folder with nothing in it, and a shell in which nothing is set but what is needed. `remove` ends what still runs. */
export async function makePlace() {
  const dir = await mkdtemp(join(tmpdir(), 'patchherd-shell-'));
  const left = new Set<ChildProcess>();
  function start(args: readonly string[], env: Record<string, string> = {}, input = ''): Started {
    const child = spawn(process.execPath, ['--import', tsx, main, ...args], {
      cwd: dir,
      env: {
        PATH: process.env['PATH'] ?? '',
        HOME: dir,
        PATCHHERD_DATA: join(dir, 'data'),
        PATCHHERD_CACHE: cacheFolder(), // else a database of its own would be downloaded into every folder
        ...env,
      },
    });
    left.add(child);
    const said = { stdout: '', stderr: '' };
    for (const stream of ['stdout', 'stderr'] as const) {
      child[stream].setEncoding('utf8').on('data', (chunk: string) => {
        said[stream] += chunk;
      });
    }
    child.stdin.on('error', () => undefined).end(input); // it may have ended before it read anything
    const ended = once(child, 'close').then(([code]): Ran => {
      left.delete(child);
      return { code, ...said };
    });
    async function says(text: string): Promise<void> {
      const heard = () => said.stdout.includes(text) || said.stderr.includes(text);
      const hearing = new Promise<boolean>((resolve) => {
        const look = () => heard() && resolve(true);
        child.stdout.on('data', look);
        child.stderr.on('data', look);
        look();
      });
      if (await Promise.race([hearing, ended.then(heard)])) return;
      throw new Error(`it ended without saying "${text}": ${said.stdout}\n${said.stderr}`);
    }
    return { child, says, ended };
  }
  return {
    dir,
    start,
    /** Runs a command to its end. */
    run: (...args: readonly string[]) => start(args).ended,
    /** Writes a file of this folder, YAML unless it is text or bytes already, and gives its path. */
    async write(name: string, content: unknown, mode = 0o600): Promise<string> {
      const path = join(dir, name);
      await mkdir(dirname(path), { recursive: true });
      const ready = typeof content === 'string' || Buffer.isBuffer(content);
      await writeFile(path, ready ? content : stringify(content), { mode });
      return path;
    },
    async remove(): Promise<void> {
      for (const child of left) {
        const gone = once(child, 'exit');
        child.kill('SIGKILL');
        await gone;
      }
      await rm(dir, { recursive: true, force: true });
    },
  };
}
