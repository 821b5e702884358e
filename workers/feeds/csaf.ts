/** Reads CSAF 2.0 documents of rpm vendors: which package of which release has, has not, or no longer has the fault. */
import { z } from 'zod';
import { severityOfCvss } from '../../domain/intel/cvss.ts';
import { type Advisory, type Affected, severities } from '../../domain/model/advisory.ts';
import { Failure } from '../../domain/model/failure.ts';
import { jsonOf, membersOf } from './archive.ts';
import { isWanted } from './coverage.ts';
import { productsOf, Tree } from './csaf-products.ts';
import type { Item, Wanted } from './feed.ts';
import { AdvisoryId, eachOnce } from './rpm.ts';
import { cvesIn, dateOf, links, oneLine, plain, severityOf } from './text.ts';

/** What is different from one vendor to the next. */
export type Dialect = {
  readonly feed: string;
  /** How its ids begin: a document of another vendor is left to that vendor's feed. */
  readonly ids: RegExp;
  /** The releases that a product of the tree stands for: usually one, none for products that are no operating system. */
  releasesOf(cpe: string): readonly string[];
  /** Text that is in every document that speaks of this release: documents without it need not be parsed. */
  traceOf(release: string): string;
  /** Whether components without a version and an architecture are named by source package. */
  readonly bareAreSources: boolean;
  /** False where other documents of the vendor speak of fixed versions, and these only of what is open or harmless. */
  readonly fixes: boolean;
};

/** A vendor's archive of everything is many GiB unpacked; it is read as a stream. */
const ARCHIVE_LIMIT = 32 * 1024 ** 3;

const Words = z.string().optional();
const Note = z.object({ category: Words, text: z.string() });
const Ids = z.array(z.string()).optional();
const Score = z.object({ cvss_v3: z.object({ baseScore: z.number() }).optional() });
const Vulnerability = z.object({
  cve: Words,
  notes: z.array(Note).default([]),
  product_status: z
    .object({
      fixed: Ids,
      recommended: Ids,
      first_fixed: Ids,
      known_affected: Ids,
      first_affected: Ids,
      last_affected: Ids,
      known_not_affected: Ids,
      under_investigation: Ids,
    })
    .default({}),
  remediations: z.array(z.object({ restart_required: z.object({ category: Words }).optional() })).default([]),
  threats: z.array(z.object({ category: Words, details: Words })).default([]),
  scores: z.array(Score).default([]),
});
const Document = z.object({
  document: z.object({
    category: z.string(),
    title: z.string(),
    aggregate_severity: z.object({ text: z.string() }).optional(),
    notes: z.array(Note).default([]),
    references: z.array(z.object({ category: Words, url: Words })).default([]),
    tracking: z.object({
      id: AdvisoryId,
      status: z.string(),
      initial_release_date: Words,
      current_release_date: Words,
      revision_history: z.array(z.object({ date: Words, summary: Words })).default([]),
    }),
  }),
  product_tree: Tree.default({ branches: [], relationships: [], full_product_names: [] }),
  vulnerabilities: z.array(Vulnerability).default([]),
});
type Document = z.infer<typeof Document>;
type Vulnerability = z.infer<typeof Vulnerability>;

/**
 * The advisories of one document or of an archive of them. A document that is none is `dropped`; drafts, and documents that say nothing
 * of a wanted release, are passed over. Failure `feed.unreadable` when there is not one CSAF document in the file.
 */
export async function* csafItems(file: string, dialect: Dialect, wanted: Wanted): AsyncGenerator<Item> {
  let documents = 0;
  const dropped: Item[] = []; // not given before there is one document: a web page is a failure, not a record that is left out
  const traces = [...wanted.releases].map((release) => dialect.traceOf(release));
  for await (const { name, text } of membersOf(file, '.json', ARCHIVE_LIMIT)) {
    if (traces.length > 0 && text.includes('"csaf_version"') && !traces.some((trace) => text.includes(trace))) {
      documents++;
      continue;
    }
    const read = readDocument(name, text, dialect);
    if ('why' in read) {
      dropped.push({ kind: 'dropped', where: oneLine(name), why: read.why });
    } else {
      documents++;
      const advisory = advisoryOf(read.document, dialect, wanted);
      if (advisory) yield { kind: 'advisory', advisory };
    }
    if (documents > 0) yield* dropped.splice(0);
    if (dropped.length > 1000) break;
  }
  if (documents === 0) {
    const first = dropped[0]?.kind === 'dropped' ? ` (${dropped[0].why})` : '';
    throw new Failure('feed.unreadable', `There is no CSAF 2.0 document in the file${first}.`);
  }
}

function readDocument(
  name: string,
  text: string,
  { ids }: Dialect,
): { readonly document: Document } | { readonly why: string } {
  try {
    const read = Document.safeParse(jsonOf(text, `The document ${oneLine(name)}`));
    if (read.success && !ids.test(read.data.document.tracking.id)) return { why: 'its id is not one of this feed' };
    if (read.success) return { document: read.data };
    return { why: `its ${read.error.issues[0]?.path.join('.') || 'content'} is not valid` };
  } catch (problem) {
    if (problem instanceof Failure) return { why: problem.message };
    throw problem;
  }
}

/** null when the document is a draft or has nothing for a wanted release. */
function advisoryOf(document: Document, dialect: Dialect, wanted: Wanted): Advisory | null {
  const { document: head, vulnerabilities } = document;
  const { tracking } = head;
  if (tracking.status === 'draft') return null;
  const affected = affectedOf(document, dialect, wanted);
  if (affected.length === 0) return null;
  const cves = cvesIn(vulnerabilities.map(({ cve }) => cve));
  const vendorSeverity = severityIn(document);
  const own = head.references.filter(({ category }) => category === 'self');
  return {
    id: tracking.id,
    feed: dialect.feed,
    title: oneLine(head.title) || tracking.id,
    text: textOf(document),
    kind: cves.length > 0 ? 'security' : kindOf(tracking.id),
    cves,
    severity: vendorSeverity ? severityOf(vendorSeverity) : severityOfCvss(worstScore(vulnerabilities)),
    vendorSeverity,
    affected,
    published: dateOf(tracking.initial_release_date),
    modified: dateOf(tracking.current_release_date),
    withdrawn: withdrawnAt(document),
    reboot: vulnerabilities.some(({ remediations }) => remediations.some(needsReboot)),
    livepatch: false,
    references: links([...own, ...head.references].map(({ url }) => url)),
  };
}

/** CSAF 2.0 section 3.2.3.12.5: `machine` is "the machine needs to be restarted", `system` "the whole system". */
const needsReboot = ({ restart_required }: Vulnerability['remediations'][number]): boolean =>
  restart_required?.category === 'machine' || restart_required?.category === 'system';

const kindOf = (id: string): Advisory['kind'] => {
  if (/^RHBA-|-RU-/.test(id)) return 'bugfix';
  return /^RHEA-|-FU-|-OU-/.test(id) ? 'feature' : 'security';
};

/** The document's own word, else the worst that it says of one of its CVEs. */
function severityIn({ document, vulnerabilities }: Document): string | null {
  const own = oneLine(document.aggregate_severity?.text);
  if (own !== '') return own;
  const impacts = vulnerabilities
    .flatMap(({ threats }) => threats)
    .filter(({ category }) => category === 'impact')
    .map(({ details }) => oneLine(details))
    .filter((word) => severityOf(word) !== 'unrated');
  return impacts.sort((a, b) => severities.indexOf(severityOf(a)) - severities.indexOf(severityOf(b)))[0] ?? null;
}

const worstScore = (vulnerabilities: readonly Vulnerability[]): number =>
  vulnerabilities
    .flatMap(({ scores }) => scores)
    .reduce((worst, { cvss_v3 }) => Math.max(worst, cvss_v3?.baseScore ?? 0), 0);

function textOf({ document, vulnerabilities }: Document): string {
  const said = (notes: readonly z.infer<typeof Note>[], categories: readonly string[]): string[] =>
    notes.filter(({ category }) => categories.includes(category ?? '')).map(({ text }) => text.trim());
  const own = said(document.notes, ['summary', 'description', 'general']).filter((text) => text !== document.title);
  const other = vulnerabilities.flatMap(({ notes }) => said(notes, ['description']));
  return plain((own.length > 0 ? own : other).join('\n\n'));
}

/** CSAF 2.1 has a category for it; under 2.0 vendors say so in the last revision. */
function withdrawnAt({ document: { category, tracking } }: Document): Date | null {
  const last = [...tracking.revision_history].sort((a, b) => (a.date ?? '').localeCompare(b.date ?? '')).at(-1);
  const gone = category === 'csaf_withdrawn' || /\b(retracted|withdrawn|rejected)\b/i.test(last?.summary ?? '');
  return gone ? (dateOf(tracking.current_release_date) ?? dateOf(last?.date) ?? new Date(0)) : null;
}

/** A worse word on the same package of the same release wins: an update for two CVEs may have it fixed for one and unharmed by the other. */
const ranks = { fixed: 3, affected: 2, unknown: 1, 'not-affected': 0 } as const;
type Rank = keyof typeof ranks;

function affectedOf({ product_tree, vulnerabilities }: Document, dialect: Dialect, wanted: Wanted): Affected[] {
  const products = productsOf(product_tree);
  const found = new Map<string, { rank: Rank; entries: Affected[] }>();
  for (const { product_status: status } of vulnerabilities) {
    const said: readonly (readonly [Rank, readonly string[] | undefined])[] = [
      ['fixed', [...(status.fixed ?? []), ...(status.recommended ?? []), ...(status.first_fixed ?? [])]],
      [
        'affected',
        [...(status.known_affected ?? []), ...(status.first_affected ?? []), ...(status.last_affected ?? [])],
      ],
      ['unknown', status.under_investigation],
      ['not-affected', status.known_not_affected],
    ];
    for (const [rank, ids = []] of said) {
      for (const id of ids) {
        for (const entry of entriesOf(products.of(id), rank, dialect, wanted)) keepWorst(found, rank, entry);
      }
    }
  }
  // Fixes that are left to other documents still outrank "not affected".
  const told = [...found.values()].filter(({ rank }) => rank !== 'fixed' || dialect.fixes);
  return eachOnce(told.flatMap(({ entries }) => entries));
}

function keepWorst(found: Map<string, { rank: Rank; entries: Affected[] }>, rank: Rank, entry: Affected): void {
  const key = [entry.release, entry.names, entry.package, entry.module].join('\n');
  const before = found.get(key);
  if (!before || ranks[before.rank] < ranks[rank]) found.set(key, { rank, entries: [entry] });
  else if (before.rank === rank && !before.entries.some(({ fixed }) => fixed === entry.fixed))
    before.entries.push(entry);
}

function entriesOf(
  product: ReturnType<ReturnType<typeof productsOf>['of']>,
  rank: Rank,
  dialect: Dialect,
  wanted: Wanted,
): Affected[] {
  // Fixed versions are given for binary packages; their source packages are listed beside them.
  if (!product || (rank === 'fixed' && (product.evr === null || product.source))) return [];
  const source = product.source ?? dialect.bareAreSources;
  return dialect
    .releasesOf(product.cpe)
    .filter((release) => isWanted(wanted, release))
    .map((release) => ({
      release,
      names: source ? 'source' : 'binary',
      package: product.name,
      introduced: null,
      fixed: rank === 'fixed' ? product.evr : null,
      status: rank === 'fixed' ? 'affected' : rank,
      requires: null,
      module: product.module,
    }));
}
