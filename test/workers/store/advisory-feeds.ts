/** Feeds of their own for the tests of stored advisories. */
import type { Advisory } from '../../../domain/model/advisory.ts';
import type { TenantId } from '../../../domain/model/ids.ts';
import { newDatabase } from '../../database.ts';
import { advisory } from '../../domain/intel/make.ts';

/** Feeds in a database of the file's own. Call it outside of tests. */
export function newFeeds() {
  const database = newDatabase();
  let feeds = 0;
  /** A feed of its own for each test, and takeOver's arguments as a test reads best. */
  function newFeed() {
    feeds += 1;
    const feed = `feed-${feeds}`;
    const store = database().tenant('acme' as TenantId).advisories;
    const one = (id: string, change: Partial<Advisory> = {}) => advisory(id, { feed, ...change });
    const key = (id: string) => `${feed}/${id}`;
    const deliver = (all: readonly Advisory[], { complete = false, gone = [] as readonly string[] } = {}) =>
      store.takeOver(feed, from(all), complete, gone);
    const byId = async (id: string) => (await store.byKey([key(id)]))[0];
    return { feed, store, one, key, deliver, byId };
  }
  const documents = () => database().connection.collection<{ _id: string }>('advisories');
  return { newFeed, documents };
}

/** The start of a day. */
export const day = (text: string) => new Date(`${text}T00:00:00Z`);
/** What a take-over says that changed nothing. */
export const nothing = { added: [], changed: [], withdrawn: [] };

async function* from<T>(all: readonly T[]): AsyncIterable<T> {
  yield* all;
}
