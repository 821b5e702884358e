/** A feed of our own, for the tests of what is the same for all feeds. */
import type { Advisory } from '../../../domain/model/advisory.ts';
import { Failure } from '../../../domain/model/failure.ts';
import { jsonOf, textOf } from '../../../workers/feeds/archive.ts';
import type { Feed, Item } from '../../../workers/feeds/feed.ts';
import { advisory, affects } from '../../domain/intel/make.ts';

/** What the feed reads: a list of `{id}` (an advisory), `{gone}`, `{cve}` or `{bug}`. */
export type File = { readonly records: readonly unknown[]; readonly asOf?: string; readonly cursor?: string };
/** The feed; `complete` says what its deliveries are. */
export const tiny = (more: Partial<Feed> = {}, complete = true): Feed => ({
  id: 'tiny',
  title: 'Tiny feed',
  gives: 'advisories',
  url: 'https://feeds.invalid/tiny.json',
  everyHours: 1,
  byDefault: true,
  licence: 'ours',
  whole: true,
  concerns: () => true,
  async sync(source, url, cursor) {
    const file = await source.get(url);
    if (!file) return null;
    const { asOf, cursor: next } = await fileOf(file.path);
    return { complete, items: itemsOf(file.path), cursor: next ?? cursor, ...(asOf ? { asOf } : {}) };
  },
  read: (file) => itemsOf(file),
  ...more,
});
async function fileOf(path: string): Promise<File> {
  const read = jsonOf(await textOf(path)) as Partial<File>;
  if (!Array.isArray(read.records)) throw new Failure('feed.unreadable', 'The file is no tiny feed.');
  return { ...read, records: read.records };
}
async function* itemsOf(path: string): AsyncGenerator<Item> {
  for (const [at, record] of (await fileOf(path)).records.entries()) {
    const { id, gone, cve, bug } = record as Record<string, string>;
    if (bug) throw new TypeError('a bug of the feed');
    if (id) yield { kind: 'advisory', advisory: made(id) };
    else if (gone) yield { kind: 'gone', id: gone };
    else if (cve) {
      yield {
        kind: 'cve',
        saying: { field: 'epss', id: cve, value: { score: 0.5, percentile: 0.9, date: '2026-01-01' } },
      };
    } else yield { kind: 'dropped', where: `record ${at + 1}`, why: 'it has no id' };
  }
}
const made = (id: string): Advisory =>
  advisory(id, {
    feed: 'tiny',
    title: `About ${id}`,
    affected: [affects('debian:12', 'openssl', '3.0.1')],
  });

/** A file with these advisories. */
export const records = (...ids: string[]) => ({ records: ids.map((id) => ({ id })) });
/** A file with this many. */
export const many = (count: number) => records(...Array.from({ length: count }, (_, n) => `T-${n}`));
