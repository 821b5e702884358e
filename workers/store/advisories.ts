/** Advisories of all feeds in MongoDB: one document each, and one that counts their changes. */
import type { Filter } from 'mongodb';
import type { Connection } from 'mongoose';
import { type Advisory, advisoryKey } from '../../domain/model/advisory.ts';
import type { Advisories } from '../../domain/ports.ts';
import { type AdvisoryDoc, advisoryCollection, advisoryFields, advisoryOf, wordsOf } from './advisory-doc.ts';
import { inBatches } from './facts.ts';
import { revisionOf } from './revision.ts';
import { takeOver } from './take-over.ts';

/** Hits up to this number are sorted by us; beyond it, there are enough of them among the newest. */
const few = 1000;
/** How far back to look for the newest of many, in days, one after the other: then in everything. */
const backDays = [30, 120, 480, 1920, 7680];
const dayMs = 86_400_000;

/** The Advisories port of domain/ports.ts. Throws whatever the driver throws when the database cannot be reached. */
export function advisories(connection: Connection): Advisories {
  const docs = advisoryCollection(connection);
  const revision = revisionOf(connection);

  async function found(filter: Filter<AdvisoryDoc>): Promise<readonly Advisory[]> {
    return (await docs.find(filter, { projection: advisoryFields }).sort({ _id: 1 }).toArray()).map(advisoryOf);
  }

  async function byKey(keys: readonly string[]): Promise<readonly Advisory[]> {
    const all: Advisory[] = [];
    for await (const some of inBatches(keys)) all.push(...(await found({ _id: { $in: some } })));
    return all;
  }

  /** No server sorts tens of thousands of documents in the time that a person waits: keys first, and of many only the newest. */
  async function newest(filter: Filter<AdvisoryDoc>, limit: number): Promise<readonly Advisory[]> {
    const dated = (more: Filter<AdvisoryDoc>) => docs.find({ $and: [filter, more] }, { projection: { published: 1 } });
    let hits = await dated({})
      .limit(few + 1)
      .toArray();
    if (hits.length > few) {
      for (const days of [...backDays, null]) {
        const since = days === null ? {} : { published: { $gte: new Date(Date.now() - days * dayMs) } };
        hits = await dated(since).sort({ published: -1 }).limit(limit).toArray();
        if (hits.length === limit) break;
      }
    }
    const when = ({ published }: Pick<AdvisoryDoc, 'published'>) => published?.getTime() ?? Number.NEGATIVE_INFINITY;
    const keys = hits.sort((a, b) => when(b) - when(a) || (a._id < b._id ? -1 : 1)).slice(0, limit);
    const all = new Map((await byKey(keys.map(({ _id }) => _id))).map((one) => [advisoryKey(one), one]));
    return keys.flatMap(({ _id }) => all.get(_id) ?? []);
  }

  return {
    named: (id) => found({ id }),
    byKey,
    naming: (cve, limit) => newest({ cves: cve }, limit),
    async search(text, limit) {
      const words = wordsOf([text]);
      return words.length === 0 ? [] : newest({ $and: words.map(beginningWith) }, limit);
    },
    async *forReleases(releases) {
      const filter = { releases: { $in: [...releases] }, withdrawn: null };
      // Keys first, for the order; and then no cursor has to live as long as a slow reader.
      const keys = (await docs.find(filter, { projection: { _id: 1 }, batchSize: 5000 }).toArray()).map(
        ({ _id }) => _id,
      );
      for await (const some of inBatches(keys.sort())) yield* await found({ _id: { $in: some }, withdrawn: null });
    },
    takeOver: (feed, all, complete, gone) => takeOver(docs, revision, { feed, advisories: all, complete, gone }),
    async cves() {
      const all = new Set<string>();
      const each = docs.find({}, { projection: { _id: 0, cves: 1 }, batchSize: 5000 });
      for await (const { cves } of each) for (const cve of cves) all.add(cve);
      return all;
    },
    revision: revision.now,
  };
}

/** One letter only finds itself: half of all words begin with `s`. */
const beginningWith = (word: string): Filter<AdvisoryDoc> =>
  word.length === 1 ? { words: word } : { words: { $regex: `^${word.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')}` } };
