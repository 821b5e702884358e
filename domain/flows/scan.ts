/** One visit to one device: what it has, what its package manager offers, and what that means for patches. */

import type { Backend, Offer, PackageState, ScanReport, Simulation } from '../backends/backend.ts';
import { backends } from '../backends/index.ts';
import type { Device, DeviceFacts, Inventory } from '../model/device.ts';
import { platformOf } from '../model/device.ts';
import { Failure } from '../model/failure.ts';
import { type Applicability, applicabilityId, type Patch, patchId } from '../model/patch.ts';
import { canonical } from '../model/plan.ts';
import type { DeviceSession, RunOutcome, WorkerWorld } from '../ports.ts';
import { own, said, update } from './say.ts';

const scanTimeoutMs = 120_000;

/** What one scan brought: enough to judge a deployment or to fill the catalog. */
export type Scanned = {
  readonly device: Device;
  readonly facts: DeviceFacts;
  readonly report: ScanReport;
  readonly backend: Backend;
};

/** Standard output of a visit that ended with code 0. Failures: `device.lost` (retryable), `device.script-failed`. */
export function output(device: Device, outcome: RunOutcome): string {
  if (outcome.kind === 'unknown') {
    const text = `${device.name} (${device.address}) stopped answering (${outcome.because}).`;
    throw new Failure('device.lost', text, { retryable: true });
  }
  if (outcome.code !== 0 || outcome.cut) {
    const why = outcome.cut ? 'its output was too long' : outcome.stderr.trim().split('\n').at(-1) || 'no message';
    throw new Failure('device.script-failed', `${device.name}: the visit ended with code ${outcome.code}: ${why}.`);
  }
  return outcome.stdout;
}

/** Which package manager a device speaks: the one it spoke last, else the first (apt) whose scan says so itself. */
export function backendOf(device: Device): Backend {
  const known = backends.find(({ id }) => id === device.facts?.backend) ?? backends[0];
  if (!known) throw new Failure('backend.none', `${device.name} has no package manager that patchherd speaks.`);
  return known;
}

/** Visits a device once and reads it. Throws the Failures of `Devices.open`, `output` and `Backend.readScan`. */
export async function look(
  world: WorkerWorld,
  device: Device,
  seenStamp: string | null,
  open?: DeviceSession,
): Promise<Scanned> {
  const session = open ?? (await world.remote.open(device));
  const backend = backendOf(device);
  const before = world.clock.now().getTime();
  const outcome = await session.run(backend.scan(seenStamp), { timeoutMs: scanTimeoutMs });
  const after = world.clock.now().getTime();
  const report = backend.readScan(output(device, outcome));
  const { deviceTime, ...facts } = report.facts;
  return {
    device,
    backend,
    report,
    facts: {
      ...facts,
      backend: backend.id,
      scannedAt: new Date(after),
      clockSkewMs: Math.round(deviceTime - (before + after) / 2),
    },
  };
}

/**
 * Scans one device and records everything: facts, inventory, patches new to the catalog, applicability. A problem is recorded on
 * the device and returned as `null`; it never reads as "no patches". Gives the ids of patches whose device list may have changed.
 */
export async function scanDevice(world: WorkerWorld, device: Device): Promise<ReadonlySet<Patch['id']> | null> {
  try {
    const session = await world.remote.open(device);
    const fresh = device.lastScan?.problem === null ? (device.facts?.stamp ?? null) : null;
    const scanned = await look(world, device, fresh, session);
    const changed = scanned.report.kind === 'full' ? await record(world, scanned, session) : new Set<Patch['id']>();
    await saveFacts(world, device, scanned.facts);
    return changed;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    await saveProblem(world, device, error);
    return null;
  }
}

/**
 * A full scan after a deployment changed something: recorded like any scan, and given back as package states to judge by.
 * Throws the Failures of `look`.
 */
export async function rescan(
  world: WorkerWorld,
  device: Device,
): Promise<{ readonly facts: DeviceFacts; readonly packages: readonly PackageState[] }> {
  const session = await world.remote.open(device);
  const scanned = await look(world, device, null, session);
  if (scanned.report.kind !== 'full') throw new Error('scan.not-full');
  await record(world, scanned, session);
  await saveFacts(world, device, scanned.facts);
  return { facts: scanned.facts, packages: scanned.report.packages };
}

async function saveFacts(world: WorkerWorld, device: Device, facts: DeviceFacts): Promise<void> {
  const at = facts.scannedAt;
  await update(world.devices, device.id, null, (now) => ({
    ok: true,
    value: {
      next: { ...now, facts, lastScan: { at, problem: null }, rev: now.rev + 1 },
      said: {
        events: now.facts?.stamp === facts.stamp ? [] : [own(at, 'device.scanned', device.id, { stamp: facts.stamp })],
      },
    },
  }));
}

async function saveProblem(world: WorkerWorld, device: Device, failure: Failure): Promise<void> {
  const at = world.clock.now();
  const problem = { code: failure.code, text: failure.message };
  await update(world.devices, device.id, null, (now) => ({
    ok: true,
    value: {
      next: { ...now, lastScan: { at, problem }, rev: now.rev + 1 },
      said: {
        events: now.lastScan?.problem?.code === problem.code ? [] : [own(at, 'device.scan-failed', device.id, problem)],
      },
    },
  }));
  world.log.warn('device.scan-failed', { device: device.name, ...problem });
}

type FullScan = Scanned & { readonly report: Extract<ScanReport, { kind: 'full' }> };

/** Records a full scan. The caller has checked the kind. */
async function record(world: WorkerWorld, scanned: Scanned, session: DeviceSession): Promise<ReadonlySet<Patch['id']>> {
  const { device, facts, report, backend } = scanned as FullScan;
  const inventory: Inventory = {
    device: device.id,
    tenant: device.tenant,
    scannedAt: facts.scannedAt,
    packages: report.packages,
  };
  await world.inventories.put(inventory);
  const groups = bySource(platformOf(facts), report.offers);
  const simulations = await simulate(device, backend, session, groups);
  const now = new Map<Patch['id'], Finding>();
  for (const [index, group] of groups.entries()) {
    await ensurePatch(world, backend, facts, group);
    now.set(group.id, finding(group, simulations[index]));
  }
  return await saveApplicabilities(world, device, facts, now, report.packages);
}

/** Offers of one source version are one patch: people approve openssl, not its three binaries. */
type Group = {
  readonly id: Patch['id'];
  readonly source: string;
  readonly version: string;
  readonly offers: readonly Offer[];
};

function bySource(platform: string, offers: readonly Offer[]): readonly Group[] {
  const groups = new Map<Patch['id'], Group>();
  for (const offer of offers) {
    if (offer.from === null) continue; // pulled in by another update: part of that one's transaction
    const id = patchId(platform, offer.source, offer.sourceVersion);
    const group = groups.get(id) ?? { id, source: offer.source, version: offer.sourceVersion, offers: [] };
    groups.set(id, { ...group, offers: [...group.offers, offer] });
  }
  return [...groups.values()];
}

async function simulate(
  device: Device,
  backend: Backend,
  session: DeviceSession,
  groups: readonly Group[],
): Promise<readonly (Simulation | undefined)[]> {
  const wanted = groups.filter(installable);
  if (wanted.length === 0) return groups.map(() => undefined);
  const wishes = wanted.map(({ offers }) =>
    offers.map(({ name, arch, to }) => ({ name: `${name}:${arch}`, version: to })),
  );
  const outcome = await session.run(backend.simulate(wishes), { timeoutMs: scanTimeoutMs });
  const simulations = backend.readSimulations(output(device, outcome));
  return groups.map((group) => simulations[wanted.indexOf(group)]);
}

const installable = (group: Group): boolean => group.offers.some(({ state }) => state === 'missing');

type Finding = Pick<Applicability, 'state' | 'transaction' | 'undo' | 'because'>;

function finding(group: Group, simulation: Simulation | undefined): Finding {
  const keptBack = group.offers.find(({ state }) => state !== 'missing');
  if (!simulation) {
    const state = keptBack?.state ?? 'kept-back';
    return { state: state === 'missing' ? 'kept-back' : state, transaction: [], undo: 'none', because: null };
  }
  if (simulation.problem !== null) {
    return { state: 'kept-back', transaction: [], undo: 'none', because: simulation.problem };
  }
  const removes = simulation.transaction.filter(({ to }) => to === null).map(({ name }) => name);
  if (removes.length > 0) {
    const because = `installing it would remove ${removes.join(', ')}`;
    return { state: 'kept-back', transaction: simulation.transaction, undo: simulation.undo, because };
  }
  return { state: 'missing', transaction: simulation.transaction, undo: simulation.undo, because: null };
}

async function ensurePatch(world: WorkerWorld, backend: Backend, facts: DeviceFacts, group: Group): Promise<void> {
  if (await world.patches.get(group.id)) return;
  const patch: Patch = {
    id: group.id,
    tenant: world.tenant,
    rev: 1,
    backend: backend.id,
    platform: platformOf(facts),
    source: group.source,
    version: group.version,
    classification: group.offers.some(({ security }) => security) ? 'security' : 'bugfix',
    origins: [...new Set(group.offers.flatMap(({ origins }) => origins))],
    firstSeen: facts.scannedAt,
    blocked: null,
  };
  await world.patches.insert(patch, said(own(facts.scannedAt, 'patch.cataloged', patch.id, { source: patch.source })));
}

/** States that a scan must not overwrite while the patch is still offered: people or a rollback decided them. */
const sticky: readonly Applicability['state'][] = ['failed', 'rolled-back', 'declined', 'excepted'];

async function saveApplicabilities(
  world: WorkerWorld,
  device: Device,
  facts: DeviceFacts,
  findings: ReadonlyMap<Patch['id'], Finding>,
  packages: Inventory['packages'],
): Promise<ReadonlySet<Patch['id']>> {
  const known = new Map((await world.applicabilities.find({ device: device.id })).map((one) => [one.patch, one]));
  const versions = new Set(packages.filter(({ whole }) => whole).map((one) => `${one.source}=${one.sourceVersion}`));
  const changed = new Set<Patch['id']>();
  for (const patch of new Set([...known.keys(), ...findings.keys()])) {
    const old = known.get(patch);
    const found = findings.get(patch) ?? noLongerOffered(patch, versions, facts.rebootRequired);
    const next = {
      ...found,
      ...(old && found.state === 'missing' && sticky.includes(old.state) ? { state: old.state } : {}),
    };
    if (await saveApplicability(world, device, patch, old, next, facts.scannedAt)) changed.add(patch);
  }
  return changed;
}

function noLongerOffered(patch: Patch['id'], versions: ReadonlySet<string>, rebootRequired: boolean): Finding {
  const installed = versions.has(patch.slice(patch.indexOf('/') + 1));
  const state = installed ? (rebootRequired ? 'pending-reboot' : 'installed') : 'not-applicable';
  return { state, transaction: [], undo: 'none', because: null };
}

async function saveApplicability(
  world: WorkerWorld,
  device: Device,
  patch: Patch['id'],
  old: Applicability | undefined,
  found: Finding,
  at: Date,
): Promise<boolean> {
  const id = applicabilityId(device.id, patch);
  const event = own(at, 'applicability.changed', id, { state: found.state });
  if (!old) {
    return world.applicabilities.insert(
      { id, tenant: world.tenant, rev: 1, device: device.id, patch, at, ...found },
      said(event),
    );
  }
  const same =
    old.state === found.state &&
    old.undo === found.undo &&
    old.because === found.because &&
    canonical(old.transaction) === canonical(found.transaction);
  if (same) return false;
  return world.applicabilities.save({ ...old, ...found, at, rev: old.rev + 1 }, old.rev, said(event));
}
