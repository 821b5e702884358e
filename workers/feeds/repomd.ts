/** Finds rpm repositories and their updateinfo: which ones a fleet needs, what their repomd.xml says, and whether a file is what it says. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { Failure } from '../../domain/model/failure.ts';
import { textOf } from './archive.ts';
import type { Fetched, Source } from './feed.ts';
import { oneLine } from './text.ts';
import { childOf, recordsOf, textIn } from './xml.ts';

/** `release`: what it is for, such as `almalinux:9`; null = its updates must tell. */
export type Repository = { readonly release: string | null; readonly url: string };
/** Where a repository's updateinfo is, and the checksum that it must have, as `sha256:...`. */
export type Updateinfo = { readonly release: string | null; readonly url: string; readonly checksum: string };

const REPOMD_LIMIT = 4 * 1024 ** 2;
const algorithms: Readonly<Record<string, string>> = {
  sha: 'sha1', // createrepo's old name for it
  sha1: 'sha1',
  sha224: 'sha224',
  sha256: 'sha256',
  sha384: 'sha384',
  sha512: 'sha512',
};

/**
 * The repositories in a list of `almalinux=https://.../{release}/BaseOS/x86_64/os/` (for each wanted release of that distribution),
 * `amzn:2023=https://...` (for that one) and plain addresses. Entries are separated by spaces; those for releases that nobody
 * wants are left out.
 */
export function repositoriesIn(list: string, releases: ReadonlySet<string>): Repository[] {
  return list
    .split(/\s+/)
    .filter((entry) => entry !== '')
    .flatMap((entry): Repository[] => {
      const [, label, url] = /^([a-z][a-z0-9._-]*(?::[\w.-]+)?)=(.+)$/.exec(entry) ?? [];
      if (!label || !url) return [{ release: null, url: entry }];
      if (label.includes(':')) return releases.size === 0 || releases.has(label) ? [{ release: label, url }] : [];
      return [...releases]
        .filter((release) => release.startsWith(`${label}:`))
        .map((release) => ({ release, url: url.replaceAll('{release}', release.slice(label.length + 1)) }));
    });
}

/**
 * Reads a repository's repomd.xml. An address that ends in `mirror.list` (Amazon Linux) holds the repository's own in its first line.
 * Failures: those of Source; `feed.unreadable` also when there is no updateinfo: such a repository cannot say that nothing is missing.
 */
export async function updateinfoOf(source: Source, { release, url }: Repository): Promise<Updateinfo> {
  const base = withSlash(url.endsWith('mirror.list') ? await firstMirror(source, url) : url);
  const file = await source.whole(new URL('repodata/repomd.xml', base).href, { maxBytes: REPOMD_LIMIT });
  for await (const data of recordsOf(file.path, 'repomd', ['data'], REPOMD_LIMIT)) {
    if (data.attributes['type'] !== 'updateinfo') continue;
    const place = new URL(childOf(data, 'location')?.attributes['href'] ?? '', base).href;
    // The list comes from elsewhere: it must not send us to files of this machine, or to other hosts.
    if (!place.startsWith(base)) throw unreadable(base, 'its updateinfo lies outside of it');
    const kind = childOf(data, 'checksum')?.attributes['type'] ?? '';
    const algorithm = Object.hasOwn(algorithms, kind) ? algorithms[kind] : undefined;
    if (!algorithm) throw unreadable(base, `its checksum is of an unknown kind (${oneLine(kind)})`);
    return { release, url: place, checksum: `${algorithm}:${textIn(data, 'checksum').toLowerCase()}` };
  }
  throw unreadable(base, 'it has no updateinfo, so nobody can tell which updates are missing: take it off the list');
}

async function firstMirror(source: Source, url: string): Promise<string> {
  const { path } = await source.whole(url, { maxBytes: REPOMD_LIMIT });
  const first = (await textOf(path, REPOMD_LIMIT)).split('\n')[0]?.trim() ?? '';
  if (!/^https?:\/\/\S+$/.test(first) || !URL.canParse(first)) throw unreadable(url, 'its first line is no address');
  return first;
}

const withSlash = (url: string): string => {
  if (!URL.canParse(url)) throw unreadable(url, 'this is no address');
  return new URL(url.endsWith('/') ? url : `${url}/`).href;
};

/** Failure `feed.unreadable` (retryable: mirrors are sometimes caught in the middle of an update) when `file` is not what repomd.xml says. */
export async function verify(file: Fetched, { checksum, url }: Updateinfo): Promise<void> {
  const [algorithm = '', expected] = checksum.split(':');
  const hash = createHash(algorithm);
  for await (const chunk of createReadStream(file.path)) hash.update(chunk);
  if (hash.digest('hex') === expected) return;
  const sentence = `The file ${oneLine(url)} has another ${algorithm} checksum than its repository's repomd.xml says: it is not used.`;
  throw new Failure('feed.unreadable', sentence, { retryable: true });
}

const unreadable = (url: string, why: string): Failure =>
  new Failure('feed.unreadable', `The repository ${oneLine(url)} cannot be read: ${why}.`);
