/** One visit to one device: what it has and what its package manager offers. */

import type { Backend, PackageState, ScanReport } from '../backends/backend.ts';
import { backends } from '../backends/index.ts';
import type { Device, DeviceFacts } from '../model/device.ts';
import { Failure } from '../model/failure.ts';
import type { Patch } from '../model/patch.ts';
import { ok } from '../model/result.ts';
import type { DeviceSession, RunOutcome, WorkerWorld } from '../ports.ts';
import { recordScan } from './applicability.ts';
import { own, update } from './say.ts';

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
      modules: report.kind === 'unchanged' ? (device.facts?.modules ?? []) : facts.modules, // read off the packages
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
    const changed =
      scanned.report.kind === 'full'
        ? await recordScan(world, { ...scanned, report: scanned.report })
        : await missed(world, device);
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
  await recordScan(world, { ...scanned, report: scanned.report });
  await saveFacts(world, device, scanned.facts, { at: device.refreshedAt, problem: null });
  return { facts: scanned.facts, packages: scanned.report.packages };
}

async function saveFacts(world: WorkerWorld, device: Device, facts: DeviceFacts, refreshed: Refreshed): Promise<void> {
  const at = facts.scannedAt;
  const change = (now: Device) => {
    // A visit that ended later has spoken already: with its stamp kept, the next scan reads everything again.
    if (now.facts && now.facts.scannedAt > at) return ok({ next: now, said: { events: [] } });
    const seen = { facts, refreshedAt: refreshed.at, lastScan: { at, problem: refreshed.problem } };
    const events =
      now.facts?.stamp === facts.stamp ? [] : [own(at, 'device.scanned', device.id, { stamp: facts.stamp })];
    return ok({ next: { ...now, ...seen, rev: now.rev + 1 }, said: { events } });
  };
  await update(world.devices, device.id, null, change, device);
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
