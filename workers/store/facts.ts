/** What the stores of the vendors' facts share: collections without revisions, the same for every tenant, written in bulk. */
import { type AnyBulkWriteOperation, type Document, type Filter, MongoBulkWriteError } from 'mongodb';
import type { Connection } from 'mongoose';
import { isDuplicate } from './record.ts';

type Keyed = Document & { _id: string };

/** The collection of this name, without a mongoose model: bulks of documents that are checked already. Migrations make its indexes. */
export const factsOf = <D extends Keyed>(connection: Connection, name: string) => connection.collection<D>(name);
export type Facts<D extends Keyed> = ReturnType<typeof factsOf<D>>;
export type Writes<D extends Document> = AnyBulkWriteOperation<D>[];

/** How many documents one command writes or names: enough that its way does not count, far below 16 MB of text. */
export const together = 1000;

/**
 * Of two upserts of one key at once, a compatible server may refuse one as a duplicate (MongoDB tries it again by itself). The second
 * try finds the document there.
 */
export async function onceMore<T>(upsert: () => Promise<T>): Promise<T> {
  try {
    return await upsert();
  } catch (error) {
    if (!isDuplicate(error)) throw error;
    return upsert();
  }
}

/** Servers do one command on one core: the portions of a batch are written at the same time. */
const portion = together / 4;

/** Writes all, in no order; what fails has let the others end. Duplicates: see `writeSome`. */
export async function writeAll<D extends Keyed>(docs: Facts<D>, writes: Writes<D>): Promise<void> {
  const portions = Array.from({ length: Math.ceil(writes.length / portion) }, (_, at) =>
    writes.slice(at * portion, (at + 1) * portion),
  );
  const ended = await Promise.allSettled(portions.map((some) => writeSome(docs, some)));
  const failed = ended.find((one) => one.status === 'rejected');
  if (failed) throw failed.reason;
}

/** Duplicates are written once more, as above: an insert then overwrites what somebody else has just inserted. */
async function writeSome<D extends Keyed>(docs: Facts<D>, writes: Writes<D>): Promise<void> {
  const send = (some: Writes<D>) => docs.bulkWrite(some, { ordered: false, ignoreUndefined: true });
  try {
    await send(writes);
  } catch (error) {
    const refused = error instanceof MongoBulkWriteError ? [error.writeErrors].flat() : [];
    if (refused.length === 0 || !refused.every(isDuplicate)) throw error;
    await send(refused.flatMap(({ index }) => (writes[index] ? [overwriting(writes[index])] : [])));
  }
}

function overwriting<D extends Keyed>(write: Writes<D>[number]): Writes<D>[number] {
  if (!('insertOne' in write)) return write;
  const replacement = write.insertOne.document as D; // with an _id: every document here has one of ours
  return { replaceOne: { filter: { _id: replacement._id } as Filter<D>, replacement, upsert: true } };
}

/** The items in lists of 1,000, the last one shorter; never an empty list. */
export async function* inBatches<T>(items: AsyncIterable<T> | Iterable<T>): AsyncIterable<T[]> {
  let batch: T[] = [];
  for await (const item of items) {
    batch.push(item);
    if (batch.length < together) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
