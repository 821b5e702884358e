/** What installing a patch on a device would really do: simulated by its own package manager, after a scan found it missing. */
import type { Simulation } from '../backends/backend.ts';
import type { Device } from '../model/device.ts';
import { Failure } from '../model/failure.ts';
import type { Applicability, Patch } from '../model/patch.ts';
import { canonical } from '../model/plan.ts';
import { ok } from '../model/result.ts';
import type { WorkerWorld } from '../ports.ts';
import { atOnce } from './at-once.ts';
import { remembering } from './pricing.ts';
import { proposePatch } from './propose.ts';
import { own, said, update } from './say.ts';
import { backendOf, output, saveProblem } from './scan.ts';
import { closeHealed } from './work-orders.ts';

const simulateTimeoutMs = 120_000;
/** Longer than a pass over a large fleet takes; whoever dies in it is followed after this. */
const turnMs = 10 * 60_000;

/**
 * Simulates everything that is missing on a device and was not simulated since its packages changed. Gives the patches whose
 * transaction changed. A device that does not answer has its problem recorded, and is planned after its next scan.
 */
export async function planDevice(world: WorkerWorld, device: Device): Promise<ReadonlySet<Patch['id']>> {
  const open = await world.applicabilities.find({ device: device.id, planned: false });
  const wanted = open.filter(({ wants }) => wants.length > 0);
  if (wanted.length === 0) return new Set();
  try {
    const backend = backendOf(device);
    const session = await world.remote.open(device);
    const visit = backend.simulate(wanted.map(({ wants }) => wants));
    const outcome = await session.run(visit, { timeoutMs: simulateTimeoutMs });
    const simulations = backend.readSimulations(output(device, outcome));
    const changed = await Promise.all(wanted.map((one, index) => savePlan(world, one, simulations[index])));
    return new Set(wanted.filter((_, index) => changed[index]).map(({ patch }) => patch));
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    await saveProblem(world, device, error);
    return new Set();
  }
}

type Finding = Pick<Applicability, 'state' | 'transaction' | 'undo' | 'because'>;

function finding({ problem, transaction, undo }: Simulation): Finding {
  if (problem !== null) return { state: 'kept-back', transaction: [], undo: 'none', because: problem };
  const removes = transaction.filter(({ to }) => to === null).map(({ name }) => name);
  if (removes.length === 0) return { state: 'missing', transaction, undo, because: null };
  return { state: 'kept-back', transaction, undo, because: `installing it would remove ${removes.join(', ')}` };
}

/** True when people would see another plan. A scan in between has made this simulation worthless: the next one counts. */
async function savePlan(
  world: WorkerWorld,
  simulated: Applicability,
  simulation: Simulation | undefined,
): Promise<boolean> {
  if (!simulation) return false;
  const found = finding(simulation);
  let changed = false;
  await update(world.applicabilities, simulated.id, null, (now) => {
    changed = false;
    if (now.planned || now.at.getTime() !== simulated.at.getTime()) return ok({ next: now, said: { events: [] } });
    // What a rollback or a person decided stays; only the plan is new.
    const next = {
      ...now,
      ...found,
      ...(now.state === 'missing' ? {} : { state: now.state, because: now.because }),
      planned: true,
    };
    changed =
      now.state !== next.state || now.undo !== next.undo || canonical(now.transaction) !== canonical(next.transaction);
    const event = own(world.clock.now(), 'applicability.planned', now.id, { state: next.state });
    return ok({ next: { ...next, rev: now.rev + 1 }, said: changed ? said(event) : { events: [] } });
  });
  return changed;
}

/** Plans every device that needs it, `most` at the same time, one process at a time, and gives the patches that changed. */
export async function planFleet(
  world: WorkerWorld,
  most: number,
  signal: AbortSignal,
): Promise<ReadonlySet<Patch['id']>> {
  const turn = await world.claims.take('plan', world.owner, turnMs);
  if (turn === null) return new Set();
  try {
    const open = await world.applicabilities.find({ planned: false });
    const devices =
      open.length > 0 ? await world.devices.find({ id: { in: [...new Set(open.map(({ device }) => device))] } }) : [];
    const willing = devices.filter(({ lastScan, retired }) => !retired && lastScan?.problem === null);
    const changed = new Set<Patch['id']>();
    await atOnce(willing, most, signal, async (device) => {
      for (const patch of await planDevice(world, device)) changed.add(patch);
    });
    return changed;
  } finally {
    await world.claims.release('plan', turn);
  }
}

/** What follows from new plans and new scans: proposals in line with them, and work orders that a scan proves mended. */
export async function follow(world: WorkerWorld, patches: Iterable<Patch['id']>): Promise<void> {
  const reader = { ...world, findings: remembering(world.findings) };
  for (const patch of patches) {
    await proposePatch(reader, patch);
    await closeHealed(world, patch);
  }
}
