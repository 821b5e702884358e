/** A web server with folders for tests of feeds that follow one: real files, real validators, and the last good copies of one feed. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll } from 'vitest';
import { Failure } from '../../../domain/model/failure.ts';
import type { FeedState } from '../../../domain/model/feed.ts';
import type { Feed, Wanted } from '../../../workers/feeds/feed.ts';
import { openSource } from '../../../workers/feeds/source.ts';
import { type Given, given } from './advisories.ts';
import { newFolderServer } from './folder-server.ts';

/** True where the program is installed; says so where it is not. */
export function hasProgram(name: string): boolean {
  const found = spawnSync(name, ['--version'], { stdio: 'ignore' }).error === undefined;
  if (!found) console.log(`skipped: the program ${name} is not installed here`);
  return found;
}

const nothing: Given = { advisories: [], dropped: [], gone: [], code: null };
export type Synced = Given & { readonly complete: boolean; readonly cursor: string | null };

/** Starts before the tests of its file and is gone after them. */
export function newServed(feed: Feed) {
  const server = newFolderServer({ validators: true });
  let files: FeedState['files'] = {};
  return {
    /** Names that were asked for since the last time, in order. */
    asked: () => server.asked.splice(0),
    address: server.address,
    put: server.put,
    remove: server.remove,
    /** One sync, taken over unless it fails: then `code` says why. null = nothing has changed. */
    async sync(url: string, cursor: string | null, wanted: Wanted): Promise<Synced | null> {
      const directory = server.beside('kept');
      const source = await openSource({ directory, title: feed.title, own: url, files, version: '0.0.0' });
      try {
        const delivery = await feed.sync(source, url, cursor, wanted);
        if (!delivery) files = await source.commit();
        if (!delivery) return null;
        const items = await given(delivery.items);
        if (items.code === null) files = await source.commit();
        return { ...items, complete: delivery.complete, cursor: delivery.cursor };
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        return { ...nothing, complete: false, cursor: null, code: error.code };
      } finally {
        await source.discard();
      }
    },
  };
}

const files = mkdtempSync(path.join(tmpdir(), 'patchherd-files-'));
let count = 0;
afterAll(() => rmSync(files, { recursive: true, force: true }));
/** A file of its own for `read`. */
export function fileWith(content: string | Buffer): string {
  const file = path.join(files, `file-${++count}`);
  writeFileSync(file, content);
  return file;
}
