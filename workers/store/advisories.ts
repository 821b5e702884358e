/** Advisories of all feeds in MongoDB: one document each, and one that counts their changes. */
import type { Filter } from 'mongodb';
import type { Connection } from 'mongoose';
import { type Advisory, advisoryKey } from '../../domain/model/advisory.ts';
import type { Advisories } from '../../domain/ports.ts';
import { type AdvisoryDoc, advisoryCollection, advisoryFields, advisoryOf } from './advisory-doc.ts';
import { inBatches } from './facts.ts';
import { revisionOf } from './revision.ts';
import { takeOver } from './take-over.ts';
import { searchesFor } from './words.ts';

/** Hits up to this number are sorted by us. */
const few = 1000;
/** How far back to look first; and then, for what many old ones have. */
const newDays = 90;
const backDays = [720, 5760];
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

  /**
   * No server sorts tens of thousands of documents in the time that a person waits. What many have, some new ones have; of the rest all
   * are read, if they are few; else one looks further and further back.
   */
  async function newest(filter: Filter<AdvisoryDoc>, limit: number): Promise<readonly Advisory[]> {
    const among = (more: Filter<AdvisoryDoc>) => docs.find({ $and: [filter, more] }, { projection: { published: 1 } });
    const within = (days: number) => {
      const since = new Date(Date.now() - days * dayMs);
      return among({ published: { $gte: since } })
        .sort({ published: -1 })
        .limit(limit)
        .toArray();
    };
    let hits = await within(newDays);
    if (hits.length < limit) {
      const some = await among({})
        .limit(few + 1)
        .toArray();
      if (some.length <= few) hits = some;
      else {
        for (const days of backDays) if (hits.length < limit) hits = await within(days);
        if (hits.length < limit) hits = await among({}).sort({ published: -1 }).limit(limit).toArray();
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
      for (const filter of searchesFor(text)) {
        const hits = await newest(filter, limit);
        if (hits.length > 0) return hits;
      }
      return [];
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
