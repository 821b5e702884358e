/** How an OSV feed is followed: the whole archive first, then only what changed, and when it starts over. */
import { describe, expect, it } from 'vitest';
import { osvAlmalinux as feed, osvOpensuse, osvRocky } from '../../../workers/feeds/osv.ts';
import { fleet, zipOfJson } from './advisories.ts';
import { newMirror, type Synced } from './mirror.ts';

const alma9 = fleet('almalinux:9');
const record = (id: string, release = '9', extra: object = {}) => ({
  id,
  modified: '2026-08-01T10:00:00Z',
  summary: 'Low: curl security update',
  affected: [
    {
      package: { ecosystem: `AlmaLinux:${release}`, name: 'curl' },
      ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }, { fixed: '1-1' }] }],
    },
  ],
  ...extra,
});
const list = (...lines: readonly (readonly [string, string])[]) => lines.map((line) => `${line.join(',')}\n`).join('');

const mirror = newMirror();
let buckets = 0;

/** A bucket with two records; `sync` asks it, `asked` gives what was asked of it since the last time. */
function bucket() {
  buckets++;
  const folder = `${buckets}/`;
  const file = (name: string, content: string | Buffer) => mirror.put(`${folder}${name}`, content);
  const put = (id: string, value: unknown) =>
    file(`${id}.json`, typeof value === 'string' ? value : JSON.stringify(value));
  file('modified_id.csv', list(['2026-08-10T12:00:00.5Z', 'ALSA-2'], ['2026-08-01T00:00:00Z', 'ALSA-1']));
  file('all.zip', zipOfJson({ 'ALSA-1.json': record('ALSA-1'), 'ALSA-2.json': record('ALSA-2') }));
  const sync = (cursor: string | null, wanted = alma9, at = '') => mirror.sync(feed, `${folder}${at}`, cursor, wanted);
  return { file, put, sync, asked: () => mirror.asked().map((name) => name.replace(folder, '')) };
}
const ids = (one: Synced | null) => one?.advisories.map(({ id }) => id);
/** The cursor of a bucket that was read whole, without the overlap of the first time. */
const cursor = '2026-08-10T12:00:00.500Z 2026-08-10T12:00:00.500Z almalinux:9';

describe('an OSV feed', () => {
  it('reads the whole archive first, and from then on only what changed', async () => {
    const { sync, put, file, asked } = bucket();
    const first = await sync(null);
    expect(first).toMatchObject({ complete: true, code: null });
    expect(ids(first)).toEqual(['ALSA-1', 'ALSA-2']);
    put('ALSA-2', record('ALSA-2'));
    put('ALSA-3', record('ALSA-3'));
    file(
      'modified_id.csv',
      list(
        ['2026-08-12T00:00:00Z', 'ALSA-3'],
        ['2026-08-10T12:00:00.5Z', 'ALSA-2'],
        ['2026-08-01T00:00:00Z', 'ALSA-1'],
      ),
    );
    asked();
    const second = await sync(first?.cursor ?? null);
    expect(second).toMatchObject({ complete: false, dropped: [] });
    expect(asked()).toEqual(['modified_id.csv', 'ALSA-3.json', 'ALSA-2.json']);
    expect(ids(second)).toEqual(['ALSA-3', 'ALSA-2']);
    asked();
    expect(await sync(second?.cursor ?? null)).toBeNull();
    expect(asked()).toEqual(['modified_id.csv']);
  });

  it('asks for ids with colons under a name that a URL may have', async () => {
    const { sync, file, asked } = bucket();
    asked();
    file('modified_id.csv', list(['2026-08-12T00:00:00Z', 'ALSA-2026:0001']));
    file('ALSA-2026:0001.json', JSON.stringify(record('ALSA-2026:0001')));
    expect(ids(await sync(cursor))).toEqual(['ALSA-2026:0001']);
    expect(asked()).toEqual(['modified_id.csv', 'ALSA-2026:0001.json']);
  });

  it('reads everything again when a release has joined the fleet', async () => {
    const { sync, file } = bucket();
    await sync(cursor);
    file('all.zip', zipOfJson({ 'ALSA-1.json': record('ALSA-1'), 'ALSA-8.json': record('ALSA-8', '8') }));
    const joined = await sync(cursor, fleet('almalinux:8', 'almalinux:9', 'debian:12'));
    expect(joined).toMatchObject({ complete: true });
    expect(ids(joined)).toEqual(['ALSA-1', 'ALSA-8']);
    expect(joined?.cursor).toMatch(/ almalinux:8,almalinux:9$/);
    expect(await sync(joined?.cursor ?? null, fleet('almalinux:8'))).toBeNull();
  });

  it('reads everything again a week after it last did, so that records that vanished are noticed', async () => {
    const { sync, file } = bucket();
    file('modified_id.csv', list(['2026-08-18T00:00:00Z', 'ALSA-1']));
    expect(await sync(cursor)).toMatchObject({ complete: true });
  });

  it('takes the archive when more than 500 records changed', async () => {
    const { sync, file, asked } = bucket();
    asked();
    const changes = (count: number) =>
      list(...Array.from({ length: count }, (_, n) => ['2026-08-12T00:00:00Z', `ALSA-${n}`] as const));
    file('modified_id.csv', changes(501));
    expect(await sync(cursor)).toMatchObject({ complete: true });
    expect(asked()).toEqual(['modified_id.csv', 'all.zip']);
  });

  it('says that a changed record is gone when it is for none of the wanted releases any more', async () => {
    const { sync, put, file } = bucket();
    file('modified_id.csv', list(['2026-08-12T00:00:00Z', 'ALSA-1']));
    put('ALSA-1', record('ALSA-1', '8'));
    expect(await sync(cursor)).toMatchObject({ advisories: [], gone: ['ALSA-1'], dropped: [] });
  });

  it('keeps what it knew of a changed record that cannot be read', async () => {
    const { sync, put, file } = bucket();
    file('modified_id.csv', list(['2026-08-12T00:00:00Z', 'ALSA-1'], ['2026-08-12T00:00:00Z', 'ALSA-2']));
    put('ALSA-1', '<html>');
    put('ALSA-2', record('ALSA-2'));
    expect(await sync(cursor)).toMatchObject({ gone: [], dropped: [{ where: 'ALSA-1' }], code: null });
  });

  it('counts a listed record that the server refuses, and fails when it refuses all of them', async () => {
    const { sync, put, file } = bucket();
    file('modified_id.csv', list(['2026-08-12T00:00:00Z', 'ALSA-1'], ['2026-08-12T00:00:00Z', 'ALSA-2']));
    put('ALSA-2', record('ALSA-2'));
    const some = await sync(cursor);
    expect(some).toMatchObject({ dropped: [{ where: 'ALSA-1' }], code: null });
    expect(ids(some)).toEqual(['ALSA-2']);
    file('modified_id.csv', list(['2026-08-12T00:00:00Z', 'ALSA-8'], ['2026-08-12T00:00:00Z', 'ALSA-9']));
    expect(await sync(cursor)).toMatchObject({ code: 'feed.refused' });
  });

  it('loses nothing when the list goes back in time', async () => {
    const { sync, file } = bucket();
    file('modified_id.csv', list(['2026-07-01T00:00:00Z', 'ALSA-1']));
    expect(await sync(cursor)).toBeNull();
  });

  it('does not wait for a date in the future', async () => {
    const { sync, put, file } = bucket();
    put('ALSA-1', record('ALSA-1'));
    put('ALSA-2', record('ALSA-2'));
    file('modified_id.csv', list(['2199-01-01T00:00:00Z', 'ALSA-1'], ['2026-08-12T00:00:00Z', 'ALSA-2']));
    const next = await sync(cursor);
    expect(ids(next)).toEqual(['ALSA-1', 'ALSA-2']);
    expect(next?.cursor).toMatch(/^2026-08-12T00:00:00.000Z /);
  });

  it.each(['<html>Not found</html>', '', 'id\nALSA-1\n', '2026-08-12T00:00:00Z,../../etc/passwd\n'])(
    'fails when the list is %j',
    async (content) => {
      const { sync, file } = bucket();
      file('modified_id.csv', content);
      await expect(sync(cursor)).rejects.toMatchObject({ code: 'feed.unreadable' });
    },
  );

  it.each(['', 'yesterday', '2026-08-10T12:00:00Z', '2026-13-45T00:00:00Z 2026-08-10T12:00:00Z almalinux:9'])(
    'starts over with a cursor such as %j',
    async (broken) => {
      expect(await bucket().sync(broken)).toMatchObject({ complete: true });
    },
  );

  it('may be a single archive of the vendor instead of a folder', async () => {
    const { sync, asked } = bucket();
    asked();
    const first = await sync(null, alma9, 'all.zip');
    expect(first).toMatchObject({ complete: true, cursor: 'almalinux:9' });
    expect(ids(first)).toEqual(['ALSA-1', 'ALSA-2']);
    expect(asked()).toEqual(['all.zip']);
  });
});

describe('the OSV feeds', () => {
  it('concern the fleets that have their distribution', () => {
    expect(osvOpensuse.concerns(new Set(['opensuse-leap:15.6']))).toBe(true);
    expect(osvOpensuse.concerns(new Set(['sles:15.5', 'debian:12']))).toBe(false);
    expect(osvRocky.concerns(new Set())).toBe(false);
  });

  it('are folders of one bucket', () => {
    expect(osvRocky.url).toBe('https://osv-vulnerabilities.storage.googleapis.com/Rocky%20Linux/');
  });
});
