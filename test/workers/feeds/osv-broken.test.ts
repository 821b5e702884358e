/** Records in OSV form that are broken, and the files in which records may come. */
import { describe, expect, it } from 'vitest';
import { osvAlmalinux, type osvUbuntu } from '../../../workers/feeds/osv.ts';
import { fleet, given, zipOfJson } from './advisories.ts';
import { newMirror } from './mirror.ts';
import { entry, range, record } from './osv-records.ts';

const mirror = newMirror();
const asked = (feed: typeof osvUbuntu, value: unknown, ...releases: string[]) =>
  given(feed.read(mirror.put('one.json', JSON.stringify(value)), fleet(...releases)));
const alma = (value: unknown) => asked(osvAlmalinux, value);

describe('a broken OSV record', () => {
  it.each([
    ['no id', { ...record, id: undefined }],
    ['an id with markup', { ...record, id: 'ALSA-1<b>' }],
    ['an id of another directory', { ...record, id: '../../etc/passwd' }],
    ['a number as title', { ...record, summary: 5 }],
    ['a list as details', { ...record, details: [] }],
    ['a text as affected', { ...record, affected: 'curl' }],
    [
      'a number as fixed version',
      { ...record, affected: [{ package: { ecosystem: 'AlmaLinux:9', name: 'x' }, ranges: range({ fixed: 2 }) }] },
    ],
    ['nothing at all', null],
  ])('with %s is dropped and counted, and the others are read', async (_, bad) => {
    const { advisories, dropped, code } = await given(
      osvAlmalinux.read(
        mirror.put('all.zip', zipOfJson({ 'a.json': record, 'b.json': bad, 'c.json': { ...record, id: 'ALSA-2' } })),
        fleet(),
      ),
    );
    expect(advisories.map(({ id }) => id)).toEqual(['ALSA-2026:0001', 'ALSA-2']);
    expect(dropped).toMatchObject([{ where: 'b.json' }]);
    expect(code).toBeNull();
  });

  it.each([
    ['a package name', entry('AlmaLinux:9', 'curl; rm -rf /', '1')],
    ['a package name of another directory', entry('AlmaLinux:9', '../curl', '1')],
    ['a version', entry('AlmaLinux:9', 'curl', '1 || reboot')],
    ['an empty version', entry('AlmaLinux:9', 'curl', '')],
  ])('with %s that is none keeps its other entries', async (_, bad) => {
    const { advisories, dropped } = await alma({ ...record, affected: [bad, ...record.affected] });
    expect(advisories[0]?.affected).toHaveLength(1);
    expect(dropped).toMatchObject([
      { where: 'ALSA-2026:0001', why: 'One of its entries has a package or a version that is none.' },
    ]);
  });
});

describe('a file of OSV records', () => {
  const other = { ...record, id: 'ALSA-2026:0002' };
  const read = (name: string, content: string | Buffer) => given(osvAlmalinux.read(mirror.put(name, content), fleet()));

  it.each([
    ['a zip', zipOfJson({ 'x/a.json': record, 'x/b.json': other, 'readme.md': 'text' })],
    ['lines', `${JSON.stringify(record)}\n${JSON.stringify(other)}\n`],
    ['a list', JSON.stringify([record, other])],
  ])('may be %s', async (_, content) => {
    const { advisories, dropped, code } = await read('file', content);
    expect(advisories.map(({ id }) => id)).toEqual(['ALSA-2026:0001', 'ALSA-2026:0002']);
    expect([dropped, code]).toEqual([[], null]);
  });

  it('may be one record, also over many lines', async () => {
    expect((await read('one.json', JSON.stringify(record, null, 2))).advisories).toHaveLength(1);
  });

  it('drops and counts a line that is cut', async () => {
    const { advisories, dropped } = await read(
      'lines',
      `${JSON.stringify(record)}\n${JSON.stringify(other).slice(0, 40)}\n`,
    );
    expect([advisories.length, dropped.length]).toEqual([1, 1]);
  });

  const whole = zipOfJson({ 'a.json': record });
  it.each([
    ['a web page', '<!doctype html><title>Not found</title>'],
    ['an empty file', ''],
    ['a list of nothing', '[]'],
    ['an index of records', JSON.stringify([{ id: 'ALSA-1', modified: '2026-01-01T00:00:00Z' }])],
    ['another feed’s file', JSON.stringify({ catalogVersion: '1', vulnerabilities: [] })],
    ['an archive without records', zipOfJson({ 'readme.md': 'text' })],
    ['a zip that is cut short', whole.subarray(0, whole.length - 30)],
    ['brackets without end', '['.repeat(100_000)],
  ])('is unreadable when it is %s', async (_, content) => {
    expect(await read('file', content)).toMatchObject({ advisories: [], code: 'feed.unreadable' });
  });

  it('is unreadable when a checksum in it is wrong', async () => {
    const bad = Buffer.from(whole);
    bad.write('X', bad.indexOf('curl'), 'latin1');
    expect(await read('file', bad)).toMatchObject({ advisories: [], code: 'feed.unreadable' });
  });
});
