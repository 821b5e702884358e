import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { lastSweep } from '../../../bot/cli/worker-hint.ts';
import { deviceSeeds } from '../../../config/records.ts';
import { readSettings, type Settings } from '../../../config/settings.ts';
import { makeKeyPair } from '../../../demo/keys.ts';
import { enrol } from '../../../domain/flows/enrol.ts';
import { scanFleet } from '../../../domain/flows/scan-fleet.ts';
import { chainAudit } from '../../../domain/flows/sweep.ts';
import type { AuditEvent } from '../../../domain/model/audit.ts';
import type { Device } from '../../../domain/model/device.ts';
import type { WorkerWorld } from '../../../domain/ports.ts';
import { type Base, openBase, workerWorld } from '../../../workers/main.ts';
import { type FreshDatabase, freshDatabase } from '../../database.ts';
import { type Fleet, startFleet } from '../../fleet/fleet.ts';
import { freePort } from '../../fleet/sshd.ts';
import { userModeRefusal } from '../../fleet/user-devices.ts';
import { makePlace, type Place } from './shell.ts';

vi.setConfig({ testTimeout: 120_000 }); // a dozen processes, each of which compiles the shell, on a busy machine
const refusal = userModeRefusal();
if (refusal) console.error(`skipped: the shell and its devices: ${refusal}`);
const test = it.skipIf(refusal);

const silent = { info() {}, warn() {}, error() {} };
const another = makeKeyPair().fingerprint;
let fleet: Fleet;
let database: FreshDatabase;
let place: Place;
let settings: Settings;
let base: Base;
let world: WorkerWorld;

/** Three devices of one tenant: real, real with another key than the accepted one, and one that nobody answers for. */
function settingsFor(port: number) {
  const [first, second] = fleet.devices;
  if (!first || !second) throw new Error('the fleet is too small');
  const { address, user } = first;
  const common = { user, credential: 'fleet' };
  return {
    tenant: 'shell',
    database: { uri: database.uri },
    people: [{ id: 'kim', name: 'Kim', roles: ['admin'], zone: 'Europe/Madrid' }],
    credentials: [{ name: 'fleet', kind: 'key', key: fleet.privateKey }],
    devices: [
      { ...common, name: 'web-1', address, port: first.port },
      { ...common, name: 'web-2', address: second.address, port: second.port, hostKeys: [another] },
      { ...common, name: 'web-3', address, port, hostKeys: [another] },
    ],
    policies: [{ id: 'all', windows: [{ cron: '0 2 * * *', zone: 'UTC', durationMinutes: 60 }] }],
  };
}

beforeAll(async () => {
  if (refusal) return;
  [place, database, fleet] = await Promise.all([makePlace(), freshDatabase(), startFleet({ count: 2, mode: 'user' })]);
  const raw = settingsFor(await freePort('127.0.0.1'));
  settings = readSettings(structuredClone(raw), 'the test');
  await place.write('patchherd.yaml', raw); // where commands find it by themselves
  base = await openBase(settings, database.uri, silent);
  world = workerWorld(settings, base);
  await enrol(world, deviceSeeds(settings));
});
afterAll(async () => {
  await place?.remove();
  await world?.remote.close();
  await base?.close();
  await fleet?.stop();
  await database?.drop();
});

async function recorded(name: string): Promise<Device> {
  const [found] = await world.devices.find({ name });
  if (!found) throw new Error(`there is no ${name}`);
  return found;
}

async function audited(what: string): Promise<readonly AuditEvent[]> {
  await chainAudit(world);
  const events: AuditEvent[] = [];
  for await (const { event } of world.audit.all()) if (event.what === what) events.push(event);
  return events;
}

const keyOf = (name: string): string => fleet.devices.find((one) => one.name === name)?.hostKey ?? 'no such device';

test('doctor says of each device what is wrong and what to do, and ends with 1', async () => {
  const { code, stdout } = await place.run('doctor');
  const said = stdout.replaceAll(/\n {7}/g, ' ');
  expect(said).toMatch(/^ok {5}database: answers/m);
  expect(said).toMatch(/^note {3}worker: none is running/m);
  expect(said).toMatch(/^WRONG {2}web-1: .*no key was accepted yet.*patchherd device accept-key web-1/m);
  expect(said).toMatch(/^WRONG {2}web-2: .*offers the host key.*No credentials were sent/m);
  expect(said).toMatch(/^WRONG {2}web-3: .*cannot be reached/m);
  expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  expect(code).toBe(1);
});

test('a host key is shown first and accepted only when somebody says which', async () => {
  const shown = await place.run('device', 'accept-key', 'web-1');
  expect(shown.code).toBe(0);
  expect(shown.stdout).toContain(keyOf('device-1'));
  expect(shown.stdout).toContain('ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub');
  const wrong = await place.run('device', 'accept-key', 'web-1', '--fingerprint', another);
  expect(wrong.code).toBe(1);
  expect(wrong.stderr).toContain(`web-1 does not offer "${another}". Nothing was accepted.`);
  expect((await recorded('web-1')).hostKeys).toEqual([]);

  const sum = keyOf('device-1').split(' ')[1] ?? '';
  expect((await place.run('device', 'accept-key', 'web-1', '--fingerprint', sum)).code).toBe(0);
  expect((await recorded('web-1')).hostKeys).toEqual([keyOf('device-1')]);
  const [event, ...more] = await audited('device.key-accepted');
  expect(more).toEqual([]);
  expect(event).toMatchObject({
    by: { id: 'kim', name: 'Kim' },
    details: { name: 'web-1', hostKeys: keyOf('device-1') },
  });
});

test('a host key that changed is called out, and only --yes takes the new one', async () => {
  const shown = await place.run('device', 'accept-key', 'web-2');
  expect(shown.stdout).toContain(`Accepted before was another one:\n  ${another}`);
  expect((await recorded('web-2')).hostKeys).toEqual([another]);
  expect((await place.run('device', 'accept-key', 'web-2', '--yes')).code).toBe(0);
  expect((await recorded('web-2')).hostKeys).toEqual([keyOf('device-2')]);
});

test('a device that cannot be reached is a problem, not a mistake', async () => {
  const { code, stderr } = await place.run('device', 'accept-key', 'web-3');
  expect(stderr).toContain('is an SSH server listening there?');
  expect(stderr).not.toMatch(/^\s+at /m);
  expect(code).toBe(1);
});

test('prepare installs the helper once and says that no worker scans yet', async () => {
  const first = await place.run('device', 'prepare', 'web-1');
  expect(first.stdout).toContain('web-1 is ready. Changed: ');
  expect(first.stdout).toContain('No worker is running');
  expect(first.code).toBe(0);
  expect((await place.run('device', 'prepare', 'web-1')).stdout).toContain('web-1 is ready: nothing had to change.');
  expect(await audited('device.prepared')).toHaveLength(1);
});

test('doctor ends with 0 when everything is well', async () => {
  await place.run('device', 'retire', 'web-3');
  await place.run('device', 'prepare', 'web-2');
  const { code, stdout } = await place.run('doctor');
  expect(stdout).toMatch(/^ok {5}web-1: .* may log in/m);
  expect(stdout).toMatch(/^ok {5}web-2: .* may log in/m);
  expect(code).toBe(0);
});

test('what chat announces can be looked at and decided in the shell, once', async () => {
  await scanFleet(world, 2, new AbortController().signal);
  const [found] = (await world.proposals.find({})).filter(({ patch }) => patch.includes('/acme-agent='));
  if (!found) throw new Error('nothing was proposed');
  expect((await place.run('list')).stdout).toMatch(new RegExp(`- acme-agent 1\\.1: .*${found.id}`, 's'));
  // It waits for a digest, and somebody does not want to.
  expect((await place.run('press', 'proposal.announce', `${found.id}@${found.rev}`)).stdout).toContain('Announced');
  const card = (await place.run('show', 'acme-agent')).stdout;
  const command = `patchherd press proposal.approve ${found.id}@${found.rev + 1}`;
  expect(card).toContain(command);
  expect(card).toContain('Europe/Madrid');
  const pressed = await place.run(...command.split(' ').slice(1));
  expect(pressed.stdout).toContain('Approved.');
  expect(pressed.code).toBe(0);
  const again = await place.run(...command.split(' ').slice(1));
  expect(again.stderr).toContain('Already approved by Kim');
  expect(again.code).toBe(2);
  expect((await world.proposals.get(found.id))?.votes).toMatchObject([{ name: 'Kim' }]);
  expect(await audited('proposal.approved')).toMatchObject([{ by: { id: 'kim' }, on: found.id }]);
  expect((await place.run('audit', 'verify')).stdout).toBe('The audit chain holds.\n');
});

test('a package name with shell characters is refused and runs nowhere', async () => {
  const evil = `a;touch ${place.dir}/owned;$(touch ${place.dir}/owned)`;
  const { code, stderr } = await place.run('rollback', 'web-1', evil);
  expect(stderr).toContain(`I do not know a deployment of ${evil} on web-1.`);
  expect(code).toBe(2);
  const looked = await fleet.exec(fleet.devices[0] ?? raise(), ['test', '-e', `${place.dir}/owned`]);
  expect(looked.code).toBe(1);
});

function raise(): never {
  throw new Error('the fleet is empty');
}

test('one process runs bot and worker, commands work beside it, and a second one on the same port says so', async () => {
  const port = await freePort('127.0.0.1');
  const withWeb = await place.write('web.yaml', { ...settings, chat: { web: { port } } });
  const running = place.start(['start', '-c', withWeb]);
  await running.says('patchherd runs: bot and worker.');
  await running.says(`http://127.0.0.1:${port}/login/`);
  await expect.poll(async () => (await lastSweep(base))?.alive, { timeout: 20_000 }).toBe(true);
  const [second, scan] = await Promise.all([place.run('start', '-c', withWeb), place.run('scan', 'web-1')]);
  expect(second.stderr).toContain(`The web chat cannot listen on 127.0.0.1 port ${port}`);
  expect(second.stderr).not.toMatch(/^\s+at /m);
  expect(second.code).toBe(1);
  expect(scan.stdout).toBe('Scanning web-1.\n'); // and nothing about a missing worker
  running.child.kill('SIGTERM');
  expect((await running.ended).code).toBe(0);
});

test('a device that never says a word does not hold the doctor', async () => {
  const mute = createServer().listen(0, '127.0.0.1');
  await once(mute, 'listening');
  const address = mute.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const [one] = settings.devices;
  const alone = { ...settings, tenant: 'mute', devices: [{ ...one, name: 'mute', address: '127.0.0.1', port }] };
  const list = await place.write('mute.yaml', alone);
  expect((await place.run('device', 'import', list, '-c', list)).code).toBe(0);
  const { code, stdout } = await place.run('doctor', '-c', list);
  mute.close();
  expect(stdout.replaceAll(/\n {7}/g, ' ')).toMatch(/^WRONG {2}mute: .*the SSH key exchange within 10 s/m);
  expect(code).toBe(1);
});
