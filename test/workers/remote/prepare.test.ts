import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Visit } from '../../../domain/backends/backend.ts';
import { backends } from '../../../domain/backends/index.ts';
import type { Device } from '../../../domain/model/device.ts';
import type { DeviceSession, Devices } from '../../../domain/ports.ts';
import { prepareDevice } from '../../../workers/remote/prepare.ts';
import { prepareScript } from '../../../workers/remote/prepare-script.ts';
import { sshDevices } from '../../../workers/remote/ssh.ts';
import { listeningLog } from './devices.ts';
import { noSshd, type RealSshd, startSshd } from './real-sshd.ts';
import { standIn } from './stand-in-backend.ts';

const PLACE = '/usr/local/lib/patchherd/helper';
const patient = { timeoutMs: 20_000 };
const quiet = () => {};

if (noSshd) console.log(`skipped: preparing devices, because ${noSshd}`);

describe.skipIf(noSshd)('preparing a device in a private root, without privileges', () => {
  let root = '';
  const at = (place: string) => path.join(root, place);
  let sshd: RealSshd;
  let devices: Devices;
  let device: Device;
  let session: DeviceSession;
  beforeAll(async () => {
    root = mkdtempSync(path.join(os.tmpdir(), 'patchherd-root-'));
    mkdirSync(at('shims'));
    writeFileSync(at('shims/sudo'), `#!/bin/sh\n[ "$*" = "-n ${PLACE}" ] || exit 1\nexec "$DPKG_ROOT$2"\n`, {
      mode: 0o755,
    });
    sshd = await startSshd([`DPKG_ROOT=${root}`, `PATH=${root}/shims:/usr/sbin:/usr/bin:/sbin:/bin`]);
    devices = sshDevices({ credentials: () => ({ kind: 'key', privateKey: sshd.loginKey }), log: listeningLog() });
    device = sshd.device({ become: 'sudo' });
    session = await devices.open(device);
  });
  afterAll(async () => {
    await devices?.close();
    await sshd?.stop();
    rmSync(root, { recursive: true, force: true });
  });
  const modeOf = (place: string) => (statSync(at(place)).mode & 0o7777).toString(8);

  it('installs the helper and the rule below that root, and says what it does', async () => {
    const said: string[] = [];
    expect(await prepareDevice(session, standIn(PLACE), device, (line) => said.push(line))).toEqual({
      kind: 'ready',
      version: '1',
      changed: ['helper', 'sudoers'],
    });
    expect(readFileSync(at(PLACE), 'utf8')).toBe(standIn(PLACE).helper.script);
    expect(readFileSync(at('etc/sudoers.d/patchherd'), 'utf8')).toContain(
      `${device.user} ALL=(root) NOPASSWD: ${PLACE} ""\n`,
    );
    expect([modeOf(PLACE), modeOf(path.dirname(PLACE)), modeOf('etc/sudoers.d/patchherd')]).toEqual([
      '755',
      '755',
      '440',
    ]);
    expect(said).toHaveLength(2);
  });

  it('changes nothing the second time, mends a wrong mode, and replaces an older version', async () => {
    expect(await prepareDevice(session, standIn(PLACE), device, quiet)).toMatchObject({ kind: 'ready', changed: [] });
    chmodSync(at(PLACE), 0o775);
    expect(await prepareDevice(session, standIn(PLACE), device, quiet)).toMatchObject({ changed: ['helper'] });
    expect(await prepareDevice(session, standIn(PLACE, '2'), device, quiet)).toMatchObject({
      version: '2',
      changed: ['helper'],
    });
    expect(readdirSync(path.dirname(at(PLACE)))).toEqual(['helper']);
    expect(readdirSync(at('etc/sudoers.d'))).toEqual(['patchherd']);
  });

  it('leaves sudo alone when the device logs in as root', async () => {
    rmSync(at('etc/sudoers.d/patchherd'), { force: true });
    const report = await prepareDevice(session, standIn(PLACE), { ...device, become: 'none' }, quiet);
    expect(report).toMatchObject({ kind: 'refused', code: 'prepare.no-answer' }); // the private root has no helper at its real place
    expect(existsSync(at('etc/sudoers.d/patchherd'))).toBe(false);
  });

  it.each(['usr/local/lib/patchherd', 'usr/local'])(
    'refuses while others may write to %s, and says how to mend it',
    async (place) => {
      chmodSync(at(place), 0o757);
      const report = await prepareDevice(session, standIn(PLACE, '3'), device, quiet);
      chmodSync(at(place), 0o755);
      expect(report).toMatchObject({ kind: 'refused', code: 'prepare.unsafe-directory' });
      expect(report).toMatchObject({ text: expect.stringContaining(`chmod go-w ${at(place)}`) });
      expect(readFileSync(at(PLACE), 'utf8')).not.toContain('version: 3');
    },
  );

  it.each(['ALL', '#0', '%sudo', 'a b', 'x\nroot', 'x ALL=(ALL) NOPASSWD: ALL #', ''])(
    'refuses the user name %j',
    async (user) => {
      const report = await prepareDevice(session, standIn(PLACE), { ...device, user }, quiet);
      expect(report).toMatchObject({ kind: 'refused', code: 'prepare.bad-user' });
    },
  );

  const script = (size: string, rule: string, stdin: string): Visit => ({
    argv: ['sh', '-c', prepareScript, 'patchherd-prepare', PLACE, size, rule],
    stdin,
  });

  it('keeps the old helper when the new one arrives incomplete', async () => {
    const before = readFileSync(at(PLACE), 'utf8');
    const outcome = await session.run(script('1000', '', 'PATCHHERD-PAYLOAD\n#!/bin/sh\n'), patient);
    expect(outcome).toMatchObject({ kind: 'exited', stdout: 'refused failed the helper arrived incomplete\n' });
    expect(readFileSync(at(PLACE), 'utf8')).toBe(before);
    expect(readdirSync(path.dirname(at(PLACE)))).toEqual(['helper']);
  });

  it.skipIf(!existsSync('/usr/sbin/visudo'))('never installs a rule that visudo refuses', async () => {
    const outcome = await session.run(script('2', 'this is no rule\n', 'PATCHHERD-PAYLOAD\nok'), patient);
    expect(outcome).toMatchObject({ kind: 'exited', stdout: expect.stringContaining('refused bad-sudoers') });
    expect(existsSync(at('etc/sudoers.d/patchherd'))).toBe(false);
  });

  it('never runs what stands before the helper', async () => {
    const stdin = `touch ${at('owned')}\n$(touch ${at('owned')})\nPATCHHERD-PAYLOAD\nok`;
    expect(await session.run(script('2', '', stdin), patient)).toMatchObject({
      stdout: expect.stringContaining('done'),
    });
    expect(existsSync(at('owned'))).toBe(false);
    expect(readFileSync(at(PLACE), 'utf8')).toBe('ok');
  });

  it.each(backends.map((backend) => [backend.id, backend] as const))(
    'installs the real helper of %s',
    async (_id, backend) => {
      const report = await prepareDevice(session, backend, device, quiet);
      expect(report).toMatchObject({ kind: 'ready', version: backend.helper.version });
      expect(readFileSync(at(backend.helper.path), 'utf8')).toBe(backend.helper.script);
    },
  );

  it('says that it is safe to repeat when the connection breaks', async () => {
    const dropping = await devices.open({ ...device, credential: 'other' });
    devices.forget(device);
    expect(await prepareDevice(dropping, standIn(PLACE), device, quiet)).toMatchObject({
      kind: 'refused',
      code: 'prepare.lost',
    });
  });
});
