/** Feeds in tests: files of our own in a directory, the same files on a real local web server, and what a feed makes of them. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { FeedState } from '../../../domain/model/feed.ts';
import type { Delivery, Feed, Item, Wanted } from '../../../workers/feeds/feed.ts';
import { openSource } from '../../../workers/feeds/source.ts';
import { type FolderServer, newFolderServer } from './folder-server.ts';

/** Recorded real data beside the checkout; null, with the reason printed, where it is not there. */
export function recorded(name: string): string | null {
  const file = path.resolve('../shared/data', name);
  if (existsSync(file)) return file;
  console.log(`skipped: the recorded data ${name} is not beside this checkout`);
  return null;
}

/** The only wanted CVEs; without any, every CVE is wanted. */
export function wanting(...ids: readonly string[]): Wanted {
  const set = new Set(ids);
  return { releases: new Set(), cve: (id) => set.size === 0 || set.has(id), cves: set };
}

/** What a feed gave, by kind. */
export async function all(items: AsyncIterable<Item>) {
  const sayings = [];
  const lifecycles = [];
  const dropped = [];
  for await (const item of items) {
    if (item.kind === 'cve') sayings.push(item.saying);
    if (item.kind === 'lifecycle') lifecycles.push(item.lifecycle);
    if (item.kind === 'dropped') dropped.push(item);
  }
  return { sayings, lifecycles, dropped };
}

export type Shelf = Pick<FolderServer, 'asked' | 'put' | 'answer'> & {
  /** Lets the feed sync from `address` on the server, and takes over what it gives. null = nothing has changed. */
  sync(feed: Feed, address: string, cursor: string | null, wanted: Wanted): Promise<Synced | null>;
};
type Synced = Omit<Delivery, 'items'> & Awaited<ReturnType<typeof all>>;

/** Starts before the tests of its file and is gone after them. */
export function newShelf(): Shelf {
  const server = newFolderServer({ validators: true });
  let files: FeedState['files'] = {};
  return {
    asked: server.asked,
    put: server.put,
    answer: server.answer,
    async sync(feed, address, cursor, wanted) {
      const own = server.address(address);
      const directory = server.beside(feed.id);
      const source = await openSource({ directory, title: feed.title, own, files, version: '0.0.0' });
      try {
        const delivery = await feed.sync(source, own, cursor, wanted);
        const given = delivery && { ...delivery, ...(await all(delivery.items)) };
        files = await source.commit();
        return given;
      } finally {
        await source.discard();
      }
    },
  };
}
