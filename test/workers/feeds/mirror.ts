/** A web server with a feed's files, and a feed that follows it through the real Source. */
import type { FeedState } from '../../../domain/model/feed.ts';
import type { Feed, Wanted } from '../../../workers/feeds/feed.ts';
import { openSource } from '../../../workers/feeds/source.ts';
import { type Given, given } from './advisories.ts';
import { type FolderServer, newFolderServer } from './folder-server.ts';

/** What one sync gave; nothing is kept of one that failed. null = nothing has changed. */
export type Synced = Given & { readonly complete: boolean; readonly cursor: string | null };

export interface Mirror extends Pick<FolderServer, 'put'> {
  /** What was asked for since the last time, in order. */
  asked(): string[];
  sync(feed: Feed, address: string, cursor: string | null, wanted: Wanted): Promise<Synced | null>;
}

/** Starts before the tests of its file and is gone after them. Call it outside of tests. */
export function newMirror(): Mirror {
  const server = newFolderServer({ validators: false });
  const kept = new Map<string, FeedState['files']>();
  return {
    put: server.put,
    asked: () => server.asked.splice(0),
    async sync(feed, address, cursor, wanted) {
      const own = server.address(address);
      const key = `${feed.id} ${address.split('/')[0]}`;
      const directory = server.beside(key);
      const files = kept.get(key) ?? {};
      const source = await openSource({ directory, title: feed.title, own, files, version: '0.0.0' });
      try {
        const delivery = await feed.sync(source, own, cursor, wanted);
        const got = delivery && {
          ...(await given(delivery.items)),
          complete: delivery.complete,
          cursor: delivery.cursor,
        };
        if (got?.code == null) kept.set(key, await source.commit());
        return got;
      } finally {
        await source.discard();
      }
    },
  };
}
