/** Advisories, facts about CVEs and inventories for the tests of flows: taken over and stored as feeds and scans do. */
import { proposePatch } from '../../../domain/flows/propose.ts';
import type { Advisory, Affected } from '../../../domain/model/advisory.ts';
import type { Device, InstalledPackage } from '../../../domain/model/device.ts';
import type { PatchId } from '../../../domain/model/ids.ts';
import { applicabilityId, type Patch } from '../../../domain/model/patch.ts';
import type { Policy } from '../../../domain/model/policy.ts';
import { keptMatchIndex } from '../../../workers/match-index.ts';
import { affects, advisory as made } from '../intel/make.ts';
import * as make from '../make.ts';
import { acme, addDevices, deviceOn, type FlowWorld, misses, silent } from './world.ts';

type Made = Partial<Omit<Advisory, 'affected'>> & { readonly affected?: Partial<Affected> };

/** An important advisory of Debian 12 that acme-agent 1.1 fixes. Its CVE is only as bad as a test says. */
export const advisory = ({ affected = {}, ...change }: Made = {}): Advisory =>
  made('DSA-1-1', {
    feed: 'debian-dsa',
    title: 'acme-agent: something',
    cves: ['CVE-2026-1001'],
    severity: 'important',
    affected: [{ ...affects('debian:12', 'acme-agent', '1.1'), ...affected }],
    published: new Date('2026-11-20T00:00:00Z'),
    ...change,
  });

async function* each<T>(all: readonly T[]): AsyncGenerator<T> {
  yield* all;
}

/** The whole of what a feed says: what it said before and does not say now is gone. */
export const feed = (world: FlowWorld, name: string, ...all: readonly Advisory[]) =>
  world.advisories.takeOver(name, each(all.map((one) => ({ ...one, feed: name }))), true, []);

/** The whole of KEV: these CVEs, since this day. */
export const kev = (world: FlowWorld, added: string, ...ids: readonly string[]) =>
  world.cves.takeOver(
    'kev',
    ids.map((id) => ({ field: 'kev', id, value: { added, due: '2026-12-11', ransomware: false } })),
    true,
  );

export const installed = (version: string, name = 'acme-agent'): InstalledPackage => ({
  name,
  arch: 'all',
  version,
  source: name,
  sourceVersion: version,
  held: false,
  whole: true,
});

/** What the last scan of a device found. */
export const has = (world: FlowWorld, { id, tenant }: Device, ...packages: readonly InstalledPackage[]) =>
  world.inventories.put({ device: id, tenant, scannedAt: world.clock.now(), packages });

/** Devices with acme-agent 1.0 that miss 1.1. */
export async function outdated(
  world: FlowWorld,
  names: readonly string[],
  change: object = {},
): Promise<readonly Device[]> {
  const devices = await addDevices(world, names, { lastScan: { at: make.noon, problem: null }, ...change });
  for (const device of devices) {
    await has(world, device, installed('1.0'));
    await misses(world, device, { planned: true });
  }
  return devices;
}

/** The world with devices that miss acme-agent 1.1, and the proposal of it. */
export async function announced(world: FlowWorld, names: readonly string[] = ['web-1']): Promise<FlowWorld> {
  await outdated(world, names);
  await proposePatch(world, acme);
  return world;
}

/** The world with the workers' own index of advisories. */
export const knowing = (world: FlowWorld): FlowWorld => ({ ...world, matchIndex: keptMatchIndex(world) });

export const signal = new AbortController().signal;

/** A policy with a digest at nine in Madrid. */
export const daily = (change: object = {}): Policy =>
  make.policy({ digest: { hour: 9, zone: 'Europe/Madrid' }, ...change });

/** Overwrites fields of a patch. */
export async function setPatch(world: FlowWorld, id: Patch['id'], change: Partial<Patch>): Promise<void> {
  const old = await world.patches.get(id);
  if (!old) throw new Error(`no patch ${id}`);
  await world.patches.save({ ...old, ...change, rev: old.rev + 1 }, old.rev, silent);
}

/** Proposes another package's update, from 1.0 to 2.0, to web-1. */
export async function offer(world: FlowWorld, source: string, change: Partial<Patch> = {}): Promise<PatchId> {
  const id = `debian:12/${source}=2.0` as PatchId;
  const update = make.patch({ id, source, version: '2.0', tenant: world.tenant });
  await world.patches.insert({ ...update, ...change }, silent);
  const device = await deviceOn(world, 'web-1');
  const transaction = [{ name: source, arch: 'all', from: '1.0', to: '2.0' }];
  await misses(world, device, { id: applicabilityId(device.id, id), patch: id, planned: true, transaction });
  await proposePatch(world, id);
  return id;
}
