import { mkdtemp, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DemoFleet, type DemoMode, startDemoFleet } from '../../demo/fleet.ts';
import { processesOf } from '../../demo/processes.ts';
import { aptPrograms, missingPrograms } from '../../demo/repository.ts';
import { apt } from '../../domain/backends/apt.ts';
import type { HelperAnswer, HelperOrder, Visit } from '../../domain/backends/backend.ts';
import type { OpId } from '../../domain/model/ids.ts';
import type { Devices, Log } from '../../domain/ports.ts';
import { sshDevices } from '../../workers/remote/ssh.ts';
import { asDevice } from '../fleet/device.ts';

const silent: Log = { info() {}, warn() {}, error() {} };
const opId = (text: string) => text as OpId; // a brand
const missing = process.platform === 'linux' ? missingPrograms(aptPrograms) : ['Linux'];
if (missing.length > 0) console.error(`skipped: the demo fleet on real apt: no ${missing.join(', ')}`);

describe.skipIf(missing.length > 0)('the demo fleet on real apt', () => tellsItsStory('apt'));
describe('the scripted demo fleet', () => tellsItsStory('scripted'));

function tellsItsStory(mode: DemoMode): void {
  let dir: string;
  let fleet: DemoFleet;
  let devices: Devices;
  let fence = 0;
  const start = async () => {
    fleet = await startDemoFleet({ dir, mode, say: () => {}, rebootMs: 100 });
    devices = sshDevices({ credentials: () => ({ kind: 'key', privateKey: fleet.privateKey }), log: silent });
  };
  const stop = async () => {
    await devices?.close();
    await fleet?.stop();
  };
  beforeAll(async () => {
    dir = await mkdtemp(path.join(os.tmpdir(), 'patchherd-demo-'));
    await start();
  });
  afterAll(async () => {
    await stop();
    await rm(dir, { recursive: true, force: true });
  });

  async function visit(name: string, what: Visit): Promise<string> {
    const found = fleet.devices.find((one) => one.name === name);
    if (!found) throw new Error(`no ${name} in the demo fleet`);
    const device = asDevice({ ...found, become: 'sudo', hostKey: found.hostKeys[0] ?? '', password: null });
    const session = await devices.open(device);
    const outcome = await session.run(what, { timeoutMs: 20_000 });
    if (outcome.kind !== 'exited') throw new Error(`${name} did not answer: ${outcome.because}`);
    return outcome.stdout;
  }
  const scan = async (name: string) => {
    const report = apt.readScan(await visit(name, apt.scan(null)));
    if (report.kind !== 'full') throw new Error('a scan without a stamp is never "unchanged"');
    const versions = Object.fromEntries(report.packages.map((one) => [one.name, one.version]));
    return { ...report, versions };
  };
  const order = async (name: string, what: HelperOrder): Promise<HelperAnswer> =>
    apt.readAnswer(await visit(name, apt.order(what, 'sudo')));
  /** Polls until the work has ended; a device that reboots cannot be asked for a while. */
  const finished = async (name: string, id: OpId): Promise<HelperAnswer> => {
    let answer: HelperAnswer = { kind: 'running' };
    const ask = async () => {
      answer = await order(name, { op: 'poll', id });
      return answer.kind;
    };
    await expect.poll(() => ask().catch(() => 'running'), { timeout: 20_000, interval: 100 }).not.toBe('running');
    return answer;
  };

  /**
   * Simulates, prepares and installs the newest version of a package; gives the id of the preparation and how it
   * ended.
   */
  async function install(name: string, wanted: string) {
    const offers = (await scan(name)).offers;
    const offer = offers.find((one) => one.name === wanted);
    if (!offer) throw new Error(`${name} is not offered ${wanted}`);
    const want = offers
      .filter((one) => one.source === offer.source)
      .map((one) => ({ name: one.name, version: one.to }));
    const [simulation] = apt.readSimulations(await visit(name, apt.simulate([want])));
    if (!simulation) throw new Error('one wish gives one simulation');
    expect(simulation).toMatchObject({ want, problem: null, undo: 'downgrade' });
    fence += 1;
    const items = simulation.transaction;
    const prepared = opId(`prepare-${fence}`);
    expect(await order(name, { op: 'prepare', id: prepared, fence, items })).toMatchObject({
      kind: 'ready',
      undo: 'downgrade',
    });
    const id = opId(`install-${fence}`);
    expect(await order(name, { op: 'install', id, fence, items, conffiles: 'keep' })).toEqual({ kind: 'started' });
    return { items, prepared, end: await finished(name, id) };
  }
  async function undo(name: string, of: OpId): Promise<HelperAnswer> {
    fence += 1;
    expect(await order(name, { op: 'undo', id: opId(`undo-${fence}`), fence, of })).toEqual({ kind: 'started' });
    return finished(name, opId(`undo-${fence}`));
  }

  it('has twelve devices that answer a scan and are prepared for installs', async () => {
    expect(new Set(fleet.devices.map(({ name }) => name)).size).toBe(12);
    expect(new Set(fleet.devices.map(({ hostKeys }) => hostKeys[0])).size).toBe(12);
    const reports = await Promise.all(fleet.devices.map(({ name }) => scan(name)));
    for (const { facts } of reports) expect(facts).toMatchObject({ helper: apt.helper.version, health: { ok: true } });
    expect(new Set(reports.map(({ facts }) => facts.bootId)).size).toBe(12);
  });

  it('offers each update to some devices and not to others, the security one marked', async () => {
    const reports = await Promise.all(fleet.devices.map(({ name }) => scan(name)));
    const offered = (wanted: string) =>
      reports.filter(({ offers }) => offers.some((one) => one.name === wanted)).length;
    for (const wanted of ['acme-agent', 'acme-db', 'acme-web', 'acme-kernel', 'acme-conf', 'libacme-tls1']) {
      expect(offered(wanted)).toBeGreaterThan(0);
      expect(offered(wanted)).toBeLessThan(12);
    }
    const security = reports.flatMap(({ offers }) => offers.filter((one) => one.security).map((one) => one.source));
    expect(new Set(security)).toEqual(new Set(['acme-tls']));
  });

  it('says "unchanged" to a second scan', async () => {
    const { stamp } = (await scan('edge-1')).facts;
    expect(apt.readScan(await visit('edge-1', apt.scan(stamp)))).toMatchObject({ kind: 'unchanged', facts: { stamp } });
  });

  it('installs an ordinary update that brings a new package, once for one id', async () => {
    const { items, end } = await install('build-1', 'acme-tool');
    expect(items.map(({ name, from, to }) => [name, from, to])).toEqual([
      ['acme-new', null, '1.0'],
      ['acme-tool', '1.0', '1.1'],
    ]);
    expect(end).toMatchObject({
      kind: 'done',
      code: 0,
      packages: [{ name: 'acme-new', version: '1.0', whole: true }, {}],
    });
    const again: HelperOrder = { op: 'install', id: opId(`install-${fence}`), fence, items, conffiles: 'keep' };
    expect(await order('build-1', again)).toEqual({ kind: 'started' });
    expect((await scan('build-1')).versions).toMatchObject({ 'acme-tool': '1.1', 'acme-new': '1.0' });
  });

  it('installs the security update with both of its packages', async () => {
    expect((await install('sandbox-1', 'libacme-tls1')).end).toMatchObject({ kind: 'done', code: 0 });
    const { versions } = await scan('sandbox-1');
    expect(versions).toMatchObject({ 'libacme-tls1': '3.0-2', 'acme-tls-utils': '3.0-2' });
  });

  it('fails to install acme-db, and gets back from it', async () => {
    const { prepared, end } = await install('sandbox-1', 'acme-db');
    expect(end).toMatchObject({ kind: 'done', code: 100, packages: [{ name: 'acme-db', whole: false }] });
    expect((await scan('sandbox-1')).facts.broken).toEqual(['acme-db']);
    expect(await undo('sandbox-1', prepared)).toMatchObject({ kind: 'done', code: 0 });
    expect(await scan('sandbox-1')).toMatchObject({ facts: { broken: [] }, versions: { 'acme-db': '2.1' } });
  });

  it('is unhealthy with the new acme-web, and gets back from it', async () => {
    const { prepared, end } = await install('sandbox-1', 'acme-web');
    expect(end).toMatchObject({ kind: 'done', code: 0 });
    expect((await scan('sandbox-1')).facts.health).toEqual({ ok: false, failed: ['acme-web: exit 1'] });
    expect(await undo('sandbox-1', prepared)).toMatchObject({ kind: 'done', code: 0 });
    expect(await scan('sandbox-1')).toMatchObject({ facts: { health: { ok: true } }, versions: { 'acme-web': '5.0' } });
  });

  it('wants a reboot after acme-kernel, and comes back from it with another boot id', async () => {
    expect((await install('sandbox-1', 'acme-kernel')).end).toMatchObject({ kind: 'done', code: 0 });
    const before = (await scan('sandbox-1')).facts;
    expect(before).toMatchObject({ rebootRequired: true, rebootBecause: ['acme-kernel'] });
    fence += 1;
    const id = opId(`reboot-${fence}`);
    expect(await order('sandbox-1', { op: 'reboot', id, fence })).toEqual({ kind: 'started' });
    expect(await finished('sandbox-1', id)).toMatchObject({ kind: 'done', code: 0 });
    const after = (await scan('sandbox-1')).facts;
    expect(after.rebootRequired).toBe(false);
    expect(after.bootId).not.toBe(before.bootId);
  });

  it('refuses an older fence, a plan that is not what would happen, and an undo of nothing', async () => {
    const items = [{ name: 'acme-agent', arch: 'all', from: '1.0', to: '1.1' }];
    const refused = (code: string) => ({ kind: 'refused', code });
    const another = items.map((item) => ({ ...item, from: '0.9' }));
    const id = opId('refused');
    const plan: HelperOrder = { op: 'prepare', id, fence: fence + 5, items: another };
    expect(await order('kiosk-1', plan)).toMatchObject(refused('helper.plan-differs'));
    expect(await order('kiosk-1', { ...plan, fence: 1, items })).toMatchObject(refused('helper.fenced'));
    const back: HelperOrder = { op: 'undo', id: opId('back'), fence: fence + 5, of: opId('never') };
    expect(await order('kiosk-1', back)).toMatchObject(refused('helper.no-undo'));
    expect(await order('kiosk-1', { op: 'poll', id: opId('never') })).toEqual({ kind: 'unknown-op' });
    expect(await order('kiosk-1', { op: 'refresh' })).toMatchObject({ kind: 'done', code: 0 });
  });

  it('is the same fleet after a restart, an install that was under way included', async () => {
    const before = fleet;
    const items = [{ name: 'acme-agent', arch: 'all', from: '1.0', to: '1.1' }];
    const id = opId('last');
    expect(await order('kiosk-1', { op: 'install', id, fence: 99, items, conffiles: 'keep' })).toEqual({
      kind: 'started',
    });
    await stop();
    if (mode === 'apt') {
      for (const name of await readdir(path.join(dir, 'fleet-apt'))) {
        expect(await processesOf(path.join(dir, 'fleet-apt', name))).toEqual([]);
      }
    }
    await start();
    expect(fleet.devices).toEqual(before.devices);
    expect(fleet.privateKey).toBe(before.privateKey);
    expect(await order('kiosk-1', { op: 'poll', id })).toMatchObject({ kind: 'done', code: 0 });
    expect((await scan('kiosk-1')).versions).toMatchObject({ 'acme-agent': '1.1' });
    expect((await scan('sandbox-1')).versions).toMatchObject({ 'libacme-tls1': '3.0-2' });
  });
}
