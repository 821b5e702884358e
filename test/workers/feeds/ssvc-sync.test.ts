/** How the records of a fleet's CVEs are asked for over several syncs. */
import { describe, expect, it } from 'vitest';
import { ssvc, ssvcFeed } from '../../../workers/feeds/ssvc.ts';
import { all, newShelf, wanting } from './shelf.ts';
import { record, usual } from './ssvc-records.ts';

const shelf = newShelf();
const lines = (...records: readonly unknown[]) => records.map((one) => JSON.stringify(one)).join('\n');
const read = (text: string | Buffer, ...ids: string[]) =>
  all(ssvc.read(shelf.put('records.ndjson', text), wanting(...ids)));
const _one = (cna: readonly unknown[], cisa: readonly unknown[]) => read(lines(record('CVE-2024-3094', cna, cisa)));

describe('syncs of the SSVC feed', () => {
  const day = 24 * 3_600_000;
  const template = '{year}/{thousands}xxx/{cve}.json';
  const put = (id: string, place: string) => shelf.put(`${place}/${id}.json`, JSON.stringify(usual(id)));
  const at = (days: number, most = 2) => ssvcFeed({ most, now: () => days * day });
  const fleet = ['CVE-2024-3094', 'CVE-2021-44228', 'CVE-2024-0012', 'CVE-2024-123456', 'CVE-2016-0001'];
  put('CVE-2024-3094', '2024/3xxx');
  put('CVE-2021-44228', '2021/44xxx');
  put('CVE-2024-0012', '2024/0xxx');
  put('CVE-2024-123456', '2024/123xxx');

  const asked = async (days: number, cursor: string | null | undefined, ids = fleet, most?: number) => {
    shelf.asked.length = 0;
    const synced = await shelf.sync(at(days, most), template, cursor ?? null, wanting(...ids));
    return { synced, names: shelf.asked.map((name) => name.split('/').at(-1)?.replace('.json', '')).sort() };
  };

  it('ask for a few records at a time, newest CVEs first, until all were asked for; then for nothing', async () => {
    const first = await asked(100, null);
    expect(first.names).toEqual(['CVE-2024-123456', 'CVE-2024-3094']);
    expect(first.synced).toMatchObject({ complete: false });
    expect(first.synced?.sayings).toHaveLength(4);
    const second = await asked(100, first.synced?.cursor);
    expect(second.names).toEqual(['CVE-2021-44228', 'CVE-2024-0012']);
    const third = await asked(100, second.synced?.cursor);
    expect(third.names).toEqual(['CVE-2016-0001']);
    expect(third.synced).toMatchObject({ sayings: [], dropped: [] }); // 404: CISA has not looked at it
    expect(await asked(100, third.synced?.cursor)).toEqual({ synced: null, names: [] });
  });

  it('ask again after three days, for those first that were asked for longest ago, and for new ones before', async () => {
    const first = await asked(100, null, ['CVE-2021-44228']);
    const second = await asked(101, first.synced?.cursor, ['CVE-2021-44228', 'CVE-2024-3094']);
    expect(second.names).toEqual(['CVE-2024-3094']);
    const third = await asked(104, second.synced?.cursor, ['CVE-2021-44228', 'CVE-2024-3094'], 1);
    expect(third.names).toEqual(['CVE-2021-44228']);
    const fourth = await asked(104, third.synced?.cursor, ['CVE-2021-44228', 'CVE-2024-3094', 'CVE-2024-0012'], 1);
    expect(fourth.names).toEqual(['CVE-2024-0012']);
  });

  it('forget CVEs that nobody wants any more', async () => {
    const first = await asked(100, null, ['CVE-2021-44228']);
    const second = await asked(100, first.synced?.cursor, ['CVE-2024-3094']);
    expect(second.synced?.cursor).not.toContain('2021-44228');
  });

  it('keep what came before the server began to fail, and ask for the rest again', async () => {
    shelf.answer('2016/0xxx/CVE-2016-0001.json', 503);
    const first = await asked(100, null, ['CVE-2024-3094', 'CVE-2016-0001']);
    expect(first.synced?.sayings).toHaveLength(2);
    await expect(asked(100, first.synced?.cursor, ['CVE-2024-3094', 'CVE-2016-0001'])).rejects.toMatchObject({
      code: 'feed.unreachable',
    });
    shelf.answer('2016/0xxx/CVE-2016-0001.json', null);
  });

  it('fail when the server refuses them, which is not the same as having no record', async () => {
    shelf.answer('2016/0xxx/CVE-2016-0001.json', 403);
    await expect(asked(100, null, ['CVE-2016-0001'])).rejects.toMatchObject({ code: 'feed.refused' });
    shelf.answer('2016/0xxx/CVE-2016-0001.json', null);
  });

  it("drop another CVE's record", async () => {
    shelf.put('2016/0xxx/CVE-2016-0002.json', JSON.stringify(usual('CVE-2024-3094')));
    const { synced } = await asked(100, null, ['CVE-2016-0002']);
    expect(synced).toMatchObject({ sayings: [], dropped: [{ where: 'CVE-2016-0002' }] });
  });

  it('ask for nothing that is no CVE id, and for nothing at all without wanted CVEs', async () => {
    expect(await asked(100, null, ['../../etc/passwd', 'CVE-2024-1/../../x'])).toEqual({ synced: null, names: [] });
    const bare = await shelf.sync(at(100), template, null, { releases: new Set(), cve: () => true });
    expect(bare).toBeNull();
  });

  it('read one whole file where the address names no CVE', async () => {
    shelf.put('all.ndjson.gz', lines(usual('CVE-2024-3094'), usual('CVE-2020-0601')));
    const sync = () => shelf.sync(at(100), 'all.ndjson.gz', null, wanting('CVE-2020-0601'));
    expect((await sync())?.sayings.map(({ id }) => id)).toEqual(['CVE-2020-0601', 'CVE-2020-0601']);
    expect(await sync()).toBeNull();
  });
});
