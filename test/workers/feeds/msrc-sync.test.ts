/** How Microsoft's months are followed. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { msrc } from '../../../workers/feeds/msrc.ts';
import { fleet } from './advisories.ts';
import { month, server, vulnerability } from './msrc-months.ts';
import { newServed } from './served.ts';
import { recorded } from './shelf.ts';

describe('the feed msrc', () => {
  const served = newServed(msrc);
  let folders = 0;
  const names = ['2026-Jan', '2026-Feb', '2026-Mar', '2026-Apr', '2026-May', '2026-Jun'];
  const update = (id: string, at: number, current = `2026-0${at + 1}-10T07:00:00Z`) => ({
    ...{ ID: id, Alias: id, InitialReleaseDate: `2026-0${at + 1}-10T07:00:00Z`, CurrentReleaseDate: current },
  });
  /** Six months with a KB article each; the one of March has a CVE in April, too. */
  function guide() {
    const place = `m${++folders}`;
    const put = (name: string, content: string) => served.put(`${place}/${name}`, content);
    const list = (...value: readonly unknown[]) => put('updates', JSON.stringify({ value }));
    for (const [at, name] of names.entries()) {
      put(
        `cvrf/${name}`,
        month(vulnerability({ cve: `CVE-2026-100${at}`, fixes: [{ ...server, article: `503000${at}` }] })),
      );
    }
    const late = vulnerability({ cve: 'CVE-2026-7777', fixes: [{ ...server, article: '5030002' }] });
    put(
      'cvrf/2026-Apr',
      month(vulnerability({ cve: 'CVE-2026-1003', fixes: [{ ...server, article: '5030003' }] }), late),
    );
    list(...names.map((name, at) => update(name, at)));
    const sync = (cursor: string | null, wanted = fleet('windows:server-2022')) =>
      served.sync(served.address(`${place}/`), cursor, wanted);
    const asked = () => served.asked().map((name) => name.replace(`${place}/`, ''));
    return { put, list, sync, asked };
  }

  it('reads every month first, and puts the CVEs of one KB article together', async () => {
    const { sync } = guide();
    const first = await sync(null);
    expect(first).toMatchObject({ complete: true, code: null, dropped: [] });
    expect(first?.advisories.map(({ id }) => id)).toEqual(names.map((_, at) => `KB503000${at}`));
    expect(first?.advisories[2]?.cves).toEqual(['CVE-2026-1002', 'CVE-2026-7777']);
    expect(await sync(first?.cursor ?? null)).toBeNull();
  });

  it('reads only a changed month and those around it again, and keeps what they say of its updates', async () => {
    const { sync, list, put, asked } = guide();
    const first = await sync(null);
    asked();
    list(...names.map((name, at) => update(name, at, at === 5 ? '2026-06-20T07:00:00Z' : undefined)));
    const june = vulnerability({ cve: 'CVE-2026-8888', fixes: [{ ...server, article: '5030002' }] });
    put('cvrf/2026-Jun', month(june));
    const second = await sync(first?.cursor ?? null);
    expect(second?.complete).toBe(false);
    expect(second?.advisories.map(({ id, cves }) => [id, cves])).toEqual([
      ['KB5030002', ['CVE-2026-1002', 'CVE-2026-7777', 'CVE-2026-8888']],
    ]);
    expect(asked()).toEqual(['updates', 'cvrf/2026-Mar', 'cvrf/2026-Apr', 'cvrf/2026-May', 'cvrf/2026-Jun']);
  });

  it('reads everything again when a release has joined the fleet', async () => {
    const { sync } = guide();
    const first = await sync(null, fleet('windows:10-22h2'));
    expect(first?.advisories).toEqual([]);
    expect((await sync(first?.cursor ?? null))?.advisories).toHaveLength(6);
  });

  it('drops a month without valid dates or with a hostile name, and reads the others', async () => {
    const { sync, list } = guide();
    const bad = [update('../../etc/passwd', 1), { ...update('2026-Feb', 1), CurrentReleaseDate: 'soon' }, 7, null];
    list(update('2026-Jan', 0), ...bad);
    const given = await sync(null);
    expect([given?.advisories.map(({ id }) => id), given?.dropped.length]).toEqual([['KB5030000'], 4]);
  });

  it.each([
    ['is a web page', '<html></html>'],
    ['is other JSON', '{"hello":1}'],
    ['names no month', '{"value":[]}'],
  ])('fails when the list of months %s', async (_, content) => {
    const { sync, put } = guide();
    put('updates', content);
    expect(await sync(null)).toMatchObject({ advisories: [], code: 'feed.unreadable' });
  });
  it('fails when a month is missing or broken', async () => {
    const { sync, put, list } = guide();
    put('cvrf/2026-Feb', '<html></html>');
    expect((await sync(null))?.code).toBe('feed.unreadable');
    list(update('2027-Jan', 0));
    expect((await sync(null))?.code).toBe('feed.refused');
  });

  const updates = recorded('microsoft/cvrf-updates.json');
  const march = recorded('microsoft/cvrf-2024-Mar.xml');
  it.skipIf(!updates || !march)('follows the recorded list to the recorded month', async () => {
    const { put, sync } = guide();
    put('updates', readFileSync(updates ?? '', 'utf8'));
    put('cvrf/2024-Mar', readFileSync(march ?? '', 'utf8'));
    put('cvrf/2016-Apr', month());
    const given = await sync(null, fleet());
    expect(given?.advisories.map(({ id }) => id)).toEqual(['CVE-2024-21392', 'KB5036451', 'KB5036452']);
    expect(await sync(given?.cursor ?? null, fleet())).toBeNull();
  });
});
