/** Recorded KEV, EPSS and SSVC facts and recorded patches, read as they are, without the code that reads feeds. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { type CveFacts, type Ssvc, unknownCve } from '../../../domain/model/cve.ts';
import type { DueClass } from '../../../domain/model/priority.ts';

const folder = path.resolve('../shared/data');
/** Where the recordings are; null where they are not. */
export const recordings = existsSync(folder) ? folder : null;
if (!recordings) console.log(`skipped: no recordings at ${folder}`);

export const textOf = (file: string): string => {
  const bytes = readFileSync(path.join(folder, file));
  return (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
};

/** How CISA's own tables word a due class. */
export const cisaWords: Readonly<Record<DueClass, string>> = {
  '3-days-triage': '3 days & forensic investigation',
  '3-days': '3 days',
  '14-days': '14 days',
  '60-days': '60 days',
  'next-window': 'fix on system upgrade',
};

/** Rows of a TSV file by the names of its columns. */
export function rowsOf(file: string): readonly Readonly<Record<string, string>>[] {
  const [head = '', ...lines] = textOf(file).trimEnd().split('\n');
  const names = head.split('\t');
  return lines.map((line) => Object.fromEntries(line.split('\t').map((value, at) => [names[at], value])));
}

type KevEntry = { cveID: string; dateAdded: string; dueDate: string; knownRansomwareCampaignUse: string };
type Metric = { other?: { type: string; content: { options: Record<string, string>[] } }; [key: string]: unknown };
type Container = { metrics?: Metric[]; providerMetadata?: { shortName?: string } };
type CveRecord = { cveMetadata: { cveId: string }; containers: { cna: Container; adp?: Container[] } };

/** Facts of every CVE of the recordings. */
export function recordedFacts(): ReadonlyMap<string, CveFacts> {
  const facts = new Map<string, CveFacts>();
  const add = (id: string, change: Partial<CveFacts>) =>
    facts.set(id, { ...(facts.get(id) ?? unknownCve(id)), ...change });
  for (const line of textOf('epss/epss_scores-2026-06-28.csv.gz').split('\n')) {
    const [id = '', score, percentile] = line.split(',');
    if (id.startsWith('CVE-'))
      add(id, { epss: { score: Number(score), percentile: Number(percentile), date: '2026-06-28' } });
  }
  const catalog = JSON.parse(textOf('kev/known_exploited_vulnerabilities.2026-06-30.json.gz'));
  for (const { cveID, dateAdded, dueDate, knownRansomwareCampaignUse } of catalog.vulnerabilities as KevEntry[])
    add(cveID, { kev: { added: dateAdded, due: dueDate, ransomware: knownRansomwareCampaignUse === 'Known' } });
  for (const line of textOf('cve/cve-v5-vulnrichment.2024-10-24.ndjson.gz').trimEnd().split('\n')) {
    const { cveMetadata, containers } = JSON.parse(line) as CveRecord;
    const metrics = [containers.cna, ...(containers.adp ?? [])].flatMap((container) => container.metrics ?? []);
    add(cveMetadata.cveId, { ssvc: ssvcOf(metrics), cvss: cvssOf(metrics) });
  }
  return facts;
}

function ssvcOf(metrics: readonly Metric[]): Ssvc | null {
  const options = metrics.find(({ other }) => other?.type === 'ssvc')?.other?.content.options;
  if (!options) return null;
  const said = Object.assign({}, ...options) as Record<string, string>;
  return {
    exploitation: said.Exploitation as Ssvc['exploitation'],
    automatable: said.Automatable === 'yes',
    impact: said['Technical Impact'] as Ssvc['impact'],
  };
}

function cvssOf(metrics: readonly Metric[]): CveFacts['cvss'] {
  const rated = metrics.flatMap((metric) =>
    Object.entries(metric).flatMap(([key, value]) => (key.startsWith('cvssV') ? [value] : [])),
  )[0] as { vectorString: string; baseScore: number } | undefined;
  return rated ? { vector: rated.vectorString, score: rated.baseScore, by: 'record' } : null;
}

/** The CVEs that the changelogs between the installed and the offered version name, by source package. */
export function patchCves(file: string): ReadonlyMap<string, readonly string[]> {
  const patches = JSON.parse(textOf(file)) as { source: string; entries: { cves: string[] }[] }[];
  return new Map(patches.map(({ source, entries }) => [source, [...new Set(entries.flatMap(({ cves }) => cves))]]));
}
