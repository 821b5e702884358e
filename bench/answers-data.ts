/** A full catalog for measurements: devices, patches, proposals with their plans, advisories, findings, facts about CVEs. */
import { atOnce } from '../domain/flows/at-once.ts';
import type { Advisory } from '../domain/model/advisory.ts';
import type { CveSaying } from '../domain/model/cve.ts';
import type { Device, InstalledPackage } from '../domain/model/device.ts';
import type { DeviceId, PatchId, TenantId } from '../domain/model/ids.ts';
import {
  type Applicability,
  applicabilityId,
  type Patch,
  patchId,
  type TransactionItem,
} from '../domain/model/patch.ts';
import { digestOf, type Plan } from '../domain/model/plan.ts';
import { bands } from '../domain/model/priority.ts';
import { noThreat, type Proposal } from '../domain/model/proposal.ts';
import type { Recorded, Records } from '../domain/ports.ts';
import * as make from '../test/domain/make.ts';
import { seeded } from '../test/random.ts';
import type { TenantStore } from '../workers/store/connect.ts';
import { type Head, headOf, madeAdvisories, madeFeed, madeFindings } from './made-advisories.ts';

export type Sizes = {
  readonly advisories: number;
  readonly devices: number;
  readonly proposals: number;
  /** Devices for each proposal. */
  readonly each: number;
  readonly findings: number;
  readonly packages: number;
};
export type Catalog = {
  readonly devices: readonly Device[];
  readonly proposals: readonly Proposal[];
  /** Of the devices' release: few are on most devices, the first ones. */
  readonly heads: readonly Head[];
};

const platform = 'almalinux:9.4';
const release = 'almalinux:9';
const { signal } = new AbortController();
const together = 500;

/** Writes everything and gives what questions are about. The same in every run. */
export async function fillCatalog(store: TenantStore, tenant: TenantId, sizes: Sizes): Promise<Catalog> {
  const heads = await fillAdvisories(store, sizes.advisories);
  const devices = await fillDevices(store, tenant, sizes, heads);
  const proposals = await fillProposals(store, tenant, sizes, heads, devices);
  return { devices, proposals, heads };
}

async function fillAdvisories(store: TenantStore, count: number): Promise<readonly Head[]> {
  const heads: Head[] = [];
  const cves = new Set<string>();
  async function* all(): AsyncGenerator<Advisory> {
    for (const one of madeAdvisories(count)) {
      if (one.affected[0]?.release === release) heads.push(headOf(one));
      for (const cve of one.cves) cves.add(cve);
      yield one;
    }
  }
  await store.advisories.takeOver(madeFeed, all(), true, []);
  await store.feeds.put({
    ...{ id: 'osv-almalinux', checkedAt: make.noon, changedAt: make.noon, problem: null, records: count, dropped: 0 },
    ...{ cursor: null, files: {}, told: false },
  });
  const chance = seeded(7);
  const rated = [...cves].sort().map((id): CveSaying => {
    return { field: 'epss', id, value: { score: chance() ** 6, percentile: chance(), date: '2026-11-22' } };
  });
  await store.cves.takeOver('epss', rated, true);
  const exploited = rated
    .filter((_, at) => at % 200 === 0)
    .map(({ id }): CveSaying => {
      return { field: 'kev', id, value: { added: '2026-10-01', due: '2026-10-22', ransomware: false } };
    });
  await store.cves.takeOver('kev', exploited, true);
  return heads;
}

/** All at once: the store sends what is inserted together as one command. */
export async function insertAll<R extends Recorded>(records: Records<R>, all: readonly R[]): Promise<void> {
  for (let from = 0; from < all.length; from += together) {
    await Promise.all(all.slice(from, from + together).map((one) => records.insert(one, { events: [], quiet: true })));
  }
}

async function fillDevices(store: TenantStore, tenant: TenantId, sizes: Sizes, heads: readonly Head[]) {
  const os = { id: 'almalinux', version: '9.4', codename: '' };
  const exposures = ['internet', 'internal', 'isolated', null] as const;
  const devices = Array.from({ length: sizes.devices }, (_, at): Device => {
    const usual = make.device(`host-${at}`, { facts: make.facts({ os }), tenant, exposure: exposures[at % 4] ?? null });
    return { ...usual, id: `d${String(at).padStart(5, '0')}` as DeviceId };
  });
  await insertAll(store.devices, devices);
  const each = [...devices.keys()];
  await atOnce(each, 8, signal, async (at) => {
    await store.findings.put(madeFindings(tenant, at, sizes.findings, heads));
    // Inventories are read by key, one at a time: the others would only take time to write.
    if (at % 50 === 0) await store.inventories.put(inventoryOf(tenant, devices[at], sizes, heads));
  });
  return devices;
}

function inventoryOf(tenant: TenantId, device: Device | undefined, { packages }: Sizes, heads: readonly Head[]) {
  const names = [...new Set(heads.map((head) => head.package))].slice(0, packages);
  const installed = names.map((name): InstalledPackage => {
    return { name, arch: 'x86_64', version: '1.0-1', source: name, sourceVersion: '1.0-1', held: false, whole: true };
  });
  return { device: device?.id ?? ('' as DeviceId), tenant, scannedAt: make.noon, packages: installed };
}

const missingOf = (tenant: TenantId, device: DeviceId, patch: PatchId, item: TransactionItem): Applicability => ({
  ...{ id: applicabilityId(device, patch), tenant, rev: 1, device, patch, state: 'missing' },
  ...{ wants: [{ name: item.name, version: item.to ?? '' }], planned: true, transaction: [item], undo: 'downgrade' },
  ...{ because: null, at: make.noon },
});

async function fillProposals(
  store: TenantStore,
  tenant: TenantId,
  sizes: Sizes,
  heads: readonly Head[],
  devices: readonly Device[],
): Promise<readonly Proposal[]> {
  const sources = new Map(heads.map((head) => [head.package, head]));
  const all: Proposal[] = [];
  for (const [at, head] of [...sources.values()].slice(0, sizes.proposals).entries()) {
    const { package: source, fixed } = head;
    const version = fixed ?? '9';
    const advisories = heads.filter((one) => one.package === source).map(({ advisory }) => advisory);
    const made = { tenant, platform, source, version, classification: 'security', advisories: advisories.sort() };
    const patch: Patch = make.patch({ ...made, id: patchId(platform, source, version) } as never);
    const item = { name: source, arch: 'x86_64', from: '1.0-1', to: version };
    const on = devices.filter((_, one) => (one * 7 + at * 13) % Math.ceil(devices.length / sizes.each) === 0);
    await insertAll(store.patches, [patch]);
    await insertAll(
      store.applicabilities,
      on.map(({ id }) => missingOf(tenant, id, patch.id, item)),
    );
    all.push(await proposalOf(patch, on, item, at));
  }
  await insertAll(store.proposals, all);
  return all;
}

async function proposalOf(patch: Patch, on: readonly Device[], item: TransactionItem, at: number): Promise<Proposal> {
  const entries = on.map(({ id }) => ({ device: id, transaction: [item], undo: 'downgrade' as const }));
  const plan: Plan = { ...make.plan([]), patch: patch.id, entries };
  const band = bands[at % 4] ?? 'low';
  const usual = make.proposal({ tenant: patch.tenant });
  const id = `p-${String(at).padStart(10, '0')}` as Proposal['id'];
  const score = (3 - (at % 4)) * 25 + (at % 20);
  const priority = { ...usual.priority, band, score };
  const cves = { ...noThreat, cveCount: at % 40 };
  return { ...usual, id, patch: patch.id, plan, digest: await digestOf(plan), priority, threat: cves };
}
