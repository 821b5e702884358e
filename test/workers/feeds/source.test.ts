import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Failure } from '../../../domain/model/failure.ts';
import type { FeedState } from '../../../domain/model/feed.ts';
import type { Times } from '../../../workers/feeds/patience.ts';
import { type OpenSource, openSource, type SourceParts } from '../../../workers/feeds/source.ts';
import { type FeedServer, feedServer, withEtag } from './server.ts';

const root = mkdtempSync(join(tmpdir(), 'patchherd-source-'));
let server: FeedServer;
beforeAll(async () => {
  server = await feedServer();
});
afterAll(async () => {
  await server?.close();
  rmSync(root, { recursive: true, force: true });
});

let directory: string;
let tests = 0;
let url: string;
beforeEach(() => {
  tests += 1;
  directory = join(root, String(tests));
  url = `${server.url}/${tests}/kev.json`;
});
const path = () => `/${tests}/kev.json`;
const short: Times = { headersMs: 1500, stallMs: 1500, wholeMs: 4000 };
const open = (files: FeedState['files'] = {}, more: Partial<SourceParts> = {}): Promise<OpenSource> =>
  openSource({ directory, title: 'CISA KEV', own: null, files, version: '1.2.3', times: short, ...more });
const read = (place: string) => readFileSync(place, 'utf8');
const kept = () => readdirSync(directory);

async function failureOf(reading: Promise<unknown>): Promise<Failure> {
  const error = await reading.then(
    () => new Error('it could be fetched'),
    (cause: unknown) => cause,
  );
  if (error instanceof Failure) return error;
  throw error;
}

describe('a source', () => {
  it('fetches, says who asks, and gives a whole file with its checksum', async () => {
    server.answer(path(), '{"a":1}');
    const source = await open();
    const file = await source.get(url);
    expect(file).toMatchObject({ url, size: 7, sha256: createHash('sha256').update('{"a":1}').digest('hex') });
    expect(read(file?.path ?? '')).toBe('{"a":1}');
    expect(server.asked.at(-1)?.headers['user-agent']).toBe('patchherd/1.2.3');
    await source.discard();
    expect(kept()).toEqual([]);
  });
  it('asks with the validators of what was taken over, and has nothing new then', async () => {
    server.answer(path(), withEtag('old', '"v1"'));
    const first = await open();
    await first.get(url);
    const files = await first.commit();
    expect(files[url]).toMatchObject({ etag: '"v1"', lastModified: 'Tue, 12 Nov 2024 08:00:00 GMT', size: 3 });
    const second = await open(files);
    expect(await second.get(url)).toBeNull();
    expect(server.asked.at(-1)?.headers).toMatchObject({
      'if-none-match': '"v1"',
      'if-modified-since': 'Tue, 12 Nov 2024 08:00:00 GMT',
    });
    expect(read((await second.whole(url)).path)).toBe('old');
    expect(await second.commit()).toEqual(files);
  });
  it('keeps the last good copy until the next one was taken over', async () => {
    server.answer(path(), withEtag('good', '"v1"'));
    const first = await open();
    const { path: place } = await first.whole(url);
    const files = await first.commit();
    expect(place).not.toBe(join(directory, kept()[0] ?? ''));
    server.answer(path(), withEtag('broken', '"v2"'));
    const second = await open(files);
    expect(read((await second.whole(url)).path)).toBe('broken');
    await second.discard();
    expect(kept().map((name) => read(join(directory, name)))).toEqual(['good']);
    const third = await open(files);
    expect(read((await third.get(url))?.path ?? '')).toBe('broken');
    await third.commit();
    expect(kept().map((name) => read(join(directory, name)))).toEqual(['broken']);
  });
  it('sees that nothing changed when the server has no validators', async () => {
    server.answer(path(), 'same');
    const first = await open();
    await first.get(url);
    const files = await first.commit();
    const second = await open(files);
    expect(await second.get(url)).toBeNull();
    server.answer(path(), 'other');
    expect(await (await open(files)).get(url)).not.toBeNull();
  });
  it('fetches again when the copy is gone and the server says "not changed"', async () => {
    server.answer(path(), withEtag('content', '"v1"'));
    const first = await open();
    await first.get(url);
    const files = await first.commit();
    rmSync(join(directory, kept()[0] ?? ''));
    const second = await open(files);
    expect(await second.get(url)).toBeNull();
    expect(read((await second.whole(url)).path)).toBe('content');
    await second.commit();
    expect(kept()).toHaveLength(1);
  });
  it('asks each address once in one sync', async () => {
    server.answer(path(), 'once');
    const source = await open();
    const before = server.asked.length;
    const [a, b] = await Promise.all([source.get(url), source.whole(url)]);
    expect(a?.path).toBe(b.path);
    expect(server.asked.length).toBe(before + 1);
  });
  it('neither keeps nor remembers what is read once', async () => {
    server.answer(path(), withEtag('record', '"v1"'));
    const source = await open();
    expect(read((await source.whole(url, { once: true })).path)).toBe('record');
    expect(read((await source.get(url, { once: true }))?.path ?? '')).toBe('record');
    expect(await source.commit()).toEqual({});
    expect(kept()).toEqual([]);
  });
  it('forgets the oldest of very many files, and their copies', async () => {
    const names = Array.from({ length: 520 }, (_, n) => `${n}.json`);
    for (const name of names) server.answer(`/${tests}/${name}`, name);
    const source = await open();
    for (const name of names) await source.get(`${server.url}/${tests}/${name}`);
    const files = await source.commit();
    expect(Object.keys(files)).toEqual(names.slice(20).map((name) => `${server.url}/${tests}/${name}`));
    expect(kept()).toHaveLength(500);
  });
  it('removes what a killed process left a day ago, and not what another one has just begun', async () => {
    const first = await open();
    const left = join(directory, kept()[0] ?? '');
    writeFileSync(join(left, 'half'), 'x');
    await open();
    expect(kept()).toHaveLength(2);
    const dayBefore = (Date.now() - 25 * 3_600_000) / 1000;
    utimesSync(left, dayBefore, dayBefore);
    await open();
    expect(kept()).not.toContain(left.split('/').at(-1));
    await first.discard();
  });
  it('takes what comes packed on the way', async () => {
    server.answer(path(), (_, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('{"a":1}'));
    });
    expect(read((await (await open()).whole(url)).path)).toBe('{"a":1}');
  });
});

describe('a source that', () => {
  it.each([
    [404, 'feed.refused', false],
    [403, 'feed.refused', false],
    [204, 'feed.refused', false],
    [500, 'feed.unreachable', true],
    [503, 'feed.unreachable', true],
    [429, 'feed.unreachable', true],
  ])('answers with status %d is %s', async (status, code, retryable) => {
    server.answer(path(), (_, response) => response.writeHead(status).end());
    const failure = await failureOf((await open()).get(url));
    expect(failure).toMatchObject({ code, retryable, message: `CISA KEV: ${url} answered with status ${status}.` });
  });
  it('does not show the query of its address, which may hold a key', async () => {
    const { message } = await failureOf((await open()).get(`${url}?apiKey=CANARY`));
    expect(message).toContain(url);
    expect(message).not.toContain('CANARY');
  });
  it.each([
    ['120', 120_000],
    ['99999999', 24 * 3_600_000],
    ['soon', null],
    ['0', null],
  ])('says "Retry-After: %s" is asked again after %s ms', async (written, ms) => {
    server.answer(path(), (_, response) => response.writeHead(503, { 'retry-after': written }).end());
    expect((await failureOf((await open()).get(url))).retryAfterMs).toBe(ms);
  });
  it('says until when, as a date, is asked again then', async () => {
    const until = new Date(Date.now() + 600_000).toUTCString();
    server.answer(path(), (_, response) => response.writeHead(429, { 'retry-after': until }).end());
    const { retryAfterMs } = await failureOf((await open()).get(url));
    expect(retryAfterMs).toBeGreaterThan(500_000);
    expect(retryAfterMs).toBeLessThanOrEqual(600_000);
  });
  it('says "not changed" to who has nothing is refused', async () => {
    server.answer(path(), (_, response) => response.writeHead(304).end());
    expect((await failureOf((await open()).get(url))).code).toBe('feed.refused');
  });
  it.each(['<!DOCTYPE html><html>', '\n  <HTML lang="en">', '<!-- proxy -->\n<!doctype html>'])(
    'gives a web page (%j) in place of data is unreadable',
    async (page) => {
      server.answer(path(), page);
      const { code, message } = await failureOf((await open()).get(url));
      expect(code).toBe('feed.unreadable');
      expect(message).toContain('a web page in place of data');
    },
  );
  it('never answers is unreachable', async () => {
    server.answer(path(), () => {});
    const failure = await failureOf((await open()).get(url));
    expect(failure).toMatchObject({ code: 'feed.unreachable', retryable: true });
    expect(failure.message).toBe(`CISA KEV: ${url} gave no answer within 1.5 s.`);
  });
  it('stalls in the middle is unreachable', async () => {
    server.answer(path(), (_, response) => response.writeHead(200).write('begin'));
    const { code, message } = await failureOf((await open()).get(url));
    expect({ code, message }).toEqual({
      code: 'feed.unreachable',
      message: `CISA KEV: ${url} sent nothing for 1.5 s in the middle of it.`,
    });
  });
  it('drips for ever is unreachable', async () => {
    server.answer(path(), (_, response) => {
      const drip = setInterval(() => response.write('x'), 50);
      response.on('close', () => clearInterval(drip));
    });
    const source = await open({}, { times: { ...short, wholeMs: 500 } });
    expect((await failureOf(source.get(url))).message).toContain('was not complete after 0.5 s');
  });
  it.each([
    ['fewer bytes than it announced', { 'content-length': '100' }],
    ['a body that breaks off', {}],
  ])('sends %s is unreachable, and nothing of it is kept', async (_, headers) => {
    server.answer(path(), (_request, response) => {
      response.writeHead(200, headers);
      response.write('half');
      setTimeout(() => response.destroy(), 20);
    });
    const source = await open();
    const { code, message } = await failureOf(source.get(url));
    expect(code).toBe('feed.unreachable');
    expect(message).toContain('broke off in the middle');
    expect(await source.commit()).toEqual({});
    expect(kept()).toEqual([]);
  });
  it('is not there is unreachable, with the reason', async () => {
    const { code, message } = await failureOf((await open()).get('http://127.0.0.1:1/kev.json'));
    expect(code).toBe('feed.unreachable');
    expect(message).toMatch(/^CISA KEV: http:\/\/127\.0\.0\.1:1\/kev\.json cannot be reached/);
  });
  it.each([
    ['says that it is too large', (size: number) => ({ 'content-length': String(size) })],
    ['does not say how large it is', () => ({})],
  ])('%s is stopped', async (_, headers) => {
    server.answer(path(), (_request, response) => {
      response.writeHead(200, headers(3000));
      response.end(Buffer.alloc(3000));
    });
    const source = await open();
    const { code, message } = await failureOf(source.get(url, { maxBytes: 2048 }));
    expect({ code, message }).toEqual({
      code: 'feed.too-large',
      message: `CISA KEV: ${url} is larger than the 2 KiB that are allowed for it.`,
    });
  });
  it('is read when patchherd stops is left at once', async () => {
    server.answer(path(), () => {});
    const stop = new AbortController();
    const source = await open({}, { signal: stop.signal, times: { headersMs: 60_000 } });
    setTimeout(() => stop.abort(), 20);
    expect((await failureOf(source.get(url))).message).toContain('was interrupted because patchherd stops');
  });
});

describe('a redirect', () => {
  const to = (location: string, status = 302) =>
    server.answer(path(), (_, response) => response.writeHead(status, { location }).end());
  it.each([301, 302, 303, 307, 308])('with status %d is followed, also to a relative address', async (status) => {
    to('../moved.json', status);
    server.answer('/moved.json', 'moved');
    expect(read((await (await open()).whole(url)).path)).toBe('moved');
  });
  it('is followed five times and not six', async () => {
    const hop = (n: number) => `/${tests}/hop${n}`;
    for (let n = 1; n <= 6; n++) {
      server.answer(hop(n), (_, response) => response.writeHead(302, { location: hop(n - 1) }).end());
    }
    server.answer(hop(0), 'there');
    const source = await open();
    expect(read((await source.whole(server.url + hop(5))).path)).toBe('there');
    const { code, message } = await failureOf(source.get(server.url + hop(6)));
    expect(code).toBe('feed.refused');
    expect(message).toContain('leads from one address to the next more than 5 times');
  });
  it('in a circle is refused', async () => {
    to(url);
    expect((await failureOf((await open()).get(url))).code).toBe('feed.refused');
  });
  it.each([
    ['file:///etc/passwd', 'begins with file:'],
    ['http://mirror.invalid/kev.json', 'is plain http'],
    ['http://[', 'no address to go to'],
  ])('to %s is refused', async (location, why) => {
    to(location);
    const { code, message } = await failureOf((await open()).get(url));
    expect(code).toBe('feed.refused');
    expect(message).toContain(why);
  });
  const key = join(root, 'key.pem');
  const openssl = spawnSync('openssl', [
    ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', '-subj', '/CN=127.0.0.1'],
    ...['-keyout', key, '-out', `${key}.crt`],
  ]);
  if (openssl.status !== 0) console.log('skipped: openssl is not here to make a certificate');
  it.skipIf(openssl.status !== 0)('from https to http is refused, even on this machine', async () => {
    const secure = await feedServer({ key: read(key), cert: read(`${key}.crt`) });
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0'; // its certificate is its own
    try {
      secure.answer('/a', (_, response) => response.writeHead(302, { location: url }).end());
      secure.answer('/b', 'secure');
      server.answer(path(), 'plain');
      const source = await open();
      expect(read((await source.whole(`${secure.url}/b`)).path)).toBe('secure');
      const { code, message } = await failureOf(source.get(`${secure.url}/a`));
      expect(code).toBe('feed.refused');
      expect(message).toBe(`CISA KEV: ${secure.url}/a leads from https to plain http (${url}).`);
    } finally {
      delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
      await secure.close();
    }
  });
});

describe('an address', () => {
  it.each(['http://mirror.invalid/kev.json', 'ftp://mirror.invalid/kev.json', 'kev.json', ''])(
    '%j is refused before anything is sent',
    async (address) => {
      expect((await failureOf((await open()).get(address))).code).toBe('feed.refused');
    },
  );
  it('of plain http is asked when the settings name it', async () => {
    const source = await open({}, { own: 'http://mirror.invalid/kev.json' });
    const { code, message } = await failureOf(source.get('http://mirror.invalid/other.json'));
    expect(code).toBe('feed.unreachable'); // there is no such host, but it was asked
    expect(message).toContain('cannot be reached');
    expect((await failureOf(source.get('http://elsewhere.invalid/'))).code).toBe('feed.refused');
  });
  it('of a file is read where it is', async () => {
    const file = join(root, `${tests} ä.json`);
    writeFileSync(file, 'one');
    const address = pathToFileURL(file).href;
    const first = await open();
    expect(await first.get(address)).toMatchObject({ path: file, size: 3 });
    const files = await first.commit();
    expect(read(file)).toBe('one');
    const second = await open(files);
    expect(await second.get(address)).toBeNull();
    expect((await second.whole(address)).path).toBe(file);
    writeFileSync(file, 'two');
    expect(await (await open(files)).get(address)).not.toBeNull();
    expect((await failureOf((await open()).get(address, { maxBytes: 2 }))).code).toBe('feed.too-large');
  });
  it.each(['file:///nowhere/kev.json', `file://${tmpdir()}`, 'file://server/share/kev.json'])(
    '%s is refused with a sentence',
    async (address) => {
      const { code, message } = await failureOf((await open()).get(address));
      expect(code).toBe('feed.refused');
      expect(message).toMatch(/^CISA KEV: file:\/\/.+ (is not there, or cannot be read|is no file)\.$/);
    },
  );
});
