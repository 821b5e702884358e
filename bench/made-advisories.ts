/** Advisories and findings by the thousand, made up with the proportions of real ones: the same ones in every run. */
import { type Advisory, type Affected, advisoryKey, severities } from '../domain/model/advisory.ts';
import type { DeviceFindings, Finding } from '../domain/model/finding.ts';
import type { DeviceId, TenantId } from '../domain/model/ids.ts';
import { seeded } from '../test/random.ts';

export const madeFeed = 'made';
const releases = ['almalinux:8', 'almalinux:9', 'debian:11', 'debian:12', 'debian:13', 'ubuntu:22.04', 'ubuntu:24.04'];
const syllables = [
  'lib',
  'open',
  'net',
  'ssl',
  'core',
  'ker',
  'nel',
  'pg',
  'sql',
  'mail',
  'tor',
  'gnu',
  'ng',
  'inx',
  'py',
];
const sources = 800;
const dayMs = 86_400_000;
/** The day of the newest; ten years back to the oldest. */
const newest = Date.UTC(2026, 10, 20);

type Chance = () => number;
const upTo = (chance: Chance, most: number): number => Math.floor(chance() * most);
/** Few are large: the square of a chance, twice. */
const mostlyFew = (chance: Chance, most: number): number => 1 + Math.floor(chance() ** 4 * most);

/** The name of a source package: two or three syllables and a number. */
function sourceName(number: number): string {
  const chance = seeded(number);
  const parts = Array.from({ length: 2 + upTo(chance, 2) }, () => syllables[upTo(chance, syllables.length)]);
  return `${parts.join('')}${number}`;
}

/** The `number`th advisory: 13 entries and 4 CVEs in the middle, a few with hundreds, as in AlmaLinux 9 of 2026. */
export function madeAdvisory(number: number): Advisory {
  const chance = seeded(number + 1);
  const source = sourceName(upTo(chance, sources));
  const release = releases[upTo(chance, releases.length)] ?? 'debian:12';
  const published = new Date(newest - upTo(chance, 3650) * dayMs);
  const year = published.getUTCFullYear();
  const cves = Array.from({ length: mostlyFew(chance, 14) }, () => `CVE-${year}-${1000 + upTo(chance, 20_000)}`);
  const severity = severities[upTo(chance, 5)] ?? 'unrated';
  const affected = Array.from(
    { length: mostlyFew(chance, 60) },
    (_, at): Affected => ({
      release,
      names: 'binary',
      package: at === 0 ? source : `${source}-${syllables[at % syllables.length]}${at}`,
      introduced: null,
      fixed: `${1 + upTo(chance, 9)}.${upTo(chance, 40)}.${upTo(chance, 40)}-${upTo(chance, 90)}.el9`,
      status: 'affected',
      requires: null,
      module: null,
    }),
  );
  return {
    id: `MADE-${year}:${number}`,
    feed: madeFeed,
    title: `${severity}: ${source} security update`,
    text: `An update for ${source} is available. ${cves.map((cve) => `A flaw was found (${cve}).`).join(' ')} `.repeat(
      4,
    ),
    kind: 'security',
    cves: [...new Set(cves)].sort(),
    severity,
    vendorSeverity: severity,
    affected,
    published,
    modified: published,
    withdrawn: null,
    reboot: false,
    livepatch: false,
    references: [`https://errata.example/${number}`],
  };
}

export function* madeAdvisories(count: number): Iterable<Advisory> {
  for (let number = 0; number < count; number += 1) yield madeAdvisory(number);
}

/** What findings say of an advisory. */
export type Head = Pick<Finding, 'advisory' | 'package' | 'fixed'>;
export const headOf = ({ affected, ...one }: Advisory): Head => {
  return { advisory: advisoryKey(one), package: affected[0]?.package ?? '', fixed: affected[0]?.fixed ?? null };
};

/** The findings of the `number`th device: `open` of these. A few of them are on every device, a hundredth of them on many. */
export function madeFindings(tenant: TenantId, number: number, open: number, among: readonly Head[]): DeviceFindings {
  const chance = seeded(number + 1_000_000);
  const picked = new Set<Head>();
  while (picked.size < Math.min(open, among.length)) {
    const at = chance() < 0.5 ? Math.floor((chance() ** 3 * among.length) / 100) : upTo(chance, among.length);
    const head = among[at];
    if (head) picked.add(head);
  }
  return {
    device: `d${String(number).padStart(5, '0')}` as DeviceId,
    tenant,
    release: 'almalinux:9',
    exposure: (['internet', 'internal', 'isolated', null] as const)[number % 4] ?? null,
    at: new Date(Date.UTC(2026, 10, 26)),
    open: [...picked].map((head): Finding => ({ ...head, installed: '1.0-1', verdict: 'vulnerable', requires: null })),
  };
}
