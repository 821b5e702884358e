/** CISA Vulnrichment: CVE records with CISA's SSVC decisions. One file for each wanted CVE, a thousand at each sync. */
import { posix } from 'node:path';
import { z } from 'zod';
import { atOnce } from '../../domain/flows/at-once.ts';
import { isCve } from '../../domain/model/cve.ts';
import { Failure } from '../../domain/model/failure.ts';
import { jsonOf, membersOf, textOf } from './archive.ts';
import { isMissing } from './checks.ts';
import { readCursor } from './cursor.ts';
import { claimedId, sayingsOf } from './cve-record.ts';
import type { Feed, Item, Source, Wanted } from './feed.ts';

/** One record; the longest of 2024 have 200 kB. */
const RECORD_BYTES = 4 * 1024 ** 2;
const DAY_MS = 24 * 3_600_000;
/** So that the server is not asked for the same record at each sync. A CVE that begins to be exploited is in KEV sooner. */
const AGAIN_DAYS = 3;
const OTHERS = 100;

/** The day on which each CVE was asked for, counted from 1970; without `CVE-`, because there are many. */
const Cursor = z.object({ asked: z.record(z.string(), z.number()) });
type Asked = ReadonlyMap<string, number>;

export type SsvcParts = {
  /** Records to ask for in one sync. */
  readonly most: number;
  readonly now: () => number;
};

/** With another `most` or clock, for tests. */
export const ssvcFeed = ({ most, now }: SsvcParts): Feed => ({
  id: 'ssvc',
  title: 'CISA Vulnrichment',
  gives: 'cves',
  url: 'https://raw.githubusercontent.com/cisagov/vulnrichment/develop/{year}/{thousands}xxx/{cve}.json',
  everyHours: 4,
  byDefault: true,
  licence: 'CC0 1.0, CISA; CVE records: terms of the CVE Program',
  concerns: () => true,
  async sync(source, url, cursor, wanted) {
    if (!url.includes('{cve}')) {
      const file = await source.get(url);
      return file && { complete: false, items: recordsIn(file.path, wanted), cursor: null };
    }
    const today = Math.floor(now() / DAY_MS);
    const asked = new Map(Object.entries(readCursor(Cursor, cursor)?.asked ?? {}));
    const ids = [...new Set(wanted.cves ?? [])].filter(isCve);
    const { items, answered } = await ask(source, url, nextOf(ids, asked, today).slice(0, most));
    if (answered.length === 0) return null;
    for (const id of answered) asked.set(short(id), today);
    return { complete: false, items: each(items), cursor: cursorFor(ids, asked) };
  },
  async *read(file, wanted) {
    yield* recordsIn(file, wanted);
  },
});

export const ssvc: Feed = ssvcFeed({ most: 1000, now: Date.now });

const short = (id: string): string => id.slice('CVE-'.length);

/** Those that were never asked for, the newest first; then those that were asked for longest ago. */
function nextOf(ids: readonly string[], asked: Asked, today: number): readonly string[] {
  return ids
    .map((id) => ({ id, day: asked.get(short(id)) ?? Number.NEGATIVE_INFINITY, key: id.split('-').map(Number) }))
    .filter(({ day }) => today - day >= AGAIN_DAYS)
    .sort((a, b) =>
      a.day === b.day ? (b.key[1] ?? 0) - (a.key[1] ?? 0) || (b.key[2] ?? 0) - (a.key[2] ?? 0) : a.day - b.day,
    )
    .map(({ id }) => id);
}

/** CVEs that are wanted no more are forgotten. */
const cursorFor = (ids: readonly string[], asked: Asked): string =>
  JSON.stringify({ asked: Object.fromEntries(ids.flatMap((id) => entryOf(short(id), asked))) });
function entryOf(key: string, asked: Asked): [string, number][] {
  const day = asked.get(key);
  return day === undefined ? [] : [[key, day]];
}

type Answers = { readonly items: readonly Item[]; readonly answered: readonly string[] };

/**
 * Asks for records, six at once. No record is an answer too: CISA has looked at newer CVEs only. When the source fails, what came until
 * then is given, and the rest is asked for at the next sync; its Failure is thrown when nothing came at all.
 */
async function ask(source: Source, url: string, ids: readonly string[]): Promise<Answers> {
  const items: Item[] = [];
  const answered: string[] = [];
  const stop = new AbortController();
  let problem: unknown = null;
  await atOnce(ids, 6, stop.signal, async (id) => {
    try {
      items.push(...(await recordOf(source, url, id)));
      answered.push(id);
    } catch (error) {
      problem ??= error;
      stop.abort();
    }
  });
  if (problem !== null && answered.length === 0) throw problem;
  return { items, answered };
}

async function recordOf(source: Source, url: string, id: string): Promise<readonly Item[]> {
  try {
    const { path } = await source.whole(addressOf(url, id), { maxBytes: RECORD_BYTES, once: true });
    const record = jsonOf(await textOf(path, RECORD_BYTES), `The record of ${id}`);
    if (claimedId(record) !== id) return [dropped(id, 'the file is another one than this CVE has')];
    return sayingsOf(record, id);
  } catch (error) {
    if (isMissing(error)) return [];
    if (error instanceof Failure && error.code === 'feed.too-large') return [dropped(id, 'its record is too large')];
    throw error;
  }
}

/** `{year}`, `{thousands}` (the number without its last three digits) and `{cve}` are filled in. */
function addressOf(url: string, id: string): string {
  const [, year = '', number = ''] = id.split('-');
  const thousands = number.slice(0, -3).replace(/^0+(?=\d)/, '');
  return url.replaceAll('{year}', year).replaceAll('{thousands}', thousands).replaceAll('{cve}', id);
}

/** Records of a whole file: one, a list, lines of records, or an archive in which each has its own file. */
async function* recordsIn(file: string, wanted: Wanted): AsyncGenerator<Item> {
  let records = 0;
  let others = 0;
  for await (const { name, text } of membersOf(file, 'json')) {
    const named = /^(CVE-\d+-\d+)\.json$/.exec(posix.basename(name))?.[1];
    if (named && !wanted.cve(named)) {
      records++; // without parsing it: there may be 100,000
      continue;
    }
    for (const [index, record] of parsed(text, named).entries()) {
      const id = claimedId(record);
      if (id === undefined && record !== null && !named) {
        // An archive of a repository has other files too, but a few; one of something else need not be read to its end.
        if (++others > OTHERS && records === 0) throw noRecord();
        continue;
      }
      if (id !== undefined) records++;
      if (typeof id !== 'string' || !isCve(id) || wanted.cve(id)) {
        yield* sayingsOf(record, named ?? `record ${index + 1}`);
      }
    }
  }
  if (records === 0) throw noRecord();
}

/**
 * The records in a text: one, a list, or one on each line. A broken line, and a broken file of an archive (`named` after its CVE), stand
 * for themselves: they are dropped later. Failure `feed.unreadable` for any other text that is no JSON.
 */
function parsed(text: string, named: string | undefined): readonly unknown[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  if (lines.length > 1 && lineOf(lines[0] ?? '') !== null) return lines.map(lineOf);
  const whole = named ? lineOf(text) : jsonOf(text);
  return Array.isArray(whole) ? whole : [whole];
}

/** null when it is no JSON. */
function lineOf(text: string): unknown {
  try {
    return jsonOf(text);
  } catch {
    return null;
  }
}

async function* each(items: readonly Item[]): AsyncGenerator<Item> {
  yield* items;
}

const noRecord = (): Failure => new Failure('feed.unreadable', 'The file holds no CVE record.');
const dropped = (where: string, why: string): Item => ({ kind: 'dropped', where, why });
