/**
 * Makes a private apt root behave like a device: a shell to log in to, a sudo that allows only the helper, a power
 * switch.
 */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { watch } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { AptRoot } from './apt-root.ts';
import { endProcesses } from './processes.ts';
import type { DeviceShell } from './ssh-device.ts';

/** What the sudoers line of a prepared device says: the helper without arguments, and nothing else. */
const sudo = `#!/bin/sh
[ "$1" = -n ] && shift
if [ "$#" -eq 1 ] && [ "$1" = /usr/local/lib/patchherd/helper ]; then exec "$DPKG_ROOT$1"; fi
echo 'sudo: a password is required' >&2
exit 1
`;

/** The device's keeper watches the folder and does what a reboot does. */
const reboot = '#!/bin/sh\n: > "$DPKG_ROOT/power/reboot"\n';

/** How long a real device still answers after it was told to reboot. */
const lastWordsMs = 500;

/** Adds the stand-ins and a boot id to a root; a root that has them keeps its boot id. */
export async function furnishAptDevice(root: AptRoot): Promise<void> {
  for (const folder of ['shims', 'sbin', 'power', 'proc/sys/kernel/random']) {
    await mkdir(path.join(root.dir, folder), { recursive: true });
  }
  await writeFile(path.join(root.dir, 'shims/sudo'), sudo, { mode: 0o755 });
  await writeFile(path.join(root.dir, 'sbin/reboot'), reboot, { mode: 0o755 });
  await writeBootId(root, 'wx').catch((error: unknown) => {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  });
}

const writeBootId = (root: AptRoot, flag: 'w' | 'wx') =>
  writeFile(path.join(root.dir, 'proc/sys/kernel/random/boot_id'), `${randomUUID()}\n`, { flag });

/** The environment of whoever is logged in to a furnished root. */
export const loginEnvironment = (root: AptRoot): Record<string, string> => ({
  ...root.env,
  PATH: `${path.join(root.dir, 'shims')}:${root.env['PATH'] ?? ''}`,
});

/**
 * Runs command lines on a furnished root, with the machine's own sh. A cut connection leaves the command running, as
 * sshd does.
 */
export function aptShell(root: AptRoot): DeviceShell {
  const env = loginEnvironment(root);
  return (line, { stdin, stdout, stderr }) =>
    new Promise((resolve, reject) => {
      const child = spawn('/bin/sh', ['-c', line], { env, cwd: root.dir, detached: true });
      child.on('error', reject);
      // Whoever does not read to the end, on either side, is not a fault of ours.
      child.stdin.on('error', () => {});
      stdin.pipe(child.stdin);
      child.stdout.pipe(stdout, { end: false });
      child.stderr.pipe(stderr, { end: false });
      stdin.on('close', () => {
        if (!stdin.readableEnded) for (const pipe of child.stdio) pipe?.destroy();
      });
      child.on('close', (code, signal) => resolve(code === null ? { signal: signal ?? 'KILL' } : { code }));
    });
}

/** What a loss of power does to a root: everything that runs there ends, /run is empty, the boot id is new. */
export async function powerCycle(root: AptRoot): Promise<void> {
  await endProcesses(root.dir, 0);
  await rm(path.join(root.dir, 'run'), { recursive: true, force: true });
  await mkdir(path.join(root.dir, 'run'));
  await writeBootId(root, 'w');
}

/**
 * Calls `onReboot` when the device was told to reboot, a moment later so that the answer gets out. Gives the way to
 * stop watching.
 */
export function watchPower(root: AptRoot, onReboot: () => Promise<void>): () => void {
  const power = path.join(root.dir, 'power');
  const stopping = new AbortController();
  let busy = false;
  const watcher = watch(power, async () => {
    if (busy) return;
    busy = true;
    await delay(lastWordsMs, undefined, { signal: stopping.signal }).catch(() => {});
    await rm(path.join(power, 'reboot'), { force: true });
    if (!stopping.signal.aborted) await onReboot();
    busy = false;
  });
  return () => {
    stopping.abort();
    watcher.close();
  };
}
