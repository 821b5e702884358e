/** One visit to one device: what it has, what its package manager offers, and what that means for patches. */

import type { Backend, Offer, PackageState, ScanReport } from '../backends/backend.ts';
import { backends } from '../backends/index.ts';
import type { Device, DeviceFacts, Inventory } from '../model/device.ts';
import { platformOf } from '../model/device.ts';
import { Failure } from '../model/failure.ts';
import { type Applicability, applicabilityId, type Patch, patchId } from '../model/patch.ts';
import { ok } from '../model/result.ts';
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

const refreshTimeoutMs = 5 * 60_000;
type Refreshed = {
  readonly at: Date | null;
  readonly problem: { readonly code: string; readonly text: string } | null;
};

/**
 * Brings the device's package lists up to date, which needs the root helper. A refresh that fails is a problem of this scan: what
 * the device offers may be old then, and that is said instead of "no patches".
 */
async function refreshLists(
  world: WorkerWorld,
  device: Device,
  session: DeviceSession,
  lists: 'refresh' | 'refresh-if-old',
): Promise<Refreshed> {
  const backend = backendOf(device);
  const at = world.clock.now();
  const old = !device.refreshedAt || at.getTime() - device.refreshedAt.getTime() > world.maxAgeMs;
  if (device.facts?.helper !== backend.helper.version || (lists === 'refresh-if-old' && !old)) {
    return { at: device.refreshedAt, problem: null };
  }
  const visit = backend.order({ op: 'refresh' }, device.become);
  const answer = backend.readAnswer(output(device, await session.run(visit, { timeoutMs: refreshTimeoutMs })));
  if (answer.kind !== 'refused') return { at, problem: null };
  const text = `${device.name} could not refresh its package lists, so newer patches may be missing: ${answer.text}`;
  return { at: device.refreshedAt, problem: { code: 'device.refresh-failed', text } };
}

/**
 * Scans one device and records everything: facts, inventory, patches new to the catalog, applicability. A problem is recorded on
 * the device and returned as `null`; it never reads as "no patches". Gives the ids of patches whose device list may have changed,
 * and of all that the device misses: a worker that was killed before it had proposed them left nothing else behind.
 * `lists`: whether the package lists are brought up to date first always, or when they are older than facts may be.
 */
export async function scanDevice(
  world: WorkerWorld,
  device: Device,
  lists: 'refresh' | 'refresh-if-old',
): Promise<ReadonlySet<Patch['id']> | null> {
  try {
    const session = await world.remote.open(device);
    const refreshed = await refreshLists(world, device, session, lists);
    const fresh = device.lastScan?.problem === null ? (device.facts?.stamp ?? null) : null;
    const scanned = await look(world, device, fresh, session);
    const changed = scanned.report.kind === 'full' ? await record(world, scanned) : await missed(world, device);
    await saveFacts(world, device, scanned.facts, refreshed);
    return changed;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    await saveProblem(world, device, error);
    return null;
  }
}

async function missed({ applicabilities }: WorkerWorld, device: Device): Promise<ReadonlySet<Patch['id']>> {
  const missing = await applicabilities.find({ device: device.id, state: 'missing' });
  return new Set(missing.map(({ patch }) => patch));
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
  await record(world, scanned);
  await saveFacts(world, device, scanned.facts, { at: device.refreshedAt, problem: null });
  return { facts: scanned.facts, packages: scanned.report.packages };
}

async function saveFacts(world: WorkerWorld, device: Device, facts: DeviceFacts, refreshed: Refreshed): Promise<void> {
  const at = facts.scannedAt;
  await update(world.devices, device.id, null, (now) => {
    // A visit that ended later has spoken already: with its stamp kept, the next scan reads everything again.
    if (now.facts && now.facts.scannedAt > at) return ok({ next: now, said: { events: [] } });
    const seen = { facts, refreshedAt: refreshed.at, lastScan: { at, problem: refreshed.problem } };
    const events =
      now.facts?.stamp === facts.stamp ? [] : [own(at, 'device.scanned', device.id, { stamp: facts.stamp })];
    return ok({ next: { ...now, ...seen, rev: now.rev + 1 }, said: { events } });
  });
}

/** Records why a device could not be visited. */
export async function saveProblem(world: WorkerWorld, device: Device, failure: Failure): Promise<void> {
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
async function record(world: WorkerWorld, scanned: Scanned): Promise<ReadonlySet<Patch['id']>> {
  const { device, facts, report, backend } = scanned as FullScan;
  const inventory: Inventory = {
    device: device.id,
    tenant: device.tenant,
    scannedAt: facts.scannedAt,
    packages: report.packages,
  };
  await world.inventories.put(inventory);
  const groups = bySource(platformOf(facts), report.offers);
  await catalog(world, backend, facts, groups);
  const now = new Map(groups.map((group) => [group.id, finding(group)]));
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

type Finding = Pick<Applicability, 'state' | 'wants'>;

/** `missing` as far as a scan can tell: what exactly would happen is simulated afterwards (plan-device.ts). */
function finding({ offers }: Group): Finding {
  if (offers.some(({ state }) => state === 'missing')) {
    return { state: 'missing', wants: offers.map(({ name, arch, to }) => ({ name: `${name}:${arch}`, version: to })) };
  }
  return { state: offers[0]?.state ?? 'kept-back', wants: [] };
}

/** Adds the patches that the catalog does not have yet. */
async function catalog(
  world: WorkerWorld,
  backend: Backend,
  facts: DeviceFacts,
  groups: readonly Group[],
): Promise<void> {
  const known = await world.patches.find({ id: { in: groups.map(({ id }) => id) } });
  const fresh = groups.filter((group) => !known.some(({ id }) => id === group.id));
  await Promise.all(
    fresh.map((group) => {
      const patch = patchOf(world, backend, facts, group);
      const event = own(facts.scannedAt, 'patch.cataloged', patch.id, { source: patch.source });
      return world.patches.insert(patch, said(event));
    }),
  );
}

const patchOf = ({ tenant }: WorkerWorld, backend: Backend, facts: DeviceFacts, group: Group): Patch => ({
  id: group.id,
  tenant,
  rev: 1,
  backend: backend.id,
  platform: platformOf(facts),
  source: group.source,
  version: group.version,
  classification: group.offers.some(({ security }) => security) ? 'security' : 'bugfix',
  origins: [...new Set(group.offers.flatMap(({ origins }) => origins))],
  firstSeen: facts.scannedAt,
  blocked: null,
});

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
  const all = [...new Set([...known.keys(), ...findings.keys()])];
  const changed = await Promise.all(
    all.map((patch) => {
      const old = known.get(patch);
      const found = findings.get(patch) ?? noLongerOffered(patch, versions, facts.rebootRequired);
      return saveApplicability(world, device, patch, old, found, facts.scannedAt);
    }),
  );
  return new Set(all.filter((patch, index) => changed[index] || findings.get(patch)?.state === 'missing'));
}

function noLongerOffered(patch: Patch['id'], versions: ReadonlySet<string>, rebootRequired: boolean): Finding {
  const installed = versions.has(patch.slice(patch.indexOf('/') + 1));
  const state = installed ? (rebootRequired ? 'pending-reboot' : 'installed') : 'not-applicable';
  return { state, wants: [] };
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
      {
        id,
        tenant: world.tenant,
        rev: 1,
        device: device.id,
        patch,
        at,
        ...unplanned(found),
        transaction: [],
        undo: 'none',
        because: null,
      },
      said(event),
    );
  }
  if (afterScan(old, found, at) === old) return false;
  let changed = false;
  await update(world.applicabilities, id, null, (now) => {
    const next = afterScan(now, found, at);
    changed = next !== now;
    return ok({ next, said: next.state === now.state ? { events: [] } : said(event) });
  });
  return changed;
}

/** What is missing has to be simulated anew after every change of the device's packages. */
const unplanned = (found: Finding): Finding & Pick<Applicability, 'planned'> => ({
  ...found,
  planned: found.state !== 'missing',
});

/** The same record when this scan has nothing new to say: also when a scan that ended later, or a rollback, has spoken already. */
function afterScan(now: Applicability, found: Finding, at: Date): Applicability {
  if (now.at > at) return now;
  if (found.state === 'missing') {
    // The last transaction stands until the next simulation: a proposal is not voided by every scan.
    const state = sticky.includes(now.state) ? now.state : found.state;
    return { ...now, ...unplanned(found), state, at, rev: now.rev + 1 };
  }
  if (now.state === found.state) return now;
  const empty = { transaction: [], undo: 'none' as const, because: null };
  return { ...now, ...unplanned(found), ...empty, at, rev: now.rev + 1 };
}
