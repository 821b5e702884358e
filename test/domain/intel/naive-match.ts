/** Matching as one would explain it to a person: every advisory against every package, slowly, with nothing remembered. */
import { compareFor } from '../../../domain/backends/versions/index.ts';
import type { MatchSubject } from '../../../domain/intel/match.ts';
import { type Advisory, type Affected, advisoryKey } from '../../../domain/model/advisory.ts';
import type { InstalledPackage } from '../../../domain/model/device.ts';
import type { Finding } from '../../../domain/model/finding.ts';

type Said = 'vulnerable' | 'unknown' | 'harmless' | 'nothing';

const modular = (text: string | null): boolean => text !== null && /\.module[+_]/.test(text);
const digits = (text: string): boolean => /[0-9]/.test(text);
const versionOf = (entry: Affected, one: InstalledPackage): string =>
  entry.names === 'source' ? one.sourceVersion : one.version;
const nameOf = (entry: Affected, one: InstalledPackage): string =>
  entry.names === 'source' ? one.source : (one.name.split(':')[0] ?? '');

/** What an entry says of a copy of its own package. */
function saidOf(entry: Affected, one: InstalledPackage, modules: ReadonlySet<string>): Said {
  const version = versionOf(entry, one);
  const compared = (bound: string) => {
    const order = compareFor(entry.release)?.(version, bound) ?? null;
    return digits(version) && digits(bound) ? order : null;
  };
  let unsure = entry.status === 'unknown';
  if (entry.module !== null) {
    if (!modules.has(entry.module)) return 'nothing';
  } else {
    if (modular(entry.fixed) !== modular(version)) return 'nothing';
    if (modular(version)) unsure = true;
  }
  if (!one.whole) {
    if (entry.status !== 'not-affected') return 'unknown';
    return entry.introduced === null && entry.fixed === null ? 'harmless' : 'nothing';
  }
  if (entry.fixed !== null) {
    const order = compared(entry.fixed);
    if (order === 0 || order === 1) return 'nothing';
    if (order === null) unsure = true;
  }
  if (entry.introduced !== null) {
    const order = compared(entry.introduced);
    if (order === -1) return 'nothing';
    if (order === null) unsure = true;
  }
  if (entry.status !== 'not-affected') return unsure ? 'unknown' : 'vulnerable';
  const bounds = [entry.fixed, entry.introduced].filter((bound) => bound !== null);
  return bounds.every((bound) => compared(bound) !== null) ? 'harmless' : 'nothing';
}

/** Advisories and CVEs that are declared harmless for a copy, by the name that `entry` uses and by its source package's. */
function isHarmless(
  advisory: Advisory,
  entry: Affected,
  one: InstalledPackage,
  all: readonly Advisory[],
  { modules }: MatchSubject,
) {
  const declaring = all.filter(
    (other) =>
      !other.withdrawn &&
      other.affected.some((by) => {
        const sameName =
          by.names === entry.names ? by.package === entry.package : by.names === 'source' && by.package === one.source;
        return (
          by.release === entry.release &&
          by.status === 'not-affected' &&
          sameName &&
          saidOf(by, one, modules) === 'harmless'
        );
      }),
  );
  if (declaring.some((other) => advisoryKey(other) === advisoryKey(advisory))) return true;
  const cves = new Set(declaring.flatMap((other) => other.cves));
  return advisory.cves.length > 0 && advisory.cves.every((cve) => cves.has(cve));
}

/** Open findings, as texts that can be compared whatever their order is. */
export function naiveMatch(all: readonly Advisory[], subject: MatchSubject): readonly Finding[] {
  const best = new Map<string, Finding>();
  for (const advisory of all.filter(({ withdrawn }) => !withdrawn)) {
    const covered = advisory.cves.length > 0 && advisory.cves.every((cve) => subject.livepatched.has(cve));
    const entries = advisory.affected.filter((entry) => entry.release === subject.release);
    // Copies first: of equally bad ones that cannot be compared, the first in the inventory counts.
    for (const one of subject.packages) {
      for (const entry of entries.filter(
        (each) => each.status !== 'not-affected' && nameOf(each, one) === each.package,
      )) {
        const said = saidOf(entry, one, subject.modules);
        if (said !== 'vulnerable' && said !== 'unknown') continue;
        if (isHarmless(advisory, entry, one, all, subject)) continue;
        const { package: name, fixed, requires, names } = entry;
        const finding = {
          advisory: advisoryKey(advisory),
          package: name,
          installed: versionOf(entry, one),
          fixed,
          verdict: said,
          requires,
        };
        const key = `${finding.advisory} ${names} ${name}`;
        const before = best.get(key);
        if (!before || counts(finding, before, subject.release)) best.set(key, finding);
      }
    }
    for (const [key, finding] of best)
      if (covered && key.startsWith(`${advisoryKey(advisory)} `) && finding.verdict === 'vulnerable')
        best.set(key, { ...finding, verdict: 'mitigated' });
  }
  return [...best.values()];
}

/** The worse one; then the one that costs nothing; then the older one. */
function counts(one: Finding, before: Finding, release: string): boolean {
  if (one.verdict !== before.verdict) return one.verdict === 'vulnerable';
  if (one.requires !== before.requires) return one.requires === null;
  return compareFor(release)?.(one.installed, before.installed) === -1;
}
