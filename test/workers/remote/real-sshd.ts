/** The machine's own sshd on 127.0.0.1, as the current user and with keys of its own. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { appendFileSync, chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import type { Device } from '../../../domain/model/device.ts';
import { aDevice, fingerprintOfText, newKey } from './devices.ts';

const SSHD = '/usr/sbin/sshd';

/** Why there is no real sshd here; null when there is. Printed once by the test that skips. */
export const noSshd = existsSync(SSHD) ? null : `${SSHD} is not installed`;

export type RealSshd = {
  readonly dir: string;
  device(fields?: Partial<Device>): Device;
  /** The private key that may log in. */
  readonly loginKey: string;
  /** Lets another public key log in. */
  authorize(publicKey: string): void;
  /** Kills the processes that serve connections, as a crash would. */
  cut(): void;
  stop(): Promise<void>;
};

/**
 * `environment` is what sessions get. `wrap` is a command that starts sshd in surroundings of its own and then becomes it, as
 * `exec "$@"` does.
 */
export async function startSshd(environment: readonly string[] = [], wrap: readonly string[] = []): Promise<RealSshd> {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'patchherd-sshd-'));
  chmodSync(dir, 0o755); // sshd reads authorized_keys as the user who logs in
  const [hostKey, login] = [newKey(), newKey()];
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true }); // sshd run by root insists on it
  writeFileSync(path.join(dir, 'host_key'), hostKey.private, { mode: 0o600 });
  writeFileSync(path.join(dir, 'authorized_keys'), `${login.public}\n`);
  const port = await freePort();
  const fixed = ['StrictModes=no', 'UsePAM=no', 'PidFile=none', 'ListenAddress=127.0.0.1'];
  const keys = [`HostKey=${dir}/host_key`, `AuthorizedKeysFile=${dir}/authorized_keys`];
  // a bash that believes to be nested reads no start-up files: the developer's own would make the tests slow, or fail
  const session = `SetEnv=${['SHLVL=2', ...environment].join(' ')}`;
  const flags = [...fixed, ...keys, session].flatMap((option) => ['-o', option]);
  const [program = SSHD, ...rest] = [...wrap, SSHD, '-D', '-e', '-f', '/dev/null', '-p', String(port), ...flags];
  const sshd = spawn(program, rest, { stdio: ['ignore', 'ignore', 'ignore'] });
  await answering(port, sshd);
  return {
    dir,
    loginKey: login.private,
    device: (fields) =>
      aDevice({ port, user: os.userInfo().username, hostKeys: [fingerprintOfText(hostKey.public)], ...fields }),
    authorize: (key) => appendFileSync(path.join(dir, 'authorized_keys'), `${key.trim()}\n`),
    cut: () => {
      const serving = childrenOf(sshd.pid ?? 0);
      const separated = serving.flatMap(childrenOf); // privilege separation: the one that talks is a child of the one that watches
      for (const pid of [...serving, ...separated]) process.kill(pid, 'SIGKILL');
    },
    async stop() {
      const ended = new Promise((resolve) => sshd.once('exit', resolve));
      sshd.kill('SIGKILL');
      await ended;
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as AddressInfo; // a TCP listener has no other kind of address
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

async function answering(port: number, sshd: ChildProcess): Promise<void> {
  while (sshd.exitCode === null) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false));
      socket.on('connect', () => socket.destroy());
    });
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`sshd ended with ${sshd.exitCode} instead of listening on ${port}`);
}

function childrenOf(pid: number): number[] {
  try {
    return execFileSync('ps', ['-o', 'pid=', '--ppid', String(pid)])
      .toString()
      .split('\n')
      .map(Number)
      .filter(Boolean);
  } catch {
    return []; // ps exits with 1 when there are none
  }
}
