/** CVE records with CISA's decisions: what they say, and in which files they may come. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ssvc } from '../../../workers/feeds/ssvc.ts';
import { all, newShelf, recorded, wanting } from './shelf.ts';
import { decision, options, record, usual, v31, vector } from './ssvc-records.ts';

const shelf = newShelf();
const v40 = 'CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N';
const v2 = 'AV:N/AC:L/Au:N/C:P/I:P/A:P';
const low = 'CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N';
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
