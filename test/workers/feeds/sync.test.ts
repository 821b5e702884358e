import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { FeedState } from '../../../domain/model/feed.ts';
import type { Feed } from '../../../workers/feeds/feed.ts';
import { importFile, type Synced, type SyncOptions, type SyncParts, syncFeed } from '../../../workers/feeds/sync.ts';
import { type FlowWorld, flowDatabase } from '../../domain/flows/world.ts';
import { type FeedServer, feedServer, withEtag } from './server.ts';
import { type File, many, records, tiny } from './tiny-feed.ts';

const root = mkdtempSync(join(tmpdir(), 'patchherd-sync-'));
let db: Awaited<ReturnType<typeof flowDatabase>>;
let server: FeedServer;
beforeAll(async () => {
  [db, server] = await Promise.all([flowDatabase(), feedServer()]);
});
afterAll(async () => {
  await server?.close();
  await db?.close();
  rmSync(root, { recursive: true, force: true });
});

let world: FlowWorld;
let parts: SyncParts;
let intel: number;
let logged: string[];
let url: string;
let tests = 0;
beforeEach(async () => {
  tests += 1;
  await Promise.all(
    ['advisories', 'cves', 'feeds', 'lifecycles'].map((name) => db.database.connection.collection(name).deleteMany({})),
  );
  const plain = db.world();
  [intel, logged] = [0, []];
  const log = (event: string) => void logged.push(event);
  world = {
    ...plain,
    queue: { ...plain.queue, intel: async () => void intel++ },
    log: { info: log, warn: log, error: log },
  };
  parts = { world, dataDir: join(root, String(tests)), version: '1.0.0', times: { headersMs: 1500, stallMs: 1500 } };
  url = `${server.url}/${tests}`;
});

const serve = (content: File | string, etag = `"${Math.random()}"`) =>
  server.answer(`/${tests}`, withEtag(typeof content === 'string' ? content : JSON.stringify(content), etag));
const sync = (feed: Feed = tiny(), more: Partial<SyncOptions> = {}): Promise<Synced> =>
  syncFeed(parts, feed, { wanted: { releases: new Set(['debian:12']), cve: () => true }, url, ...more });
const state = async (): Promise<FeedState> => {
  const found = await world.feeds.get('tiny');
  if (!found) throw new Error('nothing was recorded');
  return found;
};
const living = async (): Promise<string[]> => {
  const ids: string[] = [];
  for await (const { id } of world.advisories.forReleases(['debian:12'])) ids.push(id);
  return ids;
};

describe('one sync of a feed', () => {
  it('takes over what is there, counts it, keeps the file, and asks for a matching', async () => {
    serve({ ...records('T-1', 'T-2'), cursor: 'c1', asOf: '2026-01-01' });
    expect(await sync()).toMatchObject({ kind: 'taken', tally: { records: 2, changed: 2, dropped: 0 } });
    expect(await living()).toEqual(['T-1', 'T-2']);
    expect(await state()).toMatchObject({
      ...{ records: 2, dropped: 0, cursor: 'c1', asOf: '2026-01-01', problem: null, releases: ['debian:12'] },
      checkedAt: world.clock.now(),
      changedAt: world.clock.now(),
    });
    expect(readdirSync(join(parts.dataDir, 'feeds', 'tiny'))).toHaveLength(1);
    expect(intel).toBe(1);
  });
  it('asks for nothing when nothing has changed, but remembers that it was asked', async () => {
    serve(records('T-1'), '"v1"');
    await sync();
    world.clock.set('2026-02-01T00:00:00Z');
    expect((await sync()).kind).toBe('unchanged');
    expect(await state()).toMatchObject({ checkedAt: new Date('2026-02-01T00:00:00Z'), records: 1 });
    expect((await state()).changedAt).not.toEqual(new Date('2026-02-01T00:00:00Z'));
    serve({ ...records('T-1'), cursor: 'c2' }, '"v2"');
    expect(await sync()).toMatchObject({ kind: 'taken', tally: { changed: 0 } });
    expect(intel).toBe(1);
  });
  it('takes what a complete delivery does not name any more as gone', async () => {
    serve(records('T-1', 'T-2', 'T-3'));
    await sync();
    serve(records('T-1', 'T-3'));
    expect(await sync()).toMatchObject({ tally: { records: 2, changed: 1 } });
    expect(await living()).toEqual(['T-1', 'T-3']);
    expect((await state()).records).toBe(2);
  });
  it('only adds, changes and takes back what a part names', async () => {
    serve(records('T-1', 'T-2'));
    await sync(tiny({}, false));
    serve({ records: [{ id: 'T-3' }, { gone: 'T-1' }, { gone: 'T-never' }] });
    await sync(tiny({}, false));
    expect(await living()).toEqual(['T-2', 'T-3']);
    expect((await state()).records).toBe(2);
  });
  it('leaves a bad record out, counts it and says which', async () => {
    serve({ records: [{ id: 'T-1' }, { nothing: 1 }, { id: 'T-2' }, 5] });
    expect(await sync()).toMatchObject({
      tally: { records: 2, dropped: 2, examples: ['record 2: it has no id', 'record 4: it has no id'] },
    });
    expect(await state()).toMatchObject({ records: 2, dropped: 2, problem: null });
    expect(logged).toContain('feed.records-dropped');
  });
  it('hands facts about CVEs and products to their stores', async () => {
    serve({ records: [{ cve: 'CVE-2026-0001' }, { cve: 'CVE-2026-0002' }] });
    await sync(tiny({ gives: 'cves' }));
    serve({ records: [{ cve: 'CVE-2026-0002' }] });
    expect(await sync(tiny({ gives: 'cves' }))).toMatchObject({ tally: { changed: 1 } });
    const facts = await world.cves.get(['CVE-2026-0001', 'CVE-2026-0002']);
    expect([...facts.values()].map(({ epss }) => epss?.score ?? null)).toEqual([null, 0.5]);
  });
});

describe('a failed sync', () => {
  /** Everything that was good stays, and the state says what is wrong. */
  async function expectKept(feed: Feed, code: string): Promise<FeedState> {
    const before = await state();
    const copies = readdirSync(join(parts.dataDir, 'feeds', 'tiny'));
    const asked = intel;
    expect(await sync(feed)).toMatchObject({ kind: 'failed', problem: { code } });
    const { problem, retryAt: _, ...after } = await state();
    expect(problem?.text).toMatch(/^Tiny feed: .+[.?]$/);
    expect(after).toEqual((({ problem: _p, retryAt: _r, ...rest }) => rest)(before));
    expect(await living()).toEqual(['T-1', 'T-2']);
    expect(readdirSync(join(parts.dataDir, 'feeds', 'tiny'))).toEqual(copies);
    expect(intel).toBe(asked);
    return { ...after, problem } as FeedState;
  }
  beforeEach(async () => {
    serve(records('T-1', 'T-2'));
    await sync();
  });
  it.each([
    ['half a file', '{"records": [{"id": "T-3"}', 'feed.unreadable'],
    ['something else', '[]', 'feed.unreadable'],
    ['a web page', '<!doctype html><html></html>', 'feed.unreadable'],
    ['brackets', '['.repeat(100_000), 'feed.unreadable'],
  ])('of %s keeps what was good', async (_, content, code) => {
    serve(content);
    await expectKept(tiny(), code);
  });
  it('of a source that is gone keeps what was good', async () => {
    server.answer(`/${tests}`, (_, response) => response.writeHead(404).end());
    await expectKept(tiny(), 'feed.refused');
  });
  it('is tried again when the source says so', async () => {
    server.answer(`/${tests}`, (_, response) => response.writeHead(503, { 'retry-after': '3600' }).end());
    await expectKept(tiny(), 'feed.unreachable');
    expect((await state()).retryAt).toEqual(new Date(world.clock.now().getTime() + 3_600_000));
  });
  it('because of a bug is one, with its stack in the log only', async () => {
    serve({ records: [{ bug: 'yes' }] });
    const { problem } = await expectKept(tiny(), 'bug');
    expect(problem?.text).not.toContain('TypeError');
  });
  it('that breaks off in the middle has a matching done of what came before', async () => {
    serve({ records: [{ id: 'T-3' }, { bug: 'yes' }] });
    await sync(tiny({}, false));
    expect(intel).toBe(2);
    expect((await state()).problem?.code).toBe('bug');
  });
  it('heals with the next good one', async () => {
    serve('{');
    await sync();
    serve(records('T-1', 'T-2', 'T-3'));
    expect((await sync()).kind).toBe('taken');
    expect(await state()).toMatchObject({ problem: null, retryAt: null, records: 3 });
  });
  it('keeps that the channel was told', async () => {
    await world.feeds.put({ ...(await state()), told: true });
    serve('{');
    await sync();
    expect((await state()).told).toBe(true);
  });
});

describe('a delivery that is suspicious', () => {
  beforeEach(async () => {
    serve({ ...many(100), asOf: '2026-06-01T00:00:00Z' });
    await sync();
  });
  it('with a tenth of last time is refused before anything of it is written', async () => {
    serve({ records: [...many(9).records, { id: 'T-new' }] });
    expect(await sync()).toMatchObject({ kind: 'failed', problem: { code: 'feed.shrunk' } });
    expect(await living()).toHaveLength(100);
    expect((await state()).problem?.text).toBe(
      'Tiny feed: 10 records, where at least 11 were expected: less than a tenth of last time is taken for a broken file, and the old ones stay. If it is right: patchherd feed sync tiny --force',
    );
    expect((await state()).records).toBe(100);
  });
  it('with a little more is taken over', async () => {
    serve(many(11));
    expect((await sync()).kind).toBe('taken');
    expect(await living()).toHaveLength(11);
  });
  it('is taken over when somebody insists', async () => {
    serve({ ...many(1), asOf: '2026-01-01T00:00:00Z' });
    expect((await sync(tiny(), { force: true })).kind).toBe('taken');
    expect(await living()).toEqual(['T-0']);
    expect((await state()).asOf).toBe('2026-01-01T00:00:00Z');
  });
  it('because the fleet has fewer releases is not', async () => {
    serve(many(5));
    const synced = await sync(tiny(), { wanted: { releases: new Set(['debian:13']), cve: () => true } });
    expect(synced.kind).toBe('taken');
  });
  it('as a part may be small', async () => {
    serve(records('T-5'));
    expect((await sync(tiny({}, false))).kind).toBe('taken');
    expect(await living()).toHaveLength(100);
  });
  it('of which nothing can be read is refused', async () => {
    await world.feeds.put({ ...(await state()), records: 0 });
    serve({ records: [{}, {}] });
    expect(await sync()).toMatchObject({
      problem: {
        code: 'feed.unreadable',
        text: 'Tiny feed: none of its 2 records could be read. The first: record 1: it has no id',
      },
    });
    expect(await living()).toHaveLength(100);
  });
  it('and older than the last one is refused', async () => {
    serve({ ...many(99), asOf: '2026-05-31T23:59:59Z' });
    expect(await sync()).toMatchObject({ kind: 'failed', problem: { code: 'feed.older' } });
    expect(await living()).toHaveLength(100);
    serve({ ...many(99), asOf: '2026-06-01T00:00:00Z' });
    expect((await sync()).kind).toBe('taken');
  });
  it('because it is from the future does not lock the feed', async () => {
    serve({ ...many(100), asOf: '2999-01-01T00:00:00Z' });
    expect((await sync()).kind).toBe('taken');
    expect((await state()).asOf).toBe('2026-06-01T00:00:00Z');
  });
});

describe('two processes', () => {
  it('do not read one feed at the same time', async () => {
    serve(records('T-1'));
    const fence = await world.claims.take('feed:tiny', 'another', 60_000);
    expect(await sync()).toEqual({ kind: 'busy' });
    await world.claims.release('feed:tiny', fence ?? 0);
    expect((await sync()).kind).toBe('taken');
  });
  it('leave nothing recorded when one of them stops', async () => {
    const stop = new AbortController();
    server.answer(`/${tests}`, () => stop.abort());
    expect(await sync(tiny(), { signal: stop.signal })).toEqual({ kind: 'stopped' });
    expect(await world.feeds.get('tiny')).toBeNull();
    serve(records('T-1'));
    expect((await sync()).kind).toBe('taken');
  });
});

describe('a file that somebody brings', () => {
  const file = (content: unknown, name = 'tiny.json') => {
    const place = join(root, `${tests}-${name}`);
    writeFileSync(place, JSON.stringify(content));
    return place;
  };
  const bring = (place: string, feed = tiny(), more: Partial<SyncOptions> = {}) =>
    importFile(parts, feed, place, { wanted: { releases: new Set(), cve: () => true }, ...more });
  it('is taken over like a sync, and the next sync goes on from where the last one was', async () => {
    serve({ ...records('T-1', 'T-2'), cursor: 'c1' }, '"v1"');
    await sync();
    expect(await bring(file(records('T-2', 'T-3')))).toMatchObject({ kind: 'taken', tally: { changed: 2 } });
    expect(await living()).toEqual(['T-2', 'T-3']);
    expect(await state()).toMatchObject({ cursor: 'c1', records: 2 });
    expect(Object.keys((await state()).files)).toEqual([url]);
    expect(intel).toBe(2);
  });
  it('takes nothing back when a file is a part', async () => {
    await bring(file(records('T-1')));
    const { whole: _, ...part } = tiny();
    await bring(file(records('T-2')), part);
    expect(await living()).toEqual(['T-1', 'T-2']);
  });
  it('that is much smaller than last time needs insistence', async () => {
    await bring(file(many(100)));
    expect(await bring(file(many(3)))).toMatchObject({ kind: 'failed', problem: { code: 'feed.shrunk' } });
    expect((await bring(file(many(3)), tiny(), { force: true })).kind).toBe('taken');
  });
  it('that is no such file is told and not held against the source', async () => {
    const place = file([]);
    expect(await bring(place)).toMatchObject({
      kind: 'failed',
      problem: { text: 'Tiny feed: The file is no tiny feed.' },
    });
    expect(await world.feeds.get('tiny')).toBeNull();
    expect(readFileSync(place, 'utf8')).toBe('[]');
  });
});
