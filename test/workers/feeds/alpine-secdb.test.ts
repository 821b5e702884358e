/** Alpine's secdb: the recorded files of both forms with exact counts, odd ids, several files as one feed, bad input. */
import { describe, expect, it } from 'vitest';
import { alpineSecdb as feed } from '../../../workers/feeds/alpine-secdb.ts';
import { fleet, given, zipOfJson } from './advisories.ts';
import { newMirror } from './mirror.ts';
import { recorded } from './shelf.ts';

const mirror = newMirror();
const secdb = (packages: Record<string, unknown>, distroversion = 'v3.19', reponame = 'main') =>
  JSON.stringify({
    distroversion,
    reponame,
    archs: ['x86_64'],
    packages: Object.entries(packages).map(([name, secfixes]) => ({ pkg: { name, secfixes } })),
  });
const read = (text: string | Buffer, ...releases: string[]) =>
  given(feed.read(mirror.put('main.json', text), fleet(...releases)));
const entries = (advisory: { affected: readonly { package: string; fixed: string | null }[] } | undefined) =>
  advisory?.affected.map((entry) => [entry.package, entry.fixed]);

describe('a recorded secdb file', () => {
  it.skipIf(!recorded('alpine/secdb-json/edge/main.json')).each([
    ['secdb-v3.10-main.yaml.gz', 1110, 1182, 0],
    ['secdb-v3.10-community.yaml.gz', 692, 719, 1],
    ['secdb-v3.11-main.yaml.gz', 1123, 1204, 0],
    ['secdb-v3.11-community.yaml.gz', 829, 894, 1],
    ['secdb-json/v3.16/main.json', 2, 2, 0],
    ['secdb-json/v3.16/community.json', 1, 1, 0],
  ])('%s holds %i advisories with %i fixes', async (name, advisories, fixes, dropped) => {
    const got = await given(feed.read(recorded(`alpine/${name}`) ?? '', fleet()));
    expect([got.advisories.length, got.advisories.flatMap(({ affected }) => affected).length]).toEqual([
      advisories,
      fixes,
    ]);
    expect(got.dropped.map(({ why }) => why)).toEqual(Array(dropped).fill('A fix names no CVE.')); // CVE_2019-2426
    expect(got.code).toBeNull();
  });

  const edge = recorded('alpine/secdb-json/edge/main.json');
  it.skipIf(!edge)('of edge is about no release', async () => {
    expect(await given(feed.read(edge ?? '', fleet()))).toMatchObject({ advisories: [], dropped: [], code: null });
  });
});

describe('a fix in secdb', () => {
  it('is an advisory for each CVE, over all packages', async () => {
    const { advisories } = await read(
      secdb({
        curl: { '8.5.0-r0': ['CVE-2026-0001', 'CVE-2026-0002'] },
        'curl-old': { '7.1-r2': ['CVE-2026-0001'], '7.1-r3': ['CVE-2026-0001'] },
      }),
    );
    expect(advisories.map(({ id }) => id)).toEqual(['CVE-2026-0001', 'CVE-2026-0002']);
    expect(advisories[0]).toMatchObject({
      feed: 'alpine-secdb',
      title: 'CVE-2026-0001 in curl, curl-old',
      cves: ['CVE-2026-0001'],
      severity: 'unrated',
      affected: [
        { release: 'alpine:3.19', names: 'source', introduced: null, status: 'affected', requires: null, module: null },
        {},
        {},
      ],
      references: ['https://security.alpinelinux.org/vuln/CVE-2026-0001'],
    });
    expect(entries(advisories[0])).toEqual([
      ['curl', '8.5.0-r0'],
      ['curl-old', '7.1-r2'],
      ['curl-old', '7.1-r3'],
    ]);
  });

  it('of version 0 says that the package never had the fault', async () => {
    const { advisories } = await read(secdb({ curl: { '0': ['CVE-2026-0001'] } }));
    expect(advisories[0]?.affected).toMatchObject([{ fixed: null, status: 'not-affected' }]);
  });

  it.each([
    ['CVE-2019-5060 TALOS-2019-0844', ['CVE-2019-5060']],
    ['CVE-2018-14468 (FrameRelay)', ['CVE-2018-14468']],
    ['CVE-2016-2124 CVE-2020-25717', ['CVE-2016-2124', 'CVE-2020-25717']],
    ['CVE-2017-17434-1', ['CVE-2017-17434']],
    ['CVE-2019-19451.patch', ['CVE-2019-19451']],
    ['XSA-253', ['XSA-253']],
    ['CVE-????-????? XSA-295', ['XSA-295']],
    ['GHSA-72xf-g2v4-qvf3', ['GHSA-72xf-g2v4-qvf3']],
  ])('written %j is %j', async (text, ids) => {
    const { advisories, dropped } = await read(secdb({ xen: { '4.9-r0': [text] } }));
    expect(advisories.map(({ id }) => id)).toEqual(ids);
    expect(advisories.flatMap(({ cves }) => cves)).toEqual(ids.filter((id) => id.startsWith('CVE-')));
    expect(dropped).toEqual([]);
  });

  it.each(['CVE_2019-2426', '', '(BGP)', 5, null, ['CVE-2026-0001'], '<b>CVE</b>'])(
    'written %j is dropped and counted',
    async (text) => {
      const { advisories, dropped } = await read(secdb({ curl: { '1-r0': [text, 'CVE-2026-0001'] } }));
      expect(advisories).toHaveLength(1);
      expect(dropped).toMatchObject([{ where: 'v3.19 package 0', why: 'A fix names no CVE.' }]);
    },
  );

  it.each([
    ['a hostile name', { 'curl;reboot': { '1-r0': ['CVE-2026-0002'] } }],
    ['a hostile version', { wget: { '1-r0 || x': ['CVE-2026-0002'] } }],
    ['a text in place of fixes', { wget: 'CVE-2026-0002' }],
    ['a text in place of CVEs', { wget: { '1-r0': 'CVE-2026-0002' } }],
  ])('of a package with %s is dropped and counted, and the others are read', async (_, bad) => {
    const { advisories, dropped } = await read(secdb({ ...bad, curl: { '1-r0': ['CVE-2026-0001'] } }));
    expect(advisories.map(({ id }) => id)).toEqual(['CVE-2026-0001']);
    expect(dropped).toHaveLength(1);
  });

  it('may be missing: a package without any is no mistake', async () => {
    const { dropped, code } = await read(secdb({ curl: null, wget: {}, nano: { '1-r0': null } }));
    expect([dropped, code]).toEqual([[], null]);
  });
});

describe('a secdb file', () => {
  it('may be YAML, as it was until 2020', async () => {
    const yaml =
      '---\ndistroversion: v3.10\nreponame: main\npackages:\n  - pkg:\n      name: curl\n      secfixes:\n        7.66.0-r0:\n          - CVE-2019-5481\n        0:\n          - CVE-2019-5482\n';
    const { advisories } = await read(yaml);
    expect(advisories.map(({ id, affected }) => [id, affected[0]?.release, affected[0]?.status])).toEqual([
      ['CVE-2019-5482', 'alpine:3.10', 'not-affected'],
      ['CVE-2019-5481', 'alpine:3.10', 'affected'],
    ]);
  });

  it('may be many in one archive', async () => {
    const archive = zipOfJson({
      'v3.19/main.json': secdb({ curl: { '1-r0': ['CVE-2026-0001'] } }),
      'v3.18/main.json': secdb({ curl: { '2-r0': ['CVE-2026-0001'] } }, 'v3.18'),
      'README.md': '# secdb',
    });
    const { advisories } = await read(archive);
    expect(advisories[0]?.affected.map(({ release, fixed }) => [release, fixed])).toEqual([
      ['alpine:3.19', '1-r0'],
      ['alpine:3.18', '2-r0'],
    ]);
    expect((await read(archive, 'alpine:3.18')).advisories[0]?.affected).toHaveLength(1);
  });

  it.each([
    ['a web page', '<html></html>'],
    ['nothing', ''],
    ['a list', '[]'],
    ['another file', '{"catalogVersion":"1"}'],
    ['JSON that is cut short', secdb({ curl: {} }).slice(0, -4)],
    ['YAML that is broken', '---\na: [1\nb: }'],
    ['YAML of aliases of aliases', '---\na: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\npackages: [*c,*c]\n'],
  ])('is unreadable when it is %s', async (_, text) => {
    expect(await read(text)).toMatchObject({ advisories: [], code: 'feed.unreadable' });
  });
});

describe('the secdb feed', () => {
  let folders = 0;
  const served = () => {
    const folder = `${++folders}`;
    const put = (name: string, text: string) => mirror.put(`${folder}/${name}.json`, text);
    const sync = (cursor: string | null, ...releases: string[]) =>
      mirror.sync(feed, `${folder}/v{release}/{repository}.json`, cursor, fleet(...releases));
    const asked = () =>
      mirror
        .asked()
        .map((name) => name.slice(folder.length + 1))
        .sort();
    mirror.asked();
    put('v3.19/main', secdb({ curl: { '1-r0': ['CVE-2026-0001'] } }));
    put('v3.19/community', secdb({ nginx: { '2-r0': ['CVE-2026-0001', 'CVE-2026-0002'] } }));
    put('v3.18/main', secdb({ curl: { '0.9-r0': ['CVE-2026-0001'] } }, 'v3.18'));
    put('v3.18/community', secdb({}, 'v3.18'));
    return { put, sync, asked };
  };

  it('asks for both repositories of each wanted release, and makes one advisory of a CVE in several', async () => {
    const { sync, asked } = served();
    const got = await sync(null, 'alpine:3.19', 'alpine:3.18', 'debian:12');
    expect(asked()).toEqual(['v3.18/community.json', 'v3.18/main.json', 'v3.19/community.json', 'v3.19/main.json']);
    expect(got).toMatchObject({ complete: true, cursor: 'alpine:3.18,alpine:3.19', code: null });
    expect(got?.advisories.map(({ id, affected }) => [id, affected.length])).toEqual([
      ['CVE-2026-0001', 3],
      ['CVE-2026-0002', 1],
    ]);
  });

  it('reads all files again when one of them has changed', async () => {
    const { put, sync } = served();
    const cursor = (await sync(null, 'alpine:3.19'))?.cursor ?? null;
    expect(await sync(cursor, 'alpine:3.19')).toBeNull();
    put('v3.19/community', secdb({ nginx: { '2-r0': ['CVE-2026-0003'] } }));
    const next = await sync(cursor, 'alpine:3.19');
    expect(next).toMatchObject({ complete: true });
    expect(next?.advisories.map(({ id }) => id)).toEqual(['CVE-2026-0001', 'CVE-2026-0003']);
  });

  it('leaves alone what it knows of a release whose file the server refuses', async () => {
    const { sync } = served();
    const got = await sync(null, 'alpine:3.19', 'alpine:3.99');
    expect(got).toMatchObject({ complete: false, code: null });
    expect(got?.advisories).toHaveLength(2);
    expect(got?.dropped).toHaveLength(2);
  });

  it('fails when the server refuses everything', async () => {
    const { sync } = served();
    await expect(sync(null, 'alpine:3.99')).rejects.toMatchObject({ code: 'feed.refused' });
  });

  it('fails when one of the files is a web page', async () => {
    const { put, sync } = served();
    put('v3.19/main', '<!doctype html><title>Down</title>');
    await expect(sync(null, 'alpine:3.19')).rejects.toMatchObject({ code: 'feed.unreadable' });
  });
});
