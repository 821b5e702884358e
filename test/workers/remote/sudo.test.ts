import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Device } from '../../../domain/model/device.ts';
import type { DeviceSession, Devices } from '../../../domain/ports.ts';
import { prepareDevice } from '../../../workers/remote/prepare.ts';
import { sshDevices } from '../../../workers/remote/ssh.ts';
import { listeningLog } from './devices.ts';
import { noOwnUsers, ownUsers, PASSWORD } from './own-users.ts';
import { type RealSshd, startSshd } from './real-sshd.ts';
import { standIn } from './stand-in-backend.ts';

const PLACE = '/usr/local/lib/patchherd/helper';
const patient = { timeoutMs: 20_000 };
const quiet = () => {};

const reason = noOwnUsers();
if (reason) console.log(`skipped: preparing devices with real sudo, because ${reason}`);

describe.skipIf(reason)('preparing a device with real sudo', () => {
  let dir = '';
  let sshd: RealSshd;
  let devices: Devices;
  beforeAll(async () => {
    dir = mkdtempSync(path.join(os.tmpdir(), 'patchherd-sudo-'));
    chmodSync(dir, 0o755);
    sshd = await startSshd([], ownUsers(dir));
    devices = sshDevices({ credentials: () => ({ kind: 'key', privateKey: sshd.loginKey }), log: listeningLog() });
  });
  afterAll(async () => {
    await devices?.close();
    await sshd?.stop();
    rmSync(dir, { recursive: true, force: true });
  });
  const bot = () => sshd.device({ user: 'ph-bot', become: 'sudo' });
  const as = (user: string) => devices.open(sshd.device({ user, become: 'sudo', id: user as Device['id'] }));
  const backend = standIn(PLACE);
  async function asBot(argv: readonly string[], stdin = '') {
    const outcome = await (await as('ph-bot')).run({ argv, stdin }, patient);
    if (outcome.kind !== 'exited') throw new Error(outcome.because);
    return outcome;
  }
  /** A session that remembers what was put on command lines. */
  function remembering(session: DeviceSession, lines: string[]): DeviceSession {
    return {
      run(visit, limit) {
        lines.push(visit.argv.join(' '));
        return session.run(visit, limit);
      },
    };
  }
  const cleared = async () =>
    void (await (
      await as('root')
    ).run({ argv: ['rm', '-rf', path.dirname(PLACE), '/etc/sudoers.d/patchherd'] }, patient));

  it('takes a login by password, and refuses a wrong one', async () => {
    for (const [password, outcome] of [
      [PASSWORD, 'in'],
      ['not it', 'device.auth'],
    ] as const) {
      const byPassword = sshDevices({ credentials: () => ({ kind: 'password', password }), log: listeningLog() });
      const opened = await byPassword.open(bot()).then(
        () => 'in',
        (failure) => failure.code,
      );
      await byPassword.close();
      expect(opened).toBe(outcome);
    }
  });

  it('works over a login as root, once and again', async () => {
    const first = await prepareDevice(await as('root'), backend, bot(), quiet);
    expect(first).toEqual({ kind: 'ready', version: '1', changed: ['helper', 'sudoers'] });
    expect(await prepareDevice(await as('root'), backend, bot(), quiet)).toMatchObject({ kind: 'ready', changed: [] });
    const seen = await asBot(['stat', '-c', '%a %U:%G %n', PLACE, path.dirname(PLACE), '/etc/sudoers.d/patchherd']);
    expect(seen.stdout).toContain(
      `755 root:root ${PLACE}\n755 root:root ${path.dirname(PLACE)}\n440 root:root /etc/sudoers.d/patchherd`,
    );
  });

  it('lets the user call the helper, which gets all of 300 KB of input and all of its output back', async () => {
    expect(await asBot(['sudo', '-n', PLACE], 'x'.repeat(300_000))).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^300000/),
    });
  });

  it('lets work that the helper detached live on after the visit', async () => {
    const file = path.join(dir, 'detached');
    expect(await asBot(['sudo', '-n', PLACE], `detach ${file}`)).toMatchObject({ stdout: 'started\n' });
    devices.forget(sshd.device({ id: 'ph-bot' as Device['id'] }));
    writeFileSync(`${file}.go`, '');
    while (!existsSync(file)) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(readFileSync(file, 'utf8')).toBe('done\n');
  });

  it.each([
    ['an argument', ['sudo', '-n', PLACE, 'x']],
    ['a shell', ['sudo', '-n', 'sh', '-c', 'id']],
    ['another program in its directory', ['sudo', '-n', `${path.dirname(PLACE)}/other`]],
    ['a path around it', ['sudo', '-n', `${path.dirname(PLACE)}/../../../bin/sh`]],
    ['a variable', ['sudo', '-n', 'DPKG_ROOT=/tmp', PLACE]],
    ['the whole environment', ['sudo', '-n', '-E', PLACE]],
    ['another user', ['sudo', '-n', '-u', 'ph-admin', PLACE]],
    ['an editor', ['sudo', '-n', '-e', '/etc/shadow']],
  ])('refuses %s', async (_what, argv) => {
    const refused = await asBot(argv);
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toMatch(/^sudo: /m);
  });

  it('keeps the environment of the caller out of the helper', async () => {
    const hostile = [
      'LD_PRELOAD=/tmp/evil.so',
      'DPKG_ROOT=/tmp',
      'APT_CONFIG=/tmp/evil',
      'PATH=/tmp:/usr/bin:/bin',
      'ENV=/tmp/evil',
      'IFS=x',
    ];
    const { stdout } = await asBot(['env', ...hostile, 'sudo', '-n', PLACE], 'env');
    expect(stdout).toMatch(/^0\nnot a tty\n/);
    expect(stdout).not.toMatch(/evil|DPKG_ROOT|APT_CONFIG|LD_PRELOAD/);
    expect(stdout).toMatch(/^PATH=\/usr\/sbin:\/usr\/bin:\/sbin:\/bin$/m);
  });

  it('works over a login that has sudo with a password, which shows in no command line', async () => {
    await cleared();
    const lines: string[] = [];
    const session = remembering(await as('ph-admin'), lines);
    const report = await prepareDevice(session, backend, bot(), quiet, PASSWORD);
    expect(report).toEqual({ kind: 'ready', version: '1', changed: ['helper', 'sudoers'] });
    expect(lines.length).toBeGreaterThan(3);
    expect(lines.join('\n')).not.toContain(PASSWORD);
    expect(await asBot(['cat', PLACE])).toMatchObject({ stdout: backend.helper.script });
  });

  it.each([
    ['the wrong one', 'not it'],
    ['none', undefined],
  ])('says so when sudo wants a password and gets %s', async (_what, password) => {
    const report = await prepareDevice(await as('ph-admin'), backend, bot(), quiet, password);
    expect(report).toMatchObject({
      kind: 'refused',
      code: 'prepare.no-root',
      text: expect.stringContaining('ph-admin cannot become root'),
    });
  });

  it('never takes a needless password for part of the helper', async () => {
    await cleared();
    const report = await prepareDevice(await as('ph-cloud'), backend, bot(), quiet, PASSWORD);
    expect(report).toMatchObject({ kind: 'ready', changed: ['helper', 'sudoers'] });
    expect(await asBot(['cat', PLACE])).toMatchObject({ stdout: backend.helper.script });
  });

  it('finds out when the rule is for a user who does not exist', async () => {
    const report = await prepareDevice(await as('root'), backend, { ...bot(), user: 'ph-nobody' }, quiet);
    expect(report).toMatchObject({
      kind: 'refused',
      code: 'prepare.no-answer',
      text: expect.stringContaining('ph-nobody cannot call it'),
    });
  });

  it('leaves a configuration that visudo finds good, and nothing on the machine itself', async () => {
    const checked = await (await as('root')).run({ argv: ['visudo', '-c'] }, patient);
    expect(checked).toMatchObject({ kind: 'exited', code: 0 });
    expect(spawnSync('getent', ['passwd', 'ph-bot']).status).not.toBe(0);
  });
});
