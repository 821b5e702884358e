/**
 * The file system that all root-mode devices share as their lower layer: a minimal Debian or Ubuntu with sshd, sudo
 * and apt.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { mustRun } from './sshd.ts';

/**
 * Runs inside of the new file system. The user can become root only by password: a prepared device is the product's
 * work.
 */
const furnish = `
set -e
useradd --create-home --shell /bin/bash --groups sudo herd
echo herd:herd | chpasswd
rm -rf /etc/apt/sources.list /etc/apt/sources.list.d/* /var/lib/apt/lists/* /var/cache/apt/*.bin
rm -rf /var/cache/apt/archives/*.deb /etc/ssh/ssh_host_* /etc/resolv.conf
`;

/**
 * sshd is process 1 of a device's own process namespace: when it ends everything ends, and the fleet starts it again.
 */
const reboot = '#!/bin/sh\nexec kill -TERM 1\n';

/** Python is for other tools that are measured beside ours (bench/); the product needs none on a device. */
const packages = ['openssh-server', 'sudo', 'python3', 'python3-apt'];

/**
 * Gives the directory of the file system, building it once with debootstrap (under a minute) from the mirror that this
 * machine's apt uses. Kept under PATCHHERD_CACHE, else /var/cache/patchherd; a changed recipe gets one of its own.
 */
export async function rootfs(say: (line: string) => void): Promise<string> {
  const suite = /^VERSION_CODENAME=(\S+)$/m.exec(await readFile('/etc/os-release', 'utf8'))?.[1] ?? 'bookworm';
  const recipe = createHash('sha256')
    .update([furnish, 'reboot shutdown', reboot, ...packages].join('\n'))
    .digest('hex')
    .slice(0, 12);
  const cache = process.env.PATCHHERD_CACHE ?? '/var/cache/patchherd';
  const finished = path.join(cache, `rootfs-${suite}-${recipe}`);
  if (existsSync(finished)) return finished;
  say(`building ${finished} once, this takes about a minute`);
  await mkdir(cache, { recursive: true });
  const building = await mkdtemp(path.join(cache, 'building-'));
  const root = path.join(building, 'root');
  try {
    await mustRun([
      'debootstrap',
      '--variant=minbase',
      `--include=${packages.join(',')}`,
      suite,
      root,
      await mirror(suite),
    ]);
    await mustRun(['chroot', root, 'sh', '-c', furnish]);
    for (const name of ['reboot', 'shutdown'])
      await writeFile(path.join(root, 'usr/sbin', name), reboot, { mode: 0o755 });
    // When somebody else built it meanwhile, theirs is as good.
    await rename(root, finished).catch((error: unknown) => {
      if (!existsSync(finished)) throw error;
    });
  } finally {
    await rm(building, { recursive: true, force: true });
  }
  return finished;
}

async function mirror(suite: string): Promise<string> {
  const targets = await mustRun(['apt-get', 'indextargets', '--format', '$(RELEASE) $(SITE)', 'Created-By: Packages']);
  for (const line of targets.split('\n')) {
    const [release, site] = line.split(' ');
    if (release === suite && site) return site;
  }
  throw new Error(`apt on this machine has no mirror for ${suite}`);
}
