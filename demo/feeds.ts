/** The demo's feeds: files as Debian, CISA and FIRST publish them, about packages and CVEs that are made up. */
import { access, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { feedIds } from '../domain/model/feed.ts';

/** Made-up CVE; the numbers from 91000 on are far from those that are given out. */
type DemoCve = {
  readonly id: string;
  readonly cvss: string;
  readonly automatable: 'yes' | 'no';
  readonly impact: 'partial' | 'total';
  readonly exploitation: 'none' | 'poc' | 'active';
  readonly epss: number;
};
type DemoAdvisory = {
  readonly id: string;
  readonly source: string;
  readonly fixed: string;
  readonly cves: readonly string[];
};

const worst = 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H';
const remote = 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N';
const local = 'CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:N/I:N/A:H';

/** Exploited from the first day on, so that its card is on top. */
const exploited = 'CVE-2026-91001';
/** Becomes known as exploited while somebody looks at the demo. */
const later = 'CVE-2026-91003';
/** A kernel update names dozens at once. */
const kernel = Array.from({ length: 60 }, (_, at) => `CVE-2026-${91100 + at}`);

const cves: readonly DemoCve[] = [
  { id: exploited, cvss: worst, automatable: 'yes', impact: 'total', exploitation: 'active', epss: 0.97 },
  { id: 'CVE-2026-91002', cvss: remote, automatable: 'no', impact: 'partial', exploitation: 'none', epss: 0.02 },
  { id: later, cvss: remote, automatable: 'yes', impact: 'partial', exploitation: 'poc', epss: 0.31 },
  { id: 'CVE-2026-91004', cvss: local, automatable: 'no', impact: 'partial', exploitation: 'none', epss: 0.004 },
  ...kernel.map((id, at) => {
    return { id, cvss: local, automatable: 'no', impact: 'partial', exploitation: 'none', epss: at / 10_000 } as const;
  }),
];

const advisories: readonly DemoAdvisory[] = [
  { id: 'DSA-9101-1', source: 'acme-tls', fixed: '3.0-2', cves: [exploited, 'CVE-2026-91002'] },
  { id: 'DSA-9102-1', source: 'acme-web', fixed: '5.1', cves: [later] },
  { id: 'DSA-9103-1', source: 'acme-kernel', fixed: '6.1-2', cves: kernel },
  { id: 'DSA-9104-1', source: 'acme-db', fixed: '2.2', cves: ['CVE-2026-91004'] },
];

const dayMs = 86_400_000;
/** YYYY-MM-DD, so many days from now. */
const day = (now: Date, days: number): string => new Date(now.getTime() + days * dayMs).toISOString().slice(0, 10);

/** The tracker's line form: `[29 Mar 2026] DSA-1-1 source - security update`, then indented lines. */
function debianList(now: Date): string {
  const date = new Intl.DateTimeFormat('en-GB', { day: '2-digit', month: 'short', year: 'numeric', timeZone: 'UTC' });
  const when = date.format(now.getTime() - dayMs).replace('Sept', 'Sep');
  return advisories
    .map(({ id, source, fixed, cves: named }) =>
      [
        `[${when}] ${id} ${source} - security update`,
        `\t{${named.join(' ')}}`,
        `\t[bookworm] - ${source} ${fixed}`,
        '',
      ].join('\n'),
    )
    .join('');
}

function kevCatalog(now: Date, ids: readonly string[]): string {
  const vulnerabilities = ids.map((cveID) => ({
    cveID,
    dateAdded: day(now, 0),
    dueDate: day(now, 3),
    knownRansomwareCampaignUse: cveID === exploited ? 'Known' : 'Unknown',
  }));
  return JSON.stringify({ title: 'Made up for the demo', dateReleased: now.toISOString(), vulnerabilities });
}

const epssRows = (now: Date): string =>
  [
    `#model_version:v2026.03.16,score_date:${day(now, 0)}T00:00:00+0000`,
    'cve,epss,percentile',
    ...cves.map(({ id, epss }) => `${id},${epss.toFixed(5)},${Math.min(0.99, 0.5 + epss / 2).toFixed(5)}`),
    '',
  ].join('\n');

/** A CVE record with CISA's own part, as Vulnrichment has it (CVE record format 5.1). */
function cveRecord({ id, cvss, automatable, impact, exploitation }: DemoCve): string {
  const options = [{ Exploitation: exploitation }, { Automatable: automatable }, { 'Technical Impact': impact }];
  const ssvc = { other: { type: 'ssvc', content: { id, role: 'CISA Coordinator', version: '2.0.3', options } } };
  return JSON.stringify({
    dataType: 'CVE_RECORD',
    dataVersion: '5.1',
    cveMetadata: { cveId: id, state: 'PUBLISHED' },
    containers: {
      cna: { providerMetadata: { shortName: 'acme' }, metrics: [{ cvssV3_1: { vectorString: cvss } }] },
      adp: [{ title: 'CISA ADP Vulnrichment', providerMetadata: { shortName: 'CISA-ADP' }, metrics: [ssvc] }],
    },
  });
}

export type DemoFeeds = {
  /** `feeds` of the settings: these four at their files, every other one off. */
  readonly settings: {
    readonly enabled: true;
    readonly sources: Readonly<Record<string, { readonly enabled: boolean; readonly url?: string }>>;
  };
  /** CISA learns that one more CVE is exploited: its catalog grows. */
  news(): Promise<void>;
};

/** Writes the files where they are not there yet: a second start finds the world as it was left. */
export async function makeDemoFeeds(dir: string): Promise<DemoFeeds> {
  await mkdir(join(dir, 'cve'), { recursive: true });
  const now = new Date();
  const kev = join(dir, 'kev.json');
  const missing = await access(kev).then(
    () => false,
    () => true,
  );
  if (missing) {
    await writeFile(join(dir, 'dsa-list'), debianList(now));
    await writeFile(join(dir, 'epss.csv'), epssRows(now));
    for (const one of cves) await writeFile(join(dir, 'cve', `${one.id}.json`), cveRecord(one));
    await writeFile(kev, kevCatalog(now, [exploited]));
  }
  const at = (file: string) => ({ enabled: true, url: decodeURI(pathToFileURL(join(dir, file)).href) });
  const ours = { 'debian-dsa': at('dsa-list'), kev: at('kev.json'), epss: at('epss.csv'), ssvc: at('cve/{cve}.json') };
  const off = Object.fromEntries(feedIds.map((id) => [id, { enabled: false }]));
  return {
    settings: { enabled: true, sources: { ...off, ...ours } },
    news: () => writeFile(kev, kevCatalog(new Date(), [exploited, later])),
  };
}
