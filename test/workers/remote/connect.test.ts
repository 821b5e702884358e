import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import ssh2 from 'ssh2';
import { afterEach, describe, expect, it } from 'vitest';
import type { Devices } from '../../../domain/ports.ts';
import type { Credential } from '../../../workers/remote/credentials.ts';
import type { SshLimits } from '../../../workers/remote/limits.ts';
import { sshDevices } from '../../../workers/remote/ssh.ts';
import { keyPair } from '../../keys.ts';
import { aDevice, fingerprintOfText, listeningLog, newKey } from './devices.ts';
import { startSshServer, startTcpServer } from './ssh-server.ts';

const cleanUp: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of cleanUp.splice(0).reverse()) await stop();
});

const password: Credential = { kind: 'password', password: 'correct horse' };
function devicesWith(credential: Credential | undefined = password, limits: Partial<SshLimits> = {}): Devices {
  const devices = sshDevices({ credentials: () => credential, limits, log: listeningLog() });
  cleanUp.push(() => devices.close());
  return devices;
}
async function server(...given: Parameters<typeof startSshServer>) {
  const started = await startSshServer(...given);
  cleanUp.push(() => started.stop());
  return started;
}
async function tcp(greet: Parameters<typeof startTcpServer>[0]) {
  const started = await startTcpServer(greet);
  cleanUp.push(() => started.stop());
  return started;
}
const failure = (code: string, text: RegExp, retryable = false) =>
  expect.objectContaining({ name: 'Failure', code, retryable, message: expect.stringMatching(text) });

describe('the host key', () => {
  it('that nobody accepted stops the visit before any login, and is shown', async () => {
    const far = await server();
    const [offered = ''] = far.device().hostKeys;
    const refused = devicesWith().open(far.device({ hostKeys: [] }));
    await expect(refused).rejects.toEqual(
      failure('device.host-key', /no key was accepted yet.*patchherd device accept-key web-1/),
    );
    await expect(refused).rejects.toThrow(offered);
    expect(far.logins).toEqual([]);
  });

  it('that differs from the accepted one stops the visit before any login, and both are shown', async () => {
    const far = await server();
    const other = fingerprintOfText(newKey().public);
    await expect(devicesWith().open(far.device({ hostKeys: [other] }))).rejects.toEqual(
      failure(
        'device.host-key',
        new RegExp(`Device web-1 .127.0.0.1:${far.port}. offers .*accepted are: ${other.slice(0, 11)}`),
      ),
    );
    expect(far.logins).toEqual([]);
  });

  it('that was swapped between two visits is noticed when the connection is made anew', async () => {
    const first = await server();
    const device = first.device();
    const devices = devicesWith();
    await (await devices.open(device)).run({ argv: ['true'] }, { timeoutMs: 5000 });
    await first.stop();
    const impostor = await server({}, first.port);
    devices.forget(device);
    await expect(devices.open(device)).rejects.toEqual(failure('device.host-key', /accepted are/));
    expect(impostor.logins).toEqual([]);
  });

  it('that the server shows but does not own is refused', async () => {
    const stolen = newKey();
    const [own, theirs] = [newKey().private, stolen.private].map((key) => ssh2.utils.parseKey(key));
    if (!own || !theirs || own instanceof Error || theirs instanceof Error) throw new Error('no keys');
    own.getPublicSSH = () => theirs.getPublicSSH();
    const far = await server({ hostKeys: [{ key: own }] });
    const device = far.device({ hostKeys: [fingerprintOfText(stolen.public)] });
    await expect(devicesWith().open(device)).rejects.toEqual(
      failure('device.host-key', /could not prove that it owns it/),
    );
    expect(far.logins).toEqual([]);
  });

  it('accepted by its RSA key is asked for that key although a newer one exists', async () => {
    const rsa = ssh2.utils.generateKeyPairSync('rsa', { bits: 2048 });
    const far = await server({ hostKeys: [newKey().private, rsa.private] });
    const session = await devicesWith().open(far.device({ hostKeys: [fingerprintOfText(rsa.public)] }));
    expect(await session.run({ argv: ['true'] }, { timeoutMs: 5000 })).toMatchObject({ kind: 'exited', code: 0 });
  });
});

describe('the login', () => {
  it('by a key is signed by that key', async () => {
    const key = newKey();
    const trusted = ssh2.utils.parseKey(key.public);
    if (trusted instanceof Error) throw trusted;
    const far = await server({
      login: (attempt) =>
        attempt.method === 'publickey' &&
        attempt.key.data.equals(trusted.getPublicSSH()) &&
        (!attempt.signature || trusted.verify(attempt.blob ?? Buffer.alloc(0), attempt.signature)),
    });
    await devicesWith({ kind: 'key', privateKey: key.private }).open(far.device());
    expect(new Set(far.logins)).toEqual(new Set(['publickey']));
    const wrong = devicesWith({ kind: 'key', privateKey: newKey().private }).open(far.device());
    await expect(wrong).rejects.toEqual(failure('device.auth', /refused the login of patchherd with credential fleet/));
  });

  it('by an encrypted key works with its passphrase, and says so without it', async () => {
    const key = keyPair('open sesame');
    const far = await server();
    await devicesWith({ kind: 'key', privateKey: key.private, passphrase: 'open sesame' }).open(far.device());
    for (const passphrase of [undefined, 'wrong']) {
      const closed = devicesWith({ kind: 'key', privateKey: key.private, ...(passphrase && { passphrase }) });
      await expect(closed.open(far.device())).rejects.toEqual(failure('device.credential', /key of credential fleet/));
    }
    expect(far.logins).toEqual(['publickey', 'publickey']); // ask, then sign: only the first device logged in
  });

  it('by password also answers the one hidden question of keyboard-interactive', async () => {
    const far = await server({
      login(attempt) {
        if (attempt.method !== 'keyboard-interactive') return false;
        attempt.prompt([{ prompt: 'Password: ', echo: false }], (answers) => {
          if (answers[0] === 'correct horse') attempt.accept();
          else attempt.reject();
        });
        return null;
      },
    });
    await devicesWith().open(far.device());
    expect(far.logins).toEqual(['password', 'keyboard-interactive']);
    const wrong = devicesWith({ kind: 'password', password: 'wrong' }).open(far.device());
    await expect(wrong).rejects.toEqual(failure('device.auth', /refused the login/));
  });

  it.each<[string, Credential | null, RegExp]>([
    ['is not in the settings', null, /uses the credential fleet, which is not in the settings/],
    ['is no private key', { kind: 'key', privateKey: newKey().public }, /must be a private key/],
    ['is an agent that is not there', { kind: 'agent', socket: '/nowhere/agent.sock' }, /needs the SSH agent/],
  ])('whose credential %s fails with a sentence about it', async (_what, credential, text) => {
    const far = await server();
    const devices = sshDevices({ credentials: () => credential ?? undefined, log: listeningLog() });
    cleanUp.push(() => devices.close());
    await expect(devices.open(far.device())).rejects.toEqual(failure('device.credential', text));
  });

  it('that wants a new password first is a refused login', async () => {
    const far = await server({
      login(attempt) {
        if (attempt.method === 'password') attempt.requestChange('expired', () => {});
        return null;
      },
    });
    await expect(devicesWith().open(far.device())).rejects.toEqual(failure('device.auth', /wants a new password/));
  });
});

describe('a device that cannot be reached', () => {
  it('because nothing listens is retryable', async () => {
    const gone = await server();
    await gone.stop();
    await expect(devicesWith().open(gone.device())).rejects.toEqual(
      failure('device.unreachable', /ECONNREFUSED/, true),
    );
  });

  it('because its name is unknown is retryable', async () => {
    const device = aDevice({ address: 'no-such-device.invalid' });
    await expect(devicesWith().open(device)).rejects.toEqual(
      failure('device.unreachable', /ENOTFOUND|EAI_AGAIN/, true),
    );
  });

  it('because it closes at once is retryable', async () => {
    const far = await tcp((socket) => socket.destroy());
    const device = aDevice({ port: far.port });
    await expect(devicesWith().open(device)).rejects.toEqual(failure('device.unreachable', /web-1/, true));
  });

  it('because something else than SSH answers is retryable', async () => {
    const http = createServer((_request, response) => response.end());
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    cleanUp.push(() => new Promise((resolve) => http.close(resolve)));
    const { port } = http.address() as AddressInfo; // a TCP listener has no other kind of address
    await expect(devicesWith().open(aDevice({ port }))).rejects.toEqual(failure('device.unreachable', /web-1/, true));
  });
});

describe('a device that takes too long', () => {
  const limits = { handshakeMs: 150, authMs: 150 };
  it('because it is silent after TCP connect is given up in the key exchange', async () => {
    const far = await tcp(() => {});
    const open = devicesWith(password, limits).open(aDevice({ port: far.port }));
    await expect(open).rejects.toEqual(failure('device.timed-out', /the SSH key exchange within 0.15 s/, true));
  });

  it('because its banner drips byte by byte is given up all the same', async () => {
    const far = await tcp((socket) => {
      const drip = setInterval(() => socket.write('S'), 20);
      socket.on('close', () => clearInterval(drip));
    });
    const open = devicesWith(password, limits).open(aDevice({ port: far.port }));
    await expect(open).rejects.toEqual(failure('device.timed-out', /the SSH key exchange/, true));
  });

  it('because it is silent when asked to log in is given up in the login', async () => {
    const far = await server({ login: () => null });
    const open = devicesWith(password, limits).open(far.device());
    await expect(open).rejects.toEqual(failure('device.timed-out', /the login within 0.15 s/, true));
    expect(far.logins).toEqual(['password']);
  });
});
