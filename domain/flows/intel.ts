/** New advisories, or new facts about CVEs: the whole fleet is matched again, the catalog brought up to date, and proposals priced anew. */
import { compareFor } from '../backends/versions/index.ts';
import type { MatchIndex } from '../intel/match.ts';
import { standing } from '../intel/threat.ts';
import { type Advisory, advisoryKey, releaseOf } from '../model/advisory.ts';
import { type Device, type Inventory, platformOf } from '../model/device.ts';
import type { DeviceFindings, Finding } from '../model/finding.ts';
import type { DeviceId } from '../model/ids.ts';
import type { Patch } from '../model/patch.ts';
import { undecided } from '../model/proposal.ts';
import { ok } from '../model/result.ts';
import { startingRollouts } from '../model/rollout.ts';
import type { WorkerWorld } from '../ports.ts';
import { findingsOf, type Scanned, sameFindings } from './match.ts';
import { reconsider } from './reconsider.ts';
import { reprice } from './reprice.ts';
import { followRetraction, retractPatch, takenBackBy } from './retract.ts';
import { own, said, update } from './say.ts';
import { followVerdict } from './verdict.ts';

/** More than any fleet has: `find` stops at 10,000 by itself. */
const everything = 1_000_000;
/** Inventories that are in memory at the same time. */
const batch = 50;

/** Open findings that some version ends, by platform and source package: what patches are held against. */
type Openings = Map<string, Map<string, Finding>>;

/**
 * Matches every device with every advisory, says in the catalog what each patch fixes, prices what nobody has decided or what has not
 * started, and asks about what was denied and is urgent by now. Safe to repeat; when `signal` fires it ends where it is, and the next run does the rest.
 */
export async function matchFleet(world: WorkerWorld, signal: AbortSignal): Promise<void> {
  const openings = await matchDevices(world, signal);
  if (signal.aborted) return;
  await describePatches(world, openings, signal);
  // Read again: what they fix, and what they are called, may have changed just now.
  const patches = await world.patches.find({ supersededBy: null, retracted: null }, everything);
  await reprice(world, patches, signal);
  await reconsider(world, patches, signal);
}

async function matchDevices(world: WorkerWorld, signal: AbortSignal): Promise<Openings> {
  const fleet = await world.devices.pick({ retired: false }, ['id', 'exposure', 'facts'], everything);
  const devices = new Map(fleet.map((one) => [one.id, one]));
  const openings: Openings = new Map();
  // Nothing is open on a machine that is no more.
  const retired = await world.devices.pick({ retired: true }, ['id'], everything);
  await clear(
    world,
    retired.map(({ id }) => id),
  );
  const index = await world.matchIndex();
  if (index.size === 0) {
    await clear(world, [...devices.keys()]);
    return openings;
  }
  let waiting: Inventory[] = [];
  for await (const inventory of world.inventories.all()) {
    if (signal.aborted) return openings;
    if (!devices.get(inventory.device)?.facts) continue;
    waiting.push(inventory);
    if (waiting.length < batch) continue;
    await matchSome(world, index, devices, waiting, openings);
    waiting = [];
  }
  if (!signal.aborted) await matchSome(world, index, devices, waiting, openings);
  return openings;
}

/** No advisory is left for any device: what they once said is over. */
async function clear(world: WorkerWorld, devices: readonly DeviceId[]): Promise<void> {
  for (const stored of await world.findings.of(devices)) {
    if (stored.open.length > 0) await world.findings.put({ ...stored, at: world.clock.now(), open: [] });
  }
}

async function matchSome(
  world: WorkerWorld,
  index: MatchIndex,
  devices: ReadonlyMap<DeviceId, Pick<Device, keyof Scanned>>,
  inventories: readonly Inventory[],
  openings: Openings,
): Promise<void> {
  const before = new Map(
    (await world.findings.of(inventories.map(({ device }) => device))).map((one) => [one.device, one]),
  );
  await Promise.all(
    inventories.map(async (inventory) => {
      const device = devices.get(inventory.device);
      if (!device?.facts) return;
      const { id, facts, exposure } = device;
      const scanned = { id, exposure, facts };
      const stored = before.get(id) ?? null;
      let found = findingsOf(world, index, scanned, inventory.packages);
      if (!sameFindings(stored, found)) {
        // A scan may have been here since this page was read: what it found must not be overwritten by what was there before.
        const newest = await world.inventories.get(id);
        const newer = newest && newest.scannedAt > inventory.scannedAt ? newest : null;
        if (newer) found = findingsOf(world, index, scanned, newer.packages);
        if (!sameFindings(stored, found)) await world.findings.put(found);
      }
      gather(openings, platformOf(facts), found, inventory.packages);
    }),
  );
}

/** Adds what a newer version would end. Vendors of rpms name binary packages: they are gathered under what they are built from. */
function gather(openings: Openings, platform: string, { open }: DeviceFindings, packages: Inventory['packages']): void {
  const curable = open.filter(({ fixed, verdict }) => fixed !== null && verdict !== 'unknown');
  if (curable.length === 0) return;
  const sources = new Set(packages.map(({ source }) => source));
  const builtFrom = new Map(packages.map(({ name, source }) => [name.split(':')[0], source]));
  for (const finding of curable) {
    const source = sources.has(finding.package) ? finding.package : builtFrom.get(finding.package);
    const key = `${platform}/${source}`;
    const known = openings.get(key) ?? new Map<string, Finding>();
    openings.set(key, known.set(finding.advisory, finding));
  }
}

/** Brings every patch of the catalog in line with the advisories; one that its vendor took back is retracted. */
async function describePatches(world: WorkerWorld, openings: Openings, signal: AbortSignal): Promise<void> {
  const patches = await world.patches.find({}, everything);
  for (const patch of patches) {
    if (signal.aborted) return;
    if (patch.retracted) await finishRetraction(world, patch);
    // Whoever triaged it may have been killed half-way.
    await followVerdict(world, patch);
    const found = fixesOf(patch, openings);
    const fresh = found.filter((key) => !patch.advisories.includes(key));
    const quiet = patch.advisories.filter((key) => !found.includes(key));
    if (fresh.length === 0 && quiet.length === 0) continue;
    await describe(world, patch, found, quiet);
  }
}

/** Whoever retracted it may have been killed half-way. */
async function finishRetraction(world: WorkerWorld, patch: Patch): Promise<void> {
  const open = await world.proposals.count({ patch: patch.id, state: { in: undecided } });
  const starting = await world.rollouts.count({ patch: patch.id, state: { in: startingRollouts } });
  if (open + starting > 0) await followRetraction(world, patch);
}

function fixesOf({ platform, source, version }: Patch, openings: Openings): readonly string[] {
  const compare = compareFor(platform);
  const open = openings.get(`${platform}/${source}`)?.values() ?? [];
  return [...open].flatMap(({ advisory, fixed }) => {
    const order = fixed === null ? null : (compare?.(fixed, version) ?? null);
    return order !== null && order <= 0 ? [advisory] : [];
  });
}

/**
 * `found`: what it fixes on some device now. `quiet`: what it is known to fix, but where no device is open to it any more: that stays
 * true when the devices were patched, and ends when the advisory says something else or is gone.
 */
async function describe(
  world: WorkerWorld,
  patch: Patch,
  found: readonly string[],
  quiet: readonly string[],
): Promise<void> {
  const known = new Map(
    (await world.advisories.byKey([...new Set([...found, ...patch.advisories])])).map((one) => [advisoryKey(one), one]),
  );
  const named = (keys: readonly string[]) => keys.flatMap((key) => known.get(key) ?? []);
  const back = named(quiet).find((advisory) => takenBackBy(patch, advisory));
  if (back && !patch.retracted) await retractPatch(world, patch.id, `${back.id} is marked as retracted.`, null);
  const holds = named([...found, ...quiet.filter((key) => stillFixes(patch, known.get(key)))]);
  await update(world.patches, patch.id, null, (now) => {
    const next = described(now, holds);
    if (next === now) return ok({ next, said: { events: [] } });
    const event = own(world.clock.now(), 'patch.described', now.id, { advisories: next.advisories.length });
    return ok({ next, said: said(event) });
  });
}

function stillFixes({ platform, version }: Patch, advisory: Advisory | undefined): boolean {
  if (!advisory || advisory.withdrawn) return false;
  const [id = '', number = ''] = platform.split(':');
  const release = releaseOf({ id, version: number });
  const compare = compareFor(platform);
  return advisory.affected.some((one) => {
    const order = one.release === release && one.fixed !== null ? (compare?.(one.fixed, version) ?? null) : null;
    return order !== null && order <= 0;
  });
}

function described(now: Patch, holds: readonly Advisory[]): Patch {
  const advisories = [...new Set(holds.map(advisoryKey))].sort();
  const classification = standing(holds).length > 0 ? 'security' : now.archive;
  if (advisories.join() === now.advisories.join() && classification === now.classification) return now;
  const dates = holds.flatMap(({ published }) => (published ? [published.getTime()] : []));
  const releasedAt = dates.length > 0 ? new Date(Math.max(...dates)) : null;
  return { ...now, advisories, classification, releasedAt, rev: now.rev + 1 };
}
