/** FIRST's EPSS: for every CVE, how probable it is that somebody exploits it within 30 days. */
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { z } from 'zod';
import { isCve } from '../../domain/model/cve.ts';
import { Failure } from '../../domain/model/failure.ts';
import { linesOf, unpacked } from './archive.ts';
import { asOf, isDay } from './checks.ts';
import { readCursor } from './cursor.ts';
import type { Feed, Item, Wanted } from './feed.ts';

/** Packed and unpacked, ten times the sizes of 2026. */
const MAX_BYTES = 32 * 1024 ** 2;
const MAX_UNPACKED = 160 * 1024 ** 2;

/** What stands above the rows: comment lines, then the names of the columns. */
type Head = { readonly date: string; readonly lines: number; readonly percentiles: boolean };

/** `asked`: which CVEs were wanted, as a digest. */
const Cursor = z.object({ asked: z.string() });

export const epss: Feed = {
  id: 'epss',
  title: 'EPSS',
  gives: 'cves',
  url: 'https://epss.empiricalsecurity.com/epss_scores-current.csv.gz',
  everyHours: 6,
  byDefault: true,
  licence: 'Free to use; cite FIRST, Exploit Prediction Scoring System, https://www.first.org/epss',
  whole: true,
  concerns: () => true,
  async sync(source, url, cursor, wanted) {
    const before = readCursor(Cursor, cursor);
    const asked = digestOf(wanted);
    // The file holds every CVE and only the wanted ones were kept: with new ones among them, the same file has something to say again.
    const again = before !== null && before.asked !== asked;
    const file = await source[again ? 'whole' : 'get'](url, { maxBytes: MAX_BYTES });
    if (!file) return null;
    const head = await headOf(file.path, nameOf(file.url));
    const items = rowsOf(file.path, head, wanted);
    return { complete: true, items, cursor: JSON.stringify({ asked }), ...asOf(head.date) };
  },
  async *read(file, wanted) {
    yield* rowsOf(file, await headOf(file, basename(file)), wanted);
  },
};

const nameOf = (url: string): string => basename(url.replace(/[?#].*/, ''));

const digestOf = ({ cves }: Wanted): string =>
  cves
    ? createHash('sha256')
        .update([...cves].sort().join())
        .digest('base64')
    : '';

/**
 * Reads what stands above the rows. All forms since 2021: with or without the comment that has model and date, with or without
 * percentiles. Without the comment the date is the one in the file's name.
 */
async function headOf(file: string, name: string): Promise<Head> {
  let date = /\d{4}-\d{2}-\d{2}/.exec(name)?.[0] ?? null;
  let lines = 0;
  for await (const line of linesOf(file, MAX_UNPACKED)) {
    lines++;
    if (line.startsWith('#')) {
      date = /score_date:(\d{4}-\d{2}-\d{2})/.exec(line)?.[1] ?? date;
      continue;
    }
    const percentiles = line === 'cve,epss,percentile';
    if (!percentiles && line !== 'cve,epss') break;
    if (!isDay(date)) {
      throw unreadable(
        'The EPSS file has no date: name it as it was published, such as epss_scores-2021-04-14.csv.gz.',
      );
    }
    return { date, lines, percentiles };
  }
  throw unreadable('The file is no EPSS file: the line "cve,epss,percentile" is missing.');
}

/** A line of the file and its number, counted from 1. */
type Line = { readonly text: string; readonly number: number };

/** Failure `feed.unreadable` at the end of a file without any row: it would say that no CVE has a probability any more. */
async function* rowsOf(file: string, head: Head, wanted: Wanted): AsyncGenerator<Item> {
  let rows = 0;
  const ranks = head.percentiles ? null : await ranksOf(file, head);
  for await (const block of blocksOf(file)) {
    rows += block.lines;
    for (const line of picked(block, head.lines, wanted)) yield itemOf(line, head.date, ranks);
  }
  if (rows <= head.lines) throw unreadable('The EPSS file has no rows.');
}

/** Some thousand whole lines at once: a promise for each of 340,000 would take most of the time. */
type Block = { readonly text: string; readonly first: number; readonly lines: number };

async function* blocksOf(file: string): AsyncGenerator<Block> {
  let rest = '';
  let first = 1;
  for await (const chunk of unpacked(file, MAX_UNPACKED)) {
    // Nothing that is kept has other letters than ASCII's.
    const text = rest + chunk.toString('latin1');
    const end = text.lastIndexOf('\n') + 1;
    rest = text.slice(end);
    const block = { text: text.slice(0, end), first, lines: countOf(chunk) };
    first += block.lines;
    yield block;
  }
  if (rest !== '') yield { text: `${rest}\n`, first, lines: 1 };
}

/** Line feeds in these bytes. */
function countOf(chunk: Buffer): number {
  let count = 0;
  for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, at + 1)) count++;
  return count;
}

/** The rows of wanted CVEs, and what is no row of a CVE at all. Of the others nothing is made but a slice of text to ask with. */
function* picked({ text, first }: Block, head: number, wanted: Wanted): Generator<Line> {
  let number = first;
  let from = 0;
  for (let to = text.indexOf('\n'); to !== -1; to = text.indexOf('\n', from)) {
    const comma = text.indexOf(',', from);
    const id = text.slice(from, comma === -1 || comma > to ? to : comma);
    const isRow = number > head && id.trim() !== '';
    if (isRow && (wanted.cve(id) || !id.startsWith('CVE-'))) yield { text: text.slice(from, to), number };
    number++;
    from = to + 1;
  }
}

/** `ranks`: all scores of a file without percentiles, sorted. */
function itemOf({ text, number }: Line, date: string, ranks: Float64Array | null): Item {
  const [id = '', ...values] = text.trimEnd().split(',');
  const [score, percentile] = ranks ? [shareOf(values[0]), rankOf(values[0], ranks)] : values.map(shareOf);
  if (!isCve(id) || score == null || percentile == null || values.length > (ranks ? 1 : 2)) {
    const why = 'must be a CVE and numbers from 0 to 1';
    return { kind: 'dropped', where: isCve(id) ? id : `line ${number}`, why };
  }
  return { kind: 'cve', saying: { field: 'epss', id, value: { score, percentile, date } } };
}

/** null when it is no number from 0 to 1. */
function shareOf(text: string | undefined): number | null {
  if (text === undefined || !/^\d(?:\.\d{1,20})?(?:e-\d{1,3})?$/i.test(text)) return null;
  return Number(text) <= 1 ? Number(text) : null;
}

async function ranksOf(file: string, head: Head): Promise<Float64Array> {
  const scores: number[] = [];
  let number = 0;
  for await (const line of linesOf(file, MAX_UNPACKED)) {
    const score = ++number > head.lines ? shareOf(line.split(',')[1]) : null;
    if (score !== null) scores.push(score);
  }
  return Float64Array.from(scores).sort();
}

/** FIRST's percentile: the share of all CVEs with the same score or a lower one, to five places as in its files. */
function rankOf(text: string | undefined, sorted: Float64Array): number | null {
  const score = shareOf(text);
  if (score === null) return null;
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? 0) <= score) low = middle + 1;
    else high = middle;
  }
  return Math.round((low / sorted.length) * 100_000) / 100_000;
}

const unreadable = (sentence: string): Failure => new Failure('feed.unreadable', sentence);
