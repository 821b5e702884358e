/** NVD's CVSS ratings, for CVEs whose own record has none. Off by default: it is slow to read, and rates few CVEs since 2024. */
import { rm } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import { Failure } from '../../domain/model/failure.ts';
import { jsonOf, membersOf, textOf } from './archive.ts';
import { isMissing } from './checks.ts';
import { readCursor } from './cursor.ts';
import type { Feed, Item, Source, Wanted } from './feed.ts';
import { type Page, pageOf, ratingsIn } from './nvd-page.ts';

const PAGE_BYTES = 64 * 1024 ** 2;
/** The API's limits: entries on a page, and days that a question about changes may span. */
const PER_PAGE = 2000;
const WINDOW_MS = 120 * 24 * 3_600_000;
/** Changes become visible a little after the time that they carry. */
const OVERLAP_MS = 3_600_000;
/** Newly wanted CVEs that are asked for by name in one sync. */
const BY_NAME = 100;
/** With more of them, reading everything takes fewer requests. */
const TOO_MANY = 300;

/** How far changes were read, and the CVEs for which what was before that is known too. */
const Cursor = z.object({ until: z.iso.datetime(), known: z.array(z.string()) });

export type NvdParts = {
  /** Between two requests: without a key the API allows 5 in 30 seconds. */
  readonly pauseMs: number;
  readonly now: () => Date;
};

/** With another pause or clock, for tests. */
export const nvdFeed = (parts: NvdParts): Feed => ({
  id: 'nvd',
  title: 'NVD',
  gives: 'cves',
  url: 'https://services.nvd.nist.gov/rest/json/cves/2.0',
  everyHours: 6,
  byDefault: false,
  licence: 'Public domain, NIST; this product uses the NVD API but is not endorsed or certified by the NVD',
  concerns: () => true,
  async sync(source, url, cursor, wanted) {
    if (/\.(json|zip|tar|tgz|gz|xz|zst|bz2)$/.test(url)) {
      const file = await source.get(url);
      return file && { complete: false, items: pagesIn(file.path, wanted), cursor: null };
    }
    const plan = planOf(cursor, wanted, parts.now());
    return { complete: false, items: carriedOut(source, url, plan, wanted, parts.pauseMs), cursor: plan.cursor };
  },
  async *read(file, wanted) {
    yield* pagesIn(file, wanted);
  },
});

export const nvd: Feed = nvdFeed({ pauseMs: 6_500, now: () => new Date() });

/** What to ask: parameters of each question. */
type Plan = { readonly questions: readonly Readonly<Record<string, string>>[]; readonly cursor: string };

/** Everything the first time; afterwards what has changed, and the CVEs that nobody wanted before, each by name. */
function planOf(cursor: string | null, wanted: Wanted, now: Date): Plan {
  const before = readCursor(Cursor, cursor);
  const all = [...new Set(wanted.cves ?? [])];
  const until = new Date(now.getTime() - OVERLAP_MS).toISOString();
  const known = new Set(before?.known);
  const fresh = all.filter((id) => !known.has(id));
  if (!before || fresh.length > TOO_MANY) return { questions: [{}], cursor: JSON.stringify({ until, known: all }) };
  const named = fresh.slice(0, BY_NAME);
  const kept = all.filter((id) => known.has(id) || named.includes(id));
  return {
    questions: [...windows(new Date(before.until), now), ...named.map((cveId) => ({ cveId }))],
    cursor: JSON.stringify({ until, known: kept }),
  };
}

/** The time between, in spans that the API accepts. */
function windows(from: Date, to: Date): { lastModStartDate: string; lastModEndDate: string }[] {
  const spans = [];
  for (let start = from.getTime(); start < to.getTime(); start += WINDOW_MS) {
    const end = new Date(Math.min(start + WINDOW_MS, to.getTime()));
    spans.push({ lastModStartDate: new Date(start).toISOString(), lastModEndDate: end.toISOString() });
  }
  return spans;
}

async function* carriedOut(
  source: Source,
  url: string,
  { questions }: Plan,
  wanted: Wanted,
  pauseMs: number,
): AsyncGenerator<Item> {
  let first = true;
  for (const question of questions) {
    for (let start = 0, total = 1; start < total; ) {
      if (!first) await wait(pauseMs);
      first = false;
      const page = await pageAt(source, addressOf(url, question, start));
      if (page === null) break;
      if (page.startIndex !== start || (page.vulnerabilities.length === 0 && start < page.totalResults)) {
        throw new Failure('feed.unreadable', `NVD: the page from ${start} on is another one, or is empty.`);
      }
      yield* ratingsIn(page, wanted);
      start += page.vulnerabilities.length;
      total = page.totalResults;
    }
  }
}

function addressOf(url: string, question: Plan['questions'][number], start: number): string {
  const address = new URL(url);
  for (const [name, value] of Object.entries(question)) address.searchParams.set(name, value);
  if (!question['cveId']) {
    address.searchParams.set('resultsPerPage', String(PER_PAGE));
    address.searchParams.set('startIndex', String(start));
  }
  return address.href;
}

/** null for a CVE that the NVD does not have. A page is removed once it is read: all of them together have more than a gigabyte. */
async function pageAt(source: Source, url: string): Promise<Page | null> {
  try {
    const { path } = await source.whole(url, { maxBytes: PAGE_BYTES, once: true });
    const page = pageOf(jsonOf(await textOf(path, PAGE_BYTES), 'The page'));
    if (url.startsWith('http')) await rm(path, { force: true });
    return page;
  } catch (error) {
    if (url.includes('cveId=') && isMissing(error)) return null;
    throw error;
  }
}

/** A page on its own, or an archive of pages. */
async function* pagesIn(file: string, wanted: Wanted): AsyncGenerator<Item> {
  let pages = 0;
  for await (const { text } of membersOf(file, '.json')) {
    pages++;
    yield* ratingsIn(pageOf(jsonOf(text)), wanted);
  }
  if (pages === 0)
    throw new Failure('feed.unreadable', 'The archive holds no page of the NVD: none of its files ends with .json.');
}
