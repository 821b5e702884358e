import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { throughProxy } from '../../../config/proxy.ts';
import { Failure } from '../../../domain/model/failure.ts';
import { openSource } from '../../../workers/feeds/source.ts';
import { type FakeProxy, fakeProxy } from '../../fakes/proxy.ts';
import { type FeedServer, feedServer } from './server.ts';

const directory = mkdtempSync(join(tmpdir(), 'patchherd-proxy-'));
const times = { headersMs: 5000, stallMs: 5000, wholeMs: 10_000 };
let [proxy, server]: [FakeProxy, FeedServer] = [] as never; // made before every test
beforeAll(async () => {
  [proxy, server] = await Promise.all([fakeProxy(), feedServer()]);
  for (const name of ['feeds.example.org', 'deep.corp.example.org']) proxy.lead(name, server.url);
  server.answer('/kev.json', '{"a":1}');
});
afterEach(() => {
  proxy.demand(null);
  proxy.answer(null);
  proxy.asked.length = 0;
  server.asked.length = 0;
});
afterAll(async () => {
  await Promise.all([proxy?.close(), server?.close()]);
  rmSync(directory, { recursive: true, force: true });
});

type Given = Parameters<typeof throughProxy>[0];
/** What a feed would read from there. Plain http, because the settings name it. */
async function read(url: string, given: Given): Promise<string> {
  const through = throughProxy(given);
  const parts = { directory, title: 'CISA KEV', own: url, files: {}, version: '1', times };
  const source = await openSource({ ...parts, ...(through ? { fetch: through.fetch } : {}) });
  try {
    return readFileSync((await source.whole(url)).path, 'utf8');
  } finally {
    await source.discard();
    await (await through?.dispatcher())?.destroy();
  }
}
async function refusal(url: string, given: Given): Promise<Failure> {
  const error = await read(url, given).catch((cause: unknown) => cause);
  if (error instanceof Failure) return error;
  throw new Error(`expected a Failure, not ${String(error)}`);
}
/** Everything that a log could print of an error. */
const allOf = (error: unknown): string =>
  error instanceof Error ? `${error.stack} ${JSON.stringify(error)} ${allOf(error.cause)}` : String(error);
const outside = 'http://feeds.example.org/kev.json';

describe('a feed behind a proxy', () => {
  it('is fetched through it, by a name that only the proxy can resolve', async () => {
    expect(await read(outside, { http: proxy.url })).toBe('{"a":1}');
    expect(proxy.asked).toEqual(['feeds.example.org:80']);
    expect(server.asked.map(({ path }) => path)).toEqual(['/kev.json']);
  });
  it('over https asks for a tunnel to port 443', async () => {
    await refusal('https://feeds.example.org/kev.json', { https: proxy.url }); // what is behind it speaks no TLS
    expect(proxy.asked).toEqual(['feeds.example.org:443']);
  });
  it('over https uses the proxy for http when there is no other', async () => {
    await refusal('https://feeds.example.org/kev.json', { http: proxy.url });
    expect(proxy.asked).toEqual(['feeds.example.org:443']);
  });
  it.each([
    ['an address with http:// when only https has a proxy', outside, {}],
    ['a name that is excepted', outside, { except: 'other.example.org, FEEDS.example.org' }],
    ['a name below one that is excepted', 'http://deep.corp.example.org/kev.json', { except: '.corp.example.org' }],
    ['everything when * is excepted', outside, { except: '*' }],
  ])('does not use it for %s', async (_, url, given) => {
    const way = 'except' in given ? { http: proxy.url, ...given } : { https: proxy.url };
    expect(await refusal(url, way)).toMatchObject({ code: 'feed.unreachable' }); // no name server knows it
    expect(proxy.asked).toEqual([]);
  });
  it('does not use it for our own machine', async () => {
    expect(await read(`${server.url}/kev.json`, { http: proxy.url, https: proxy.url })).toBe('{"a":1}');
    expect(proxy.asked).toEqual([]);
  });

  const login = (password: string) => proxy.url.replace('//', `//acme:${encodeURIComponent(password)}@`);
  it('logs in with the user and password of its address', async () => {
    proxy.demand('acme:CAN@RY/%');
    expect(await read(outside, { http: login('CAN@RY/%') })).toBe('{"a":1}');
  });
  it.each([
    ['no password', () => proxy.url],
    ['a wrong password', () => login('CANARY')],
  ])('with %s says that the proxy wants one, and never which was tried', async (_, url) => {
    proxy.demand('acme:right');
    const failure = await refusal(outside, { http: url() });
    expect(failure).toMatchObject({ code: 'feed.refused', retryable: false });
    expect(failure.message).toBe(
      `CISA KEV: ${outside} cannot be reached. The proxy ${proxy.url} wants a user name and a password, or others than ours (status 407): they belong into its address.`,
    );
    expect(allOf(failure)).not.toMatch(/CANARY|QU5BUl/); // also not as the header has it
    expect(server.asked).toEqual([]);
  });
  it('says that the proxy does not let it through', async () => {
    proxy.answer(403);
    expect((await refusal(outside, { http: proxy.url })).message).toMatch(
      /The proxy .+ does not let us through \(status 403\)\.$/,
    );
  });
  it('is tried again later when the proxy itself cannot be reached', async () => {
    const gone = await fakeProxy();
    await gone.close();
    const failure = await refusal(outside, { http: gone.url.replace('//', '//acme:CANARY@') });
    expect(failure).toMatchObject({ code: 'feed.unreachable', retryable: true });
    expect(failure.message).toBe(
      `CISA KEV: ${outside} cannot be reached. The proxy ${gone.url} cannot be reached (ECONNREFUSED).`,
    );
    expect(allOf(failure)).not.toMatch(/CANARY|QU5BUl/);
  });
});
