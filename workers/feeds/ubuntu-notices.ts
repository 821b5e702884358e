/** Ubuntu security notices (USN, LSN) from ubuntu.com, page by page, newest first, until the last one that is known. */
import { z } from 'zod';
import { type Advisory, type Affected, releaseOf, statedAdvisory } from '../../domain/model/advisory.ts';
import { Failure } from '../../domain/model/failure.ts';
import { jsonOf, membersOf, textOf } from './archive.ts';
import { ubuntuRelease } from './codenames.ts';
import { anyOf, coverageOf, covers, isWanted } from './coverage.ts';
import type { Delivery, Feed, Fetched, Item, Source, Wanted } from './feed.ts';
import { isId, isPackage, isVersion } from './names.ts';
import { cvesIn, dateOf, links, oneLine, plain } from './text.ts';

const ID = 'ubuntu-notices';
const distributions = ['ubuntu'];
const PAGE_LIMIT = 64 * 1024 ** 2;
/** All notices since 2004 are about 500 pages. */
const MOST_PAGES = 2000;

const Words = z.array(z.string()).nullish();
const Package = z.object({
  name: z.string(),
  version: z.string().nullish(),
  is_source: z.boolean().nullish(),
  pocket: z.string().nullish(),
});
const Notice = z.object({
  id: z.string(),
  title: z.string().nullish(),
  summary: z.string().nullish(),
  description: z.string().nullish(),
  instructions: z.string().nullish(),
  published: z.string(),
  is_hidden: z.boolean().nullish(),
  cves_ids: Words,
  references: Words,
  releases: z.array(z.object({ codename: z.string(), version: z.string() })).nullish(),
  release_packages: z.record(z.string(), z.array(Package)).nullish(),
});
type Notice = z.output<typeof Notice>;
type Package = z.output<typeof Package>;
const Page = z.object({ notices: z.array(z.unknown()) });

export const ubuntuNotices: Feed = {
  id: ID,
  title: 'Ubuntu security notices',
  gives: 'advisories',
  url: 'https://ubuntu.com/security/notices.json?limit=20&offset=0&order=newest',
  everyHours: 2,
  byDefault: false, // the same notices come in OSV form, with fewer requests
  licence: 'Canonical, CC BY-SA 4.0',
  concerns: (releases) => anyOf(releases, distributions),
  sync,
  read,
};

async function* read(file: string, wanted: Wanted): AsyncGenerator<Item> {
  let pages = 0;
  for await (const { text } of membersOf(file, '.json')) {
    const notices = noticesOf(text);
    pages++;
    for (const [index, notice] of notices.entries()) yield* itemsOf(notice, `notice ${index}`, wanted);
  }
  if (pages === 0) throw new Failure('feed.unreadable', 'The file holds no page of Ubuntu notices.');
}

function noticesOf(text: string): readonly unknown[] {
  const page = Page.safeParse(jsonOf(text, 'The page of notices'));
  if (!page.success)
    throw new Failure('feed.unreadable', 'The file is no page of Ubuntu notices: it has no list "notices".');
  return page.data.notices;
}

async function sync(source: Source, url: string, cursor: string | null, wanted: Wanted): Promise<Delivery | null> {
  const coverage = coverageOf(wanted, distributions);
  const [since = '', had = ''] = (cursor ?? '').split(' ');
  const known = covers(had || null, coverage) ? dateOf(since) : null;
  const limits = { maxBytes: PAGE_LIMIT };
  const first = known ? await source.get(url, limits) : await source.whole(url, limits);
  if (first === null) return null;
  const newest = (await publishedOf(first)).reduce((a, b) => (a > b ? a : b), known ?? new Date(0));
  return {
    complete: known === null,
    items: pages(source, url, first, known ?? firstDayOf(wanted), wanted),
    cursor: `${newest.toISOString()} ${coverage}`,
  };
}

/** Dates of a page's notices; those that cannot be read and those from the future do not count. */
async function publishedOf({ path }: Fetched): Promise<readonly Date[]> {
  const latest = Date.now() + 86_400_000;
  const dates = noticesOf(await textOf(path, PAGE_LIMIT)).map((notice) => dateOf((notice as Notice | null)?.published));
  return dates.filter((date) => date !== null && date.getTime() <= latest).filter((date) => date !== null);
}

/** No notice is about a release that does not exist yet: the first of the month in which the oldest wanted release came out. */
function firstDayOf({ releases }: Wanted): Date | null {
  const days = [...releases].flatMap((release) => {
    const [, year, month] = /^ubuntu:(\d{1,2})\.(\d{2})$/.exec(release) ?? [];
    return year && month ? [Date.UTC(2000 + Number(year), Number(month) - 1, 1)] : [];
  });
  return days.length > 0 ? new Date(Math.min(...days)) : null;
}

/** Pages until one ends with a notice that is older than `until`. Notices that come out meanwhile move the others down: seen ones are passed over. */
async function* pages(
  source: Source,
  url: string,
  first: Fetched,
  until: Date | null,
  wanted: Wanted,
): AsyncGenerator<Item> {
  const seen = new Set<string>();
  let [file, offset]: [Fetched, number] = [first, 0];
  for (let page = 0; page < MOST_PAGES; page++) {
    const notices = noticesOf(await textOf(file.path, PAGE_LIMIT));
    const fresh = notices.filter((notice) => !seen.has(idOf(notice)));
    for (const [index, notice] of fresh.entries()) {
      seen.add(idOf(notice));
      yield* itemsOf(notice, `notice ${offset + index}`, wanted);
    }
    const last = dateOf((notices.at(-1) as Notice | null | undefined)?.published);
    if (fresh.length === 0 || (until && last && last < until)) return;
    offset += notices.length;
    file = await source.whole(pageUrl(url, offset), { maxBytes: PAGE_LIMIT, once: true });
  }
}

const idOf = (notice: unknown): string => String((notice as Notice | null)?.id);

function pageUrl(url: string, offset: number): string {
  const next = new URL(url);
  next.searchParams.set('offset', String(offset));
  return next.href;
}

function itemsOf(value: unknown, where: string, wanted: Wanted): readonly Item[] {
  const read = Notice.safeParse(value);
  if (!read.success) {
    const field = read.error.issues[0]?.path.join('.') || 'it';
    return [{ kind: 'dropped', where, why: `It is no notice: ${oneLine(field)} is wrong.` }];
  }
  const notice = read.data;
  if (!isId(notice.id)) return [{ kind: 'dropped', where, why: 'Its id is none.' }];
  if (notice.is_hidden) return [{ kind: 'gone', id: notice.id }];
  const { affected, bad } = entriesOf(notice, wanted);
  const dropped: Item[] = bad
    ? [{ kind: 'dropped', where: notice.id, why: 'One of its packages or versions is none.' }]
    : [];
  return affected.length > 0 ? [{ kind: 'advisory', advisory: advisoryOf(notice, affected) }, ...dropped] : dropped;
}

/** Source packages; binary ones only where a notice (before 2011) names no source. Without a version (before 2008) there is nothing to compare. */
function entriesOf(notice: Notice, wanted: Wanted): { affected: readonly Affected[]; bad: boolean } {
  const affected: Affected[] = [];
  let bad = false;
  for (const [codename, packages] of Object.entries(notice.release_packages ?? {})) {
    const release = releaseFor(notice, codename);
    if (!release || !isWanted(wanted, release)) continue;
    const sources = packages.filter((one) => one.is_source);
    for (const one of sources.length > 0 ? sources : packages) {
      if (!one.version) continue;
      if (isPackage(one.name) && isVersion(one.version)) affected.push(affectedOf(notice, one, release, one.version));
      else bad = true;
    }
  }
  return { affected, bad };
}

/** The notice itself says which version a codename is; the table is for those that do not. */
function releaseFor({ releases }: Notice, codename: string): string | null {
  const version = releases?.find((one) => one.codename === codename)?.version;
  return version && /^\d{1,2}\.\d{2}$/.test(version) ? releaseOf({ id: 'ubuntu', version }) : ubuntuRelease(codename);
}

function affectedOf({ id }: Notice, { name, is_source, pocket }: Package, release: string, version: string): Affected {
  const paid = id.startsWith('LSN-') || /^(?:esm|fips|realtime)/.test(pocket ?? '') || /\+esm\d/.test(version);
  return {
    release,
    names: is_source ? 'source' : 'binary',
    package: name,
    introduced: null,
    fixed: version,
    status: 'affected',
    requires: paid ? 'ubuntu-pro' : null,
    module: /^fips/.test(pocket ?? '') ? 'fips' : null,
  };
}

function advisoryOf(notice: Notice, affected: readonly Affected[]): Advisory {
  const { id, title, summary, description, instructions, published, cves_ids, references } = notice;
  return statedAdvisory({
    id,
    feed: ID,
    title: oneLine(title) || oneLine(summary) || id,
    text: plain(description),
    kind: 'security',
    cves: cvesIn(cves_ids ?? []),
    affected,
    published: dateOf(published),
    reboot: /reboot\s+your\s+computer/i.test(instructions ?? ''),
    livepatch: id.startsWith('LSN-'),
    references: links([`https://ubuntu.com/security/notices/${id}`, ...(references ?? [])]),
  });
}
