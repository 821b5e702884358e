/** Ubuntu's VEX: the recorded sample with exact counts, what each status means, bad input. */
import { describe, expect, it } from 'vitest';
import { ubuntuVex as feed } from '../../../workers/feeds/ubuntu-vex.ts';
import { counted, fleet, given, zipOfJson } from './advisories.ts';
import { newMirror } from './mirror.ts';
import { recorded } from './shelf.ts';

const mirror = newMirror();
const purl = (name: string, distro: string, version = '1.0-1') => ({
  '@id': `pkg:deb/ubuntu/${name}@${version}?arch=source&distro=${distro}`,
});
const statement = (status: string, ...products: readonly object[]) => ({
  vulnerability: { name: 'CVE-2026-0001', description: 'A fault.', aliases: [] },
  status,
  products,
});
const document = (...statements: readonly unknown[]) => ({
  metadata: { timestamp: '2026-02-06T16:37:20.173026' },
  statements,
});
const read = (value: unknown, ...releases: string[]) =>
  given(feed.read(mirror.put('vex', typeof value === 'string' ? value : JSON.stringify(value)), fleet(...releases)));

describe('the recorded sample of Ubuntu VEX', () => {
  const file = recorded('ubuntu/vex-all.sample.tar.xz');
  it.skipIf(!file)('is one CVE; the empty document and the one about a notice say nothing', async () => {
    const { advisories, dropped, code } = await given(feed.read(file ?? '', fleet()));
    expect([dropped, code]).toEqual([[], null]);
    expect(advisories).toMatchObject([
      {
        id: 'CVE-2025-0167',
        feed: 'ubuntu-vex',
        cves: ['CVE-2025-0167'],
        modified: new Date('2025-02-06T16:37:20.173Z'),
      },
    ]);
    const affected = advisories[0]?.affected ?? [];
    expect(affected.map(({ release, package: name, status, requires }) => [release, name, status, requires])).toEqual([
      ['ubuntu:14.04', 'curl', 'not-affected', 'ubuntu-pro'],
      ['ubuntu:16.04', 'curl', 'not-affected', 'ubuntu-pro'],
      ['ubuntu:18.04', 'curl', 'not-affected', 'ubuntu-pro'],
      ['ubuntu:20.04', 'curl', 'not-affected', null],
      ['ubuntu:22.04', 'curl', 'affected', null],
      ['ubuntu:24.10', 'curl', 'affected', null],
      ['ubuntu:24.04', 'curl', 'affected', null],
    ]);
  });

  it.skipIf(!file)('keeps only what the fleet has', async () => {
    const { advisories } = await given(feed.read(file ?? '', fleet('ubuntu:22.04')));
    expect(counted(advisories.flatMap(({ affected }) => affected.map(({ release }) => release)))).toEqual({
      'ubuntu:22.04': 1,
    });
  });
});

describe('a VEX statement', () => {
  it.each([
    ['not_affected', 'not-affected', null],
    ['affected', 'affected', null],
    ['fixed', 'affected', '1.0-1'],
    ['under_investigation', 'unknown', null],
  ])('of status %s is %s', async (status, ours, fixed) => {
    const { advisories } = await read(document(statement(status, purl('curl', 'noble'))));
    expect(advisories[0]?.affected).toEqual([
      {
        release: 'ubuntu:24.04',
        names: 'source',
        package: 'curl',
        introduced: null,
        fixed,
        status: ours,
        requires: null,
        module: null,
      },
    ]);
  });

  it('is about source packages of releases that we know, each once', async () => {
    const products = [
      purl('curl', 'noble'),
      purl('curl', 'noble'),
      purl('gcc-12%2B', 'esm-apps/jammy', '1%3A2.0-1'),
      purl('openssl', 'fips-updates/focal'),
      purl('curl', 'unheard'),
      { '@id': 'pkg:deb/ubuntu/curl@1.0-1?arch=amd64' },
      { '@id': 'pkg:npm/curl@1.0' },
      { '@id': 'pkg:deb/ubuntu/%E0%A4%A@1.0-1?arch=source&distro=noble' },
      purl('curl;reboot', 'noble'),
      purl('constructor', '__proto__'),
    ];
    const { advisories } = await read(document(statement('fixed', ...products)));
    expect(
      advisories[0]?.affected.map((entry) => [entry.release, entry.package, entry.fixed, entry.requires, entry.module]),
    ).toEqual([
      ['ubuntu:24.04', 'curl', '1.0-1', null, null],
      ['ubuntu:22.04', 'gcc-12+', '1:2.0-1', 'ubuntu-pro', null],
      ['ubuntu:20.04', 'openssl', '1.0-1', 'ubuntu-pro', 'fips'],
    ]);
  });

  it.each([
    ['a text', 'x'],
    ['a record without statements', { metadata: {} }],
    ['a statement of an unheard status', document(statement('perhaps', purl('curl', 'noble')))],
    [
      'a name that holds a CVE and more',
      document({ ...statement('fixed', purl('curl', 'noble')), vulnerability: { name: '<b>CVE-2026-0001' } }),
    ],
  ])('in %s is dropped and counted, and the others are read', async (_, bad) => {
    const good = document(statement('fixed', purl('curl', 'noble')));
    const { advisories, dropped, code } = await given(
      feed.read(mirror.put('vex.zip', zipOfJson({ 'a.json': bad, 'b.json': good })), fleet()),
    );
    expect([advisories.length, dropped.length, code]).toEqual([1, 1, null]);
    expect(dropped[0]?.where).toBe('a.json');
  });

  it.each(['<html></html>', '', '[]', '{"a":1}', '{"statements":['])('is not to be had from %j', async (text) => {
    expect(await read(text)).toMatchObject({ advisories: [], code: 'feed.unreadable' });
  });
});
