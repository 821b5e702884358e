/** Advisories of all feeds in MongoDB: one document each, and one that counts their changes. */
import type { Connection } from 'mongoose';
import type { Advisory } from '../../domain/model/advisory.ts';
import type { Advisories } from '../../domain/ports.ts';
import { advisoryCollection, advisoryFields, wordsOf } from './advisory-doc.ts';
import { inBatches } from './facts.ts';
import { revisionOf } from './revision.ts';
import { takeOver } from './take-over.ts';

/** The Advisories port of domain/ports.ts. Throws whatever the driver throws when the database cannot be reached. */
export function advisories(connection: Connection): Advisories {
  const docs = advisoryCollection(connection);
  const revision = revisionOf(connection);
  const found = (filter: object) => docs.find(filter, { projection: advisoryFields });
  return {
    named: (id) => found({ id }).sort({ _id: 1 }).toArray(),
    async byKey(keys) {
      const all: Advisory[] = [];
      for await (const some of inBatches(keys)) all.push(...(await found({ _id: { $in: some } }).toArray()));
      return all;
    },
    naming: (cve, limit) => found({ cves: cve }).sort({ published: -1 }).limit(limit).toArray(),
    async search(text, limit) {
      const words = wordsOf([text]);
      if (words.length === 0) return [];
      const all = words.map((word) => ({ words: { $regex: `^${word.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')}` } }));
      return found({ $and: all }).sort({ published: -1 }).limit(limit).toArray();
    },
    async *forReleases(releases) {
      const filter = { releases: { $in: [...releases] }, withdrawn: null };
      // Keys first: no server has to sort whole documents, and none of its cursors waits for a slow reader.
      const keys = (await docs.find(filter, { projection: { _id: 1 } }).toArray()).map(({ _id }) => _id).sort();
      for await (const some of inBatches(keys)) {
        yield* await found({ _id: { $in: some } })
          .sort({ _id: 1 })
          .toArray();
      }
    },
    takeOver: (feed, delivered, complete, gone) => takeOver(docs, revision, { feed, delivered, complete, gone }),
    async cves() {
      const all = new Set<string>();
      for await (const { cves } of docs.find({}, { projection: { _id: 0, cves: 1 } }))
        for (const one of cves) all.add(one);
      return all;
    },
    revision: revision.now,
  };
}
