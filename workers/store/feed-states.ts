/** How the feeds are doing, in MongoDB: one document each. */
import type { Connection } from 'mongoose';
import type { FeedFile, FeedState } from '../../domain/model/feed.ts';
import type { FeedStates } from '../../domain/ports.ts';
import { factsOf, onceMore } from './facts.ts';

/** Files as a list: an address has dots, which names of fields cannot have on every compatible server. */
type FeedDoc = Omit<FeedState, 'files'> & {
  readonly _id: string;
  readonly files: readonly (FeedFile & { url: string })[];
};

const stateOf = ({ _id, files, ...state }: FeedDoc): FeedState => ({
  ...state,
  files: Object.fromEntries(files.map(({ url, ...file }) => [url, file])),
});

/** The FeedStates port of domain/ports.ts. Throws whatever the driver throws. */
export function feedStates(connection: Connection): FeedStates {
  const docs = factsOf<FeedDoc>(connection, 'feeds');
  return {
    async get(id) {
      const found = await docs.findOne({ _id: id });
      return found && stateOf(found);
    },
    all: async () => (await docs.find({}).sort({ _id: 1 }).toArray()).map(stateOf),
    async put(state) {
      const files = Object.entries(state.files).map(([url, file]) => ({ ...file, url }));
      await onceMore(() =>
        docs.replaceOne({ _id: state.id }, { ...state, files }, { upsert: true, ignoreUndefined: true }),
      );
    },
  };
}
