/** Follows a vendor's folder of CSAF documents: the whole archive first, then only the documents that its list of changes names. */
import { z } from 'zod';
import { Failure } from '../../domain/model/failure.ts';
import { linesOf } from './archive.ts';
import { coverageOf, covers } from './coverage.ts';
import { csafItems, type Dialect } from './csaf.ts';
import { readCursor } from './cursor.ts';
import type { Delivery, Fetched, Item, Source, Wanted } from './feed.ts';
import { dateOf, oneLine } from './text.ts';

/** What is different from one vendor's folder to the next. */
export type Folder = {
  readonly dialect: Dialect;
  readonly distributions: readonly string[];
  /** Paths in the lists; anything else in them is not asked for. */
  readonly path: RegExp;
  /** The advisory's id, from its path. */
  idOf(path: string): string;
  /** Whether `deletions.csv` is beside `changes.csv`. */
  readonly deletions: boolean;
  /** The archive of everything; null = it is the one that was read last, by its `name`. */
  archive(source: Source, url: string, last: string | null): Promise<Archive | null>;
};
/** `from`: changes from then on are not in it; null = it does not say. */
export type Archive = { readonly file: Fetched; readonly name: string; readonly from: Date | null };

/** More changes than this are read as one archive, when there is a new one. */
const MOST_CHANGES = 500;
/** An archive without a date is taken to be at most so old: what changed since is read once more. */
const ARCHIVE_AGE_MS = 3 * 86_400_000;
const DAY_MS = 86_400_000;
const LIST_LIMIT = 64 * 1024 ** 2;
const DOCUMENT_LIMIT = 128 * 1024 ** 2;
/** A packed archive. */
export const ARCHIVE_LIMIT = 2 * 1024 ** 3;

/** `until`: the newest change that was read (ISO 8601). `coverage`: the releases that it was read for. */
const Cursor = z.object({ until: z.iso.datetime(), coverage: z.string(), archive: z.string() });
type Cursor = z.infer<typeof Cursor>;
type Change = { readonly path: string; readonly at: Date };

/** The `sync` of a feed that is such a folder; `base` is its address. Failures: those of Source; `feed.unreadable`. */
export async function syncFolder(
  folder: Folder,
  { source, base, cursor, wanted }: { source: Source; base: string; cursor: string | null; wanted: Wanted },
): Promise<Delivery | null> {
  const url = base.endsWith('/') ? base : `${base}/`;
  const coverage = coverageOf(wanted, folder.distributions);
  const remembered = readCursor(Cursor, cursor);
  const known = remembered && covers(remembered.coverage, coverage) ? remembered : null;
  const changes = await listed(source, `${url}changes.csv`, folder);
  if (known === null) return fromArchive(folder, { source, url, wanted, coverage, changes, last: null });
  const deletions = folder.deletions ? await listed(source, `${url}deletions.csv`, folder) : [];
  const since = new Date(known.until);
  const news = changes.filter(({ at }) => at > since).sort((a, b) => a.at.getTime() - b.at.getTime());
  if (news.length > MOST_CHANGES) {
    const rest = { source, url, wanted, coverage, changes: news, last: known.archive };
    const whole = await fromArchive(folder, rest);
    if (whole) return whole;
  }
  const last = news[MOST_CHANGES - 1]?.at ?? null;
  const toRead = last ? news.filter(({ at }) => at <= last) : news;
  const back = new Set(news.map(({ path }) => path)); // deleted and published again
  const gone = deletions.filter(({ path, at }) => at > since && !back.has(path)).map(({ path }) => path);
  if (toRead.length === 0 && gone.length === 0) return null;
  return {
    complete: false,
    items: single(folder, { source, url, wanted, gone, paths: toRead.map(({ path }) => path) }),
    cursor: JSON.stringify({ ...known, until: newestOf(toRead, since).toISOString() } satisfies Cursor),
  };
}

/** null when `last` is the newest archive. */
async function fromArchive(
  { archive, dialect }: Folder,
  rest: {
    readonly source: Source;
    readonly url: string;
    readonly wanted: Wanted;
    readonly coverage: string;
    readonly changes: readonly Change[];
    readonly last: string | null;
  },
): Promise<Delivery | null> {
  const found = await archive(rest.source, rest.url, rest.last);
  if (!found) return null;
  const newest = newestOf(rest.changes, new Date(0));
  const from = found.from ?? new Date(Math.max(0, newest.getTime() - ARCHIVE_AGE_MS));
  const until = (from < newest ? from : newest).toISOString();
  return {
    complete: true,
    items: csafItems(found.file.path, dialect, rest.wanted),
    cursor: JSON.stringify({ until, coverage: rest.coverage, archive: found.name } satisfies Cursor),
  };
}

/** Dates from the future do not count: what comes after them would never be read. */
function newestOf(changes: readonly Change[], since: Date): Date {
  const latest = Date.now() + DAY_MS;
  return changes.reduce((newest, { at }) => (at > newest && at.getTime() <= latest ? at : newest), since);
}

/**
 * Lines of `"path","time"`, also when the list has not changed: the last sync may have stopped in the middle of it. Failure
 * `feed.unreadable` when there are lines, and not one of them is that.
 */
async function listed(source: Source, url: string, { path: form }: Folder): Promise<readonly Change[]> {
  const file = await source.whole(url, { maxBytes: LIST_LIMIT });
  const changes: Change[] = [];
  let lines = 0;
  for await (const line of linesOf(file.path, LIST_LIMIT)) {
    if (line.trim() === '') continue;
    lines++;
    const [, path, time] = /^"([^"]*)","([^"]*)"\s*$/.exec(line) ?? [];
    const at = dateOf(time);
    if (path && at && form.test(path)) changes.push({ path, at });
  }
  if (lines > 0 && changes.length === 0) {
    throw new Failure('feed.unreadable', `The list ${oneLine(url)} has no line of the form "path","time".`);
  }
  return changes;
}

type Single = {
  readonly source: Source;
  readonly url: string;
  readonly wanted: Wanted;
  readonly gone: readonly string[];
  readonly paths: readonly string[];
};
/** Documents one by one. One that is missing or broken is `dropped`; when all of them are, that is a Failure. */
async function* single(folder: Folder, { source, url, wanted, gone, paths }: Single): AsyncGenerator<Item> {
  for (const path of gone) yield { kind: 'gone', id: folder.idOf(path) };
  let failed = 0;
  for (const path of paths) {
    try {
      const file = await source.whole(`${url}${path}`, { maxBytes: DOCUMENT_LIMIT, once: true });
      let some = false;
      for await (const item of csafItems(file.path, folder.dialect, wanted)) {
        some = true;
        yield item;
      }
      // It may have named one of our releases before.
      if (!some) yield { kind: 'gone', id: folder.idOf(path) };
    } catch (problem) {
      const expected =
        problem instanceof Failure && (problem.code === 'feed.unreadable' || problem.code === 'feed.refused');
      if (!expected || ++failed === paths.length) throw problem;
      yield { kind: 'dropped', where: oneLine(path), why: problem.message };
    }
  }
}
