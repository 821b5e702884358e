/** One OSV record (schema 1.7) as an advisory of ours, with the habits of each distribution's export. */
import { z } from 'zod';
import { severityOfCvss } from '../../domain/intel/cvss.ts';
import { type Advisory, type Affected, severities } from '../../domain/model/advisory.ts';
import { isWanted } from './coverage.ts';
import { scoreOf } from './cvss.ts';
import type { Item, Wanted } from './feed.ts';
import { isId, isPackage, isVersion } from './names.ts';
import { type Place, placeOf } from './osv-ecosystem.ts';
import { cvesIn, dateOf, links, oneLine, plain, severityOf } from './text.ts';

const Words = z.array(z.string()).nullish();
const OsvEvent = z.object({
  introduced: z.string().optional(),
  fixed: z.string().optional(),
  last_affected: z.string().optional(),
});
const OsvAffected = z.object({
  package: z.object({ ecosystem: z.string(), name: z.string(), purl: z.string().nullish() }).nullish(),
  ranges: z.array(z.object({ type: z.string(), events: z.array(OsvEvent) })).nullish(),
  versions: z.array(z.unknown()).nullish(),
  ecosystem_specific: z.record(z.string(), z.unknown()).nullish(),
});
const OsvRecord = z.object({
  id: z.string(),
  modified: z.string(),
  published: z.string().nullish(),
  withdrawn: z.string().nullish(),
  summary: z.string().nullish(),
  details: z.string().nullish(),
  aliases: Words,
  related: Words,
  upstream: Words,
  severity: z.array(z.object({ type: z.string(), score: z.string() })).nullish(),
  affected: z.array(OsvAffected).nullish(),
  references: z.array(z.object({ type: z.string(), url: z.string() })).nullish(),
  database_specific: z.record(z.string(), z.unknown()).nullish(),
});
type OsvRecord = z.output<typeof OsvRecord>;
type OsvAffected = z.output<typeof OsvAffected>;
type OsvEvent = z.output<typeof OsvEvent>;

/** What a feed keeps of a record. */
export type Keep = { readonly feed: string; readonly distributions: readonly string[]; readonly wanted: Wanted };

/** `real`: it speaks of packages or is withdrawn, so that it is more than a line of an index. */
export type OsvRead = { readonly items: readonly Item[]; readonly real: boolean };

/**
 * The advisory that a record makes, and one `dropped` for each of its entries that cannot be used; without any entry for a wanted
 * release only those. `value` is anything that JSON can hold: what is no OSV record is `dropped`.
 */
export function osvItems(value: unknown, where: string, keep: Keep): OsvRead {
  const read = OsvRecord.safeParse(value);
  if (!read.success) {
    const field = read.error.issues[0]?.path.join('.') || 'it';
    return no(where, `It is no OSV record: ${oneLine(field)} is wrong.`);
  }
  const record = read.data;
  if (!isId(record.id)) return no(where, 'Its id is none.');
  const kept = entriesOf(record, keep);
  const bad: readonly Item[] = Array.from({ length: kept.bad }, () => ({
    kind: 'dropped',
    where: record.id,
    why: 'One of its entries has a package or a version that is none.',
  }));
  const real = record.withdrawn != null || (record.affected ?? []).length > 0;
  if (kept.affected.length === 0) return { items: bad, real };
  return { items: [{ kind: 'advisory', advisory: advisoryOf(record, keep.feed, kept) }, ...bad], real };
}

const no = (where: string, why: string): OsvRead => ({
  items: [{ kind: 'dropped', where: oneLine(where), why }],
  real: false,
});

type Entries = { readonly affected: readonly Affected[]; readonly words: readonly unknown[]; readonly bad: number };

function entriesOf(record: OsvRecord, { distributions, wanted }: Keep): Entries {
  const affected = new Map<string, Affected>();
  const words: unknown[] = [];
  let bad = 0;
  for (const entry of record.affected ?? []) {
    const place = entry.package ? placeOf(entry.package.ecosystem) : null;
    if (!place || !entry.package || !isWanted(wanted, place.release)) continue;
    if (!distributions.includes(place.release.split(':')[0] ?? '')) continue;
    const made = affectedOf(record, entry, place, entry.package);
    if (made === null) {
      bad++;
      continue;
    }
    for (const one of made) affected.set(JSON.stringify(one), one);
    // Ubuntu's priority and Debian's urgency.
    words.push(entry.ecosystem_specific?.ubuntu_priority, entry.ecosystem_specific?.urgency);
  }
  return { affected: [...affected.values()], words, bad };
}

/** null when the package or one of the versions is none. */
function affectedOf(
  record: OsvRecord,
  entry: OsvAffected,
  place: Place,
  { name, purl }: { name: string; purl?: string | null | undefined },
): readonly Affected[] | null {
  if (!isPackage(name)) return null;
  const availability = entry.ecosystem_specific?.availability;
  const pays = typeof availability === 'string' && /Ubuntu Pro|^Livepatch subscription/.test(availability);
  const base = { ...place, package: name, requires: pays ? ('ubuntu-pro' as const) : place.requires };
  const spans = spansOf(entry).map((span) => withEpoch(span, place, purl ?? ''));
  if (spans.some(({ introduced, fixed }) => [introduced, fixed].some((text) => text !== null && !isVersion(text))))
    return null;
  return spans.flatMap((span) => streamsOf(record, span, place).map((module) => ({ ...base, ...span, module })));
}

type Span = Pick<Affected, 'introduced' | 'fixed' | 'status'>;

/** `versions` repeat what the ranges say and are not read beside them; alone, they cannot say which other versions are affected. */
function spansOf({ ranges, versions }: OsvAffected): readonly Span[] {
  const spans = (ranges ?? []).filter(({ type }) => type !== 'GIT').flatMap(({ events }) => spansOfEvents(events));
  if (spans.length > 0 || !versions?.length) return spans;
  return [{ introduced: null, fixed: null, status: 'unknown' }];
}

/**
 * The events of one range in the order in which exporters write them, oldest first. After `last_affected` a version without the fault
 * exists but is not named: later versions are `unknown`.
 */
function spansOfEvents(events: readonly OsvEvent[]): readonly Span[] {
  const first = (event: OsvEvent): number => (event.introduced === '0' ? 0 : 1);
  const spans: Span[] = [];
  let open: string | null | undefined;
  for (const event of [...events].sort((a, b) => first(a) - first(b))) {
    if (event.introduced !== undefined) {
      open = event.introduced === '0' ? null : event.introduced;
    } else if (event.fixed !== undefined && (open !== undefined || spans.length === 0)) {
      spans.push({ introduced: open ?? null, fixed: event.fixed, status: 'affected' });
      open = undefined;
    } else if (event.last_affected !== undefined && open !== undefined) {
      spans.push({ introduced: open, fixed: null, status: 'unknown' });
      open = undefined;
    }
  }
  if (open !== undefined) spans.push({ introduced: open, fixed: null, status: 'affected' });
  return spans;
}

/** Some Rocky records have the epoch in the purl only; a version without one counts as epoch 0 and would never be reached. */
function withEpoch(span: Span, { release }: Place, purl: string): Span {
  const epoch = /[?&]epoch=(\d+)(?:&|$)/.exec(purl)?.[1];
  if (!release.startsWith('rocky:') || !epoch || Number(epoch) === 0) return span;
  const add = (version: string | null): string | null =>
    version === null || version.includes(':') ? version : `${epoch}:${version}`;
  return { ...span, introduced: add(span.introduced), fixed: add(span.fixed) };
}

/** rpm vendors name the module stream in the title only: `Important: php:8.1 security update`, `virt:rhel and virt-devel:rhel`. */
function streamsOf(record: OsvRecord, { fixed }: Span, { module }: Place): readonly (string | null)[] {
  if (!fixed || !/\.module[_+]el/.test(fixed)) return [module];
  const title = (record.summary ?? '').replace(/^\w+: /, '');
  const streams = title.match(/(?<![\w.:-])[a-z][\w.+-]*:[\w.+-]+/gi) ?? [];
  return streams.length > 0 ? [...new Set(streams)] : [null];
}

function advisoryOf(record: OsvRecord, feed: string, { affected, words }: Entries): Advisory {
  const title = oneLine(record.summary) || oneLine((record.details ?? '').trim().split('\n')[0]);
  const sorted = [...(record.references ?? [])].sort((a, b) => rank(a.type) - rank(b.type));
  const cves = cvesOf(record);
  return {
    id: record.id,
    feed,
    title: title || record.id,
    text: plain(record.details),
    kind: cves.length > 0 ? 'security' : kindOf(record.id),
    cves,
    ...ratingOf(record, words),
    affected,
    published: dateOf(record.published),
    modified: dateOf(record.modified),
    withdrawn: dateOf(record.withdrawn),
    reboot: false,
    livepatch: record.id.startsWith('LSN-'),
    references: links(sorted.map(({ url }) => url)),
  };
}

/** Exporters differ in the field; seven AlmaLinux 9 records have their CVEs only in the addresses they refer to, one of them in KEV. */
function cvesOf({ id, related, aliases, upstream, references }: OsvRecord): readonly string[] {
  const named = cvesIn([id, ...(related ?? []), ...(aliases ?? []), ...(upstream ?? [])]);
  if (named.length > 0) return named;
  return cvesIn((references ?? []).map(({ url }) => /\/(CVE-\d{4}-\d+)(?:\.html)?$/.exec(url)?.[1]));
}

const rank = (type: string): number => (type === 'ADVISORY' ? 0 : type === 'WEB' ? 1 : 2);

/** AlmaLinux and Rocky (BA, EA), SUSE (RU, FU, OU) put the kind into the id. */
function kindOf(id: string): Advisory['kind'] {
  if (/^(?:..BA-|(?:open)?SUSE-RU-)/.test(id)) return 'bugfix';
  return /^(?:..EA-|(?:open)?SUSE-[FO]U-)/.test(id) ? 'feature' : 'security';
}

/** The vendor's worst word, else the best-known CVSS vector's score; most Debian and Ubuntu bulletins have neither. */
function ratingOf(record: OsvRecord, words: readonly unknown[]): Pick<Advisory, 'severity' | 'vendorSeverity'> {
  const first = /^(Critical|Important|Moderate|Low|None|Unknown): /.exec(record.summary ?? '')?.[1];
  const priority = (record.severity ?? []).filter(({ type }) => type === 'Ubuntu').map(({ score }) => score);
  const said = [first, ...priority, ...words, record.database_specific?.severity]
    .map(oneLine)
    .filter((word) => word !== '');
  const worst = severities.find(
    (severity) => severity !== 'unrated' && said.some((word) => severityOf(word) === severity),
  );
  if (worst) return { severity: worst, vendorSeverity: said.find((word) => severityOf(word) === worst) ?? null };
  const scores = (record.severity ?? []).map(({ score }) => scoreOf(score)).filter((score) => score !== null);
  const severity = scores.length > 0 ? severityOfCvss(Math.max(...scores)) : 'unrated';
  return { severity, vendorSeverity: first ?? null };
}
