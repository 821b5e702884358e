/** Advisories in OSV form, from the buckets of osv.dev: the whole archive first, then only the records that changed. */
import { Failure } from '../../domain/model/failure.ts';
import { jsonOf, linesOf, membersOf, textOf } from './archive.ts';
import { anyOf, coverageOf, covers, syncWholeFile } from './coverage.ts';
import type { Delivery, Feed, Item, Source, Wanted } from './feed.ts';
import { isId } from './names.ts';
import { type Keep, type OsvRead, osvItems } from './osv-record.ts';
import { dateOf, oneLine } from './text.ts';

/** More changes than this are fetched as one archive. */
const MOST_CHANGES = 500;
/** Records that vanish from the bucket are noticed by reading all of it again. */
const WHOLE_EVERY_MS = 7 * 86_400_000;
/** The archive is made after the list of changes, but not at the same moment: what changed just before it is read once more. */
const OVERLAP_MS = 2 * 3_600_000;
const DAY_MS = 86_400_000;
const ARCHIVE_LIMIT = { packed: 2 * 1024 ** 3, unpacked: 16 * 1024 ** 3 };
const LIST_LIMIT = 64 * 1024 ** 2;
const RECORD_LIMIT = 64 * 1024 ** 2;

type Options = {
  readonly id: string;
  readonly title: string;
  /** The folder in osv.dev's bucket. */
  readonly ecosystem: string;
  /** Entries of other distributions in the same records are left to their own feeds. */
  readonly distributions: readonly string[];
  readonly byDefault: boolean;
  readonly licence: string;
};

/**
 * The feed of one ecosystem. `url` is a folder with `all.zip`, `modified_id.csv` and `<id>.json` in it; or one archive, as the
 * vendors have them (Canonical's `osv-all.tar.xz`, SUSE's `osv.tar.bz2`), which is then read whole.
 */
export function osvFeed({ id, title, ecosystem, distributions, byDefault, licence }: Options): Feed {
  const keep = (wanted: Wanted): Keep => ({ feed: id, distributions, wanted });
  const read = (file: string, wanted: Wanted): AsyncIterable<Item> => readOsv(file, keep(wanted));
  return {
    id,
    title,
    gives: 'advisories',
    url: `https://osv-vulnerabilities.storage.googleapis.com/${encodeURIComponent(ecosystem)}/`,
    everyHours: 6,
    byDefault,
    licence,
    concerns: (releases) => anyOf(releases, distributions),
    sync(source, url, cursor, wanted) {
      if (!isFile(url)) return syncOsv(source, url.endsWith('/') ? url : `${url}/`, cursor, keep(wanted));
      return syncWholeFile({ source, url, cursor, wanted }, { distributions, maxBytes: ARCHIVE_LIMIT.packed }, read);
    },
    read,
  };
}

const isFile = (url: string): boolean => /\.(?:zip|tar|xz|gz|zst|bz2|json|ndjson)$/.test(url);

/** How far it was read: the newest change, when everything was read last (both ISO), and for which releases. */
type Mark = { readonly newest: Date; readonly whole: Date; readonly coverage: string };

function markOf(cursor: string | null): Mark | null {
  const [newest, whole, coverage] = (cursor ?? '').split(' ');
  const dates = [dateOf(newest), dateOf(whole)];
  return dates[0] && dates[1] && coverage !== undefined ? { newest: dates[0], whole: dates[1], coverage } : null;
}

const cursorOf = ({ newest, whole, coverage }: Mark): string =>
  `${newest.toISOString()} ${whole.toISOString()} ${coverage}`;

async function syncOsv(source: Source, url: string, cursor: string | null, keep: Keep): Promise<Delivery | null> {
  const coverage = coverageOf(keep.wanted, keep.distributions);
  const read = markOf(cursor);
  const mark = read && covers(read.coverage, coverage) ? read : null;
  const limits = { maxBytes: LIST_LIMIT };
  const list = mark
    ? await source.get(`${url}modified_id.csv`, limits)
    : await source.whole(`${url}modified_id.csv`, limits);
  if (list === null) return null;
  const { newest, ids } = await changesOf(list.path, mark?.newest ?? null);
  const aged = mark !== null && newest.getTime() - mark.whole.getTime() > WHOLE_EVERY_MS;
  if (mark && !aged && ids !== null) {
    // A list that went back in time (an old mirror) brings nothing and loses nothing.
    if (ids.length === 0) return null;
    const next = { newest: newest > mark.newest ? newest : mark.newest, whole: mark.whole, coverage };
    const asOf = next.newest.toISOString();
    return { complete: false, items: single(source, url, ids, keep), cursor: cursorOf(next), asOf };
  }
  const archive = await source.whole(`${url}all.zip`, { maxBytes: ARCHIVE_LIMIT.packed });
  const from = new Date(newest.getTime() - OVERLAP_MS);
  return {
    complete: true,
    items: readOsv(archive.path, keep),
    cursor: cursorOf({ newest: from, whole: from, coverage }),
    asOf: newest.toISOString(),
  };
}

/**
 * The newest date in `modified_id.csv`, and the ids that changed at or after `since`; `ids` null = everything, or more than are worth
 * fetching one by one. Dates from the future do not count as the newest: what comes after them would never be read.
 */
async function changesOf(file: string, since: Date | null): Promise<{ newest: Date; ids: readonly string[] | null }> {
  const latest = Date.now() + DAY_MS;
  const ids = new Set<string>();
  let newest: Date | null = null;
  for await (const line of linesOf(file, LIST_LIMIT)) {
    const [written, id = ''] = line.trim().split(',');
    const date = dateOf(written);
    if (!date || !isId(id)) continue;
    if (newest === null && date.getTime() <= latest) newest = date;
    if (since ? date < since : newest !== null) break;
    if (since && ids.size <= MOST_CHANGES) ids.add(id);
  }
  if (newest === null) throw new Failure('feed.unreadable', 'The list of changes holds no line of the form "date,id".');
  return { newest, ids: since === null || ids.size > MOST_CHANGES ? null : [...ids] };
}

/** Records one by one. One that the server refuses or has an error page for is `dropped`; when that is all of them, the sync fails. */
async function* single(source: Source, url: string, ids: readonly string[], keep: Keep): AsyncGenerator<Item> {
  let refused = 0;
  for (const id of ids) {
    try {
      const { path } = await source.whole(`${url}${encodeURIComponent(id)}.json`, {
        maxBytes: RECORD_LIMIT,
        once: true,
      });
      const { items } = readText(await textOf(path, RECORD_LIMIT), id, keep);
      yield* items;
      // It may have named one of our releases before.
      if (items.length === 0) yield { kind: 'gone', id };
    } catch (error) {
      const skip = error instanceof Failure && ['feed.refused', 'feed.unreadable'].includes(error.code);
      if (!skip || ++refused === ids.length) throw error;
      yield { kind: 'dropped', where: id, why: 'It is in the list of changes, but the server does not give it.' };
    }
  }
}

/** A zip or tar of records, lines of records, a list of them, or one. */
async function* readOsv(file: string, keep: Keep): AsyncGenerator<Item> {
  let real = false;
  for await (const { name, text } of membersOf(file, '.json', ARCHIVE_LIMIT.unpacked)) {
    for (const piece of piecesOf(text)) {
      const read = readText(piece, name, keep);
      real ||= read.real;
      yield* read.items;
    }
  }
  if (!real) throw new Failure('feed.unreadable', 'The file holds no readable OSV record.');
}

/** Lines, when the first one is JSON by itself. */
function piecesOf(text: string): readonly string[] {
  const lines = text.split('\n');
  const first = lines[0]?.trim() ?? '';
  if (lines.length < 2 || !first.startsWith('{') || !first.endsWith('}')) return [text];
  return parsed(first) === undefined ? [text] : lines.filter((line) => line.trim() !== '');
}

function readText(text: string, where: string, keep: Keep): OsvRead {
  const value = parsed(text);
  if (value === undefined) {
    const why = 'It is not JSON, or nested too deep.';
    return { items: [{ kind: 'dropped', where: oneLine(where), why }], real: false };
  }
  if (!Array.isArray(value)) return osvItems(value, where, keep);
  const reads = value.map((record, index) => osvItems(record, `${where} ${index}`, keep));
  return { items: reads.flatMap(({ items }) => items), real: reads.some(({ real }) => real) };
}

/** undefined when it is no JSON. */
function parsed(text: string): unknown {
  try {
    return jsonOf(text);
  } catch {
    return undefined;
  }
}

const dev = 'from osv.dev, which adds nothing of its own';
export const osvDebian = osvFeed({
  id: 'osv-debian',
  title: 'Debian advisories (OSV)',
  ecosystem: 'Debian',
  distributions: ['debian'],
  byDefault: false, // the tracker and the DSA list say the same, and more of it
  licence: `Debian security tracker, MIT-style; ${dev}`,
});
export const osvUbuntu = osvFeed({
  id: 'osv-ubuntu',
  title: 'Ubuntu advisories (OSV)',
  ecosystem: 'Ubuntu',
  distributions: ['ubuntu'],
  byDefault: true,
  licence: `Canonical, CC BY-SA 4.0; ${dev}`,
});
export const osvAlpine = osvFeed({
  id: 'osv-alpine',
  title: 'Alpine advisories (OSV)',
  ecosystem: 'Alpine',
  distributions: ['alpine'],
  byDefault: false, // made from secdb, which is read directly
  licence: `Alpine Linux secdb, MIT-style; ${dev}`,
});
export const osvAlmalinux = osvFeed({
  id: 'osv-almalinux',
  title: 'AlmaLinux errata (OSV)',
  ecosystem: 'AlmaLinux',
  distributions: ['almalinux'],
  byDefault: true,
  licence: `AlmaLinux OS Foundation, MIT; ${dev}`,
});
export const osvRocky = osvFeed({
  id: 'osv-rocky',
  title: 'Rocky Linux errata (OSV)',
  ecosystem: 'Rocky Linux',
  distributions: ['rocky'],
  byDefault: true,
  licence: `Rocky Enterprise Software Foundation, BSD; ${dev}`,
});
export const osvOpensuse = osvFeed({
  id: 'osv-opensuse',
  title: 'openSUSE advisories (OSV)',
  ecosystem: 'openSUSE',
  distributions: ['opensuse-leap'],
  byDefault: true,
  licence: `SUSE, CC BY 4.0; ${dev}`,
});
export const osvSuse = osvFeed({
  id: 'osv-suse',
  title: 'SUSE advisories (OSV)',
  ecosystem: 'SUSE',
  distributions: ['sles', 'sled', 'sle-micro', 'sl-micro'],
  byDefault: false, // SUSE's own feed says the same
  licence: `SUSE, CC BY 4.0; ${dev}`,
});
