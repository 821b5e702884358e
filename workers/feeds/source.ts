/** Where a feed's files come from: the web or a directory, with the last good copy of each kept until a newer one was taken over. */
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Failure } from '../../domain/model/failure.ts';
import type { FeedFile, FeedState } from '../../domain/model/feed.ts';
import { download, shown, tooLarge } from './download.ts';
import type { Fetched, Limits, Source } from './feed.ts';
import { type Times, usualTimes } from './patience.ts';

const MOST_BYTES = 512 * 1024 ** 2;
/** Files whose validators are remembered; a feed of thousands of small files asks for them with `once`. */
const REMEMBERED = 500;
const LEFTOVER_MS = 24 * 3_600_000;

export type SourceParts = {
  /** `<dataDir>/feeds/<feed id>`; made when it is not there. */
  readonly directory: string;
  /** The feed's, for sentences. */
  readonly title: string;
  /** The address from the settings, when they have one: its host may be asked over plain http if it says so. */
  readonly own: string | null;
  /** What was taken over last. */
  readonly files: FeedState['files'];
  readonly version: string;
  readonly times?: Partial<Times>;
  readonly signal?: AbortSignal;
  /** @default Node's own */
  readonly fetch?: typeof fetch;
};

export type OpenSource = Source & {
  /** What was fetched was taken over: it becomes the last good copy. Gives the validators to remember. */
  commit(): Promise<FeedState['files']>;
  /** Forgets what was fetched and not committed; safe after `commit`. */
  discard(): Promise<void>;
};

/** Opens the source of one feed for one sync. Whoever does that holds the claim of the feed. */
export async function openSource(parts: SourceParts): Promise<OpenSource> {
  const { directory, files } = parts;
  const fresh = join(directory, `new-${randomUUID().slice(0, 8)}`);
  await removeLeftovers(directory);
  await mkdir(fresh, { recursive: true });
  const seen = new Map<string, Promise<Found>>();

  const find = (url: string, limits: Limits, conditional: boolean): Promise<Found> => {
    const known = seen.get(url);
    if (known) return known;
    const found = isFile(url) ? fromDisk(parts, url, limits) : fromWeb(parts, fresh, url, limits, conditional);
    if (!limits.once) seen.set(url, found);
    return found;
  };
  return {
    async get(url, limits = {}) {
      const found = await find(url, limits, !limits.once);
      return found.changed || limits.once ? found.fetched : null;
    },
    async whole(url, limits = {}) {
      const { fetched } = await find(url, limits, !limits.once);
      if (await exists(fetched.path)) return fetched;
      // "Not changed", and the copy that this refers to is gone.
      seen.delete(url);
      return (await find(url, limits, false)).fetched;
    },
    async commit() {
      const all = await Promise.all(
        [...seen].map(async ([url, found]) => [url, await found.catch(() => null)] as const),
      );
      const next: Record<string, FeedFile> = { ...files };
      for (const [url, found] of all) {
        if (!found) continue;
        if (found.fetched.path.startsWith(fresh)) await rename(found.fetched.path, keptPath(directory, url));
        delete next[url]; // the order is that of the last use
        next[url] = found.file;
      }
      await rm(fresh, { recursive: true, force: true });
      const remembered = Object.fromEntries(Object.entries(next).slice(-REMEMBERED));
      await removeForgotten(directory, Object.keys(remembered));
      return remembered;
    },
    discard: () => rm(fresh, { recursive: true, force: true }),
  };
}

type Found = { readonly fetched: Fetched; readonly file: FeedFile; readonly changed: boolean };

async function fromWeb(
  parts: SourceParts,
  fresh: string,
  url: string,
  limits: Limits,
  conditional: boolean,
): Promise<Found> {
  const { title, own, files, version, times, signal, directory } = parts;
  const known = conditional ? files[url] : undefined;
  const kept = keptPath(directory, url);
  const to = join(fresh, basename(kept));
  const answer = await download({
    url,
    title,
    to,
    maxBytes: limits.maxBytes ?? MOST_BYTES,
    times: { ...usualTimes, ...times },
    userAgent: `patchherd/${version}`,
    have: known ?? null,
    plainHosts: plainHostsIn(own ?? ''),
    signal: signal ?? null,
    fetch: parts.fetch ?? fetch,
  });
  if (answer.kind === 'unchanged' && known) return unchanged(url, kept, known);
  if (answer.kind === 'unchanged') throw new Failure('feed.refused', `${title}: ${shown(url)} has nothing to say.`);
  const { kind: _, ...file } = answer;
  // A server without validators sends the same again.
  if (known?.sha256 === file.sha256 && (await exists(kept))) {
    await rm(to, { force: true });
    return unchanged(url, kept, file);
  }
  return {
    fetched: { url, path: to, sha256: file.sha256, size: file.size },
    file,
    changed: known?.sha256 !== file.sha256,
  };
}

/** Hosts that the settings name with plain http; a feed of several places has `label=address` for each of them, apart by spaces. */
function plainHostsIn(own: string): ReadonlySet<string> {
  const places = own.split(/\s+/).map((entry) => entry.replace(/^[a-z][\w.:-]*=/, ''));
  return new Set(
    places.filter((url) => url.startsWith('http://') && URL.canParse(url)).map((url) => new URL(url).host),
  );
}

const unchanged = (url: string, path: string, file: FeedFile): Found => ({
  fetched: { url, path, sha256: file.sha256, size: file.size },
  file,
  changed: false,
});

/** A mirror on disk is read where it is: it is its own last good copy. */
async function fromDisk({ title, files }: SourceParts, url: string, { maxBytes = MOST_BYTES }: Limits): Promise<Found> {
  const fail = (why: string, cause?: unknown): Failure =>
    new Failure('feed.refused', `${title}: ${shown(url)} ${why}.`, { cause });
  let path: string;
  let size: number;
  try {
    path = fileURLToPath(url);
    const found = await stat(path);
    if (!found.isFile()) throw fail('is no file');
    size = found.size;
  } catch (cause) {
    throw cause instanceof Failure ? cause : fail('is not there, or cannot be read', cause);
  }
  if (size > maxBytes) throw tooLarge({ title, url, maxBytes });
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  const sha256 = hash.digest('hex');
  const file: FeedFile = { etag: null, lastModified: null, sha256, size };
  return { fetched: { url, path, sha256, size }, file, changed: files[url]?.sha256 !== sha256 };
}

const isFile = (url: string): boolean => url.startsWith('file:');

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isFile(),
    () => false,
  );

/** A name that people recognise and no two addresses share. */
function keptPath(directory: string, url: string): string {
  const last = URL.canParse(url) ? (new URL(url).pathname.split('/').at(-1) ?? '') : '';
  const name =
    last
      .replace(/[^\w.-]/g, '_')
      .replace(/^\.+/, '')
      .slice(-80) || 'file';
  return join(directory, `${createHash('sha256').update(url).digest('hex').slice(0, 10)}-${name}`);
}

/** What a killed process left behind. Younger ones may belong to somebody who has just lost the claim. */
async function removeLeftovers(directory: string): Promise<void> {
  for (const name of await readdir(directory).catch(() => [])) {
    if (!name.startsWith('new-')) continue;
    const path = join(directory, name);
    const since = (await stat(path).catch(() => null))?.mtimeMs ?? Date.now();
    if (Date.now() - since > LEFTOVER_MS) await rm(path, { recursive: true, force: true });
  }
}

/** Copies of files that are not remembered any more. */
async function removeForgotten(directory: string, urls: readonly string[]): Promise<void> {
  const known = new Set(urls.map((url) => basename(keptPath(directory, url))));
  for (const name of await readdir(directory)) {
    if (!known.has(name) && !name.startsWith('new-')) await rm(join(directory, name), { force: true });
  }
}
