/**
 * Counts the changes of advisories, so that whoever keeps an index of them knows when it is out of date.
 *
 * A reader takes the number first, then the advisories. Were it counted before a change, a reader could have the new number and the
 * old advisories, for good: so it is counted after. A crash in between would lose the count: so a feed is marked before its first
 * write, and one write both counts and takes the mark away. A mark that a take-over finds at its beginning was left by a crash: that
 * take-over counts, even when it has nothing to write.
 */
import type { Connection } from 'mongoose';
import { factsOf, onceMore } from './facts.ts';

/** `uncounted`: feeds with a mark. Their ids are letters, digits and dashes: safe as names of fields. */
type RevisionDoc = { _id: string; rev: number; uncounted?: Record<string, boolean> };
const _id = 'advisories';

export type Revision = {
  now(): Promise<number>;
  isUncounted(feed: string): Promise<boolean>;
  /** Before the first write. */
  begin(feed: string): Promise<void>;
  /** After the last write. */
  count(feed: string): Promise<void>;
};

/** The revision of all advisories on this connection. */
export function revisionOf(connection: Connection): Revision {
  const revisions = factsOf<RevisionDoc>(connection, 'revisions');
  return {
    now: async () => (await revisions.findOne({ _id }))?.rev ?? 0,
    isUncounted: async (feed) => (await revisions.findOne({ _id }))?.uncounted?.[feed] === true,
    async begin(feed) {
      const mark = { $set: { [`uncounted.${feed}`]: true }, $setOnInsert: { rev: 0 } };
      await onceMore(() => revisions.updateOne({ _id }, mark, { upsert: true }));
    },
    async count(feed) {
      await revisions.updateOne({ _id }, { $inc: { rev: 1 }, $unset: { [`uncounted.${feed}`]: '' } });
    },
  };
}
