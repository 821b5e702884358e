import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DemoFeeds, makeDemoFeeds } from '../../demo/feeds.ts';
import type { Item, Wanted } from '../../workers/feeds/feed.ts';
import { feedById } from '../../workers/feeds/index.ts';

const wanted: Wanted = { releases: new Set(['debian:12']), cve: () => true };
let dir: string;
let feeds: DemoFeeds;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'patchherd-demo-feeds-'));
  feeds = await makeDemoFeeds(dir);
});
afterAll(() => rm(dir, { recursive: true, force: true }));

/** Everything that the product's own reader finds in the demo's file; `cve` fills the place of a CVE in its address. */
async function itemsOf(id: string, cve = ''): Promise<readonly Item[]> {
  const url = feeds.settings.sources[id]?.url?.replace('{cve}', cve);
  const feed = feedById(id);
  if (!url || !feed) throw new Error(`no feed ${id}`);
  const items: Item[] = [];
  for await (const item of feed.read(fileURLToPath(url), wanted)) items.push(item);
  return items;
}
const exploited = async () =>
  (await itemsOf('kev')).map((item) => (item.kind === 'cve' ? item.saying.id : item.kind)).sort();

describe("the demo's feeds", () => {
  it('are read by the real readers, and nothing of them is left out', async () => {
    const advisories = await itemsOf('debian-dsa');
    expect(
      advisories.map((item) => (item.kind === 'advisory' ? item.advisory.affected[0]?.package : item.kind)),
    ).toEqual(['acme-tls', 'acme-web', 'acme-kernel', 'acme-db']);
    const named = advisories.flatMap((item) => (item.kind === 'advisory' ? item.advisory.cves : []));
    const rated = (await itemsOf('epss')).map((item) => (item.kind === 'cve' ? item.saying.id : item.kind));
    expect([...rated].sort()).toEqual([...named].sort());
    const record = await itemsOf('ssvc', 'CVE-2026-91001');
    expect(record.map((item) => (item.kind === 'cve' ? item.saying.field : item.kind)).sort()).toEqual([
      'cvss',
      'ssvc',
    ]);
  });
  it('name one exploited CVE at first, and one more after the news; a second start keeps that', async () => {
    expect(await exploited()).toEqual(['CVE-2026-91001']);
    await feeds.news();
    expect(await exploited()).toEqual(['CVE-2026-91001', 'CVE-2026-91003']);
    await makeDemoFeeds(dir);
    expect(await exploited()).toEqual(['CVE-2026-91001', 'CVE-2026-91003']);
  });
  it('ask nobody else', () => {
    const on = Object.entries(feeds.settings.sources).filter(([, { enabled }]) => enabled);
    expect(on.map(([id]) => id).sort()).toEqual(['debian-dsa', 'epss', 'kev', 'ssvc']);
    for (const [, { url }] of on) expect(url).toMatch(/^file:\/\//);
  });
});
