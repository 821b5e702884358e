import { text } from 'node:stream/consumers';
import ssh2, { type Client } from 'ssh2';
import { afterEach, describe, expect, it } from 'vitest';
import { fingerprintOf, makeKeyPair } from '../../demo/keys.ts';
import { type DeviceShell, type SshDeviceOptions, startSshDevice } from '../../demo/ssh-device.ts';

const login = makeKeyPair();
const hostKey = makeKeyPair();
const running: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of running.splice(0)) await stop();
});

async function deviceWith(shell: DeviceShell, change: Partial<SshDeviceOptions> = {}) {
  const options = { address: '127.82.9.1', hostKey: hostKey.privateKey, authorizedKey: login.publicKey, shell };
  const device = await startSshDevice({ ...options, ...change });
  running.push(() => device.stop());
  return device;
}

/** Logs in; rejects with ssh2's error. `ended` resolves when the connection is gone. */
function logIn({ address, port }: { address: string; port: number }, change: object = {}) {
  return new Promise<{ client: Client; ended: Promise<void> }>((resolve, reject) => {
    const client = new ssh2.Client();
    const ended = new Promise<void>((done) => client.on('close', () => done()));
    client.on('error', reject).on('ready', () => resolve({ client, ended }));
    const who = { username: 'patchherd', privateKey: login.privateKey };
    client.connect({ host: address, port, readyTimeout: 5000, ...who, ...change });
    running.push(() => client.destroy());
  });
}

/** Runs a line and gives what came back, once the channel is closed. */
function run(client: Client, line: string, stdin = '') {
  return new Promise<{ code?: number; signal?: string; stdout: string; stderr: string }>((resolve, reject) => {
    client.exec(line, (error, channel) => {
      if (error) return reject(error);
      const said = { stdout: '', stderr: '' };
      channel.on('data', (chunk: Buffer) => {
        said.stdout += chunk;
      });
      channel.stderr.on('data', (chunk: Buffer) => {
        said.stderr += chunk;
      });
      let end: { code?: number; signal?: string } = {};
      channel.on('exit', (code: number | null, signal?: string) => {
        end = code === null ? { signal: String(signal) } : { code };
      });
      channel.on('close', () => resolve({ ...end, ...said }));
      channel.end(stdin);
    });
  });
}

const echo: DeviceShell = async (line, { stdin, stdout, stderr }) => {
  stdout.write(`${line}|${await text(stdin)}`);
  stderr.write('warned');
  return { code: 7 };
};

describe('an ssh device', () => {
  it('hands the line and standard input to its shell, and both streams and the exit code back', async () => {
    const { client } = await logIn(await deviceWith(echo));
    expect(await run(client, 'do it', 'input')).toEqual({ code: 7, stdout: 'do it|input', stderr: 'warned' });
  });

  it('tells a signal as a signal', async () => {
    const { client } = await logIn(await deviceWith(async () => ({ signal: 'KILL' })));
    expect(await run(client, 'x')).toEqual({ signal: 'SIGKILL', stdout: '', stderr: '' });
  });

  it('delivers everything when more is printed than one window holds', async () => {
    const big = 'x'.repeat(5_000_000);
    const shell: DeviceShell = async (_line, { stdout, stderr }) => {
      stdout.write(big);
      stderr.write('warned');
      return { code: 0 };
    };
    const { client } = await logIn(await deviceWith(shell));
    const said = await run(client, 'x');
    expect([said.code, said.stdout.length, said.stderr]).toEqual([0, big.length, 'warned']);
  });

  it('offers its own host key', async () => {
    const device = await deviceWith(echo);
    let offered = '';
    await logIn(device, {
      hostHash: 'sha256',
      hostVerifier: (hex: string) => {
        offered = Buffer.from(hex, 'hex').toString('base64').replace(/=+$/, '');
        return true;
      },
    });
    expect(device.hostKeyFingerprint).toBe(`ssh-ed25519 SHA256:${offered}`);
    expect(fingerprintOf(hostKey.publicKey)).toBe(device.hostKeyFingerprint);
  });

  it.each([
    ['another key', { privateKey: makeKeyPair().privateKey }],
    ['another user', { username: 'root' }],
    ['a password', { privateKey: undefined, password: 'patchherd' }],
    ['nothing', { privateKey: undefined }],
  ])('refuses a login with %s', async (_what, change) => {
    const device = await deviceWith(echo);
    await expect(logIn(device, change)).rejects.toMatchObject({ level: 'client-authentication' });
  });

  it('refuses the right key with a signature by another key', async () => {
    const device = await deviceWith(echo);
    const right = ssh2.utils.parseKey(login.privateKey);
    const wrong = ssh2.utils.parseKey(makeKeyPair().privateKey);
    if (right instanceof Error || wrong instanceof Error) throw new Error('the test made unreadable keys');
    class Liar extends ssh2.BaseAgent {
      override getIdentities(done: (error: undefined, keys: ssh2.ParsedKey[]) => void) {
        done(undefined, [right as ssh2.ParsedKey]); // narrowed above; a closure loses that
      }
      override sign(...args: unknown[]) {
        // ssh2 passes options before the callback, or leaves them out.
        const done = args.at(-1) as (error: undefined, signature: Buffer) => void;
        done(undefined, (wrong as ssh2.ParsedKey).sign(args[1] as Buffer));
      }
    }
    await expect(logIn(device, { privateKey: undefined, agent: new Liar() })).rejects.toMatchObject({
      level: 'client-authentication',
    });
  });

  it('cuts connections without an exit code, lets the command go on, and counts connections', async () => {
    let finish = (): void => {};
    const went = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const shell: DeviceShell = async (_line, { stdin, stdout }) => {
      stdout.write('half');
      const closed = new Promise((resolve) => stdin.once('close', resolve));
      device.cut();
      await closed;
      finish();
      return { code: 0 };
    };
    const device = await deviceWith(shell);
    const first = await logIn(device);
    first.client.removeAllListeners('error').on('error', () => {});
    first.client.exec('x', () => {});
    await Promise.all([first.ended, went]);
    await logIn(device);
    expect(device.connections()).toBe(2);
  });

  it('is away while it restarts, then back at the same place with the same key', async () => {
    const device = await deviceWith(echo);
    const before = await logIn(device);
    before.client.removeAllListeners('error').on('error', () => {});
    const back = device.restart(200);
    await before.ended;
    await expect(logIn(device)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await back;
    const { client } = await logIn(device);
    expect(await run(client, 'x')).toMatchObject({ code: 7 });
  });

  it('takes a free port when its own is taken, and tells it', async () => {
    const first = await deviceWith(echo);
    const second = await deviceWith(echo, { port: first.port });
    expect(second.address).toBe(first.address);
    expect(second.port).not.toBe(first.port);
  });

  it('falls back to 127.0.0.1 where its address does not exist, and tells it', async () => {
    // 192.0.2.0/24 is for documentation (RFC 5737): no machine has it, as macOS has no 127.82.0.1.
    const device = await deviceWith(echo, { address: '192.0.2.1' });
    expect(device.address).toBe('127.0.0.1');
    const { client } = await logIn(device);
    expect(await run(client, 'x')).toMatchObject({ code: 7 });
  });
});

describe('a key pair', () => {
  it('can always be read back', () => {
    for (let i = 0; i < 1000; i += 1) {
      const pair = makeKeyPair();
      expect(fingerprintOf(pair.privateKey)).toBe(pair.fingerprint);
    }
  });
});
