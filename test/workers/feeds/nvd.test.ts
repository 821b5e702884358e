/** Pages of the NVD's API: ratings, broken entries, paging, changes in spans of 120 days, and newly wanted CVEs by name. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { nvd, nvdFeed } from '../../../workers/feeds/nvd.ts';
import { all, newShelf, recorded, wanting } from './shelf.ts';

const shelf = newShelf();
const v31 = 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H';
const low = 'CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N';
const v2 = 'AV:N/AC:L/Au:N/C:P/I:P/A:P';
const rating = (vectorString: unknown, source: unknown = 'nvd@nist.gov') => ({
  source,
  type: 'Primary',
  cvssData: { vectorString, baseScore: 11 },
});
const entry = (id: unknown, metrics: unknown = { cvssMetricV31: [rating(v31)] }) => ({ cve: { id, metrics } });
const page = (entries: readonly unknown[], startIndex = 0, totalResults = entries.length) =>
  JSON.stringify({ resultsPerPage: entries.length, startIndex, totalResults, vulnerabilities: entries });
const read = (text: string, ...ids: string[]) => all(nvd.read(shelf.put('page.json', text), wanting(...ids)));

describe('the NVD feed', () => {
  const real = recorded('nvd/3_pages');
  it.skipIf(!real).each([
    ['0-1', 1],
    ['0-3', 3],
    ['3-3', 3],
    ['6-3', 2],
  ])('reads the recorded page %s, with the scores that it prints', async (name, entries) => {
    const file = path.join(real ?? '', `${name}.json`);
    const { vulnerabilities } = JSON.parse(readFileSync(file, 'utf8'));
    const printed = vulnerabilities.flatMap(({ cve }: { cve: Recorded }) => {
      const [one] = cve.metrics.cvssMetricV31 ?? cve.metrics.cvssMetricV30 ?? [];
      return one ? [{ id: cve.id, value: { score: one.cvssData.baseScore, vector: one.cvssData.vectorString } }] : [];
    });
    const { sayings, dropped } = await all(nvd.read(file, wanting()));
    expect(vulnerabilities).toHaveLength(entries);
    expect(sayings).toMatchObject(printed);
    expect(sayings).toHaveLength(printed.length);
    expect(dropped).toEqual([]);
  });

  it.skipIf(!real)('reads an archive of pages', async () => {
    const archive = path.join(path.dirname(shelf.put('x', '')), 'pages.tar.gz');
    execFileSync('tar', ['-czf', archive, '-C', path.dirname(real ?? ''), '3_pages']);
    const { sayings } = await all(nvd.read(archive, wanting('CVE-2023-36014', 'CVE-2023-36024')));
    expect(new Set(sayings.map(({ id }) => id))).toEqual(new Set(['CVE-2023-36014', 'CVE-2023-36024']));
  });

  it("takes the NVD's own rating before others', newer versions before 2.0, and says who rated", async () => {
    const cisa = '134c704f-9b21-4f2e-91b3-4a467353bcc0';
    const { sayings } = await read(
      page([
        entry('CVE-2024-0001', { cvssMetricV31: [rating(v31, 'cna@example.com'), rating(low)] }),
        entry('CVE-2024-0002', { cvssMetricV2: [rating(v2)], cvssMetricV31: [rating(low, 'cna@example.com')] }),
        entry('CVE-2024-0003', { cvssMetricV31: [rating(low, cisa)] }),
        entry('CVE-2024-0004', { cvssMetricV2: [rating(v2)] }),
        entry('CVE-2024-0005', {}),
        { cve: { id: 'CVE-2024-0006' } },
      ]),
    );
    expect(sayings).toEqual([
      { field: 'nvd', id: 'CVE-2024-0001', value: { vector: low, score: 1.8, by: 'nvd' } },
      { field: 'nvd', id: 'CVE-2024-0002', value: { vector: low, score: 1.8, by: 'cna' } },
      { field: 'nvd', id: 'CVE-2024-0003', value: { vector: low, score: 1.8, by: 'cisa-adp' } },
      { field: 'nvd', id: 'CVE-2024-0004', value: { vector: v2, score: 7.5, by: 'nvd' } },
    ]);
  });

  it.each([
    ['a number where the CVE should be', entry(5), 'entry 2'],
    ['markup in its id', entry('CVE-2024-3094<b>'), 'entry 2'],
    ['a number for a vector', entry('CVE-2024-3094', { cvssMetricV31: [rating(9.8)] }), 'CVE-2024-3094'],
    ['no readable vector', entry('CVE-2024-3094', { cvssMetricV31: [rating('<b>')] }), 'CVE-2024-3094'],
    ['a text for its ratings', entry('CVE-2024-3094', { cvssMetricV31: 'high' }), 'CVE-2024-3094'],
    ['a number for a rater', entry('CVE-2024-3094', { cvssMetricV31: [rating(v31, 7)] }), 'CVE-2024-3094'],
    ['null for an entry', null, 'entry 2'],
  ])('drops and counts an entry with %s, and keeps the others', async (_, bad, where) => {
    const { sayings, dropped } = await read(page([entry('CVE-2021-44228'), bad, entry('CVE-2020-0601')]));
    expect(sayings.map(({ id }) => id)).toEqual(['CVE-2021-44228', 'CVE-2020-0601']);
    expect(dropped).toMatchObject([{ where, why: expect.not.stringContaining('<') }]);
  });

  it.each([
    ['a web page', '<!doctype html><title>Sorry</title>'],
    ['an empty file', ''],
    ['half a page', page([entry('CVE-2021-44228')]).slice(0, 120)],
    ['other JSON', '{"result":[]}'],
    ['a page of a negative number of results', page([], 0, -1)],
  ])('refuses %s', async (_, text) => {
    await expect(read(text)).rejects.toMatchObject({ code: 'feed.unreadable' });
  });
});

describe('syncs of the NVD feed', () => {
  const at = (day: string) => nvdFeed({ pauseMs: 0, now: () => new Date(`${day}T12:00:00Z`) });
  /** Asks at `/cves`; `question` is what the parameters before the paging are. */
  const put = (question: string, start: number, text: string) =>
    shelf.put(`cves?${question}resultsPerPage=2000&startIndex=${start}`, text);
  const sync = async (day: string, cursor: string | null | undefined, ...ids: string[]) => {
    shelf.asked.length = 0;
    return shelf.sync(at(day), 'cves', cursor ?? null, wanting(...ids));
  };
  const span = (from: string, to: string) => `lastModStartDate=${from}:00:00.000Z&lastModEndDate=${to}:00:00.000Z&`;

  it('read every page the first time, and keep wanted CVEs only', async () => {
    put('', 0, page([entry('CVE-2020-0001'), entry('CVE-2020-0002')], 0, 3));
    put('', 2, page([entry('CVE-2020-0003')], 2, 3));
    const first = await sync('2026-01-01', null, 'CVE-2020-0001', 'CVE-2020-0003');
    expect(first).toMatchObject({ complete: false, sayings: [{ id: 'CVE-2020-0001' }, { id: 'CVE-2020-0003' }] });
    expect(shelf.asked).toHaveLength(2);
  });

  it('read what has changed since, in spans of 120 days at most', async () => {
    put('', 0, page([entry('CVE-2020-0001')]));
    const first = await sync('2026-01-01', null, 'CVE-2020-0001');
    put(span('2026-01-01T11', '2026-05-01T11'), 0, page([entry('CVE-2020-0001', { cvssMetricV31: [rating(low)] })]));
    put(span('2026-05-01T11', '2026-06-30T12'), 0, page([]));
    const second = await sync('2026-06-30', first?.cursor, 'CVE-2020-0001');
    expect(second?.sayings).toMatchObject([{ id: 'CVE-2020-0001', value: { vector: low } }]);
    put(span('2026-06-30T11', '2026-07-01T12'), 0, page([]));
    expect(await sync('2026-07-01', second?.cursor, 'CVE-2020-0001')).toMatchObject({ sayings: [] });
  });

  it('ask for newly wanted CVEs by name, once, and take no record for an answer', async () => {
    put('', 0, page([entry('CVE-2020-0001')]));
    const first = await sync('2026-01-01', null, 'CVE-2020-0001');
    put(span('2026-01-01T11', '2026-01-02T12'), 0, page([]));
    shelf.put('cves?cveId=CVE-2020-0007', page([entry('CVE-2020-0007')]));
    const fleet = ['CVE-2020-0001', 'CVE-2020-0007', 'CVE-2020-0008'];
    const second = await sync('2026-01-02', first?.cursor, ...fleet);
    expect(second?.sayings).toMatchObject([{ id: 'CVE-2020-0007' }]);
    expect(shelf.asked.slice(1)).toEqual(['cves?cveId=CVE-2020-0007', 'cves?cveId=CVE-2020-0008']);
    put(span('2026-01-02T11', '2026-01-03T12'), 0, page([]));
    await sync('2026-01-03', second?.cursor, ...fleet);
    expect(shelf.asked).toHaveLength(1);
  });

  it('ask for 100 newly wanted CVEs at a time, and read everything again when there are more than 300', async () => {
    put('', 0, page([entry('CVE-2020-0001')]));
    const first = await sync('2026-01-01', null, 'CVE-2020-0001');
    put(span('2026-01-01T11', '2026-01-02T12'), 0, page([]));
    const many = (count: number) => Array.from({ length: count }, (_, n) => `CVE-2021-${10_000 + n}`);
    const second = await sync('2026-01-02', first?.cursor, ...many(130));
    expect(shelf.asked).toHaveLength(101);
    put(span('2026-01-02T11', '2026-01-03T12'), 0, page([]));
    const third = await sync('2026-01-03', second?.cursor, ...many(130));
    expect(shelf.asked).toHaveLength(31);
    await sync('2026-01-03', third?.cursor, ...many(500));
    expect(shelf.asked).toEqual(['cves?resultsPerPage=2000&startIndex=0']);
  });

  it.each([
    ['the first page again', page([entry('CVE-2020-0001'), entry('CVE-2020-0002')], 0, 3)],
    ['an empty one', page([], 2, 3)],
  ])('fail when the second page is %s, instead of asking for ever', async (_, second) => {
    put('', 0, page([entry('CVE-2020-0001'), entry('CVE-2020-0002')], 0, 3));
    put('', 2, second);
    await expect(sync('2026-01-01', null)).rejects.toMatchObject({ code: 'feed.unreadable' });
  });

  it('fail when a page is missing, and start anew from an unreadable cursor', async () => {
    put('', 0, page([entry('CVE-2020-0001')], 0, 3));
    shelf.answer('cves?resultsPerPage=2000&startIndex=1', 404);
    await expect(sync('2026-01-01', null)).rejects.toMatchObject({ code: 'feed.refused' });
    put('', 0, page([entry('CVE-2020-0001')]));
    expect(await sync('2026-01-01', '{"until":"yesterday"}')).toMatchObject({ sayings: [{ id: 'CVE-2020-0001' }] });
  });

  it('read one file where the address names one', async () => {
    shelf.put('mirror/all.json.gz', page([entry('CVE-2020-0001')]));
    const mirrored = () => shelf.sync(at('2026-01-01'), 'mirror/all.json.gz', null, wanting());
    expect(await mirrored()).toMatchObject({ complete: false, sayings: [{ id: 'CVE-2020-0001' }] });
    expect(await mirrored()).toBeNull();
  });
});

/** The part of a recorded entry that is compared. */
type Printed = readonly { readonly cvssData: { readonly baseScore: number; readonly vectorString: string } }[];
type Recorded = {
  readonly id: string;
  readonly metrics: { readonly cvssMetricV31?: Printed; readonly cvssMetricV30?: Printed };
};
