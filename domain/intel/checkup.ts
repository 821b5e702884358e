/** One inventory looked at by itself, without a fleet: what each source package is open to, what is on offer, how urgent it is. Pure. */
import { isSecurity } from '../backends/apt-scan-read.ts';
import { type Comparator, compareFor, kindFor } from '../backends/versions/index.ts';
import { type Advisory, advisoryKey } from '../model/advisory.ts';
import type { CveFacts } from '../model/cve.ts';
import type { Device, InstalledPackage } from '../model/device.ts';
import type { Finding } from '../model/finding.ts';
import type { Classification } from '../model/patch.ts';
import { byUrgency, type Priority } from '../model/priority.ts';
import { byDueClass } from './due.ts';
import type { MatchIndex } from './match.ts';
import { type OfferState, type Planned, stateOf } from './offered.ts';
import { priorityFor } from './priority.ts';
import { cvesOf } from './threat.ts';

export type CheckInput = {
  readonly release: string;
  readonly packages: readonly InstalledPackage[];
  /** rpm module streams that are enabled. */
  readonly modules: ReadonlySet<string>;
  /** null = no plan was given. */
  readonly plan: readonly Planned[] | null;
  readonly index: MatchIndex;
  /** By `advisoryKey`: those of the index. */
  readonly advisories: ReadonlyMap<string, Advisory>;
  readonly cves: ReadonlyMap<string, CveFacts>;
  readonly device: Pick<Device, 'criticality' | 'exposure'>;
  /** Due dates count from here: one listing has no history. */
  readonly at: Date;
};

/** `unknown`: no advisory speaks of it, or none of them can be decided. */
export type CheckVerdict = 'vulnerable' | 'unknown' | 'fixed';
export type OpenAdvisory = {
  readonly advisory: Advisory;
  readonly finding: Finding;
  /** Whether what is on offer is new enough; null = nothing is, or it cannot be compared. */
  readonly fixedByOffer: boolean | null;
};
export type Checked = {
  /** Source package. */
  readonly package: string;
  /** Version of the source; null = only the plan knows this package. */
  readonly installed: string | null;
  /** Version on offer, of the source where that is known, else of a binary package; null = none. */
  readonly offered: string | null;
  /** From this version on everything is fixed that has a fix; null = nothing has one. */
  readonly fixed: string | null;
  readonly verdict: CheckVerdict;
  readonly state: OfferState;
  /** How many advisories speak of it, open or not. */
  readonly known: number;
  readonly planned: readonly Planned[];
  readonly open: readonly OpenAdvisory[];
  /** Of the open advisories. */
  readonly cves: readonly CveFacts[];
  /** null when nothing is open and nothing is on offer. */
  readonly priority: Priority | null;
};

type Group = { readonly packages: InstalledPackage[]; readonly planned: Planned[]; readonly findings: Finding[] };

/** Everything that is open or on offer, by source package, most urgent first; with `all` also what is fixed already. */
export function checkUp(input: CheckInput, all: boolean): readonly Checked[] {
  const known = knownBy(input);
  return [...groupsOf(input)]
    .map(([name, group]) => checked(input, name, group, known(name, group.packages)))
    .filter(({ open, planned, verdict }) => open.length + planned.length > 0 || (all && verdict === 'fixed'))
    .sort((a, b) => byNeed(a.priority, b.priority) || (a.package < b.package ? -1 : 1));
}

function byNeed(a: Priority | null, b: Priority | null): number {
  if (!a || !b) return Number(a === null) - Number(b === null);
  return byUrgency(a, b) || byDueClass(a.due, b.due);
}

const bare = (name: string): string => name.replace(/:.*$/, '');

function groupsOf({ release, packages, modules, plan, index }: CheckInput): ReadonlyMap<string, Group> {
  const groups = new Map<string, Group>();
  const group = (name: string): Group => {
    const made = groups.get(name) ?? { packages: [], planned: [], findings: [] };
    groups.set(name, made);
    return made;
  };
  const sources = new Map<string, string>();
  for (const one of packages) {
    group(one.source).packages.push(one);
    for (const name of [one.name, bare(one.name)]) if (!sources.has(name)) sources.set(name, one.source);
  }
  const sourceOf = (name: string): string => sources.get(name) ?? sources.get(bare(name)) ?? name;
  for (const one of plan ?? []) group(sourceOf(one.name)).planned.push(one);
  // Vendors of rpms speak of binary packages, the others of source packages.
  const bySource = kindFor(release) !== 'rpm';
  for (const finding of index.match({ release, packages, modules, livepatched: new Set() })) {
    const name = finding.package;
    group(bySource && groups.has(name) ? name : sourceOf(name)).findings.push(finding);
  }
  return groups;
}

/** How many advisories speak of a source package or of a package that is built from it. */
function knownBy({ release, advisories }: CheckInput): (source: string, built: readonly InstalledPackage[]) => number {
  const speaking = { source: new Map<string, Set<string>>(), binary: new Map<string, Set<string>>() };
  for (const [key, { affected, withdrawn }] of advisories) {
    if (withdrawn) continue;
    for (const { release: of, names, package: name } of affected) {
      if (of !== release) continue;
      const keys = speaking[names].get(name) ?? new Set();
      speaking[names].set(name, keys.add(key));
    }
  }
  return (source, built) => {
    const keys = [speaking.source.get(source), ...built.map(({ name }) => speaking.binary.get(bare(name)))];
    return new Set(keys.flatMap((some) => [...(some ?? [])])).size;
  };
}

function checked(input: CheckInput, name: string, group: Group, known: number): Checked {
  const { packages, planned, findings } = group;
  const compare = compareFor(input.release);
  const offer = offerOf(group, compare);
  const open = findings.flatMap((finding): OpenAdvisory[] => {
    const advisory = input.advisories.get(finding.advisory);
    return advisory ? [{ advisory, finding, fixedByOffer: fixes(offer(finding.package), finding, compare) }] : [];
  });
  const verdict = verdictOf(open, known);
  const idle = verdict === 'fixed' ? 'installed' : input.plan ? 'not-offered' : 'unplanned';
  return {
    package: name,
    installed: open[0]?.finding.installed ?? packages[0]?.sourceVersion ?? null,
    offered:
      offer(name) ??
      newest(
        planned.map(({ to }) => to),
        compare,
      ),
    fixed: newest(
      findings.map(({ fixed }) => fixed),
      compare,
    ),
    verdict,
    state: stateOf(planned) ?? idle,
    known,
    planned,
    open,
    cves: cvesOf(
      open.map(({ advisory }) => advisory),
      input.cves,
    ),
    priority: open.length + planned.length > 0 ? priorityOf(input, open, planned) : null,
  };
}

function verdictOf(open: readonly OpenAdvisory[], known: number): CheckVerdict {
  if (open.some(({ finding }) => finding.verdict !== 'unknown')) return 'vulnerable';
  return open.length > 0 || known === 0 ? 'unknown' : 'fixed';
}

function priorityOf(input: CheckInput, open: readonly OpenAdvisory[], planned: readonly Planned[]): Priority {
  const origins = planned.flatMap((one) => one.origins);
  const archive: Classification = isSecurity(origins) ? 'security' : origins.length > 0 ? 'bugfix' : 'unknown';
  return priorityFor({
    advisories: open.map(({ advisory }) => advisory),
    cves: input.cves,
    device: input.device,
    livepatched: false,
    classification: open.length > 0 ? 'security' : archive,
    firstSeen: input.at,
  });
}

function newest(versions: readonly (string | null)[], compare: Comparator | null): string | null {
  const told = versions.filter((version) => version !== null);
  return told.sort((a, b) => compare?.(b, a) ?? 0)[0] ?? null;
}

/** A rebuild without a change of the source only adds `+b1` to the version of the binary (Debian Policy, 3.2). */
const unbuilt = (version: string): string => version.replace(/\+b\d+$/, '');

/**
 * The version on offer of what an advisory names, source or binary. A plan only has versions of binaries: they tell the source's where
 * an installed one is the same as its source's.
 */
function offerOf({ packages, planned }: Group, compare: Comparator | null): (name: string) => string | null {
  const of = (name: string): string | null => planned.find((one) => bare(one.name) === name)?.to ?? null;
  const telling = packages.filter(({ version, sourceVersion }) => unbuilt(version) === sourceVersion);
  const source = newest(
    telling.map(({ name }) => planned.find((one) => one.name === name)?.to ?? null),
    compare,
  );
  return (name) => (packages.some((one) => one.source === name) ? source && unbuilt(source) : of(name));
}

function fixes(offered: string | null, { fixed }: Finding, compare: Comparator | null): boolean | null {
  if (offered === null) return null;
  if (fixed === null) return false;
  const order = compare?.(fixed, offered) ?? null;
  return order === null ? null : order <= 0;
}

/** The advisories of an index, by key, as `checkUp` takes them. */
export const byKey = (advisories: readonly Advisory[]): ReadonlyMap<string, Advisory> =>
  new Map(advisories.map((advisory) => [advisoryKey(advisory), advisory]));
