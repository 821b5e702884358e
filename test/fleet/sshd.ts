/** What real sshd processes have in common: finding a place to listen, waiting until they answer, cutting, ending. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { kill } from '../../demo/processes.ts';

/** sshd wants to be started by its absolute path, because it starts itself again for every connection. */
export const sshdPath = ['/usr/sbin/sshd', '/usr/bin/sshd'].find((path) => existsSync(path)) ?? null;

/** An address of this process's own for the device with this number, so that fleets side by side never meet. */
export function addressOf(index: number): string {
  return `127.77.${(process.pid + Math.floor(index / 250)) % 256}.${(index % 250) + 1}`;
}

/** A port that is free at this address now. */
export async function freePort(address: string): Promise<number> {
  const server = createServer().listen(0, address);
  await once(server, 'listening');
  const bound = server.address();
  server.close();
  if (typeof bound !== 'object' || !bound) throw new Error(`no port is free at ${address}`);
  return bound.port;
}

export type Ended = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

/** Runs a program to its end. `code` is null when a signal ended it. */
export async function run(argv: readonly string[], env?: Record<string, string>): Promise<Ended> {
  const [program = '', ...args] = argv;
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], ...(env ? { env } : {}) });
  const said = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    said.stdout += chunk;
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    said.stderr += chunk;
  });
  const [code] = await once(child, 'close');
  return { code, ...said };
}

/** Like `run`, but throws with what was said when it did not end well. */
export async function mustRun(argv: readonly string[], env?: Record<string, string>): Promise<string> {
  const { code, stdout, stderr } = await run(argv, env);
  if (code !== 0) throw new Error(`${argv.join(' ')} ended with ${code}: ${stderr || stdout}`);
  return stdout;
}

/** A started sshd, or a program that becomes one, with the last of what it said on standard error. */
export type Daemon = { readonly child: ChildProcess; said(): string };

/** Starts a program as the leader of its own session. */
export function startDaemon(argv: readonly string[], env?: Record<string, string>): Daemon {
  const [program = '', ...args] = argv;
  const child = spawn(program, args, { detached: true, stdio: ['ignore', 'ignore', 'pipe'], ...(env ? { env } : {}) });
  let said = '';
  child.on('error', (error) => {
    said += String(error);
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    said = (said + chunk).slice(-4096);
  });
  return { child, said: () => said };
}

export const hasEnded = ({ child }: Daemon) => child.exitCode !== null || child.signalCode !== null || !child.pid;

/** Waits until the daemon's sshd greets; throws with its last words when it ends first or stays silent for 30 s. */
export async function waitForGreeting(daemon: Daemon, address: string, port: number): Promise<void> {
  const patience = Date.now() + 30_000;
  while (!(await greets(address, port))) {
    if (hasEnded(daemon)) throw new Error(`sshd at ${address}:${port} ended: ${daemon.said()}`);
    if (Date.now() > patience) throw new Error(`sshd at ${address}:${port} does not answer: ${daemon.said()}`);
    await delay(20);
  }
}

function greets(address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, address);
    const answer = (yes: boolean) => {
      socket.destroy();
      resolve(yes);
    };
    socket.setTimeout(5000, () => answer(false));
    socket
      .on('data', (greeting) => answer(greeting.toString('latin1').startsWith('SSH-2.0')))
      .on('error', () => answer(false));
  });
}

/** Child processes of a process. Linux. */
export async function childrenOf(pid: number): Promise<readonly number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  return text.split(' ').filter(Boolean).map(Number);
}

/** Kills the sshd processes that serve connections of this listening sshd; the commands that they started go on. */
export async function cutSessions(listener: number): Promise<void> {
  for (const pid of await childrenOf(listener)) {
    const name = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '');
    if (!name.startsWith('sshd')) continue;
    // The monitor first: without it its unprivileged half, which holds the connection, cannot say good-bye.
    const halves = await childrenOf(pid);
    kill(pid);
    for (const half of halves) {
      const halfName = await readFile(`/proc/${half}/comm`, 'utf8').catch(() => '');
      if (halfName.startsWith('sshd')) kill(half);
    }
  }
}

/** Kills a daemon and waits until it is gone. */
export async function endDaemon(daemon: Daemon): Promise<void> {
  if (hasEnded(daemon)) return;
  const ended = once(daemon.child, 'exit');
  daemon.child.kill('SIGKILL');
  await ended;
}
