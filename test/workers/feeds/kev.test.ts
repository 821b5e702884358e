/** The KEV catalog: good and broken entries, files that are no catalog, and what a sync makes of an unchanged one. */
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { kev } from '../../../workers/feeds/kev.ts';
import { all, newShelf, recorded, wanting } from './shelf.ts';

const shelf = newShelf();
const entry = {
  cveID: 'CVE-2024-3094',
  vulnerabilityName: 'Backdoor',
  dateAdded: '2024-04-01',
  dueDate: '2024-04-15',
  knownRansomwareCampaignUse: 'Unknown',
};
const catalog = (entries: readonly unknown[], dateReleased: unknown = '2026-06-29T18:57:01.4113Z') =>
  JSON.stringify({ catalogVersion: '2026.06.29', dateReleased, count: entries.length, vulnerabilities: entries });
const read = (text: string | Buffer, name = 'kev.json') => all(kev.read(shelf.put(name, text), wanting()));

describe('the KEV feed', () => {
  const real = recorded('kev/known_exploited_vulnerabilities.2026-06-30.json.gz');
  it.skipIf(!real)('reads all 1,630 entries of the recorded catalog', async () => {
    const { sayings, dropped } = await all(kev.read(real ?? '', wanting('CVE-1999-0001')));
    const values = sayings.map((saying) => (saying.field === 'kev' ? saying.value : null));
    expect(sayings).toHaveLength(1630);
    expect(dropped).toEqual([]);
    expect(values.filter((value) => value?.ransomware)).toHaveLength(328);
    expect(sayings.find(({ id }) => id === 'CVE-2026-48558')?.value).toMatchObject({ added: '2026-06-29' });
  });

  it('says when a CVE was added, when it is due, and whether ransomware uses it', async () => {
    const ransomware = { ...entry, cveID: 'CVE-2021-44228', knownRansomwareCampaignUse: 'Known' };
    const { sayings } = await read(catalog([entry, ransomware]));
    expect(sayings).toEqual([
      { field: 'kev', id: 'CVE-2024-3094', value: { added: '2024-04-01', due: '2024-04-15', ransomware: false } },
      { field: 'kev', id: 'CVE-2021-44228', value: { added: '2024-04-01', due: '2024-04-15', ransomware: true } },
    ]);
  });

  it('takes an entry without the field on ransomware as not known to be used by it', async () => {
    const { knownRansomwareCampaignUse: _, ...old } = entry;
    const { sayings } = await read(catalog([old]));
    expect(sayings[0]?.value).toMatchObject({ ransomware: false });
  });

  it.each([
    ['a number where the CVE should be', { ...entry, cveID: 5 }, 'entry 2', 'cveID'],
    ['a CVE with markup', { ...entry, cveID: 'CVE-2024-3094<b>' }, 'entry 2', 'cveID'],
    ['a CVE with a right-to-left override', { ...entry, cveID: '\u202eCVE-2024-3094' }, 'entry 2', 'cveID'],
    ['a day that does not exist', { ...entry, dueDate: '2024-02-31' }, 'CVE-2024-3094', 'dueDate'],
    ['a negative year', { ...entry, dateAdded: '-2024-04-01' }, 'CVE-2024-3094', 'dateAdded'],
    ['a time instead of a day', { ...entry, dateAdded: '2024-04-01T00:00:00Z' }, 'CVE-2024-3094', 'dateAdded'],
    ['a number instead of a day', { ...entry, dateAdded: 20240401 }, 'CVE-2024-3094', 'dateAdded'],
    ['no due date', { ...entry, dueDate: undefined }, 'CVE-2024-3094', 'dueDate'],
    ['null instead of an entry', null, 'entry 2', 'the record'],
    ['a list instead of an entry', ['CVE-2024-3094'], 'entry 2', 'the record'],
  ])('drops and counts an entry with %s, and keeps the others', async (_, bad, where, field) => {
    const other = { ...entry, cveID: 'CVE-2021-44228' };
    const { sayings, dropped } = await read(catalog([other, bad, { ...other, cveID: 'CVE-2020-0601' }]));
    expect(sayings.map(({ id }) => id)).toEqual(['CVE-2021-44228', 'CVE-2020-0601']);
    expect(dropped).toMatchObject([{ where, why: expect.stringContaining(`${field}: `) }]);
    expect(dropped[0]?.why).not.toMatch(/<b>|\u202e/u);
  });

  it.each([
    ['a web page', '<!doctype html><title>Maintenance</title>', /web page/],
    ['an empty file', '', /empty/],
    ['half a file', catalog([entry]).slice(0, 200), /not JSON/],
    ['other JSON', '{"vulnerabilities": 5}', /not the KEV catalog/],
    ['a bare list', `[${JSON.stringify(entry)}]`, /not the KEV catalog/],
    ['a catalog without entries', catalog([]), /not the KEV catalog/],
  ])('refuses %s', async (_, text, sentence) => {
    await expect(read(text)).rejects.toMatchObject({
      code: 'feed.unreadable',
      message: expect.stringMatching(sentence),
    });
  });

  it('refuses a truncated gzip', async () => {
    const packed = gzipSync(catalog([entry, { ...entry, cveID: 'CVE-2021-44228' }]));
    await expect(read(packed.subarray(0, packed.length - 12), 'cut.json.gz')).rejects.toMatchObject({
      code: 'feed.unreadable',
    });
  });
});

describe('a sync of the KEV feed', () => {
  const sync = () => shelf.sync(kev, 'live.json', null, wanting());

  it('is complete, tells when the catalog was released, and brings nothing while it is the same', async () => {
    shelf.put('live.json', catalog([entry]));
    expect(await sync()).toMatchObject({
      complete: true,
      asOf: '2026-06-29T18:57:01.411Z',
      sayings: [{ id: 'CVE-2024-3094' }],
    });
    expect(await sync()).toBeNull();
  });

  it.each([[null], [20260629], ['yesterday'], ['-2026-06-29']])(
    'takes a catalog that was released at %s, and tells no date',
    async (released) => {
      shelf.put('live.json', catalog([entry, { released }], released));
      const synced = await sync();
      expect(synced?.complete).toBe(true);
      expect(synced).not.toHaveProperty('asOf');
    },
  );

  it('fails, and does not read as an empty catalog, when the server has none or answers with a web page', async () => {
    shelf.answer('live.json', 404);
    await expect(sync()).rejects.toMatchObject({ code: 'feed.refused' });
    shelf.answer('live.json', 503);
    await expect(sync()).rejects.toMatchObject({ code: 'feed.unreachable', retryable: true });
    shelf.answer('live.json', null);
    shelf.put('live.json', '<!doctype html><title>Maintenance</title>');
    await expect(sync()).rejects.toMatchObject({ code: 'feed.unreadable' });
  });
});
