/** The root helper when locks are held, connections drop, programs are killed, the power fails, or the disk is full. */
import { execFileSync, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { endProcesses, processesOf } from '../../../demo/processes.ts';
import { apt } from '../../../domain/backends/apt.ts';
import { type AptDevice, item, makeAptDevice, noApt, opId } from './apt-device.ts';

const agent = [item('acme-agent', '1.0', '1.1')];

/** A package whose installation waits for a file, so that a test can look at the middle of it. */
const waiting = {
  name: 'acme-slow',
  version: '1.0',
  postinst: '#!/bin/sh\n: >"$DPKG_ROOT/waiting"\nwhile [ ! -e "$DPKG_ROOT/go" ]; do sleep 0.05; done\n',
};
const slow = [item('acme-slow', null, '1.0')];

describe.skipIf(noApt)('the root helper, when something goes wrong,', () => {
  let device: AptDevice;
  beforeEach(async () => {
    device = await makeAptDevice();
  });
  afterEach(() => device.remove());

  const until = async (condition: () => Promise<boolean>): Promise<void> => {
    while (!(await condition())) await delay(30);
  };
  /** Starts the waiting package's installation and comes back when its script is running. */
  const startSlow = async (): Promise<void> => {
    await device.useRepositories([...Object.values(device.repositories), await device.offer('slow', [waiting])]);
    const order = { op: 'install', id: opId('slow-1'), fence: 1, items: slow, conffiles: 'keep' } as const;
    expect(await device.ask(order)).toEqual({ kind: 'started' });
    await until(async () => (await device.sh('ls "$DPKG_ROOT/waiting"')) !== '');
  };
  it('refreshes the lists, and does not call it done when a repository did not answer', async () => {
    expect(await device.ask({ op: 'refresh' })).toMatchObject({ kind: 'done', code: 0 });
    await appendFile(join(device.dir, 'etc/apt/sources.list'), 'deb [trusted=yes] file:/nowhere/at/all ./\n');
    expect(await device.ask({ op: 'refresh' })).toMatchObject({
      code: 'helper.failed',
      text: expect.stringContaining('/nowhere/at/all'),
    });
  });

  it('is busy while somebody else holds the lock, and leaves the holder alone', async () => {
    await startSlow();
    expect(await device.prepare('p', agent)).toMatchObject({ kind: 'refused', code: 'helper.busy' });
    await writeFile(join(device.dir, 'go'), '');
    expect(await device.outcome(opId('slow-1'))).toMatchObject({
      code: 0,
      packages: [{ version: '1.0', whole: true }],
    });
    expect(await device.prepare('p', agent)).toMatchObject({ kind: 'ready' });
  });

  it('goes on installing when the connection that started it is gone', async () => {
    await device.useRepositories([...Object.values(device.repositories), await device.offer('slow', [waiting])]);
    const { stdin } = apt.order(
      { op: 'install', id: opId('slow-1'), fence: 1, items: slow, conffiles: 'keep' },
      'none',
    );
    // A process group of its own, as sshd makes one for each command.
    const login = spawn('sh', ['-c', `"$DPKG_ROOT${apt.helper.path}"; sleep 60`], { env: device.env, detached: true });
    login.stdin.end(stdin);
    await until(async () => (await device.sh('ls "$DPKG_ROOT/waiting"')) !== '');
    process.kill(-(login.pid ?? 0), 'SIGKILL');
    expect(await device.ask({ op: 'poll', id: opId('slow-1') })).toEqual({ kind: 'running' });
    await writeFile(join(device.dir, 'go'), '');
    expect(await device.outcome(opId('slow-1'))).toMatchObject({
      code: 0,
      packages: [{ version: '1.0', whole: true }],
    });
  });

  it('ends badly, and shows what is broken, when dpkg is killed', async () => {
    await startSlow();
    for (const pid of await processesOf(device.dir)) {
      if (readFileSync(`/proc/${pid}/comm`, 'utf8') === 'dpkg\n') process.kill(pid, 'SIGKILL');
    }
    const done = await device.outcome(opId('slow-1'));
    expect(done.code).not.toBe(0);
    expect(done.packages).toEqual([{ name: 'acme-slow', arch: 'all', version: '1.0', whole: false }]);
    expect((await device.fullScan()).facts.broken).toEqual(['acme-slow']);
  });

  it('is over, with 255, when the power went off in the middle, and can be undone then', async () => {
    const both = [...slow, ...agent];
    await device.useRepositories([...Object.values(device.repositories), await device.offer('slow', [waiting])]);
    expect(await device.prepare('p', both)).toMatchObject({ kind: 'ready' });
    await device.ask({ op: 'install', id: opId('i'), fence: 1, items: both, conffiles: 'keep' });
    await until(async () => (await device.sh('ls "$DPKG_ROOT/waiting"')) !== '');
    await endProcesses(device.dir, 0);
    const done = await device.outcome(opId('i'));
    expect(done).toMatchObject({ code: 255, log: expect.stringContaining('ended without a result') });
    expect(done.packages.every(({ whole }) => whole)).toBe(false);
    await writeFile(join(device.dir, 'go'), '');
    expect((await device.undo('u', 'p')).code).toBe(0);
    const after = await device.fullScan();
    expect(after.facts.broken).toEqual([]);
    expect(after.packages.map(({ name }) => name)).not.toContain('acme-slow');
  });

  const noMount = process.getuid?.() !== 0 || !canMount();
  if (noMount) console.warn('skipped: this process may not mount a small file system');
  it.skipIf(noMount)('refuses when the disk is too small, with the numbers', async () => {
    const cache = join(device.dir, 'var/cache/apt/archives');
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', cache]);
    try {
      expect(await device.prepare('p', agent)).toMatchObject({
        code: 'helper.disk',
        text: expect.stringMatching(/^64 MiB are needed and [0-8] MiB are free on \/var\/cache\/apt\/archives$/),
      });
    } finally {
      execFileSync('umount', [cache]);
    }
  });
});

function canMount(): boolean {
  try {
    execFileSync('unshare', ['--mount', 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
