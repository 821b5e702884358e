/** What a patch protects from, in few words: how bad the vendor calls it, the worst advisories and CVEs, and how many there are. Pure. */
import { type Advisory, type Severity, severities } from '../model/advisory.ts';
import { type CveFacts, unknownCve } from '../model/cve.ts';
import type { Threat } from '../model/proposal.ts';
import { severityOfCvss } from './cvss.ts';

/** Lists in chat stay short: one kernel update names 2,018 CVEs. */
const shown = 5;

/** Who issues advisories for a release, by the part before the colon; the id itself where we know no better name. */
const vendors: Readonly<Record<string, string>> = {
  debian: 'Debian',
  ubuntu: 'Ubuntu',
  alpine: 'Alpine',
  almalinux: 'AlmaLinux',
  rocky: 'Rocky Linux',
  rhel: 'Red Hat',
  centos: 'CentOS',
  fedora: 'Fedora',
  amzn: 'Amazon',
  ol: 'Oracle',
  sles: 'SUSE',
  'opensuse-leap': 'openSUSE',
  windows: 'Microsoft',
};

/** The vendor of an advisory, by the releases that it speaks of. */
export function vendorOf({ affected }: Pick<Advisory, 'affected'>): string {
  const id = affected[0]?.release.split(':')[0];
  return id === undefined ? 'vendor' : (vendors[id] ?? id);
}

/** Security advisories that still hold: the others say nothing of danger. */
export const standing = (advisories: readonly Advisory[]): readonly Advisory[] =>
  advisories.filter(({ kind, cves, withdrawn }) => withdrawn === null && (kind === 'security' || cves.length > 0));

/** Every CVE of these advisories with its facts, each once, in order of id. */
export function cvesOf(advisories: readonly Advisory[], facts: ReadonlyMap<string, CveFacts>): readonly CveFacts[] {
  const ids = new Set(advisories.flatMap(({ cves }) => cves));
  return [...ids].sort().map((id) => facts.get(id) ?? unknownCve(id));
}

export type Rating = {
  readonly severity: Severity;
  /** Word for word; null = the vendor does not say. */
  readonly vendorSeverity: string | null;
  /** How it is known, such as `Important (Ubuntu: high)`. */
  readonly text: string;
};

const word = (severity: Severity): string => `${severity[0]?.toUpperCase()}${severity.slice(1)}`;
const bySeverity = (a: Advisory, b: Advisory): number =>
  severities.indexOf(a.severity) - severities.indexOf(b.severity);

/** The worst severity. A vendor knows its own product: CVSS only counts where no vendor rates (facts on feeds, section 6). */
export function ratingOf(advisories: readonly Advisory[], cves: readonly CveFacts[]): Rating {
  const worst = [...advisories].sort(bySeverity)[0];
  const vendorSeverity = worst?.vendorSeverity ?? null;
  if (worst && worst.severity !== 'unrated') {
    const said = vendorSeverity === null ? '' : ` (${vendorOf(worst)}: ${vendorSeverity})`;
    return { severity: worst.severity, vendorSeverity, text: `${word(worst.severity)}${said}` };
  }
  const rated = cves.flatMap(({ id, cvss }) => (cvss ? [{ id, ...cvss }] : []));
  const [top] = rated.sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1));
  const severity = top ? severityOfCvss(top.score) : 'unrated';
  if (!top || severity === 'unrated') return { severity: 'unrated', vendorSeverity, text: 'Unrated' };
  return { severity, vendorSeverity, text: `${word(severity)} (CVSS ${top.score} by ${top.by}, ${top.id})` };
}

/** KEV first, then the likeliest by EPSS. */
export const byThreat = (a: CveFacts, b: CveFacts): number =>
  Number(b.kev !== null) - Number(a.kev !== null) ||
  (b.epss?.score ?? -1) - (a.epss?.score ?? -1) ||
  (a.id < b.id ? -1 : 1);

/** Newest first among equally bad ones. */
const byWeight = (a: Advisory, b: Advisory): number =>
  bySeverity(a, b) ||
  (b.published?.getTime() ?? 0) - (a.published?.getTime() ?? 0) ||
  (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);

/**
 * Sums up the advisories of a patch: the worst five of them and of their CVEs by name, the others as numbers. The same advisory from
 * two feeds is one. `exposed`: how many devices of the plan are on the internet, or nobody has said of.
 */
export function threatOf(
  advisories: readonly Advisory[],
  facts: ReadonlyMap<string, CveFacts>,
  exposed: number,
): Threat {
  const relevant = standing(advisories);
  const once = new Map<string, Advisory>();
  for (const advisory of [...relevant].sort(byWeight)) if (!once.has(advisory.id)) once.set(advisory.id, advisory);
  const sorted = [...once.values()];
  const cves = [...cvesOf(relevant, facts)];
  const { severity, vendorSeverity } = ratingOf(relevant, cves);
  return {
    severity,
    vendorSeverity,
    advisories: sorted.slice(0, shown).map(({ id, title }) => ({ id, title })),
    advisoryCount: sorted.length,
    cves: cves
      .sort(byThreat)
      .slice(0, shown)
      .map(({ id, kev, epss }) => ({ id, kev: kev !== null, epss: epss?.score ?? null })),
    cveCount: cves.length,
    exposed,
  };
}
