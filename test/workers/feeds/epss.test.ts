/** EPSS files of every form since 2021, broken ones, and syncs that notice newly wanted CVEs. */
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { epss } from '../../../workers/feeds/epss.ts';
import { all, newShelf, recorded, wanting } from './shelf.ts';

const shelf = newShelf();
const head = '#model_version:v2025.03.14,score_date:2026-06-28T12:55:00Z\ncve,epss,percentile\n';
const rows = 'CVE-2020-5902,0.97567,0.99995\nCVE-2018-19571,0.00113,0.43131\n';
const read = (text: string | Buffer, name = 'epss.csv.gz') => all(epss.read(shelf.put(name, text), wanting()));

describe('the EPSS feed', () => {
  it.each([
    ['comment and percentiles', head + rows, 'any.csv.gz', '2026-06-28', [0.99995, 0.43131]],
    [
      'percentiles and no comment',
      `cve,epss,percentile\n${rows}`,
      '2021-09-01.csv.gz',
      '2021-09-01',
      [0.99995, 0.43131],
    ],
    [
      'a comment and no percentiles',
      head.replace(',percentile', '') + rows.replace(/,[^,]*$/gm, ''),
      'a.csv',
      '2026-06-28',
      [1, 0.5],
    ],
    ['neither', `cve,epss\n${rows.replace(/,[^,]*$/gm, '')}`, 'epss_scores-2021-04-14.csv.gz', '2021-04-14', [1, 0.5]],
    ['Windows line ends', (head + rows).replaceAll('\n', '\r\n'), 'any.csv.gz', '2026-06-28', [0.99995, 0.43131]],
    ['no line end at its end', (head + rows).trimEnd(), 'any.csv.gz', '2026-06-28', [0.99995, 0.43131]],
    ['a byte order mark', `\ufeff${head}${rows}`, 'any.csv.gz', '2026-06-28', [0.99995, 0.43131]],
  ])('reads a file with %s', async (_, text, name, date, percentiles) => {
    const { sayings, dropped } = await read(text, name);
    expect(sayings).toEqual([
      { field: 'epss', id: 'CVE-2020-5902', value: { score: 0.97567, percentile: percentiles[0], date } },
      { field: 'epss', id: 'CVE-2018-19571', value: { score: 0.00113, percentile: percentiles[1], date } },
    ]);
    expect(dropped).toEqual([]);
  });

  const samples = recorded('epss/official-samples');
  it.skipIf(!samples).each(['2021-04-14', '2022-02-04', '2023-03-07'])(
    'reads the published sample of %s',
    async (day) => {
      const { sayings, dropped } = await all(epss.read(`${samples}/epss_scores-${day}.csv.gz`, wanting()));
      expect(sayings).toMatchObject([
        { id: 'CVE-2020-5902', value: { date: day } },
        { id: 'CVE-2018-19571', value: { date: day } },
      ]);
      expect(dropped).toEqual([]);
    },
  );

  const real = recorded('epss/epss_scores-2026-06-28.csv.gz');
  it.skipIf(!real)('reads all 343,854 rows of the recorded file', async () => {
    const { sayings, dropped } = await all(epss.read(real ?? '', wanting()));
    expect(sayings).toHaveLength(343_854);
    expect(dropped).toEqual([]);
    expect(sayings[1]).toEqual({
      field: 'epss',
      id: 'CVE-1999-0002',
      value: { score: 0.27858, percentile: 0.9785, date: '2026-06-28' },
    });
  });

  it.skipIf(!real)('keeps only wanted CVEs of the recorded file', async () => {
    const { sayings } = await all(
      epss.read(real ?? '', wanting('CVE-2024-3094', 'CVE-2021-44228', 'CVE-2021-99999999')),
    );
    expect(sayings.map(({ id }) => id)).toEqual(['CVE-2021-44228', 'CVE-2024-3094']);
  });

  it('gives the share of CVEs up to a score as percentile where the file has none', async () => {
    const scores = ['0.1', '0.2', '0.2', '0.4', '0.9'].map((score, index) => `CVE-2021-000${index},${score}\n`);
    const file = shelf.put('epss_scores-2021-04-14.csv.gz', `cve,epss\n${scores.join('')}`);
    const { sayings } = await all(epss.read(file, wanting('CVE-2021-0000', 'CVE-2021-0001', 'CVE-2021-0004')));
    expect(sayings.map(({ value }) => value)).toMatchObject([
      { percentile: 0.2 },
      { percentile: 0.6 },
      { percentile: 1 },
    ]);
  });

  it.each([
    ['a score above 1', 'CVE-2024-3094,1.2,0.5', 'CVE-2024-3094'],
    ['a negative score', 'CVE-2024-3094,-0.2,0.5', 'CVE-2024-3094'],
    ['a percentile above 1', 'CVE-2024-3094,0.2,87.17', 'CVE-2024-3094'],
    ['a word for a score', 'CVE-2024-3094,high,0.5', 'CVE-2024-3094'],
    ['an empty score', 'CVE-2024-3094,,0.5', 'CVE-2024-3094'],
    ['a hexadecimal score', 'CVE-2024-3094,0x1,0.5', 'CVE-2024-3094'],
    ['a column missing', 'CVE-2024-3094,0.2', 'CVE-2024-3094'],
    ['a column too many', 'CVE-2024-3094,0.2,0.5,0.5', 'CVE-2024-3094'],
    ['no CVE', '5,0.2,0.5', 'line 4'],
    ['a CVE with markup', 'CVE-2024-3094<b>,0.2,0.5', 'line 4'],
    ['no comma', 'CVE-2024-3094', 'CVE-2024-3094'],
    ['a web page in its middle', '<html>', 'line 4'],
  ])('drops and counts a row with %s, and keeps the others', async (_, bad, where) => {
    const [first, second] = rows.split('\n');
    const { sayings, dropped } = await read(`${head}${first}\n${bad}\n${second}\n`);
    expect(sayings.map(({ id }) => id)).toEqual(['CVE-2020-5902', 'CVE-2018-19571']);
    expect(dropped).toEqual([{ kind: 'dropped', where, why: 'must be a CVE and numbers from 0 to 1' }]);
  });

  it('reads rows that lie across two chunks of the file, and numbers lines right', async () => {
    const many = Array.from({ length: 60_000 }, (_, n) => `CVE-2025-${1000 + n},0.${String(n).padStart(5, '0')},0.5`);
    const { sayings, dropped } = await read(`${head}${many.join('\n')}\n,,\nbad,0,0\n`);
    expect(sayings).toHaveLength(60_000);
    expect(sayings[54_321]?.value).toMatchObject({ score: 0.54321 });
    expect(dropped.map(({ where }) => where)).toEqual(['line 60004']);
  });

  it.each([
    ['a web page', '<!doctype html><title>Sorry</title>', /no EPSS file/],
    ['an empty file', '', /no EPSS file/],
    ['other columns', 'cve,cvss\nCVE-2020-5902,9.8\n', /no EPSS file/],
    ['a file without rows', head, /no rows/],
    ['a file without a date in it or in its name', `cve,epss\nCVE-2020-5902,0.5\n`, /no date/],
    ['a day that does not exist', head.replace('06-28', '02-31') + rows, /no date/],
  ])('refuses %s', async (_, text, sentence) => {
    await expect(read(text)).rejects.toMatchObject({
      code: 'feed.unreadable',
      message: expect.stringMatching(sentence),
    });
  });

  it('refuses a gzip that is cut short, whatever it gave before', async () => {
    const many = Array.from({ length: 60_000 }, (_, n) => `CVE-2025-${1000 + n},0.${n},0.5\n`);
    const packed = gzipSync(head + many.join(''));
    await expect(read(packed.subarray(0, packed.length / 2))).rejects.toMatchObject({ code: 'feed.unreadable' });
  });
});

describe('a sync of the EPSS feed', () => {
  const name = 'epss_scores-current.csv.gz';
  const sync = (cursor: string | null | undefined, ...ids: string[]) =>
    shelf.sync(epss, name, cursor ?? null, wanting(...ids));

  it('is complete and brings nothing while file and wanted CVEs are the same', async () => {
    shelf.put(name, head + rows);
    const first = await sync(null, 'CVE-2020-5902');
    expect(first).toMatchObject({
      complete: true,
      asOf: '2026-06-28T00:00:00.000Z',
      sayings: [{ id: 'CVE-2020-5902' }],
    });
    expect(await sync(first?.cursor, 'CVE-2020-5902')).toBeNull();
  });

  it('reads the same file again when other CVEs are wanted', async () => {
    shelf.put(name, `${head}${rows}CVE-2024-3094,0.8,0.9\n`);
    const first = await sync(null, 'CVE-2020-5902');
    const second = await sync(first?.cursor, 'CVE-2020-5902', 'CVE-2024-3094');
    expect(second?.sayings.map(({ id }) => id)).toEqual(['CVE-2020-5902', 'CVE-2024-3094']);
    expect(await sync(second?.cursor, 'CVE-2024-3094', 'CVE-2020-5902')).toBeNull();
  });

  it.each(['', '5', '{"asked":5}', 'not JSON'])('starts anew from the unreadable cursor "%s"', async (cursor) => {
    shelf.put(name, `${head}${rows}CVE-2024-3094,0.8,0.${cursor.length}\n`);
    expect(await sync(cursor, 'CVE-2020-5902')).toMatchObject({ complete: true, sayings: [{ id: 'CVE-2020-5902' }] });
  });
});
