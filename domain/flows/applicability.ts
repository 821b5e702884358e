/** What a full scan means: inventory, patches new to the catalog, and the state of each patch on this device. */
import type { Backend, Offer, ScanReport } from '../backends/backend.ts';
import { thirdPartyOf } from '../intel/third-party.ts';
import { type Device, type DeviceFacts, type Inventory, platformOf } from '../model/device.ts';
import { type Applicability, applicabilityId, type Patch, patchId } from '../model/patch.ts';
import { ok } from '../model/result.ts';
import type { WorkerWorld } from '../ports.ts';
import { matchDevice } from './match.ts';
import { own, said, update } from './say.ts';

/** A scan that read everything. */
export type FullScan = {
  readonly device: Device;
  readonly facts: DeviceFacts;
  readonly backend: Backend;
  readonly report: Extract<ScanReport, { kind: 'full' }>;
};

/** Records a full scan. Gives the patches whose device list may have changed, and all that the device misses. */
export async function recordScan(
  world: WorkerWorld,
  { device, facts, report, backend }: FullScan,
): Promise<ReadonlySet<Patch['id']>> {
  const inventory: Inventory = {
    device: device.id,
    tenant: device.tenant,
    scannedAt: facts.scannedAt,
    packages: report.packages,
  };
  await world.inventories.put(inventory);
  await matchDevice(world, { id: device.id, exposure: device.exposure, facts }, report.packages);
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

/** Patches that some scan of this process has met. They are never deleted, so a fleet asks once for each, not once for each device. */
const met = new WeakMap<WorkerWorld['patches'], Set<Patch['id']>>();

/** Adds the patches that the catalog does not have yet. */
async function catalog(
  world: WorkerWorld,
  backend: Backend,
  facts: DeviceFacts,
  groups: readonly Group[],
): Promise<void> {
  const seen = met.get(world.patches) ?? new Set();
  met.set(world.patches, seen);
  const unmet = groups.filter(({ id }) => !seen.has(id));
  if (unmet.length === 0) return;
  const known = await world.patches.find({ id: { in: unmet.map(({ id }) => id) } });
  const fresh = unmet.filter((group) => !known.some(({ id }) => id === group.id));
  await Promise.all(
    fresh.map((group) => {
      const patch = patchOf(world, backend, facts, group);
      const event = own(facts.scannedAt, 'patch.cataloged', patch.id, { source: patch.source });
      return world.patches.insert(patch, said(event));
    }),
  );
  for (const { id } of unmet) seen.add(id);
}

function patchOf({ tenant }: WorkerWorld, backend: Backend, facts: DeviceFacts, group: Group): Patch {
  const platform = platformOf(facts);
  const archive = group.offers.some(({ security }) => security) ? 'security' : 'bugfix';
  const origins = [...new Set(group.offers.flatMap((offer) => offer.origins))];
  return {
    id: group.id,
    tenant,
    rev: 1,
    backend: backend.id,
    platform,
    source: group.source,
    version: group.version,
    classification: archive,
    archive,
    origins,
    firstSeen: facts.scannedAt,
    releasedAt: null,
    thirdParty: thirdPartyOf(platform, origins),
    advisories: [],
    supersededBy: null,
    retracted: null,
    verdict: null,
    sideEffects: [],
    blocked: null,
  };
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
