import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import ssh2 from 'ssh2';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Devices } from '../../../domain/ports.ts';
import type { Credential } from '../../../workers/remote/credentials.ts';
import { readHostKey } from '../../../workers/remote/host-keys.ts';
import { sshDevices } from '../../../workers/remote/ssh.ts';
import { listeningLog, newKey } from './devices.ts';
import { noSshd, type RealSshd, startSshd } from './real-sshd.ts';

if (noSshd) console.log(`skipped: the tests against a real sshd, because ${noSshd}`);
const patient = { timeoutMs: 20_000 };

describe.skipIf(noSshd)('with a real sshd', () => {
  let sshd: RealSshd;
  const cleanUp: (() => Promise<unknown> | unknown)[] = [];
  beforeAll(async () => {
    sshd = await startSshd();
  });
  afterEach(async () => {
    for (const stop of cleanUp.splice(0).reverse()) await stop();
  });
  afterAll(() => sshd?.stop());

  function devicesWith(credential: Credential): Devices {
    const devices = sshDevices({ credentials: () => credential, log: listeningLog() });
    cleanUp.push(() => devices.close());
    return devices;
  }
  const byKey = () => devicesWith({ kind: 'key', privateKey: sshd.loginKey });

  it('a key logs in, and exit code, streams and hostile arguments come through', async () => {
    const session = await byKey().open(sshd.device());
    const script = 'printf "%s\\n" "$@"; echo careful >&2; exit 42';
    const hostile = ["it's", '$(id)', 'a\nb', '', '*', '-n', '漢'];
    expect(await session.run({ argv: ['sh', '-c', script, 'sh', ...hostile] }, patient)).toEqual({
      kind: 'exited',
      code: 42,
      stdout: `${hostile.join('\n')}\n`,
      stderr: expect.stringContaining('careful'),
      cut: false,
    });
  });

  it('a script of 300 KB arrives on standard input', async () => {
    const session = await byKey().open(sshd.device());
    const stdin = `${'# a long comment that only takes space\n'.repeat(7_700)}echo "$1 done"\n`;
    expect(stdin.length).toBeGreaterThan(300_000);
    expect(await session.run({ argv: ['sh', '-s', '--', 'all'], stdin }, patient)).toMatchObject({
      code: 0,
      stdout: 'all done\n',
    });
  });

  it('the wrong key is a refused login', async () => {
    const open = devicesWith({ kind: 'key', privateKey: newKey().private }).open(sshd.device());
    await expect(open).rejects.toMatchObject({ code: 'device.auth', retryable: false });
  });

  it('a user who does not exist is a refused login', async () => {
    await expect(byKey().open(sshd.device({ user: 'nobody-here' }))).rejects.toMatchObject({ code: 'device.auth' });
  });

  it('old PEM keys of RSA and ECDSA log in', async () => {
    for (const [type, bits] of [
      ['rsa', '2048'],
      ['ecdsa', '256'],
    ] as const) {
      const file = path.join(sshd.dir, `pem-${type}`);
      execFileSync('ssh-keygen', ['-q', '-t', type, '-b', bits, '-m', 'PEM', '-N', '', '-f', file]);
      sshd.authorize(readFileSync(`${file}.pub`, 'utf8'));
      const session = await devicesWith({ kind: 'key', privateKey: readFileSync(file, 'utf8') }).open(sshd.device());
      expect(await session.run({ argv: ['true'] }, patient)).toMatchObject({ kind: 'exited', code: 0 });
    }
  });

  it('an agent logs in with the right one of its keys', async () => {
    const socket = path.join(sshd.dir, 'agent.sock');
    const agent: ChildProcess = spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' });
    cleanUp.push(() => agent.kill());
    while (!existsSync(socket)) await new Promise((resolve) => setTimeout(resolve, 10));
    for (const [name, key] of [
      ['other', newKey().private],
      ['right', sshd.loginKey],
    ] as const) {
      const file = path.join(sshd.dir, `agent-${name}`);
      writeFileSync(file, key, { mode: 0o600 });
      execFileSync('ssh-add', ['-q', file], { env: { ...process.env, SSH_AUTH_SOCK: socket } });
    }
    const session = await devicesWith({ kind: 'agent', socket }).open(sshd.device());
    expect(await session.run({ argv: ['true'] }, patient)).toMatchObject({ kind: 'exited', code: 0 });
  });

  it('a burst of 200 short runs shares one connection and stays within the 10 sessions that sshd allows', async () => {
    const session = await byKey().open(sshd.device());
    const visit = { argv: ['sh', '-c', 'echo "$SSH_CONNECTION"'] };
    const outcomes = await Promise.all(Array.from({ length: 200 }, () => session.run(visit, patient)));
    expect(outcomes.map((outcome) => outcome.kind)).toEqual(Array(200).fill('exited'));
    expect(new Set(outcomes.map((outcome) => outcome.stdout)).size).toBe(1);
  });

  it('a command that dies by a signal is unknown: killed', async () => {
    const session = await byKey().open(sshd.device());
    const outcome = await session.run({ argv: ['sh', '-c', 'kill -9 $$'] }, patient);
    expect(outcome).toMatchObject({ kind: 'unknown', because: 'killed' });
  });

  it('a server process that is killed in mid-run is unknown: lost, and the next open works', async () => {
    const devices = byKey();
    const session = await devices.open(sshd.device());
    const mark = path.join(sshd.dir, 'started');
    const run = session.run({ argv: ['sh', '-c', 'echo half; : > "$1"; sleep 20', 'sh', mark] }, patient);
    while (!existsSync(mark)) await new Promise((resolve) => setTimeout(resolve, 10));
    sshd.cut();
    expect(await run).toMatchObject({ kind: 'unknown', because: 'lost', stdout: 'half\n' });
    const next = await devices.open(sshd.device());
    expect(await next.run({ argv: ['true'] }, patient)).toMatchObject({ kind: 'exited', code: 0 });
  });

  it('endless output is stopped and the device stays usable', async () => {
    const devices = byKey();
    const outcome = await (await devices.open(sshd.device())).run({ argv: ['yes'] }, patient);
    expect(outcome).toMatchObject({ kind: 'unknown', because: 'killed' });
    expect(outcome.stdout.length).toBeLessThan(9 << 20);
    const next = await devices.open(sshd.device());
    expect(await next.run({ argv: ['true'] }, patient)).toMatchObject({ kind: 'exited', code: 0 });
  });

  it('its host key is read without a login and is the one that logging in proves', async () => {
    const { hostKeys, port } = sshd.device();
    expect(await readHostKey('127.0.0.1', port)).toEqual(hostKeys);
  });

  it('an encrypted key costs its passphrase once, not at every connection', async () => {
    const passphrase = 'open sesame';
    const key = ssh2.utils.generateKeyPairSync('ed25519', { passphrase, cipher: 'aes256-ctr', rounds: 16 });
    sshd.authorize(key.public);
    const devices = devicesWith({ kind: 'key', privateKey: key.private, passphrase });
    const costs: number[] = [];
    for (let n = 0; n < 4; n++) {
      const before = process.cpuUsage();
      await devices.open(sshd.device());
      costs.push(process.cpuUsage(before).user);
      devices.forget(sshd.device());
    }
    const [first = 0, ...later] = costs;
    expect(Math.min(...later)).toBeLessThan(first / 2);
  });
});
