/** Collects what Microsoft's monthly CVRF documents say, by update: a KB article has many CVEs, and a CVE many KB articles. */
import { z } from 'zod';
import { type Advisory, type Affected, severities } from '../../domain/model/advisory.ts';
import { isCve } from '../../domain/model/cve.ts';
import { Failure } from '../../domain/model/failure.ts';
import type { Item } from './feed.ts';
import { dateOf, links, oneLine, plain, severityOf } from './text.ts';
import { productRelease, systemOf } from './windows-names.ts';
import { childOf, childrenOf, recordsOf, textIn, type XmlElement } from './xml.ts';

/** A month has some MiB; they have grown from year to year. */
const MONTH_LIMIT = 256 * 1024 ** 2;
/** Their own Linux (Azure Linux, before that CBL-Mariner) has rpm repositories and no KB articles. */
const otherLinux = /^(azl\d|cbl|mariner|azure linux)/i;
const TITLES = 20;

type Product = { readonly name: string; readonly family: string };
type Draft = {
  readonly id: string;
  readonly cves: Set<string>;
  readonly titles: Set<string>;
  /** By release, product and build. */
  readonly affected: Map<string, Affected>;
  readonly words: Set<string>;
  readonly replaces: Set<string>;
  readonly kinds: Set<string>;
  readonly urls: Set<string>;
  /** CVEs that Microsoft says are exploited. */
  readonly exploited: Set<string>;
  reboot: boolean;
  first: Date | null;
  last: Date | null;
};
export type Drafts = Map<string, Draft>;

const Fix = z.object({
  article: z.string().max(200),
  products: z.array(z.string()).min(1),
  build: z.string().max(100),
  kind: z.string().max(200),
  replaces: z.string().max(500),
  restart: z.string().max(50),
  url: z.string(),
});
type Fix = z.infer<typeof Fix>;
type Vulnerability = {
  readonly cve: string;
  readonly title: string;
  readonly severity: ReadonlyMap<string, string>;
  readonly exploited: boolean;
  readonly dates: readonly Date[];
};

/**
 * Adds one month to `drafts` and gives the ids of the updates that it speaks of. Vulnerabilities and remediations of another form are
 * told to `drop`. Failure `feed.unreadable` when it is no CVRF document.
 */
export async function addMonth(file: string, drafts: Drafts, drop: (item: Item) => void): Promise<ReadonlySet<string>> {
  const products = new Map<string, Product>();
  const spoken = new Set<string>();
  let trees = 0;
  for await (const record of recordsOf(file, 'cvrfdoc', ['ProductTree', 'Vulnerability'], MONTH_LIMIT)) {
    if (record.name === 'ProductTree') {
      trees++;
      addProducts(record, '', products);
      continue;
    }
    const read = vulnerabilityOf(record);
    const where = oneLine(textIn(record, 'CVE')) || `vulnerability ${oneLine(record.attributes['Ordinal'])}`;
    if (!read) {
      // Their own advisories (ADV...) have no CVE and no fix.
      if (!/^ADV\d+$/.test(where)) drop({ kind: 'dropped', where, why: 'its CVE is not valid' });
      continue;
    }
    for (const remediation of childrenOf(childOf(record, 'Remediations'), 'Remediation')) {
      if (remediation.attributes['Type'] !== 'Vendor Fix') continue;
      const fix = Fix.safeParse(fixOf(remediation));
      if (fix.success) for (const id of addFix(fix.data, read, products, drafts)) spoken.add(id);
      else
        drop({
          kind: 'dropped',
          where,
          why: `the ${fix.error.issues[0]?.path.join('.')} of a remediation is not valid`,
        });
    }
  }
  if (trees === 0) throw new Failure('feed.unreadable', 'The CVRF document has no list of products.');
  return spoken;
}

/** Products stand below their family, and all of them once more without one. */
function addProducts(place: XmlElement, family: string, products: Map<string, Product>): void {
  for (const branch of childrenOf(place, 'Branch')) {
    const name = branch.attributes['Type'] === 'Product Family' ? (branch.attributes['Name'] ?? '') : family;
    addProducts(branch, name, products);
  }
  for (const product of childrenOf(place, 'FullProductName')) {
    const id = product.attributes['ProductID'];
    if (id && !products.has(id)) products.set(id, { name: oneLine(product.text), family });
  }
}

function vulnerabilityOf(record: XmlElement): Vulnerability | null {
  const cve = textIn(record, 'CVE');
  if (!isCve(cve)) return null;
  const severity = new Map<string, string>();
  let exploited = false;
  for (const threat of childrenOf(childOf(record, 'Threats'), 'Threat')) {
    const said = textIn(threat, 'Description');
    if (threat.attributes['Type'] === 'Exploit Status') exploited ||= /(^|;)\s*Exploited:Yes/i.test(said);
    if (threat.attributes['Type'] !== 'Severity') continue;
    for (const { text } of childrenOf(threat, 'ProductID')) severity.set(text.trim(), oneLine(said));
  }
  const revisions = childrenOf(childOf(record, 'RevisionHistory'), 'Revision');
  const dates = revisions.map((revision) => dateOf(textIn(revision, 'Date'))).filter((date) => date !== null);
  return { cve, title: oneLine(textIn(record, 'Title')), severity, exploited, dates };
}

const fixOf = (remediation: XmlElement): unknown => ({
  article: textIn(remediation, 'Description'),
  products: childrenOf(remediation, 'ProductID').map(({ text }) => text.trim()),
  build: textIn(remediation, 'FixedBuild'),
  kind: oneLine(textIn(remediation, 'SubType')),
  replaces: textIn(remediation, 'Supercedence'),
  restart: textIn(remediation, 'RestartRequired'),
  url: textIn(remediation, 'URL'),
});

/** An update with a KB article goes by it; one without (release notes, app stores) is one of its CVE. */
function addFix(
  fix: Fix,
  vulnerability: Vulnerability,
  products: ReadonlyMap<string, Product>,
  drafts: Drafts,
): string[] {
  const article = /^(?:KB)?(\d{6,8})$/i.exec(fix.article)?.[1];
  const id = article ? `KB${article}` : vulnerability.cve;
  const named = fix.products.flatMap((product) => {
    const found = products.get(product);
    return found && found.name !== '' && !otherLinux.test(found.family) && !otherLinux.test(found.name)
      ? [{ product, name: found.name }]
      : [];
  });
  if (named.length === 0) return [];
  const draft = drafts.get(id) ?? newDraft(id);
  drafts.set(id, draft);
  draft.cves.add(vulnerability.cve);
  if (draft.titles.size < TITLES) draft.titles.add(vulnerability.title);
  if (vulnerability.exploited) draft.exploited.add(vulnerability.cve);
  for (const date of vulnerability.dates) {
    if (!draft.first || date < draft.first) draft.first = date;
    if (!draft.last || date > draft.last) draft.last = date;
  }
  if (fix.kind !== '') draft.kinds.add(fix.kind);
  for (const [number] of fix.replaces.matchAll(/\d{6,8}/g)) draft.replaces.add(`KB${number}`);
  draft.urls.add(article ? `https://support.microsoft.com/help/${article}` : fix.url);
  draft.reboot ||= /^yes$/i.test(fix.restart);
  for (const { product, name } of named) {
    const entry = affectedOf(name, fix.build);
    draft.affected.set([entry.release, entry.package, entry.fixed].join('\n'), entry);
    const word = vulnerability.severity.get(product);
    if (word) draft.words.add(word);
  }
  return [id];
}

const newDraft = (id: string): Draft => ({
  id,
  cves: new Set(),
  titles: new Set(),
  affected: new Map(),
  words: new Set(),
  replaces: new Set(),
  kinds: new Set(),
  urls: new Set(),
  exploited: new Set(),
  reboot: false,
  first: null,
  last: null,
});

/** A build is `10.0.20348.2340`; the field also holds links and nothing. */
function affectedOf(product: string, build: string): Affected {
  const system = systemOf(product);
  return {
    release: system ?? productRelease(product),
    names: 'binary',
    package: system ? 'windows' : product,
    introduced: null,
    fixed: /^\d{1,9}(\.\d{1,9}){1,5}$/.test(build) ? build : null,
    status: 'affected',
    requires: null,
    module: null,
  };
}

/** What was collected, as an Advisory with the entries that `keep` keeps; null when that is none. */
export function advisoryFrom(draft: Draft, keep: (affected: Affected) => boolean): Advisory | null {
  const affected = [...draft.affected.values()].filter(keep);
  if (affected.length === 0) return null;
  const word = worstOf(draft.words);
  return {
    id: draft.id,
    feed: 'msrc',
    title: titleOf(draft, affected),
    text: plain(textOf(draft)),
    kind: 'security',
    cves: [...draft.cves].sort(),
    severity: severityOf(word),
    vendorSeverity: word,
    affected,
    published: draft.first,
    modified: draft.last,
    withdrawn: null,
    reboot: draft.reboot,
    livepatch: false,
    references: links(draft.id.startsWith('KB') ? [...draft.urls] : [guide(draft.id), ...draft.urls]),
  };
}

const guide = (cve: string): string => `https://msrc.microsoft.com/update-guide/vulnerability/${cve}`;

const worstOf = (words: ReadonlySet<string>): string | null =>
  [...words].sort((a, b) => severities.indexOf(severityOf(a)) - severities.indexOf(severityOf(b)))[0] ?? null;

function titleOf({ id, kinds, titles }: Draft, affected: readonly Affected[]): string {
  if (!id.startsWith('KB')) return oneLine([...titles][0]) || id;
  const places = [
    ...new Set(affected.map(({ release, package: name }) => (name === 'windows' ? spoken(release) : name))),
  ];
  const more = places.length > 2 ? ` and ${places.length - 2} more` : '';
  return oneLine(`${[...kinds][0] ?? 'Update'} ${id} for ${places.slice(0, 2).join(', ')}${more}`);
}

/** `windows:server-2022` as people say it. */
const spoken = (release: string): string =>
  `Windows ${release
    .slice('windows:'.length)
    .replace(/^server-/, 'Server ')
    .replace(/-r2$/, ' R2')
    .replace('-', ' ')
    .replace(/h(?=\d$)/, 'H')}`;

function textOf({ cves, titles, replaces, exploited }: Draft): string {
  const lines = [`Fixes ${cves.size} ${cves.size === 1 ? 'CVE' : 'CVEs'}.`];
  if (exploited.size > 0) lines.push(`Exploited, according to Microsoft: ${[...exploited].sort().join(', ')}.`);
  if (replaces.size > 0) lines.push(`Replaces ${[...replaces].sort().join(', ')}.`);
  return [...lines, ...titles].join('\n');
}
