/** A web server with a feed's files, and a feed that follows it through the real Source. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll } from 'vitest';
import type { FeedState } from '../../../domain/model/feed.ts';
import type { Feed, Wanted } from '../../../workers/feeds/feed.ts';
import { openSource } from '../../../workers/feeds/source.ts';
import { type Given, given } from './advisories.ts';

/** What one sync gave; nothing is kept of one that failed. null = nothing has changed. */
export type Synced = Given & { readonly complete: boolean; readonly cursor: string | null };

export interface Mirror {
  /** Writes a file, gzipped when its name ends with `.gz`, and gives its path. Names may hold folders and a query. */
  put(name: string, content: string | Buffer): string;
  /** What was asked for since the last time, in order. */
  asked(): string[];
  sync(feed: Feed, address: string, cursor: string | null, wanted: Wanted): Promise<Synced | null>;
}

/** Starts before the tests of its file and is gone after them. Call it outside of tests. */
export function newMirror(): Mirror {
  const root = mkdtempSync(path.join(tmpdir(), 'patchherd-mirror-'));
  const place = (name: string) => path.join(root, encodeURIComponent(name));
  const asked: string[] = [];
  const kept = new Map<string, FeedState['files']>();
  const server = createServer((request, response) => {
    const name = decodeURIComponent((request.url ?? '').slice(1));
    asked.push(name);
    if (existsSync(place(name))) response.end(readFileSync(place(name)));
    else response.writeHead(404).end('no such file');
  });
  beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
  afterAll(() => {
    server.closeAllConnections();
    server.close();
    rmSync(root, { recursive: true, force: true });
  });
  return {
    put(name, content) {
      writeFileSync(place(name), name.endsWith('.gz') && typeof content === 'string' ? gzipSync(content) : content);
      return place(name);
    },
    asked: () => asked.splice(0),
    async sync(feed, address, cursor, wanted) {
      const own = `http://127.0.0.1:${(server.address() as AddressInfo).port}/${address}`;
      const key = `${feed.id} ${address.split('/')[0]}`;
      const directory = path.join(root, encodeURIComponent(key));
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
