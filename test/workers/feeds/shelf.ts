/** Feeds in tests: files of our own in a directory, the same files on a real local web server, and what a feed makes of them. */
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll } from 'vitest';
import type { FeedState } from '../../../domain/model/feed.ts';
import type { Delivery, Feed, Item, Wanted } from '../../../workers/feeds/feed.ts';
import { openSource } from '../../../workers/feeds/source.ts';

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

export type Shelf = {
  /** Paths that the web server was asked for, in order. */
  readonly asked: string[];
  /** Writes a file, gzipped when its name ends with `.gz`, and gives its path. Names may hold folders and a query. */
  put(name: string, content: string | Buffer): string;
  /** From now on the server answers with this status for that name; null = as usual. */
  answer(name: string, status: number | null): void;
  /** Lets the feed sync from `address` on the server, and takes over what it gives. null = nothing has changed. */
  sync(feed: Feed, address: string, cursor: string | null, wanted: Wanted): Promise<Synced | null>;
};
type Synced = Omit<Delivery, 'items'> & Awaited<ReturnType<typeof all>>;

/** Starts before the tests of its file and is gone after them. */
export function newShelf(): Shelf {
  const root = mkdtempSync(path.join(tmpdir(), 'patchherd-feed-'));
  const asked: string[] = [];
  const statuses = new Map<string, number>();
  let files: FeedState['files'] = {};
  const place = (name: string) => path.join(root, encodeURIComponent(name));
  const server = createServer((request, response) => {
    const name = decodeURIComponent((request.url ?? '').slice(1));
    asked.push(name);
    const status = statuses.get(name) ?? (existsSync(place(name)) ? 200 : 404);
    const body = status === 200 ? readFileSync(place(name)) : Buffer.from('no');
    const etag = `"${createHash('sha256').update(body).digest('hex')}"`;
    const same = status === 200 && request.headers['if-none-match'] === etag;
    response.writeHead(same ? 304 : status, { etag }).end(same ? undefined : body);
  });
  beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
  afterAll(() => {
    server.closeAllConnections();
    server.close();
    rmSync(root, { recursive: true, force: true });
  });
  return {
    asked,
    put(name, content) {
      const file = place(name);
      writeFileSync(file, name.endsWith('.gz') && typeof content === 'string' ? gzipSync(content) : content);
      return file;
    },
    answer(name, status) {
      if (status === null) statuses.delete(name);
      else statuses.set(name, status);
    },
    async sync(feed, address, cursor, wanted) {
      const own = `http://127.0.0.1:${(server.address() as AddressInfo).port}/${address}`;
      const directory = path.join(root, 'kept', feed.id);
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
