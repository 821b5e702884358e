/** What a patch is worth: from what advisories say of each device that would get it, to one priority and one summary of the threat. */
import { compareFor, kindFor } from '../backends/versions/index.ts';
import { priorityFor, worstOf } from '../intel/priority.ts';
import { standing, threatOf } from '../intel/threat.ts';
import { type Advisory, advisoryKey } from '../model/advisory.ts';
import type { CveFacts } from '../model/cve.ts';
import type { Device } from '../model/device.ts';
import type { DeviceFindings, Finding } from '../model/finding.ts';
import type { DeviceId } from '../model/ids.ts';
import type { Applicability, Patch } from '../model/patch.ts';
import type { Proposal } from '../model/proposal.ts';
import { ok } from '../model/result.ts';
import type { Findings, World } from '../ports.ts';
import { own, said, update } from './say.ts';

/** A patch and what installing it would change on each of the devices that it is priced for. */
export type Offered = {
  readonly patch: Patch;
  readonly on: readonly { readonly device: Device; readonly transaction: Applicability['transaction'] }[];
};
export type Priced = Pick<Proposal, 'priority' | 'threat'> & {
  /** What the patch fixes on at least one of these devices. */
  readonly fixes: readonly Advisory[];
  /** What is known of its CVEs, and of others. */
  readonly cves: ReadonlyMap<string, CveFacts>;
};

/** Devices that have the same advisories fixed and are as important: one of them stands for all. */
type Alike = {
  readonly device: Pick<Device, 'criticality' | 'exposure'>;
  readonly advisories: readonly string[];
  readonly livepatched: boolean;
};

/** Devices × patches that are priced together: their plans are in memory at the same time. */
const most = 50_000;

/** Hands over as many at a time as are priced together; `devices` says how many one has. `signal` ends it between two batches. */
export async function inBatches<T>(
  all: AsyncIterable<T>,
  devices: (one: T) => number,
  signal: AbortSignal,
  work: (some: readonly T[]) => Promise<void>,
): Promise<void> {
  let waiting: T[] = [];
  let sum = 0;
  for await (const one of all) {
    waiting.push(one);
    sum += devices(one);
    if (sum < most) continue;
    if (signal.aborted) return;
    await work(waiting);
    [waiting, sum] = [[], 0];
  }
  if (!signal.aborted) await work(waiting);
}

/** How many devices' findings are read at once. */
const batch = 500;

/**
 * Whether installing the patch ends this finding. `versions` has the binary packages that come with it. Vendors of debs and apks
 * speak of source packages, those of rpms of binary ones; a version that cannot be compared proves nothing.
 */
export function fixes(patch: Patch, versions: ReadonlyMap<string, string>, finding: Finding): boolean {
  const source = finding.package === patch.source ? patch.version : undefined;
  const binary = versions.get(finding.package);
  // First of all: a device has thousands of findings, of which a patch concerns a few.
  if (source === undefined && binary === undefined) return false;
  if (finding.fixed === null || (finding.verdict !== 'vulnerable' && finding.verdict !== 'mitigated')) return false;
  const version = kindFor(patch.platform) === 'rpm' ? (binary ?? source) : (source ?? binary);
  if (version === undefined) return false;
  const order = compareFor(patch.platform)?.(finding.fixed, version) ?? null;
  return order !== null && order <= 0;
}

/** Prices each of these, reading the findings of every device once. In the same order. */
export async function price(world: World, all: readonly Offered[]): Promise<readonly Priced[]> {
  const groups = await alike(world, all);
  const keys = groups.map((group) => new Set([...group.values()].flatMap(({ advisories }) => advisories)));
  const known = await advisoriesOf(
    world,
    keys.flatMap((some) => [...some]),
  );
  const named = new Set([...known.values()].flatMap((advisory) => advisory.cves));
  const cves = named.size > 0 ? await world.cves.get([...named]) : new Map<string, CveFacts>();
  const of = (some: Iterable<string>) => [...some].flatMap((key) => known.get(key) ?? []);
  return all.map(({ patch, on }, index) => {
    const found = of(keys[index] ?? []);
    const classification = standing(found).length > 0 ? 'security' : patch.archive;
    // Where advisories say what it is for, a device that is open to none of them says nothing about its urgency.
    const kinds = [...(groups[index]?.values() ?? [])];
    const open = kinds.filter(({ advisories }) => advisories.length > 0);
    const priorities = (open.length > 0 ? open : kinds).map(({ device, advisories, livepatched }) =>
      priorityFor({
        ...{ advisories: of(advisories), cves, device, livepatched, classification },
        firstSeen: patch.firstSeen,
        tighten: world.tighten,
      }),
    );
    const exposed = on.filter(({ device }) => (device.exposure ?? 'internet') === 'internet').length;
    const priority = worstOf(priorities);
    if (!priority) throw new Error(`price.no-device: ${patch.id}`);
    return { priority, threat: threatOf(found, cves, exposed), fixes: found, cves };
  });
}

/** Findings of so many devices fit into memory beside everything else. */
const mostRemembered = 2000;

/** Reads each device's findings once: for whoever prices many patches of the same devices one after the other. */
export function remembering(findings: Findings): Findings {
  const known = new Map<DeviceId, DeviceFindings | null>();
  return {
    ...findings,
    async of(devices) {
      const unread = devices.filter((device) => !known.has(device));
      if (known.size + unread.length > mostRemembered) return findings.of(devices);
      const read = new Map((await findings.of(unread)).map((one) => [one.device, one]));
      for (const device of unread) known.set(device, read.get(device) ?? null);
      return devices.flatMap((device) => known.get(device) ?? []);
    },
  };
}

async function advisoriesOf(world: World, keys: readonly string[]): Promise<ReadonlyMap<string, Advisory>> {
  if (keys.length === 0) return new Map();
  const found = await world.advisories.byKey([...new Set(keys)]);
  return new Map(found.map((advisory) => [advisoryKey(advisory), advisory]));
}

async function alike(world: World, all: readonly Offered[]): Promise<readonly ReadonlyMap<string, Alike>[]> {
  const groups = all.map(() => new Map<string, Alike>());
  const wanted = new Map<DeviceId, { index: number; device: Device; transaction: Applicability['transaction'] }[]>();
  for (const [index, { on }] of all.entries()) {
    for (const one of on) {
      const of = wanted.get(one.device.id) ?? [];
      of.push({ ...one, index });
      wanted.set(one.device.id, of);
    }
  }
  const ids = [...wanted.keys()];
  for (let from = 0; from < ids.length; from += batch) {
    const some = ids.slice(from, from + batch);
    const findings = new Map((await world.findings.of(some)).map((one) => [one.device, one]));
    for (const id of some) {
      for (const { index, device, transaction } of wanted.get(id) ?? []) {
        const patch = all[index]?.patch;
        if (patch) join(groups[index], device, fixedBy(patch, transaction, findings.get(id)));
      }
    }
  }
  return groups;
}

function fixedBy(
  patch: Patch,
  transaction: Applicability['transaction'],
  findings: DeviceFindings | undefined,
): readonly Finding[] {
  if (!findings) return [];
  const versions = new Map(transaction.flatMap(({ name, to }) => (to === null ? [] : [[name, to] as const])));
  return findings.open.filter((finding) => fixes(patch, versions, finding));
}

function join(group: Map<string, Alike> | undefined, device: Device, fixed: readonly Finding[]): void {
  const { criticality, exposure } = device;
  const advisories = [...new Set(fixed.map(({ advisory }) => advisory))].sort();
  const livepatched = fixed.length > 0 && fixed.every(({ verdict }) => verdict === 'mitigated');
  group?.set(`${criticality}|${exposure}|${livepatched}|${advisories.join()}`, {
    device: { criticality, exposure },
    advisories,
    livepatched,
  });
}

/** The catalog learns what a patch fixes: nothing is forgotten here, which is for the matching of the whole fleet to do. */
export async function learn(world: World, patch: Patch, found: readonly Advisory[]): Promise<void> {
  const keys = found.map(advisoryKey);
  const secure = patch.classification === 'security' || standing(found).length === 0;
  if (secure && keys.every((key) => patch.advisories.includes(key))) return;
  const at = world.clock.now();
  await update(world.patches, patch.id, null, (now) => {
    const advisories = [...new Set([...now.advisories, ...keys])].sort();
    const dates = found.flatMap(({ published }) => (published ? [published.getTime()] : []));
    const released = Math.max(...dates, now.releasedAt?.getTime() ?? 0);
    const next: Patch = {
      ...now,
      advisories,
      releasedAt: released > 0 ? new Date(released) : null,
      classification: standing(found).length > 0 ? 'security' : now.classification,
      rev: now.rev + 1,
    };
    return ok({ next, said: said(own(at, 'patch.described', patch.id, { advisories: advisories.length })) });
  });
}
