import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type FeedId, feedIds } from '../../../domain/model/feed.ts';
import { allFeeds, dueAt, type FeedSettings, feedRulesOf, feeds, feedsFor } from '../../../workers/feeds/index.ts';
import { syncDueFeeds } from '../../../workers/jobs/feed-sync.ts';
import { has, installed, knowing } from '../../domain/flows/intel-world.ts';
import { addDevices, type FlowWorld, flowDatabase } from '../../domain/flows/world.ts';
import { type FeedServer, feedServer, withEtag } from '../feeds/server.ts';

const root = mkdtempSync(join(tmpdir(), 'patchherd-feeds-'));
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

/** Only these feeds are on, each at a place of this test. */
const only = (...ids: readonly FeedId[]): FeedSettings => ({
  enabled: true,
  sources: Object.fromEntries(
    feedIds.map((id) => [id, { enabled: ids.includes(id), url: `${server.url}/${id}`, everyHours: 4 }]),
  ),
});
const catalog = (count: number) =>
  JSON.stringify({
    title: 'CISA Catalog of Known Exploited Vulnerabilities',
    dateReleased: '2026-01-01T00:00:00.000Z',
    vulnerabilities: Array.from({ length: count }, (_, n) => ({
      ...{ cveID: `CVE-2026-${10_000 + n}`, dateAdded: '2026-01-01', dueDate: '2026-01-04' },
      knownRansomwareCampaignUse: 'Unknown',
    })),
  });

let world: FlowWorld;
let settings: FeedSettings;
const look = (signal = new AbortController().signal) =>
  syncDueFeeds(
    { ...world, feedRules: feedRulesOf(settings) },
    { settings, dataDir: root, version: '1.0.0', times: { headersMs: 500, stallMs: 500 } },
    signal,
  );
const askedFor = () => server.asked.map(({ path }) => path.slice(1));
beforeEach(async () => {
  await db.database.connection.collection('feeds').deleteMany({});
  server.asked.length = 0;
  world = db.world();
  settings = only('kev', 'epss');
  server.answer('/kev', withEtag(catalog(20), '"v1"'));
  server.answer('/epss', (_, response) => response.writeHead(500).end());
});

describe('the feeds', () => {
  it('are those that the settings know, each once, with what people need to read', () => {
    expect(feeds.map(({ id }) => id).sort()).toEqual([...feedIds].sort());
    for (const { title, licence, url, everyHours } of feeds) {
      expect([title, licence, url].every((text) => text.trim() !== '')).toBe(true);
      expect(everyHours).toBeGreaterThanOrEqual(1);
    }
  });
  it('are on by default or by name, and off as a whole', () => {
    const on = (given: FeedSettings) => allFeeds(given).flatMap(({ feed, on: isOn }) => (isOn ? [feed.id] : []));
    expect(on({ enabled: true, sources: {} })).toEqual(feeds.filter(({ byDefault }) => byDefault).map(({ id }) => id));
    expect(on({ enabled: true, sources: { kev: { enabled: false }, nvd: { enabled: true } } })).toContain('nvd');
    expect(on({ enabled: true, sources: { kev: { enabled: false } } })).not.toContain('kev');
    expect(on({ enabled: false, sources: { kev: { enabled: true } } })).toEqual([]);
  });
  it('that a fleet has no use for are left out, and advisories come before facts about their CVEs', () => {
    const chosen = feedsFor(new Set(['debian:12']), { enabled: true, sources: {} }).map(({ feed }) => feed.id);
    expect(chosen).toContain('debian-tracker');
    expect(chosen).not.toContain('alpine-secdb');
    expect(chosen.indexOf('debian-tracker')).toBeLessThan(chosen.indexOf('epss'));
  });
});

describe('the next time of a feed', () => {
  const noon = new Date('2026-01-01T12:00:00Z');
  const state = { checkedAt: noon, problem: null, retryAt: null };
  it.each([
    ['at once when it was never asked', null, null],
    ['after its hours', state, '2026-01-01T16:00:00.000Z'],
    [
      'after its hours, from the last failure',
      { ...state, problem: { at: new Date('2026-01-01T15:00:00Z') } },
      '2026-01-01T19:00:00.000Z',
    ],
    [
      'when its source may be back',
      { ...state, retryAt: new Date('2026-01-01T12:10:00Z') },
      '2026-01-01T12:10:00.000Z',
    ],
  ])('is %s', (_, given, iso) => {
    expect(dueAt(given as never, 4)?.toISOString() ?? null).toBe(iso);
  });
});

describe('the job feed.sync', () => {
  it('asks nothing before the first scan: nobody knows yet what matters', async () => {
    await look();
    expect(askedFor()).toEqual([]);
    expect(await world.feeds.all()).toEqual([]);
  });
  it('asks what is due, takes it over, and tells of what cannot be read; the next look asks nothing', async () => {
    await addDevices(world, ['web-1']);
    await look();
    expect(askedFor().sort()).toEqual(['epss', 'kev']);
    expect(await world.feeds.get('kev')).toMatchObject({ records: 20, problem: null });
    expect((await world.cves.get(['CVE-2026-10003'])).get('CVE-2026-10003')?.kev).toMatchObject({ due: '2026-01-04' });
    expect((await world.feeds.get('epss'))?.problem?.code).toBe('feed.unreachable');
    expect((await world.notices.find({})).map(({ title }) => title)).toEqual(['EPSS: no news']);
    await look();
    expect(askedFor()).toHaveLength(2);
  });
  it('reads facts about CVEs again, before it is time, when new advisories name new ones', async () => {
    world = knowing(world);
    for (const device of await addDevices(world, ['web-1'])) await has(world, device, installed('1.0', 'acme'));
    settings = only('debian-dsa', 'epss');
    server.answer('/debian-dsa', '[01 Jan 2026] DSA-1-1 acme - security update\n\t{CVE-2026-1}\n');
    server.answer('/epss', '#model_version:v1,score_date:2026-01-01\ncve,epss,percentile\nCVE-2026-1001,0.5,0.9\n');
    await look();
    world.clock.set('2026-11-23T17:00:00Z');
    server.answer(
      '/debian-dsa',
      '[02 Jan 2026] DSA-2-1 acme - security update\n\t{CVE-2026-1001}\n\t[bookworm] - acme 1.1\n',
    );
    settings = { ...settings, sources: { ...settings.sources, epss: { url: `${server.url}/epss`, everyHours: 100 } } };
    await look();
    expect(askedFor()).toEqual(['debian-dsa', 'epss', 'debian-dsa', 'epss']);
    expect((await world.cves.get(['CVE-2026-1001'])).get('CVE-2026-1001')?.epss).toMatchObject({ score: 0.5 });
  });
  it('asks again when it is time, and says so when a feed works again', async () => {
    await addDevices(world, ['web-1']);
    await look();
    world.clock.set('2030-01-01T00:00:00Z');
    server.answer('/epss', '#model_version:v1,score_date:2026-01-01\ncve,epss,percentile\nCVE-2026-10003,0.5,0.9\n');
    await look();
    expect(askedFor().sort()).toEqual(['epss', 'epss', 'kev', 'kev']);
    expect(await world.feeds.get('kev')).toMatchObject({ checkedAt: new Date('2030-01-01T00:00:00Z') });
    expect((await world.notices.find({})).map(({ title }) => title).sort()).toEqual([
      'EPSS works again',
      'EPSS: no news',
    ]);
  });
  it('asks nothing when feeds are off', async () => {
    settings = { ...settings, enabled: false };
    await look();
    expect(askedFor()).toEqual([]);
    expect(await world.notices.find({})).toEqual([]);
  });
  it('asks feeds of distributions only when there is such a device', async () => {
    settings = only('debian-dsa', 'alpine-secdb');
    await addDevices(world, ['web-1']);
    await look();
    expect(askedFor()).toEqual(['debian-dsa']);
  });
  it('stops between two feeds', async () => {
    const stop = new AbortController();
    stop.abort();
    await look(stop.signal);
    expect(askedFor()).toEqual([]);
  });
});
