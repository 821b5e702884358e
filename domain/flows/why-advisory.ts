/** Reads why an advisory or a CVE does or does not concern a device. */
import type { WhyAdvisory } from '../cards/why-advisory-card.ts';
import type { Refusal } from '../errors.ts';
import { explainMatch, type MatchSubject } from '../intel/match.ts';
import { type Advisory, advisoryKey, releaseOf } from '../model/advisory.ts';
import { isCve } from '../model/cve.ts';
import type { Device, DeviceFacts } from '../model/device.ts';
import { err, ok, type Result } from '../model/result.ts';
import type { World } from '../ports.ts';
import { advisoriesNamed } from './look-up.ts';
import { patchesFixing } from './open-devices.ts';

/** Advisories that are read for one CVE. */
const mostNaming = 100;
/** CVEs of an advisory that are looked up in other bulletins: a kernel's thousands are not. */
const mostCves = 20;
/** Bulletins that are read for each of them. */
const mostBulletins = 20;

/** Every entry of an advisory, or of those that name a CVE. null = there is none of that name. Refusal: `why.not-scanned`. */
export async function whyAdvisory(
  world: World,
  device: Device,
  subject: string,
): Promise<Result<WhyAdvisory | null, Refusal>> {
  const cve = subject.toUpperCase();
  const advisories = isCve(cve)
    ? await world.advisories.naming(cve, mostNaming)
    : await advisoriesNamed(world, subject);
  if (advisories.length === 0) return ok(null);
  const inventory = device.facts ? await world.inventories.get(device.id) : null;
  if (!device.facts || !inventory) return err({ code: 'why.not-scanned', device: device.name });
  const matching = subjectOf(device.facts, inventory.packages);
  const keys = advisories.map(advisoryKey);
  const [findings, patches] = await Promise.all([world.findings.get(device.id), patchesFixing(world, keys)]);
  const all = advisories.map((advisory) => ({
    advisory,
    entries: explainMatch(advisory, matching),
    found: findings?.open.filter((finding) => finding.advisory === advisoryKey(advisory)) ?? [],
  }));
  const here = patches.filter(({ patch }) => platformsOf(device.facts).includes(patch.platform));
  const about = isCve(cve) ? cve : (advisories[0]?.id ?? subject);
  const silent = all.filter(({ entries, found }) => found.length === 0 && entries.some(({ reason }) => isOpen(reason)));
  const cleared = await clearedBy(
    world,
    matching,
    silent.map(({ advisory }) => advisory),
    advisories,
  );
  return ok({ device, subject: about, release: matching.release, all: nearFirst(all), cleared, patches: here });
}

const subjectOf = ({ os, modules, livepatched }: DeviceFacts, packages: MatchSubject['packages']): MatchSubject => ({
  release: releaseOf(os),
  packages,
  modules: new Set(modules),
  livepatched: new Set(livepatched),
});

const platformsOf = (facts: DeviceFacts | null): readonly string[] =>
  facts ? [`${facts.os.id}:${facts.os.version}`, releaseOf(facts.os)] : [];

const isOpen = (reason: string): boolean =>
  !['fixed', 'not-affected', 'not-installed', 'other-release'].includes(reason);

/** What was found open, then what speaks of installed packages, then the rest. */
function nearFirst(all: WhyAdvisory['all']): WhyAdvisory['all'] {
  const rank = ({ found, entries }: WhyAdvisory['all'][number]): number =>
    found.length > 0 ? 0 : entries.some(({ installed }) => installed !== null) ? 1 : 2;
  return [...all].sort((a, b) => rank(a) - rank(b));
}

/** CVEs that a bulletin of the vendor calls harmless for what is installed here, by package. Only asked when an entry would be open. */
async function clearedBy(
  world: World,
  matching: MatchSubject,
  open: readonly Advisory[],
  known: readonly Advisory[],
): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const cves = [...new Set(open.flatMap((advisory) => advisory.cves))].slice(0, mostCves);
  const others = await Promise.all(cves.map((cve) => world.advisories.naming(cve, mostBulletins)));
  const cleared = new Map<string, Set<string>>();
  for (const bulletin of [...known, ...others.flat()]) {
    for (const { affected, reason } of explainMatch(bulletin, matching)) {
      if (reason !== 'not-affected') continue;
      const set = cleared.get(affected.package) ?? new Set<string>();
      cleared.set(affected.package, new Set([...set, ...bulletin.cves]));
    }
  }
  return cleared;
}
