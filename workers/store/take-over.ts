/** Takes over what a feed delivered: writes what is new or changed, leaves the rest alone, marks what is gone. */
import { type Advisory, advisoryKey } from '../../domain/model/advisory.ts';
import type { Taken } from '../../domain/ports.ts';
import { type AdvisoryDoc, delivered, goneMark, isLive } from './advisory-doc.ts';
import { type Facts, inBatches, type Writes, writeAll } from './facts.ts';
import type { Revision } from './revision.ts';

type Delivery = {
  readonly feed: string;
  readonly advisories: AsyncIterable<Advisory>;
  readonly complete: boolean;
  readonly gone: readonly string[];
};
type Changes = { readonly [K in 'added' | 'changed' | 'withdrawn']: string[] };

/**
 * Holds at most 1,000 advisories at a time, and key and mark of those that are stored. Each is written whole in one write, and each
 * is true by itself: a crash, or a delivery that throws half-way, leaves some as they were, and the next take-over writes those.
 */
export async function takeOver(docs: Facts<AdvisoryDoc>, revision: Revision, delivery: Delivery): Promise<Taken> {
  const { feed } = delivery;
  let uncounted = await revision.isUncounted(feed);
  async function write(writes: Writes<AdvisoryDoc>): Promise<void> {
    if (writes.length === 0) return;
    if (!uncounted) await revision.begin(feed);
    uncounted = true;
    await writeAll(docs, writes);
  }
  try {
    const taken = await compare(await storedMarks(docs, feed), delivery, write);
    if (uncounted) await revision.count(feed);
    return taken;
  } catch (error) {
    // What was written before is there: readers should know. If this fails as well, the feed stays marked.
    if (uncounted) await revision.count(feed).catch(() => undefined);
    throw error;
  }
}

async function storedMarks(docs: Facts<AdvisoryDoc>, feed: string): Promise<ReadonlyMap<string, string>> {
  const marks = new Map<string, string>();
  const all = docs.find({ feed }, { projection: { mark: 1 }, batchSize: 5000 });
  for await (const { _id, mark } of all) marks.set(_id, mark);
  return marks;
}

async function compare(
  stored: ReadonlyMap<string, string>,
  { feed, advisories, complete, gone }: Delivery,
  write: (writes: Writes<AdvisoryDoc>) => Promise<void>,
): Promise<Taken> {
  const changes: Changes = { added: [], changed: [], withdrawn: [] };
  const seen = new Set<string>();
  let same = 0;
  for await (const batch of inBatches(advisories)) {
    const writes: Writes<AdvisoryDoc> = [];
    for (const advisory of batch) {
      if (advisory.feed !== feed) throw new Error(`store.wrong-feed: ${feed} delivered one of ${advisory.feed}`);
      const { key, mark, document } = delivered(advisory);
      // Of two with one id the first counts: else each would be written over the other with every delivery.
      if (seen.has(key)) continue;
      seen.add(key);
      const before = stored.get(key);
      if (before === mark) same += 1;
      else {
        changes[whatHappened(before, mark)].push(key);
        writes.push(before === undefined ? insertion(document()) : replacement(document()));
      }
    }
    await write(writes);
  }
  const missing = complete ? stored.keys() : gone.map((id) => advisoryKey({ feed, id }));
  const lost = [...missing].filter((key) => !seen.has(key) && isLive(stored.get(key) ?? goneMark));
  const withdrawn = new Date();
  for await (const some of inBatches(new Set(lost))) {
    // Only what was seen: another delivery may have brought it back meanwhile.
    const set = { $set: { withdrawn, mark: goneMark } };
    await write(
      some.map((_id) => ({ updateOne: { filter: { _id, mark: stored.get(_id) ?? goneMark }, update: set } })),
    );
  }
  changes.withdrawn.push(...new Set(lost));
  return { ...changes, same };
}

const insertion = (document: AdvisoryDoc) => ({ insertOne: { document } });
const replacement = (doc: AdvisoryDoc) => ({
  replaceOne: { filter: { _id: doc._id }, replacement: doc, upsert: true },
});

function whatHappened(before: string | undefined, now: string): keyof Changes {
  if (before === undefined) return 'added';
  return isLive(before) && !isLive(now) ? 'withdrawn' : 'changed';
}
