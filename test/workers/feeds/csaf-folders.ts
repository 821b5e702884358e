/** Folders of CSAF documents on a web server, as vendors keep them. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Advisory } from '../../../domain/model/advisory.ts';
import type { Feed, Wanted } from '../../../workers/feeds/feed.ts';
import { newServed } from './served.ts';

/** The ids of what a feed gave. */
export const ids = (given: { advisories: readonly Advisory[] } | null) => given?.advisories.map(({ id }) => id);

/** A packed tar of these documents, made by the system's tar. */
export function archive(program: 'zstd' | 'bzip2', documents: Readonly<Record<string, unknown>>): Buffer {
  const root = mkdtempSync(path.join(tmpdir(), 'patchherd-tar-'));
  try {
    for (const [name, document] of Object.entries(documents)) {
      mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
      writeFileSync(path.join(root, name), JSON.stringify(document));
    }
    const file = path.join(root, 'all.tar');
    execFileSync('tar', ['-cf', file, '-C', root, ...Object.keys(documents)]);
    return execFileSync(program, ['-c'], { input: readFileSync(file), maxBuffer: 64 * 1024 ** 2 });
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}
/** A list of changes: names of documents, and when they changed. */
export const list = (...lines: readonly (readonly [string, string])[]) =>
  lines.map(([name, time]) => `"${name}","${time}"\n`).join('');

let folders = 0;
/** Folders of one feed, a new one with each call. Call it outside of tests. */
export function followed(feed: Feed, usual: Wanted) {
  const served = newServed(feed);
  return () => {
    const place = `f${++folders}`;
    const put = (name: string, content: unknown) =>
      served.put(
        `${place}/${name}`,
        typeof content === 'string' || Buffer.isBuffer(content) ? content : JSON.stringify(content),
      );
    const asked = () => served.asked().map((name) => name.replace(`${place}/`, ''));
    const sync = (cursor: string | null, wanted = usual, end = '/') =>
      served.sync(served.address(place) + end, cursor, wanted);
    return { put, asked, sync, beside: (name: string, content: Buffer) => served.put(`${place}${name}`, content) };
  };
}
