/** The feed `msrc`: Microsoft's security updates, one advisory for each KB article, from the monthly documents of the Update Guide. */
import { z } from 'zod';
import type { Affected } from '../../domain/model/advisory.ts';
import { Failure } from '../../domain/model/failure.ts';
import { jsonOf, textOf } from './archive.ts';
import { anyOf, coverageOf, covers } from './coverage.ts';
import { readCursor } from './cursor.ts';
import { addMonth, advisoryFrom, type Drafts } from './cvrf.ts';
import type { Delivery, Feed, Item, Source, Wanted } from './feed.ts';
import { dateOf } from './text.ts';

const LIST_LIMIT = 16 * 1024 ** 2;
const MONTH_LIMIT = 128 * 1024 ** 2;
/** A CVE may be published a month or two after the update that fixes it: so far around a changed month its updates are looked for. */
const NEIGHBOURS = 3;

const Month = z.object({
  ID: z.string().regex(/^\d{4}-[A-Z][a-z]{2}(-[A-Za-z0-9]{1,4})?$/),
  InitialReleaseDate: z.string(),
  CurrentReleaseDate: z.string(),
});
type Month = { readonly id: string; readonly first: Date; readonly current: string };
/** `months`: each one's CurrentReleaseDate when it was read. */
const Cursor = z.object({ coverage: z.string(), months: z.record(z.string(), z.string()) });

export const msrc: Feed = {
  id: 'msrc',
  title: 'Microsoft Security Updates',
  gives: 'advisories',
  url: 'https://api.msrc.microsoft.com/cvrf/v3.0/',
  everyHours: 6,
  byDefault: true,
  licence: 'Microsoft, under the terms of use of the MSRC API',
  concerns: (releases) => anyOf(releases, ['windows']),

  async sync(source, base, cursor, wanted) {
    const url = base.endsWith('/') ? base : `${base}/`;
    const coverage = coverageOf(wanted, ['windows']);
    const remembered = readCursor(Cursor, cursor);
    const known = remembered && covers(remembered.coverage, coverage) ? remembered.months : null;
    const { months, dropped } = await monthsIn(source, `${url}updates`);
    const changed = new Set(months.filter(({ id, current }) => known?.[id] !== current).map(({ id }) => id));
    if (changed.size === 0) return null;
    const read = Object.fromEntries(months.map(({ id, current }) => [id, current]));
    return {
      complete: known === null,
      items: itemsOf({ source, url, months, changed, dropped, wanted }),
      cursor: JSON.stringify({ coverage, months: read } satisfies z.infer<typeof Cursor>),
    } satisfies Delivery;
  },

  async *read(file, wanted) {
    const drafts: Drafts = new Map();
    const dropped: Item[] = [];
    const spoken = await addMonth(file, drafts, (item) => dropped.push(item));
    yield* dropped;
    yield* advisories(drafts, spoken, wanted);
  },
};

/** The months in the order of their release. Failure `feed.unreadable` when it is another document, or has no month. */
async function monthsIn(source: Source, url: string): Promise<{ months: readonly Month[]; dropped: readonly Item[] }> {
  const { path } = await source.whole(url, { maxBytes: LIST_LIMIT });
  const list = z.object({ value: z.array(z.unknown()) }).safeParse(jsonOf(await textOf(path, LIST_LIMIT)));
  const months: Month[] = [];
  const dropped: Item[] = [];
  for (const [at, one] of (list.data?.value ?? []).entries()) {
    const read = Month.safeParse(one);
    const [first, current] = [dateOf(read.data?.InitialReleaseDate), dateOf(read.data?.CurrentReleaseDate)];
    if (read.success && first && current) months.push({ id: read.data.ID, first, current: current.toISOString() });
    else dropped.push({ kind: 'dropped', where: `update ${at + 1}`, why: 'its ID or one of its dates is not valid' });
  }
  if (months.length === 0) throw new Failure('feed.unreadable', 'The list of monthly updates names no month.');
  return { months: months.sort((a, b) => a.first.getTime() - b.first.getTime()), dropped };
}

type Reading = {
  readonly source: Source;
  readonly url: string;
  readonly months: readonly Month[];
  readonly changed: ReadonlySet<string>;
  readonly dropped: readonly Item[];
  readonly wanted: Wanted;
};
/** Reads changed months and, so that an update keeps its CVEs from the months around, their neighbours; gives what the changed ones name. */
async function* itemsOf({ source, url, months, changed, dropped, wanted }: Reading): AsyncGenerator<Item> {
  yield* dropped;
  const near = months.filter((_, at) =>
    months.slice(Math.max(0, at - NEIGHBOURS), at + NEIGHBOURS + 1).some(({ id }) => changed.has(id)),
  );
  const drafts: Drafts = new Map();
  const touched = new Set<string>();
  for (const { id } of near) {
    const { path } = await source.whole(`${url}cvrf/${id}`, { maxBytes: MONTH_LIMIT });
    const bad: Item[] = [];
    const spoken = await addMonth(path, drafts, (item) => bad.push(item));
    if (!changed.has(id)) continue;
    yield* bad;
    for (const update of spoken) touched.add(update);
  }
  yield* advisories(drafts, touched, wanted);
}

/** Systems that nobody has are left out; other products stay as long as there is a Windows for them to run on. */
function* advisories(drafts: Drafts, ids: ReadonlySet<string>, { releases }: Wanted): Generator<Item> {
  const all = releases.size === 0;
  const some = anyOf(releases, ['windows']);
  const keep = ({ release, package: name }: Affected): boolean =>
    all || releases.has(release) || (some && name !== 'windows');
  for (const id of ids) {
    const draft = drafts.get(id);
    const advisory = draft ? advisoryFrom(draft, keep) : null;
    if (advisory) yield { kind: 'advisory', advisory };
  }
}
