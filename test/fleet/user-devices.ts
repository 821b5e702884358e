/** User-mode devices: real sshd as the current user, each on a private apt and dpkg root. No privileges needed. */
import { mkdir, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { type AptRoot, makeAptRoot } from '../../demo/apt-root.ts';
import { furnishAptDevice, loginEnvironment, powerCycle, watchPower } from '../../demo/apt-shell.ts';
import { type KeyPair, makeKeyPair } from '../../demo/keys.ts';
import { buildDemoRepositories, firstPackages } from '../../demo/packages.ts';
import { aptPrograms, missingPrograms } from '../../demo/repository.ts';
import { startAll } from '../../demo/start-all.ts';
import type { FleetDevice, RunningDevice } from './device.ts';
import {
  addressOf,
  cutSessions,
  type Daemon,
  endDaemon,
  freePort,
  run,
  sshdPath,
  startDaemon,
  waitForGreeting,
} from './sshd.ts';

/** Why user mode cannot be used here, or null when it can. */
export function userModeRefusal(): string | null {
  if (process.platform !== 'linux') return 'user mode needs Linux';
  if (!sshdPath) return 'user mode needs sshd: apt-get install openssh-server';
  const missing = missingPrograms(aptPrograms);
  return missing.length === 0 ? null : `user mode needs ${missing.join(', ')}`;
}

/**
 * Starts devices that have the demo's first packages and are offered its updates. `login` may log in as the current
 * user.
 */
export async function startUserDevices(count: number, dir: string, login: KeyPair): Promise<readonly RunningDevice[]> {
  // Root's sshd wants its own empty folder, others do not look at it.
  if (process.getuid?.() === 0) await mkdir('/run/sshd', { recursive: true, mode: 0o755 });
  const repositories = await buildDemoRepositories(path.join(dir, 'repositories'));
  const starts = Array.from({ length: count }, async (_, index) => {
    const name = `device-${index + 1}`;
    const root = await makeAptRoot(path.join(dir, name), { repositories: [repositories.first] });
    await root.install(firstPackages.map((one) => one.name));
    await root.useRepositories(Object.values(repositories));
    return startUserDevice(name, addressOf(index), root, login);
  });
  return startAll(starts, (device) => device.stop());
}

async function startUserDevice(name: string, address: string, root: AptRoot, login: KeyPair): Promise<RunningDevice> {
  await furnishAptDevice(root);
  const hostKey = makeKeyPair();
  const port = await freePort(address);
  const config = await configure(root, hostKey, login, address, port);
  const device: FleetDevice = {
    name,
    address,
    port,
    user: os.userInfo().username,
    become: 'sudo',
    hostKey: hostKey.fingerprint,
    password: null,
  };

  let daemon = await start();
  async function start(): Promise<Daemon> {
    const started = startDaemon([String(sshdPath), '-D', '-e', '-f', config]);
    await waitForGreeting(started, address, port);
    return started;
  }
  async function powerOff(): Promise<void> {
    const pid = daemon.child.pid;
    // No new connection may come in while the old ones are cut.
    if (pid) process.kill(pid, 'SIGSTOP');
    if (pid) await cutSessions(pid);
    await endDaemon(daemon);
    await powerCycle(root);
  }
  async function reboot(): Promise<void> {
    await powerOff();
    daemon = await start();
  }
  const stopWatching = watchPower(root, reboot);
  return {
    device,
    exec: (argv) => run(argv, loginEnvironment(root)),
    cut: async () => cutSessions(daemon.child.pid ?? 0),
    reboot,
    async stop() {
      stopWatching();
      await powerOff();
    },
  };
}

/**
 * Writes sshd's configuration beside the root. SetEnv, of which only the first line counts, makes a login land in the
 * root.
 */
async function configure(
  root: AptRoot,
  hostKey: KeyPair,
  login: KeyPair,
  address: string,
  port: number,
): Promise<string> {
  const beside = (file: string) => `${root.dir}.${file}`;
  await writeFile(beside('hostkey'), hostKey.privateKey, { mode: 0o600 });
  await writeFile(beside('authorized_keys'), login.publicKey);
  // A SHLVL keeps bash from reading the developer's own .bashrc, which it does when sshd starts it.
  const environment = Object.entries({ ...loginEnvironment(root), SHLVL: '1' }).map(
    ([name, value]) => `"${name}=${value}"`,
  );
  const lines = [
    `ListenAddress ${address}`,
    `Port ${port}`,
    `HostKey ${beside('hostkey')}`,
    `AuthorizedKeysFile ${beside('authorized_keys')}`,
    `SetEnv ${environment.join(' ')}`,
    'StrictModes no',
    'UsePAM no',
    'PasswordAuthentication no',
    'PidFile none',
  ];
  await writeFile(beside('sshd_config'), `${lines.join('\n')}\n`);
  return beside('sshd_config');
}
