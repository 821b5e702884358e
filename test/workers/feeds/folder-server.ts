/** A folder and a real web server that gives its files, as the sources of feeds do. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll } from 'vitest';

export type FolderServer = {
  /** A place beside the files for whatever else the tests keep; gone with them. */
  beside(name: string): string;
  /** Names that the web server was asked for, in order. */
  readonly asked: string[];
  /** Writes a file, gzipped when its name ends with `.gz` and it is text, and gives its path. Names may hold folders and a query. */
  put(name: string, content: string | Buffer): string;
  remove(name: string): void;
  /** From now on the server answers with this status for that name; null = as usual. */
  answer(name: string, status: number | null): void;
  /** Where the server gives that name. There from beforeAll on. */
  address(name: string): string;
};

/** Starts before the tests of its file and is gone after them. Call it outside of tests. `validators`: files have an ETag. */
export function newFolderServer({ validators }: { readonly validators: boolean }): FolderServer {
  const root = mkdtempSync(path.join(tmpdir(), 'patchherd-feed-'));
  const files = path.join(root, 'files');
  mkdirSync(files);
  const place = (name: string) => path.join(files, encodeURIComponent(name));
  const asked: string[] = [];
  const statuses = new Map<string, number>();
  const server = createServer((request, response) => {
    const name = decodeURIComponent((request.url ?? '').slice(1));
    asked.push(name);
    const status = statuses.get(name) ?? (existsSync(place(name)) ? 200 : 404);
    if (status !== 200) return void response.writeHead(status).end('no');
    const body = readFileSync(place(name));
    if (!validators) return void response.end(body);
    const etag = `"${createHash('sha256').update(body).digest('hex')}"`;
    const same = request.headers['if-none-match'] === etag;
    response.writeHead(same ? 304 : 200, { etag }).end(same ? undefined : body);
  });
  beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
  afterAll(() => {
    server.closeAllConnections();
    server.close();
    rmSync(root, { recursive: true, force: true });
  });
  return {
    beside: (name) => path.join(root, 'beside', encodeURIComponent(name)),
    asked,
    put(name, content) {
      writeFileSync(place(name), name.endsWith('.gz') && typeof content === 'string' ? gzipSync(content) : content);
      return place(name);
    },
    remove: (name) => rmSync(place(name)),
    answer(name, status) {
      if (status === null) statuses.delete(name);
      else statuses.set(name, status);
    },
    address: (name) => `http://127.0.0.1:${(server.address() as AddressInfo).port}/${name}`,
  };
}
