import { describe, expect, it } from 'vitest';
import { buildIndex, explainMatch } from '../../../domain/intel/match.ts';
import { advisory, affects } from './make.ts';
import { both, device, found, installed, lib, one, rpm } from './match-make.ts';

describe('a version and an entry', () => {
  it.each([
    ['older than the fix', '1.0-1', lib('1.0-2'), 'vulnerable', 'vulnerable'],
    ['the fix itself', '1.0-2', lib('1.0-2'), null, 'fixed'],
    ['newer than the fix', '1.0-3', lib('1.0-2'), null, 'fixed'],
    ['without a fix', '9', lib(null), 'vulnerable', 'no-fix-yet'],
    ['before the fault came', '0.9', lib('1.2', { introduced: '1.0' }), null, 'not-yet-introduced'],
    ['with the first faulty version', '1.0', lib('1.2', { introduced: '1.0' }), 'vulnerable', 'vulnerable'],
    ['an epoch against none', '1:1.0', lib('2.0'), null, 'fixed'],
    ['a missing epoch against 0', '1.0', lib('0:1.0'), null, 'fixed'],
    ['undecided', '1.0', lib(null, { status: 'unknown' }), 'unknown', 'undecided'],
    ['undecided but past the fix', '1.0', lib('0.9', { status: 'unknown' }), null, 'fixed'],
    ['not affected, says the vendor', '1.0', lib(null, { status: 'not-affected' }), null, 'not-affected'],
    ['with a fix that is no version', '1.0', lib('see text'), 'unknown', 'unreadable-version'],
    ['with a fix without a digit', '1.0', lib('unfixed'), 'unknown', 'unreadable-version'],
    ['with a beginning that is no version', '1.0', lib('2.0', { introduced: '?' }), 'unknown', 'unreadable-version'],
    ['past the fix, with a beginning that is no version', '2.0', lib('2.0', { introduced: '?' }), null, 'fixed'],
    ['that is no version', 'current', lib('2.0'), 'unknown', 'unreadable-version'],
    ['that is no version, when all versions are faulty', 'current', lib(null), 'vulnerable', 'no-fix-yet'],
    ['in another release', '1.0', lib('2.0', { release: 'debian:13' }), null, 'other-release'],
    ['of another package', '1.0', lib('2.0', { package: 'other' }), null, 'not-installed'],
    ['with a fix that costs', '1.0', lib('2.0', { requires: 'ubuntu-pro' }), 'vulnerable', 'vulnerable'],
  ] as const)('%s', async (_, version, affected, verdict, reason) => {
    expect(await both(one(affected), device([installed('lib', version)]))).toEqual([verdict, reason]);
  });

  it('are in a finding as the advisory and the device write them', async () => {
    const free = device([installed('lib1', '1.0-1+b1', { source: 'lib', sourceVersion: '1.0-1' })]);
    expect(await found([one(lib('1.0-2', { requires: 'ubuntu-pro' }))], free)).toEqual([
      {
        advisory: 'test/A-1',
        package: 'lib',
        installed: '1.0-1',
        fixed: '1.0-2',
        verdict: 'vulnerable',
        requires: 'ubuntu-pro',
      },
    ]);
  });

  it.each([
    ['alpine:3.19', '5.7.1p1-r0', '5.7.2-r0'],
    ['alpine:3.19', '5.7.1-r0', '5.7.1p1-r0'],
    ['windows:11', '10.0.1', '10.0.2'],
    ['debian:12', '1.0_2', '1.0_2'],
  ])('that nobody can compare are unknown, never fixed: %s %s %s', async (release, version, fixed) => {
    const subject = device([installed('lib', version)], { release });
    expect(await both(one(lib(fixed, { release })), subject)).toEqual(['unknown', 'unreadable-version']);
  });

  it.each(['1.0', '2.0', '3.0'])('of a half installed package are never facts: %s', async (version) => {
    const half = device([installed('lib', version, { whole: false })]);
    expect(await both(one(lib('2.0')), half)).toEqual(['unknown', 'half-installed']);
    expect(await both(one(lib(null, { status: 'not-affected' })), half)).toEqual([null, 'not-affected']);
  });
});

describe('names', () => {
  const built = installed('libssl3', '3.0.1-1+b1', { source: 'openssl', sourceVersion: '3.0.1-1' });

  it('of source packages meet the source, its version, and no binary of that name', async () => {
    const openssl = one(affects('debian:12', 'openssl', '3.0.1-1'));
    expect(await both(openssl, device([built]))).toEqual([null, 'fixed']);
    const named = one(affects('debian:12', 'libssl3', '9'));
    expect(await both(named, device([built]))).toEqual([null, 'not-installed']);
  });

  it('of binary packages meet the binary and its own version', async () => {
    const named = one({ ...affects('debian:12', 'libssl3', '3.0.1-1+b1'), names: 'binary' });
    expect(await both(named, device([built]))).toEqual([null, 'fixed']);
    const openssl = one({ ...affects('debian:12', 'openssl', '9'), names: 'binary' });
    expect(await both(openssl, device([built]))).toEqual([null, 'not-installed']);
  });

  it('may carry an architecture', async () => {
    const foreign = device([installed('lib:i386', '1.0', { arch: 'i386', source: 'other' })]);
    expect(await both(one(lib('2.0', { names: 'binary' })), foreign)).toEqual(['vulnerable', 'vulnerable']);
  });

  it('that are spelt like properties of objects are names', async () => {
    const odd = device([installed('__proto__', '1'), installed('constructor', '1')]);
    const all = ['__proto__', 'constructor'].map((name) =>
      advisory(name, { affected: [affects('debian:12', name, '2')] }),
    );
    expect((await found(all, odd)).map(({ advisory: id }) => id)).toEqual(['test/__proto__', 'test/constructor']);
  });
});

describe('several copies of a package', () => {
  const copies = (...versions: readonly string[]) =>
    device(versions.map((version, at) => installed(`lib-${at}`, version, { source: 'lib', sourceVersion: version })));

  it('give one finding, with the oldest installed version', async () => {
    for (const subject of [copies('1.2', '1.1', '1.3'), copies('1.1', '1.1'), copies('3.0', '1.1')])
      expect(await found([one(lib('2.0'))], subject)).toMatchObject([{ installed: '1.1', verdict: 'vulnerable' }]);
    expect(explainMatch(one(lib('2.0')), copies('3.0', '1.2', '1.1'))).toMatchObject([{ installed: '1.1' }]);
  });

  it('count as the worst of them, when the oldest is from before the fault', async () => {
    const faulty = one(lib('2.0', { introduced: '1.0' }));
    expect(await found([faulty], copies('0.5', '1.5', '1.4'))).toMatchObject([{ installed: '1.4' }]);
    expect(explainMatch(faulty, copies('0.5', '1.5', '1.4'))).toMatchObject([
      { installed: '1.4', reason: 'vulnerable' },
    ]);
  });

  it('of which one is half installed are not fixed', async () => {
    const half = installed('lib-dev', '2.0', { source: 'lib', sourceVersion: '2.0', whole: false });
    const subject = device([installed('lib', '2.0'), half]);
    expect(await both(one(lib('2.0')), subject)).toEqual(['unknown', 'half-installed']);
    const older = device([half, installed('lib', '1.0')]);
    expect(await both(one(lib('2.0')), older)).toEqual(['vulnerable', 'vulnerable']);
  });

  it('meet entries for several version ranges of one advisory', async () => {
    const ranges = one(lib('1.5', { introduced: '1.0' }), lib('2.3', { introduced: '2.0' }));
    expect(await found([ranges], copies('1.7', '2.3'))).toEqual([]);
    expect(await found([ranges], copies('1.2', '2.1'))).toMatchObject([{ installed: '1.2', fixed: '1.5' }]);
    expect(explainMatch(ranges, copies('1.7', '2.1')).map(({ reason }) => reason)).toEqual(['fixed', 'vulnerable']);
  });

  it('show the fix that costs nothing when there is one', async () => {
    const paid = one(lib('1.5', { requires: 'ubuntu-pro' }), lib('1.6'));
    expect(await found([paid], copies('1.0'))).toMatchObject([{ fixed: '1.6', requires: null }]);
  });
});

describe('module streams', () => {
  const old = '1:18.1.0-1.module+el9.1.0+1';
  const fix = '1:18.9.0-1.module+el9.2.0+2';
  const nodejs = (version: string, ...modules: readonly string[]) =>
    device([installed('lib', version)], { release: 'almalinux:9', modules });

  it.each([
    [
      'an entry of a stream, that stream enabled',
      rpm(fix, { module: 'nodejs:18' }),
      old,
      ['nodejs:18'],
      'vulnerable',
      'vulnerable',
    ],
    ['the same, fixed', rpm(fix, { module: 'nodejs:18' }), fix, ['nodejs:18'], null, 'fixed'],
    [
      'an entry of a stream, another one enabled',
      rpm(fix, { module: 'nodejs:18' }),
      old,
      ['nodejs:16'],
      null,
      'other-module-stream',
    ],
    [
      'an entry of a stream, none enabled',
      rpm(fix, { module: 'nodejs:18' }),
      '1:16-1.el9',
      [],
      null,
      'other-module-stream',
    ],
    ['an entry without one, a package of a stream', rpm('2:1-1.el9'), old, ['nodejs:18'], null, 'other-module-stream'],
    [
      'an entry without one, a package without one',
      rpm('2:1-1.el9'),
      '1:1-1.el9',
      ['nodejs:18'],
      'vulnerable',
      'vulnerable',
    ],
    ['a fix of some stream, a package of a stream', rpm(fix), old, ['nodejs:18'], 'unknown', 'undecided'],
    ['the older sign of streams', rpm('1-1.module_el8.5.0+2'), '1-1.module_el8.5.0+1', [], 'unknown', 'undecided'],
    ['a fix of some stream, a package without one', rpm(fix), '1:1-1.el9', [], null, 'other-module-stream'],
  ] as const)('%s', async (_, affected, version, modules, verdict, reason) => {
    expect(await both(one(affected), nodejs(version, ...modules))).toEqual([verdict, reason]);
  });

  it('of one device cannot be mimicked by the version of another', async () => {
    const index = await buildIndex([one(rpm(fix, { module: 'nodejs:18' }), rpm('2-1.el9'))]);
    const evil = [`\n${JSON.stringify([old, null, 'nodejs:18'])}`, `${old}\n\nnodejs:18`];
    for (const version of evil) index.match(nodejs(version));
    expect(index.match(nodejs(old, 'nodejs:18'))).toMatchObject([{ installed: old, verdict: 'vulnerable' }]);
  });

  it("are each device's own, also when its versions are another's too", async () => {
    const index = await buildIndex([one(rpm(fix, { module: 'nodejs:18' }))]);
    const counts = [['nodejs:18'], [], ['nodejs:20'], ['nodejs:18', 'php:8.1']].map(
      (modules) => index.match(nodejs(old, ...modules)).length,
    );
    expect(counts).toEqual([1, 0, 0, 1]);
  });
});

describe('an index', () => {
  it('leaves out withdrawn advisories, and does not count them', async () => {
    const taken = { ...one(lib('2.0')), withdrawn: new Date(0) };
    const index = await buildIndex([taken, advisory('A-2', { affected: [lib('2.0')] })]);
    const subject = device([installed('lib', '1.0')]);
    expect(index.size).toBe(1);
    expect(index.match(subject).map(({ advisory: id }) => id)).toEqual(['test/A-2']);
    expect(explainMatch(taken, subject)).toMatchObject([{ reason: 'withdrawn', installed: null }]);
  });

  it('is made from what comes over time too, and may be empty', async () => {
    async function* stored() {
      yield one(lib('2.0'));
    }
    expect((await buildIndex(stored())).match(device([installed('lib', '1.0')]))).toHaveLength(1);
    const empty = await buildIndex([]);
    expect([empty.size, empty.match(device([installed('lib', '1.0')]))]).toEqual([0, []]);
  });

  it('tells two feeds with the same id apart', async () => {
    const all = ['osv', 'dsa'].map((feed) => advisory('A-1', { feed, affected: [lib('2.0')] }));
    const findings = await found(all, device([installed('lib', '1.0')]));
    expect(findings.map(({ advisory: id }) => id)).toEqual(['osv/A-1', 'dsa/A-1']);
  });

  it('answers for the ten-thousandth version as for the first, in one device or in as many', async () => {
    const index = await buildIndex([one(lib('1.5000'))]);
    const versions = Array.from({ length: 10_000 }, (_, at) =>
      installed(`lib-${at}`, `1.${at}`, { source: 'lib', sourceVersion: `1.${at}` }),
    );
    expect(index.match(device(versions))).toMatchObject([{ installed: '1.0' }]);
    const open = versions.filter((each) => index.match(device([each])).length > 0);
    expect(open.length).toBe(5000);
  });

  it('says once what an advisory says twice', async () => {
    expect(await found([one(lib('2.0'), lib('2.0'))], device([installed('lib', '1.0')]))).toHaveLength(1);
  });
});
