/** The feeds of Red Hat and SUSE: the recorded archives with exact counts, and how their folders are followed. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Advisory } from '../../../domain/model/advisory.ts';
import type { Feed } from '../../../workers/feeds/feed.ts';
import { redhatCsaf, redhatVex } from '../../../workers/feeds/redhat.ts';
import { suseCsaf } from '../../../workers/feeds/suse.ts';
import { counted, fleet, given } from './advisories.ts';
import { csaf, curlUpdate } from './csaf-documents.ts';
import { hasProgram, newServed } from './served.ts';
import { recorded } from './shelf.ts';

const zstd = hasProgram('zstd');
const bzip2 = hasProgram('bzip2');
const places = ({ affected }: Advisory) =>
  counted(affected.map(({ release, names, fixed, status }) => `${release} ${names} ${fixed ? 'fixed' : status}`));
const ids = (given: { advisories: readonly Advisory[] } | null) => given?.advisories.map(({ id }) => id);

describe('recorded CSAF archives', () => {
  const redhat = recorded('rpm/csaf-redhat-advisories.sample.tar.zst');
  it.skipIf(!redhat || !zstd)(
    'of Red Hat hold four advisories for paid streams of RHEL, and one for OpenStack that is passed over',
    async () => {
      const { advisories, dropped, code } = await given(redhatCsaf.read(redhat ?? '', fleet()));
      expect([dropped, code]).toEqual([[], null]);
      expect(Object.fromEntries(advisories.map((one) => [one.id, places(one)]))).toEqual({
        'RHSA-2023:7434': {
          'rhel-aus:8.2 binary fixed': 18,
          'rhel-e4s:8.2 binary fixed': 18,
          'rhel-tus:8.2 binary fixed': 18,
          'rhel-aus:8.2 binary not-affected': 1,
          'rhel-e4s:8.2 binary not-affected': 1,
          'rhel-tus:8.2 binary not-affected': 1,
        },
        'RHSA-2023:7435': {
          'rhel-aus:8.2 binary fixed': 37,
          'rhel-e4s:8.2 binary fixed': 42,
          'rhel-tus:8.2 binary fixed': 41,
        },
        'RHSA-2023:7436': {
          'rhel-aus:8.2 binary fixed': 7,
          'rhel-e4s:8.2 binary fixed': 7,
          'rhel-tus:8.2 binary fixed': 7,
        },
        'RHSA-2023:7464': { 'rhel-eus:8.8 binary fixed': 34 },
      });
      // The kernel's says that the machine must be restarted, the others that nothing must.
      expect(advisories.filter(({ reboot }) => reboot).map(({ id }) => id)).toEqual(['RHSA-2023:7434']);
      expect(counted(advisories.map(({ vendorSeverity }) => vendorSeverity))).toEqual({ Important: 2, Moderate: 2 });
    },
  );
  it.skipIf(!redhat || !zstd)('of Red Hat have nothing for a device of RHEL 8 itself', async () => {
    expect(await given(redhatCsaf.read(redhat ?? '', fleet('rhel:8')))).toMatchObject({
      advisories: [],
      dropped: [],
      code: null,
    });
  });
  const single = recorded('rpm/csaf-rhsa-2023_7435.json.gz');
  it.skipIf(!single)('may be one packed document', async () => {
    const { advisories } = await given(redhatCsaf.read(single ?? '', fleet()));
    expect(advisories).toHaveLength(1);
    expect(advisories[0]).toMatchObject({
      id: 'RHSA-2023:7435',
      cves: ['CVE-2023-37920', 'CVE-2023-43804'],
      severity: 'moderate',
      modified: new Date('2024-08-11T08:04:44Z'),
    });
  });

  const vex = recorded('rpm/redhat-vex/csaf_vex_2024-08-04.tar.zst');
  it.skipIf(!vex || !zstd)('of Red Hat VEX hold what is open and what is unharmed', async () => {
    const { advisories, dropped, code } = await given(
      redhatVex.read(vex ?? '', fleet('rhel:6', 'rhel:7', 'rhel:8', 'rhel:9')),
    );
    expect([dropped, code]).toEqual([[], null]);
    expect(Object.fromEntries(advisories.map((one) => [one.id, places(one)]))).toEqual({
      'CVE-2023-6212': { 'rhel:6 source affected': 2 },
      'CVE-2023-6228': { 'rhel:6 source affected': 1, 'rhel:7 source affected': 2, 'rhel:8 source affected': 2 },
      'CVE-2023-6237': {
        'rhel:9 source affected': 1,
        'rhel:9 binary not-affected': 1,
        'rhel:9 source not-affected': 3,
        'rhel:6 source not-affected': 1,
        'rhel:7 source not-affected': 2,
        'rhel:8 source not-affected': 4,
      },
      'CVE-2023-6238': {
        'rhel:6 source not-affected': 1,
        'rhel:7 source not-affected': 2,
        'rhel:8 source not-affected': 2,
        'rhel:9 source not-affected': 2,
      },
      'CVE-2023-6240': {
        'rhel:6 source affected': 1,
        'rhel:7 source affected': 2,
        'rhel:9 source affected': 1,
        'rhel:9 binary not-affected': 1,
      },
    });
  });

  const suse = recorded('rpm/suse/csaf.tar.bz2');
  it.skipIf(!suse || !bzip2)(
    'of SUSE hold two updates for servers and desktops, and one for an add-on that is passed over',
    async () => {
      const { advisories, dropped, code } = await given(suseCsaf.read(suse ?? '', fleet()));
      expect([dropped, code]).toEqual([[], null]);
      expect(Object.fromEntries(advisories.map((one) => [one.id, places(one)]))).toEqual({
        'SUSE-SU-2015:0011-2': { 'sles:11.2 binary fixed': 8 },
        'SUSE-SU-403': {
          'sled:12 binary fixed': 16,
          'sled:12.1 binary fixed': 16,
          'sles:11.1 binary fixed': 7,
          'sles:12 binary fixed': 11,
          'sles:12.1 binary fixed': 11,
        },
      });
      expect(advisories.map(({ cves }) => cves.length)).toEqual([7, 54]);
    },
  );
});

/** A packed tar of these documents, made by the system's tar. */
function archive(program: 'zstd' | 'bzip2', documents: Readonly<Record<string, unknown>>): Buffer {
  const root = mkdtempSync(path.join(tmpdir(), 'patchherd-tar-'));
  try {
    for (const [name, document] of Object.entries(documents)) {
      mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
      writeFileSync(path.join(root, name), JSON.stringify(document));
    }
    const file = path.join(root, 'all.tar');
    execFileSync('tar', ['-cf', file, '-C', root, ...Object.keys(documents)]);
    return execFileSync(program, ['-c'], { input: readFileSync(file), maxBuffer: 64 * 1024 ** 2 });
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}
const list = (...lines: readonly (readonly [string, string])[]) =>
  lines.map(([name, time]) => `"${name}","${time}"\n`).join('');
const rhsa = (number: string, parts = {}) => csaf({ ...curlUpdate, id: `RHSA-2026:${number}`, ...parts });
const rhel9 = fleet('rhel:9');

let folders = 0;
function followed(feed: Feed) {
  const served = newServed(feed);
  return () => {
    const place = `f${++folders}`;
    const put = (name: string, content: unknown) =>
      served.put(
        `${place}/${name}`,
        typeof content === 'string' || Buffer.isBuffer(content) ? content : JSON.stringify(content),
      );
    const asked = () => served.asked().map((name) => name.replace(`${place}/`, ''));
    const sync = (cursor: string | null, wanted = rhel9, end = '/') =>
      served.sync(served.address(place) + end, cursor, wanted);
    return { put, asked, sync, beside: (name: string, content: Buffer) => served.put(`${place}${name}`, content) };
  };
}

describe.skipIf(!zstd)('the feed redhat-csaf', () => {
  const follow = followed(redhatCsaf);
  /** An archive of 2026-08-10 with two advisories, one of which has changed since. */
  function folder() {
    const all = follow();
    all.put('archive_latest.txt', 'csaf_advisories_2026-08-10.tar.zst\n');
    all.put(
      'csaf_advisories_2026-08-10.tar.zst',
      archive('zstd', { '2026/rhsa-2026_0001.json': rhsa('0001'), '2026/rhsa-2026_0002.json': rhsa('0002') }),
    );
    all.put(
      'changes.csv',
      list(
        ['2026/rhsa-2026_0002.json', '2026-08-11T09:00:00+00:00'],
        ['2026/rhsa-2026_0001.json', '2026-08-01T09:00:00+00:00'],
      ),
    );
    all.put('deletions.csv', '');
    all.put('2026/rhsa-2026_0002.json', rhsa('0002', { title: 'revised' }));
    return all;
  }

  it('reads the newest archive first, then what has changed since its day, then nothing', async () => {
    const { sync, asked } = folder();
    const first = await sync(null, rhel9, '');
    expect(first).toMatchObject({ complete: true, code: null, dropped: [] });
    expect(ids(first)).toEqual(['RHSA-2026:0001', 'RHSA-2026:0002']);
    asked();
    const second = await sync(first?.cursor ?? null);
    expect(second).toMatchObject({ complete: false, code: null, gone: [] });
    expect(second?.advisories.map(({ title }) => title)).toEqual(['revised']);
    expect(asked()).toEqual(['changes.csv', 'deletions.csv', '2026/rhsa-2026_0002.json']);
    expect(await sync(second?.cursor ?? null)).toBeNull();
    expect(asked()).toEqual(['changes.csv', 'deletions.csv']);
  });

  it('tells what was deleted, unless it has been published again', async () => {
    const { sync, put } = folder();
    const first = await sync(null);
    put(
      'deletions.csv',
      list(
        ['2026/rhsa-2026_0001.json', '2026-08-12T00:00:00+00:00'],
        ['2026/rhsa-2026_0002.json', '2026-08-10T12:00:00+00:00'],
        ['2020/rhsa-2020_0009.json', '2026-01-01T00:00:00+00:00'],
      ),
    );
    const second = await sync(first?.cursor ?? null);
    expect([second?.gone, ids(second)]).toEqual([['RHSA-2026:0001'], ['RHSA-2026:0002']]);
  });

  it('calls an advisory gone that no longer names a release of the fleet', async () => {
    const { sync, put } = folder();
    const first = await sync(null);
    put('2026/rhsa-2026_0002.json', csaf({ id: 'RHSA-2026:0002' }));
    expect(await sync(first?.cursor ?? null)).toMatchObject({
      advisories: [],
      gone: ['RHSA-2026:0002'],
      dropped: [],
      code: null,
    });
  });

  it('leaves out a document that is missing or broken, and fails when all of them are', async () => {
    const { sync, put } = folder();
    const first = await sync(null);
    const day = '2026-08-12T00:00:00Z';
    put(
      'changes.csv',
      list(['2026/rhsa-2026_0002.json', day], ['2026/rhsa-2026_0007.json', day], ['2026/rhsa-2026_0008.json', day]),
    );
    put('2026/rhsa-2026_0008.json', '{"cut":');
    const second = await sync(first?.cursor ?? null);
    expect(ids(second)).toEqual(['RHSA-2026:0002']);
    expect(second?.dropped.map(({ where }) => where)).toEqual(['2026/rhsa-2026_0007.json', '2026/rhsa-2026_0008.json']);
    put('2026/rhsa-2026_0002.json', '{"cut":');
    expect((await sync(first?.cursor ?? null))?.code).toBe('feed.unreadable');
  });

  it('reads everything again when a release has joined the fleet', async () => {
    const { sync, asked } = folder();
    const first = await sync(null, fleet('rhel:8'));
    expect(ids(first)).toEqual([]);
    asked();
    expect(ids(await sync(first?.cursor ?? null, fleet('rhel:8', 'rhel:9')))).toHaveLength(2);
    expect(asked()).toContain('csaf_advisories_2026-08-10.tar.zst');
  });

  it('takes a new archive in place of hundreds of changes, or the oldest changes when there is none', async () => {
    const { sync, put, asked } = folder();
    const first = await sync(null);
    const name = (n: number) => `2026/rhsa-2026_${1000 + n}.json`;
    const minute = (n: number) => new Date(Date.UTC(2026, 7, 12, 0, n)).toISOString();
    const many = Array.from({ length: 501 }, (_, n) => [name(n), minute(n)] as const);
    for (const [file] of many) put(file, rhsa(file.slice(15, 19)));
    put('changes.csv', list(...many.toReversed()));
    asked();
    const second = await sync(first?.cursor ?? null);
    expect(second?.advisories).toHaveLength(500);
    const third = await sync(second?.cursor ?? null);
    expect(ids(third)).toEqual(['RHSA-2026:1500']);

    put('archive_latest.txt', 'csaf_advisories_2026-08-12.tar.zst');
    put('csaf_advisories_2026-08-12.tar.zst', archive('zstd', { '2026/rhsa-2026_0005.json': rhsa('0005') }));
    const whole = await sync(first?.cursor ?? null);
    expect([whole?.complete, ids(whole)]).toEqual([true, ['RHSA-2026:0005']]);
  });

  it('does not let a date in the future hide what comes after it', async () => {
    const { sync, put } = folder();
    const first = await sync(null);
    put('changes.csv', list(['2026/rhsa-2026_0002.json', '2199-01-01T00:00:00Z']));
    const second = await sync(first?.cursor ?? null);
    put('2026/rhsa-2026_0004.json', rhsa('0004'));
    put('changes.csv', list(['2026/rhsa-2026_0004.json', '2026-08-13T00:00:00Z']));
    expect(ids(await sync(second?.cursor ?? null))).toEqual(['RHSA-2026:0004']);
  });

  it.each([
    ['a path that leaves the folder', list(['../../etc/passwd.json', '2026-08-12T00:00:00Z'])],
    ['a path with a host', list(['https://other.example/2026/rhsa-2026_0001.json', '2026-08-12T00:00:00Z'])],
    ['a web page', '<html><body>Sign in</body></html>'],
    ['no times', '"2026/rhsa-2026_0001.json"\n'],
  ])('refuses a list of changes that is %s', async (_, content) => {
    const { sync, put } = folder();
    const first = await sync(null);
    put('changes.csv', content);
    expect(await sync(first?.cursor ?? null)).toMatchObject({ advisories: [], code: 'feed.unreadable' });
  });
  it.each(['../../x.tar.zst', '<html>', '', 'https://other.example/x.tar.zst'])(
    'refuses the name %j of an archive',
    async (name) => {
      const { sync, put } = folder();
      put('archive_latest.txt', name);
      expect((await sync(null))?.code).toBe('feed.unreadable');
    },
  );
  it('refuses an archive that is cut short', async () => {
    const { sync, put } = folder();
    const whole = archive('zstd', { '2026/rhsa-2026_0001.json': rhsa('0001') });
    put('csaf_advisories_2026-08-10.tar.zst', whole.subarray(0, whole.length - 20));
    expect((await sync(null))?.code).toBe('feed.unreadable');
  });
});

describe.skipIf(!bzip2)('the feed suse-csaf', () => {
  const follow = followed(suseCsaf);
  const server = { id: 'SLES 15 SP5', cpe: 'cpe:/o:suse:sles:15:sp5' };
  const suse = (id: string) =>
    csaf({
      id,
      products: [server, { id: 'curl-8.0.1-150400.5.1.x86_64' }],
      parts: [['curl-8.0.1-150400.5.1.x86_64', server.id]],
      status: { 'CVE-2026-1000': { recommended: [`${server.id}:curl-8.0.1-150400.5.1.x86_64`] } },
    });
  const sles = fleet('sles:15.5');

  it('reads the archive beside the folder first, and the changes of its last days once more', async () => {
    const { sync, put, beside } = follow();
    beside('.tar.bz2', archive('bzip2', { 'csaf/suse-su-2026_0001-1.json': suse('SUSE-SU-2026:0001-1') }));
    put(
      'changes.csv',
      list(
        ['suse-su-2026_0001-1.json', '2026-08-01T00:00:00Z'],
        ['opensuse-su-2026_0002-1.json', '2026-08-09T00:00:00Z'],
        ['suse-su-2026_0003-1.json', '2026-08-10T00:00:00Z'],
      ),
    );
    put('opensuse-su-2026_0002-1.json', csaf({ id: 'openSUSE-SU-2026:0002-1' }));
    put('suse-su-2026_0003-1.json', suse('SUSE-SU-2026:0003-1'));
    const first = await sync(null, sles);
    expect(first).toMatchObject({ complete: true, code: null });
    expect(first?.advisories.map(({ id, affected }) => [id, affected[0]?.release, affected[0]?.fixed])).toEqual([
      ['SUSE-SU-2026:0001-1', 'sles:15.5', '8.0.1-150400.5.1'],
    ]);
    const second = await sync(first?.cursor ?? null, sles);
    expect([ids(second), second?.gone]).toEqual([['SUSE-SU-2026:0003-1'], ['openSUSE-SU-2026:0002-1']]);
    expect(await sync(second?.cursor ?? null, sles)).toBeNull();
  });

  it('names packages that are not affected by their binary names', async () => {
    const update = csaf({
      id: 'SUSE-SU-2026:0001-1',
      products: [server, { id: 'samba-client-libs' }],
      parts: [['samba-client-libs', server.id]],
      status: { 'CVE-2026-1000': { known_not_affected: [`${server.id}:samba-client-libs`] } },
    });
    const { beside, put, sync } = follow();
    beside('.tar.bz2', archive('bzip2', { 'csaf/suse-su-2026_0001-1.json': update }));
    put('changes.csv', '');
    const [advisory] = (await sync(null, sles))?.advisories ?? [];
    expect(advisory?.affected).toMatchObject([
      { names: 'binary', package: 'samba-client-libs', status: 'not-affected' },
    ]);
  });
});
