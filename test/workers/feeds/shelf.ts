/** Feeds in tests: files in a directory of our own, a Source over them, and what a feed made of them. */
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll } from 'vitest';
import { Failure } from '../../../domain/model/failure.ts';
import type { Fetched, Item, Source, Wanted } from '../../../workers/feeds/feed.ts';

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

/** Files at `http://shelf/<name>`, where names may hold folders and a query. */
export interface Shelf {
  readonly source: Source;
  /** What was asked for, in order. */
  readonly asked: string[];
  /** Writes a file, gzipped when its name ends with `.gz`, and gives its path. */
  put(name: string, content: string | Buffer): string;
}

/** A Source over a directory that is removed after the file's tests: `get` is null while a file is as it was at the last `get`. */
export function newShelf(): Shelf {
  const root = mkdtempSync(path.join(tmpdir(), 'patchherd-feed-'));
  afterAll(() => rmSync(root, { recursive: true, force: true }));
  const asked: string[] = [];
  const seen = new Map<string, string>();
  const place = (name: string) => path.join(root, encodeURIComponent(name));
  const whole = async (url: string): Promise<Fetched> => {
    asked.push(url);
    const file = place(url.replace('http://shelf/', ''));
    if (!existsSync(file)) throw new Failure('feed.refused', `There is nothing at ${url}.`);
    const content = readFileSync(file);
    return { url, path: file, sha256: createHash('sha256').update(content).digest('hex'), size: content.length };
  };
  return {
    asked,
    source: {
      whole,
      async get(url) {
        const fetched = await whole(url);
        if (seen.get(url) === fetched.sha256) return null;
        seen.set(url, fetched.sha256);
        return fetched;
      },
    },
    put(name, content) {
      const file = place(name);
      writeFileSync(file, name.endsWith('.gz') && typeof content === 'string' ? gzipSync(content) : content);
      return file;
    },
  };
}
