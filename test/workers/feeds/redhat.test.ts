/** How Red Hat's folders of CSAF documents are followed. */
import { describe, expect, it } from 'vitest';
import { redhatCsaf } from '../../../workers/feeds/redhat.ts';
import { fleet } from './advisories.ts';
import { csaf, curlUpdate } from './csaf-documents.ts';
import { archive, followed, ids, list } from './csaf-folders.ts';
import { hasProgram } from './served.ts';

const zstd = hasProgram('zstd');
const rhsa = (number: string, parts = {}) => csaf({ ...curlUpdate, id: `RHSA-2026:${number}`, ...parts });
const rhel9 = fleet('rhel:9');

describe.skipIf(!zstd)('the feed redhat-csaf', () => {
  const follow = followed(redhatCsaf, rhel9);
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
