import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import ssh2 from 'ssh2';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { fingerprintOf, preferredAlgorithms, readHostKey } from '../../../workers/remote/host-keys.ts';
import { parseKnownHosts } from '../../../workers/remote/known-hosts.ts';
import { fingerprintOfText, newKey } from './devices.ts';
import { startSshServer, startTcpServer } from './ssh-server.ts';

const cleanUp: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of cleanUp.splice(0).reverse()) await stop();
});
const dir = mkdtempSync(path.join(os.tmpdir(), 'patchherd-keys-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function hasSshKeygen(): boolean {
  try {
    execFileSync('ssh-keygen', ['-l', '-f', '/dev/null'], { stdio: 'ignore' });
  } catch (error) {
    return (error as { code?: unknown }).code !== 'ENOENT'; // the error of a missing program carries errno's name
  }
  return true;
}
const keygen = hasSshKeygen();
if (!keygen) console.log('skipped: comparisons with ssh-keygen, because it is not installed');

describe('a fingerprint', () => {
  it.skipIf(!keygen)('is the one that ssh-keygen prints, for every key type', () => {
    for (const [type, options] of [['ed25519'], ['rsa', { bits: 2048 }], ['ecdsa', { bits: 256 }]] as const) {
      const key = ssh2.utils.generateKeyPairSync(type as 'rsa', options as { bits: number }); // one signature for all three
      const file = path.join(dir, `${type}.pub`);
      writeFileSync(file, key.public);
      const printed = execFileSync('ssh-keygen', ['-l', '-f', file]).toString();
      expect(printed).toContain(fingerprintOfText(key.public).split(' ')[1]);
    }
  });

  it.each([
    ['nothing', ''],
    ['a short length', '00000001'],
    ['a type without a key', '0000000b7373682d65643235353139'],
    ['an absurd length', 'ffffffff6162'],
  ])('of %s is none', (_what, hex) => expect(fingerprintOf(Buffer.from(hex, 'hex'))).toBeNull());

  it('decides which algorithms are asked for first', () => {
    expect(preferredAlgorithms([])).toBeUndefined();
    expect(preferredAlgorithms(['ssh-rsa SHA256:x', 'ssh-ed25519 SHA256:y'])).toBeUndefined();
    expect(preferredAlgorithms(['ssh-rsa SHA256:x'])?.slice(0, 4)).toEqual([
      'rsa-sha2-512',
      'rsa-sha2-256',
      'ssh-rsa',
      'ssh-ed25519',
    ]);
  });
});

describe('reading the host keys of a device', () => {
  it('gives one per type, Ed25519 first, and never tries to log in', async () => {
    const [ed, rsa] = [newKey(), ssh2.utils.generateKeyPairSync('rsa', { bits: 2048 })];
    const far = await startSshServer({ hostKeys: [rsa.private, ed.private] });
    cleanUp.push(() => far.stop());
    expect(await readHostKey('127.0.0.1', far.port)).toEqual([ed, rsa].map((key) => fingerprintOfText(key.public)));
    expect(far.logins).toEqual([]);
  });

  it('of something that is no SSH server fails with a sentence', async () => {
    const http = await startTcpServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    const gone = await startTcpServer(() => {});
    cleanUp.push(() => http.stop());
    await gone.stop();
    for (const { port } of [http, gone]) {
      await expect(readHostKey('127.0.0.1', port)).rejects.toMatchObject({
        code: 'device.unreachable',
        retryable: true,
        message: expect.stringContaining(`127.0.0.1:${port}`),
      });
    }
  });

  it('of something that stays silent is given up', async () => {
    const silent = await startTcpServer(() => {});
    cleanUp.push(() => silent.stop());
    const refused = expect.objectContaining({ code: 'device.timed-out', retryable: true });
    await expect(readHostKey('127.0.0.1', silent.port, 100)).rejects.toEqual(refused);
  });
});

describe('known_hosts', () => {
  const [a, b, c] = [newKey(), newKey(), newKey()].map(({ public: key }) => key);
  if (!a || !b || !c) throw new Error('three keys');
  const read = (text: string, address = 'web-1.example.org', port = 22) => parseKnownHosts(text, address, port);

  it.each<[string, string, boolean]>([
    ['the name', 'web-1.example.org', true],
    ['the name in capitals', 'WEB-1.Example.ORG', true],
    ['a list', 'db-1,web-1.example.org,10.0.0.1', true],
    ['a wildcard', '*.example.org', true],
    ['single wildcards', 'web-?.example.???', true],
    ['many wildcards', '*w*e*b*.*org*', true],
    ['an excluded name', '*.example.org,!web-1.*', false],
    ['only an exclusion', '!db-1', false],
    ['a longer name', 'web-1.example.org.evil', false],
    ['another port', '[web-1.example.org]:2222', false],
  ])('with %s (%s) matches: %s', (_what, names, matches) => {
    expect(read(`${names} ${a} comment\n`).hostKeys).toEqual(matches ? [fingerprintOfText(a)] : []);
  });

  it('knows ports other than 22 only with their port', () => {
    const text = `web-1.example.org ${a}\n[web-1.example.org]:2222 ${b}\n`;
    expect(read(text, 'web-1.example.org', 2222).hostKeys).toEqual([fingerprintOfText(b)]);
  });

  it.skipIf(!keygen)('hashed by ssh-keygen is read all the same', () => {
    const file = path.join(dir, 'known_hosts');
    writeFileSync(file, `web-1.example.org ${a}\n[web-1.example.org]:2222 ${b}\n`);
    execFileSync('ssh-keygen', ['-H', '-f', file], { stdio: 'ignore' });
    const text = readFileSync(file, 'utf8');
    expect(text).toMatch(/^\|1\|/);
    expect(read(text).hostKeys).toEqual([fingerprintOfText(a)]);
    expect(read(text, 'web-1.example.org', 2222).hostKeys).toEqual([fingerprintOfText(b)]);
    expect(read(text, 'web-2.example.org').hostKeys).toEqual([]);
  });

  it('never accepts a revoked key, wherever the line stands', () => {
    const { hostKeys, problems } = read(
      `@revoked * ${a}\nweb-1.example.org ${a}\nweb-1.example.org ${b}\n@revoked * ${b}`,
    );
    expect(hostKeys).toEqual([]);
    expect(problems).toEqual([
      expect.stringContaining('Line 1 of known_hosts revokes'),
      expect.stringContaining('Line 4'),
    ]);
  });

  it('reports a host certificate authority as unsupported', () => {
    const { hostKeys, problems } = read(`@cert-authority *.example.org ${c}`);
    expect(hostKeys).toEqual([]);
    expect(problems).toEqual([expect.stringMatching(/Line 1 .* host certificate authority, which is not supported/)]);
  });

  it('reports lines about the device that cannot be read, and skips comments and other devices', () => {
    const text = `# web-1.example.org\n\nweb-1.example.org ssh-ed25519 !!!\nweb-1.example.org 1024 35 1234\ndb-1 nonsense\n@odd web-1.example.org ${a}\n`;
    const { hostKeys, problems } = read(text);
    expect(hostKeys).toEqual([]);
    expect(problems.map((problem) => problem.slice(0, 6))).toEqual(['Line 3', 'Line 4', 'Line 6']);
  });

  it('with a hostile pattern is still read at once', () => {
    const started = performance.now();
    expect(read(`${'*a'.repeat(5000)}b ${a}`, 'a'.repeat(250)).hostKeys).toEqual([]);
    expect(performance.now() - started).toBeLessThan(2000);
  });
});
