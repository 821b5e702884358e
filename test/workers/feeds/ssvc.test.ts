/** CVE records with CISA's decisions: what they say, in which files they may come, and how a fleet's CVEs are asked for over several syncs. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ssvc, ssvcFeed } from '../../../workers/feeds/ssvc.ts';
import { all, newShelf, recorded, wanting } from './shelf.ts';

const shelf = newShelf();
const v31 = 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H';
const v40 = 'CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N';
const v2 = 'AV:N/AC:L/Au:N/C:P/I:P/A:P';
const low = 'CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N';
const options = (exploitation: unknown, automatable: unknown, impact: unknown) => [
  { Exploitation: exploitation },
  { Automatable: automatable },
  { 'Technical Impact': impact },
];
const decision = (points: unknown, timestamp = '2024-08-26T19:23:51.698580Z') => ({
  other: { type: 'ssvc', content: { options: points, role: 'CISA Coordinator', timestamp } },
});
const vector = (name: string, vectorString: unknown) => ({ [name]: { vectorString, baseScore: 1 } });

/** A record whose CNA and CISA give these metrics. */
const record = (id: unknown, cna: readonly unknown[], cisa: readonly unknown[], state = 'PUBLISHED') => ({
  dataType: 'CVE_RECORD',
  cveMetadata: { cveId: id, state },
  containers: {
    cna: { metrics: cna, providerMetadata: { shortName: 'vendor' } },
    adp: [
      { title: 'CVE Program Container', providerMetadata: { shortName: 'CVE' } },
      { title: 'CISA ADP Vulnrichment', metrics: cisa, providerMetadata: { shortName: 'CISA-ADP' } },
    ],
  },
});
const usual = (id: string) => record(id, [vector('cvssV3_1', v31)], [decision(options('poc', 'yes', 'total'))]);
const lines = (...records: readonly unknown[]) => records.map((one) => JSON.stringify(one)).join('\n');
const read = (text: string | Buffer, ...ids: string[]) =>
  all(ssvc.read(shelf.put('records.ndjson', text), wanting(...ids)));
const one = (cna: readonly unknown[], cisa: readonly unknown[]) => read(lines(record('CVE-2024-3094', cna, cisa)));

describe('the SSVC feed', () => {
  const real = recorded('cve/cve-v5-vulnrichment.2024-10-24.ndjson.gz');
  it.skipIf(!real)('reads the decisions and ratings of all 251 recorded records', async () => {
    const { sayings, dropped } = await all(ssvc.read(real ?? '', wanting()));
    const decisions = sayings.flatMap((saying) => (saying.field === 'ssvc' ? [saying.value] : []));
    const ratings = sayings.flatMap((saying) => (saying.field === 'cvss' ? [saying.value] : []));
    expect(decisions).toHaveLength(251);
    expect(decisions.filter(({ exploitation }) => exploitation === 'active')).toHaveLength(61);
    expect(decisions.filter(({ automatable }) => automatable)).toHaveLength(43);
    expect(decisions.filter(({ impact }) => impact === 'total')).toHaveLength(91);
    expect(ratings.filter(({ by }) => by === 'cna')).toHaveLength(101);
    expect(ratings.filter(({ by }) => by === 'cisa-adp')).toHaveLength(33);
    expect(dropped).toEqual([]);
  });

  it('says how far exploitation is, whether it can be automated, and what is lost', async () => {
    const { sayings } = await read(lines(usual('CVE-2024-3094')));
    expect(sayings).toEqual([
      { field: 'ssvc', id: 'CVE-2024-3094', value: { exploitation: 'poc', automatable: true, impact: 'total' } },
      { field: 'cvss', id: 'CVE-2024-3094', value: { vector: v31, score: 9.8, by: 'cna' } },
    ]);
  });

  it('reads the words of a decision whatever their case, and takes the newest of several', async () => {
    const older = decision(options('none', 'no', 'partial'), '2024-01-01T00:00:00Z');
    const newer = decision(options('Active', 'Yes', 'Total'), '2025-01-01T00:00:00Z');
    const { sayings } = await one([], [older, newer, { ...older }]);
    expect(sayings.map(({ value }) => value)).toEqual([{ exploitation: 'active', automatable: true, impact: 'total' }]);
  });

  it.each([
    ["the CNA's before CISA's", [vector('cvssV3_1', low)], [vector('cvssV3_1', v31)], low, 'cna'],
    ["CISA's where the CNA has none", [], [vector('cvssV3_1', v31)], v31, 'cisa-adp'],
    ["CISA's where the CNA's cannot be read", [vector('cvssV3_1', 'high')], [vector('cvssV3_1', v31)], v31, 'cisa-adp'],
    ['the newer version of one rater', [vector('cvssV3_1', v31), vector('cvssV4_0', v40)], [], v40, 'cna'],
    ['the worse of two scenarios', [vector('cvssV3_1', low), vector('cvssV3_1', v31)], [], v31, 'cna'],
    ["CISA's 3.1 before the CNA's 2.0", [vector('cvssV2_0', v2)], [vector('cvssV3_1', low)], low, 'cisa-adp'],
    ['2.0 where there is nothing else', [vector('cvssV2_0', v2)], [], v2, 'cna'],
  ])('takes as rating %s', async (_, cna, cisa, expected, by) => {
    const { sayings, dropped } = await one(cna, cisa);
    expect(sayings.map(({ value }) => value)).toMatchObject([{ vector: expected, by }]);
    expect(dropped).toEqual([]);
  });

  it('computes scores itself, whatever number stands beside a vector', async () => {
    const { sayings } = await one([{ cvssV3_1: { vectorString: v31, baseScore: 99 } }], []);
    expect(sayings[0]?.value).toMatchObject({ score: 9.8 });
  });

  it('passes over what other publishers add, and records that were taken back', async () => {
    const foreign = record('CVE-2024-3094', [], []);
    foreign.containers.adp = [
      {
        title: 'Somebody',
        metrics: [decision(options('active', 'yes', 'total'))],
        providerMetadata: { shortName: 'x' },
      },
    ];
    const rejected = { cveMetadata: { cveId: 'CVE-2024-0001', state: 'REJECTED' }, containers: { cna: {} } };
    expect(await read(lines(foreign, rejected))).toEqual({ sayings: [], lifecycles: [], dropped: [] });
  });

  it.each([
    ['a number where the CVE should be', record(5, [], []), 'record 2'],
    ['markup in its id', record('CVE-2024-3094"><script>', [], []), 'record 2'],
    ['a number where metrics should be', { ...usual('CVE-2024-1'), containers: { cna: { metrics: 5 } } }, 'record 2'],
    ['a number for a vector', record('CVE-2024-3094', [vector('cvssV3_1', 9.8)], []), 'CVE-2024-3094'],
    ['no containers', { cveMetadata: { cveId: 'CVE-2024-3094', state: 'PUBLISHED' } }, 'CVE-2024-3094'],
    ['no readable vector', record('CVE-2024-3094', [vector('cvssV3_1', '<b>')], []), 'CVE-2024-3094'],
    ['half a decision', record('CVE-2024-3094', [], [decision([{ Exploitation: 'poc' }])]), 'CVE-2024-3094'],
    ['an unknown word', record('CVE-2024-3094', [], [decision(options('soon', 'no', 'total'))]), 'CVE-2024-3094'],
    ['a decision of numbers', record('CVE-2024-3094', [], [decision(options(1, 2, 3))]), 'CVE-2024-3094'],
    ['a decision that is none', record('CVE-2024-3094', [], [decision('x')]), 'CVE-2024-3094'],
  ])('drops and counts a record with %s, and keeps the others', async (_, bad, where) => {
    const { sayings, dropped } = await read(lines(usual('CVE-2021-44228'), bad, usual('CVE-2020-0601')));
    expect([...new Set(sayings.map(({ id }) => id))]).toEqual(['CVE-2021-44228', 'CVE-2020-0601']);
    expect(dropped).toMatchObject([{ where }]);
    expect(dropped[0]?.why).not.toContain('<');
  });

  it('keeps the rating of a record whose decision cannot be read', async () => {
    const { sayings, dropped } = await one([vector('cvssV3_1', v31)], [decision([])]);
    expect(sayings).toMatchObject([{ field: 'cvss' }]);
    expect(dropped).toMatchObject([{ where: 'CVE-2024-3094', why: 'its SSVC decision cannot be read' }]);
  });

  it('drops and counts a line that is cut short', async () => {
    const text = lines(usual('CVE-2021-44228'), usual('CVE-2020-0601'));
    const { sayings, dropped } = await read(text.slice(0, -30));
    expect(sayings.map(({ id }) => id)).toEqual(['CVE-2021-44228', 'CVE-2021-44228']);
    expect(dropped).toMatchObject([{ where: 'record 2' }]);
  });

  it.each([
    ['one record over many lines', JSON.stringify(usual('CVE-2024-3094'), null, 2)],
    ['a list', JSON.stringify([usual('CVE-2024-3094'), usual('CVE-2020-0601')])],
    ['lines with empty ones between them', `\n${lines(usual('CVE-2024-3094'))}\n\n${lines(usual('CVE-2020-0601'))}\n`],
  ])('reads %s', async (_, text) => {
    expect((await read(text, 'CVE-2024-3094')).sayings.map(({ field }) => field)).toEqual(['ssvc', 'cvss']);
  });

  it.each([
    ['a web page', '<!doctype html><title>Sign in</title>'],
    ['an empty file', ''],
    ['other JSON', '{"vulnerabilities":[]}'],
    ['lines of other JSON', '{"a":1}\n{"b":2}\n'],
    ['more lines of other JSON than an archive has other files', '{"a":1}\n'.repeat(200)],
    ['JSON nested a thousand times', `${'['.repeat(1000)}${']'.repeat(1000)}`],
  ])('refuses %s', async (_, text) => {
    await expect(read(text)).rejects.toMatchObject({ code: 'feed.unreadable' });
  });

  describe('with an archive', () => {
    const dir = mkdtempSync(path.join(tmpdir(), 'patchherd-records-'));
    afterAll(() => rmSync(dir, { recursive: true, force: true }));
    mkdirSync(path.join(dir, 'repo/2024/3xxx'), { recursive: true });
    const put = (name: string, text: string) => writeFileSync(path.join(dir, 'repo', name), text);
    put('2024/3xxx/CVE-2024-3094.json', JSON.stringify(usual('CVE-2024-3094'), null, 4));
    put('2024/3xxx/CVE-2024-3095.json', JSON.stringify(usual('CVE-2024-3095')));
    put('2024/3xxx/CVE-2024-3096.json', '<html>');
    put('package.json', '{"name":"tools"}');
    execFileSync('tar', ['-czf', 'records.tar.gz', 'repo'], { cwd: dir });
    const archive = path.join(dir, 'records.tar.gz');

    it('reads the wanted records, passes over other files, and drops a broken one', async () => {
      const { sayings, dropped } = await all(ssvc.read(archive, wanting('CVE-2024-3094', 'CVE-2024-3096')));
      expect(sayings.map(({ id, field }) => [id, field])).toEqual([
        ['CVE-2024-3094', 'ssvc'],
        ['CVE-2024-3094', 'cvss'],
      ]);
      expect(dropped).toMatchObject([{ where: 'CVE-2024-3096' }]);
    });

    it('is fine with one that has none of the wanted records', async () => {
      expect(await all(ssvc.read(archive, wanting('CVE-1999-0001')))).toMatchObject({ sayings: [], dropped: [] });
    });
  });
});

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
