/** Ubuntu's notices: what becomes of a notice, pages until the last known one, the recorded pages, bad input. */
import { describe, expect, it } from 'vitest';
import { ubuntuNotices as feed } from '../../../workers/feeds/ubuntu-notices.ts';
import { fleet, given } from './advisories.ts';
import { newMirror } from './mirror.ts';
import { recorded } from './shelf.ts';

const mirror = newMirror();
const source = (name: string, version: string, extra: object = {}) => ({ name, version, is_source: true, ...extra });
const binary = (name: string, version: string) => ({ name, version, is_source: false });
const notice = (id: string, published: string, extra: object = {}) => ({
  id,
  type: id.slice(0, 3),
  title: 'curl vulnerabilities',
  summary: 'Several security issues were fixed in curl.',
  description: 'A fault.',
  instructions: 'In general, a standard system update will make all the necessary changes.',
  published,
  is_hidden: false,
  cves_ids: ['CVE-2026-0001'],
  references: ['https://launchpad.net/bugs/1'],
  release_packages: { noble: [source('curl', '8.5.0-2ubuntu10.7'), binary('libcurl4t64', '8.5.0-2ubuntu10.7')] },
  releases: [{ codename: 'noble', version: '24.04' }],
  ...extra,
});
const page = (...notices: readonly unknown[]) => JSON.stringify({ notices, limit: 20, offset: 0, total_results: 99 });
const read = (text: string, ...releases: string[]) => given(feed.read(mirror.put('page', text), fleet(...releases)));
const one = async (extra: object, id = 'USN-8000-1') =>
  (await read(page(notice(id, '2026-08-01T10:00:00', extra)))).advisories[0];

describe('a recorded page of Ubuntu notices', () => {
  const file = recorded('ubuntu/notices-api.page0.json');
  it.skipIf(!file)('of 2004 has no versions, so there is nothing to compare and nothing is dropped', async () => {
    expect(await given(feed.read(file ?? '', fleet()))).toEqual({ advisories: [], dropped: [], gone: [], code: null });
  });
});

describe('an Ubuntu notice', () => {
  it('becomes an advisory that names source packages', async () => {
    expect(await one({})).toEqual({
      id: 'USN-8000-1',
      feed: 'ubuntu-notices',
      title: 'curl vulnerabilities',
      text: 'A fault.',
      kind: 'security',
      cves: ['CVE-2026-0001'],
      severity: 'unrated',
      vendorSeverity: null,
      affected: [
        {
          release: 'ubuntu:24.04',
          names: 'source',
          package: 'curl',
          introduced: null,
          fixed: '8.5.0-2ubuntu10.7',
          status: 'affected',
          requires: null,
          module: null,
        },
      ],
      published: new Date('2026-08-01T10:00:00Z'),
      modified: null,
      withdrawn: null,
      reboot: false,
      livepatch: false,
      references: ['https://ubuntu.com/security/notices/USN-8000-1', 'https://launchpad.net/bugs/1'],
    });
  });

  it('that names no source package is about its binary ones', async () => {
    const release_packages = {
      noble: [binary('libcurl4t64', '8.5-1'), binary('old', ''), binary('older', null as never)],
    };
    const advisory = await one({ release_packages });
    expect(advisory?.affected).toMatchObject([{ names: 'binary', package: 'libcurl4t64' }]);
  });

  it('may say that the computer has to be restarted', async () => {
    const instructions =
      'After a standard system update you need to reboot your computer to make\nall the necessary changes.';
    expect((await one({ instructions }))?.reboot).toBe(true);
  });

  it.each([
    ['the pocket esm-infra', { pocket: 'esm-infra' }, '8-1', 'ubuntu-pro', null],
    ['the pocket fips-updates', { pocket: 'fips-updates' }, '8-1', 'ubuntu-pro', 'fips'],
    ['a version of ESM', {}, '7.58.0-2ubuntu3.24+esm5', 'ubuntu-pro', null],
    ['the pocket security', { pocket: 'security' }, '8-1', null, null],
  ])('with %s needs %4$s', async (_, extra, version, requires, module) => {
    const advisory = await one({ release_packages: { noble: [source('curl', version, extra)] } });
    expect(advisory?.affected).toMatchObject([{ requires, module }]);
  });

  it('of livepatch covers the running kernel, for those who pay', async () => {
    expect(await one({}, 'LSN-0108-1')).toMatchObject({ livepatch: true, affected: [{ requires: 'ubuntu-pro' }] });
  });

  it('knows its codenames by itself, or by our table', async () => {
    const release_packages = { zesty: [source('a', '1')], focal: [source('b', '1')], unheard: [source('c', '1')] };
    const advisory = await one({ release_packages, releases: [{ codename: 'zesty', version: '17.04' }] });
    expect(advisory?.affected.map(({ release }) => release)).toEqual(['ubuntu:17.04', 'ubuntu:20.04']);
  });

  it('is left out when the fleet has none of its releases', async () => {
    const text = page(notice('USN-8000-1', '2026-08-01T10:00:00'));
    expect(await read(text, 'ubuntu:22.04', 'debian:12')).toMatchObject({ advisories: [], dropped: [] });
  });

  it('that is hidden is gone', async () => {
    expect(await read(page(notice('USN-8000-1', '2026-08-01', { is_hidden: true })))).toMatchObject({
      advisories: [],
      gone: ['USN-8000-1'],
    });
  });

  it('loses whatever could pass for something else in its texts', async () => {
    const advisory = await one({
      title: 'curl\u202e <!here>\n*x*',
      description: '\u0000a',
      references: ['javascript:alert(1)'],
    });
    expect(advisory).toMatchObject({ title: 'curl <!here> *x*', text: 'a' });
    expect(advisory?.references).toHaveLength(1);
  });

  it.each([
    ['null', null],
    ['no date', notice('USN-8000-1', 5 as never)],
    ['an id with markup', notice('USN-<b>1', '2026-08-01')],
    ['CVEs that are a text', notice('USN-8000-1', '2026-08-01', { cves_ids: 'CVE-2026-0001' })],
    ['packages that are a list', notice('USN-8000-1', '2026-08-01', { release_packages: ['curl'] })],
  ])('with %s is dropped and counted, and the others are read', async (_, bad) => {
    const { advisories, dropped, code } = await read(page(bad, notice('USN-8001-1', '2026-08-02')));
    expect(advisories.map(({ id }) => id)).toEqual(['USN-8001-1']);
    expect(dropped).toMatchObject([{ where: 'notice 0' }]);
    expect(code).toBeNull();
  });

  it('keeps its good packages when one has a hostile name or version', async () => {
    const release_packages = { noble: [source('curl;reboot', '1'), source('curl', '1 && x'), source('wget', '1')] };
    const { advisories, dropped } = await read(page(notice('USN-8000-1', '2026-08-01', { release_packages })));
    expect(advisories[0]?.affected.map((entry) => entry.package)).toEqual(['wget']);
    expect(dropped).toMatchObject([{ where: 'USN-8000-1' }]);
  });

  it.each(['<html></html>', '', '[]', '{"vulnerabilities": []}', page(notice('USN-1-1', '2026-08-01')).slice(0, -9)])(
    'is not to be had from %j',
    async (text) => {
      expect(await read(text)).toMatchObject({ advisories: [], code: 'feed.unreadable' });
    },
  );
});

describe('the Ubuntu notices feed', () => {
  const noble = fleet('ubuntu:24.04');
  const day = (n: number) => `2026-08-${String(n).padStart(2, '0')}T00:00:00`;
  let folders = 0;
  /** Serves these pages of two notices each, by the days of the notices; `sync` asks for them. */
  function served() {
    const folder = `${++folders}`;
    const show = (days: readonly number[], size = 2) => {
      for (let offset = 0; offset <= days.length; offset += size) {
        const shown = days.slice(offset, offset + size).map((n) => notice(`USN-${n}-1`, day(n)));
        mirror.put(`${folder}/notices.json?limit=20&offset=${offset}&order=newest`, page(...shown));
      }
    };
    const sync = (cursor: string | null, wanted = noble) => {
      mirror.asked();
      return mirror.sync(feed, `${folder}/notices.json?limit=20&offset=0&order=newest`, cursor, wanted);
    };
    const offsets = () => mirror.asked().map((name) => new URL(name, 'http://x').searchParams.get('offset'));
    return { show, sync, offsets, folder };
  }
  const ids = (got: { advisories: readonly { id: string }[] } | null) => got?.advisories.map(({ id }) => id);

  it('reads all pages first, and then until the last notice that it knows', async () => {
    const { show, sync, offsets } = served();
    show([4, 3, 2, 1]);
    const first = await sync(null);
    expect(first).toMatchObject({ complete: true, cursor: '2026-08-04T00:00:00.000Z ubuntu:24.04', code: null });
    expect(ids(first)).toEqual(['USN-4-1', 'USN-3-1', 'USN-2-1', 'USN-1-1']);
    expect(offsets()).toEqual(['0', '2', '4']);
    expect(await sync(first?.cursor ?? null)).toBeNull();
    show([6, 5, 4, 3, 2, 1]);
    const second = await sync(first?.cursor ?? null);
    expect(second).toMatchObject({ complete: false, cursor: '2026-08-06T00:00:00.000Z ubuntu:24.04' });
    expect(ids(second)).toEqual(['USN-6-1', 'USN-5-1', 'USN-4-1', 'USN-3-1']);
    expect(offsets()).toEqual(['0', '2']);
  });

  it('stops at the month of the oldest wanted release, because nothing older can be about it', async () => {
    const { folder, sync, offsets } = served();
    const at = (offset: number, ...notices: readonly unknown[]) =>
      mirror.put(`${folder}/notices.json?limit=20&offset=${offset}&order=newest`, page(...notices));
    at(0, notice('USN-2-1', '2026-08-01T00:00:00'));
    at(1, notice('USN-1-1', '2024-03-31T00:00:00'));
    at(2, notice('USN-0-1', '2010-01-01T00:00:00'));
    expect(ids(await sync(null))).toEqual(['USN-2-1', 'USN-1-1']);
    expect(offsets()).toEqual(['0', '1']);
  });

  it('passes over what it has seen when notices come out while it reads', async () => {
    const { folder, sync } = served();
    const at = (offset: number, ...days: readonly number[]) =>
      mirror.put(
        `${folder}/notices.json?limit=20&offset=${offset}&order=newest`,
        page(...days.map((n) => notice(`USN-${n}-1`, day(n)))),
      );
    at(0, 4, 3);
    at(2, 3, 2);
    at(4, 1);
    at(5);
    expect(ids(await sync(null))).toEqual(['USN-4-1', 'USN-3-1', 'USN-2-1', 'USN-1-1']);
  });

  it('ends when a server gives the same page for every offset', async () => {
    const { folder, sync } = served();
    for (const offset of [0, 2]) {
      mirror.put(
        `${folder}/notices.json?limit=20&offset=${offset}&order=newest`,
        page(notice('USN-4-1', day(4)), notice('USN-3-1', day(3))),
      );
    }
    expect(ids(await sync(null))).toEqual(['USN-4-1', 'USN-3-1']);
  });

  it('starts over when a release has joined the fleet', async () => {
    const { show, sync } = served();
    show([2, 1]);
    await sync('2026-08-02T00:00:00.000Z ubuntu:24.04');
    const joined = await sync('2026-08-02T00:00:00.000Z ubuntu:24.04', fleet('ubuntu:24.04', 'ubuntu:22.04'));
    expect(joined).toMatchObject({ complete: true, cursor: '2026-08-02T00:00:00.000Z ubuntu:22.04,ubuntu:24.04' });
  });

  it('does not wait for a notice from the future', async () => {
    const { folder, sync } = served();
    mirror.put(
      `${folder}/notices.json?limit=20&offset=0&order=newest`,
      page(notice('USN-9-1', '2199-01-01T00:00:00'), notice('USN-2-1', day(2))),
    );
    mirror.put(`${folder}/notices.json?limit=20&offset=2&order=newest`, page());
    expect((await sync(null))?.cursor).toBe('2026-08-02T00:00:00.000Z ubuntu:24.04');
  });

  it('takes over nothing when a page is missing', async () => {
    const { folder, sync } = served();
    mirror.put(`${folder}/notices.json?limit=20&offset=0&order=newest`, page(notice('USN-2-1', day(2))));
    expect(await sync(null)).toMatchObject({ code: 'feed.refused' });
  });
});
