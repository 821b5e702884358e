/** What the apt backend reads out of a scan: recorded output first, then the same device made anew with the real apt. */
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { aptPrograms, missingPrograms } from '../../../demo/repository.ts';
import { apt } from '../../../domain/backends/apt.ts';
import { readPlan } from '../../../domain/backends/apt-plan.ts';
import type { Offer, ScanReport } from '../../../domain/backends/backend.ts';
import { makeMixedRoot } from './apt-mixed.ts';

/** Recorded with apt 2.6.2 and dpkg 1.21.22 from the device of apt-mixed.ts. */
const recorded = readFileSync(new URL('../../fixtures/apt/scan.txt', import.meta.url), 'utf8');
const unreadable = expect.objectContaining({ code: 'scan.unreadable' });

function full(stdout: string): Extract<ScanReport, { kind: 'full' }> {
  const report = apt.readScan(stdout);
  if (report.kind !== 'full') throw new Error('expected a full scan');
  return report;
}

const updates = ['Acme:1/acme-updates'];
const both = ['Acme:1/acme-updates', 'Acme-Security:1/acme-security'];
const offer = (name: string, change: Partial<Offer> = {}): Offer => ({
  name,
  arch: 'all',
  from: '1.0',
  to: '1.1',
  source: name,
  sourceVersion: '1.1',
  origins: updates,
  security: false,
  state: 'missing',
  ...change,
});
const library = { from: '1:1.0-1', to: '1:1.0-2', source: 'acme-libs', sourceVersion: '1:1.0-2', origins: both };

function expectMixedDevice(report: Extract<ScanReport, { kind: 'full' }>, native: string, foreign: string): void {
  const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);
  expect([...report.offers].sort(byName)).toEqual([
    offer('acme-grows'),
    offer('acme-held', { state: 'held' }),
    offer('acme-lib', { ...library, arch: native, security: true }),
    offer(`acme-lib:${foreign}`, { ...library, arch: foreign, security: true }),
    offer('acme-nmu', { from: '1.0-1+b1', to: '1.0-2+b3', sourceVersion: '1.0-2' }),
    offer('acme-phased', { state: 'phased' }),
    offer('acme-seed', { from: null, to: '1.0', sourceVersion: '1.0' }),
    offer('acme-stuck', { state: 'kept-back' }),
    offer('acme-winner'),
  ]);
  expect(report.wouldRemove).toEqual(['acme-loser']);
  const names = report.packages.map(({ name }) => name);
  expect(names, 'only its configuration is left').not.toContain('acme-gone');
  expect(names).toEqual(expect.arrayContaining(['acme-lib', `acme-lib:${foreign}`, 'acme-pinned']));
  expect(report.packages.filter(({ held }) => held).map(({ name }) => name)).toEqual(['acme-held']);
  expect(report.packages.filter(({ whole }) => !whole).map(({ name }) => name)).toEqual(['acme-broken']);
  expect(report.packages.find(({ name }) => name === 'acme-nmu')).toMatchObject({ sourceVersion: '1.0-1' });
  expect(report.facts).toMatchObject({
    os: { id: 'debian', version: '12', codename: 'bookworm' },
    architecture: native,
    kernel: '6.1.0-18-amd64',
    bootId: '11111111-2222-4333-8444-555555555555',
    rebootRequired: true,
    rebootBecause: ['libc6', 'dbus', 'kernel 6.1.0-21-amd64 is installed, 6.1.0-18-amd64 is running'],
    servicesToRestart: ['ssh.service'],
    health: { ok: false, failed: ['bad: exit 3', 'acme-web.service: failed'] },
    broken: ['acme-broken'],
    helper: apt.helper.version,
  });
  expect(report.facts.freeDiskMiB).toBeGreaterThan(0);
}

describe('a recorded scan', () => {
  it('tells held, phased, kept back, new, removed, pinned, foreign and broken packages apart', () => {
    expectMixedDevice(full(recorded), 'amd64', 'i386');
  });

  it('is refused when it is cut off, wherever that is', () => {
    const lines = recorded.split('\n');
    const end = lines.indexOf('#patchherd end');
    for (let length = 0; length < end; length++) {
      expect(() => apt.readScan(lines.slice(0, length).join('\n')), `${length} lines`).toThrow(unreadable);
    }
  });

  it.each(['facts', 'disk', 'stamp', 'packages', 'plan', 'archives', 'policy', 'sources'])(
    'is refused without its section %s',
    (name) => {
      expect(() => apt.readScan(recorded.replace(new RegExp(`^#patchherd ${name}`, 'm'), '#patchherd other'))).toThrow(
        unreadable,
      );
    },
  );

  it('is read the same when the login prints a greeting first', () => {
    expect(apt.readScan(`Welcome to Acme!\n\n${recorded}`)).toEqual(apt.readScan(recorded));
  });

  it('is refused, in the words of apt, when apt would not plan', () => {
    const refusing = recorded.replace('#patchherd plan 0', '#patchherd plan 100\nE: Unmet dependencies.');
    expect(() => apt.readScan(refusing)).toThrow(/E: Unmet dependencies\./);
  });

  it('knows when a Debian kernel was replaced under the same name', () => {
    const kernel = 'linux-image-6.1.0-18-amd64\t6.1.90-1\tamd64\tlinux-signed-amd64\t6.1.90+1\tii \n';
    const { facts } = full(recorded.replace('#patchherd packages\n', `#patchherd packages\n${kernel}`));
    expect(facts.rebootBecause).toContain('linux-image-6.1.0-18-amd64 6.1.90-1 is installed, 6.1.76-1 is running');
    expect(facts.stamp, 'no scan of this device may be "unchanged"').toMatch(/!$/);
  });

  it.each([
    ['an ordinary package', 'openssl\t3.0.2-0ubuntu1.18\tamd64\topenssl\t3.0.2-0ubuntu1.18\tii ', []],
    [
      'a rebuilt one of 20.04',
      'openssl\t1.1.1f-1ubuntu2.fips.2.8\tamd64\topenssl\t1.1.1f-1ubuntu2.fips.2.8\tii ',
      ['fips'],
    ],
    [
      'a rebuilt one of 22.04',
      'openssl\t3.0.2-0ubuntu1.18+Fips1\tamd64\topenssl\t3.0.2-0ubuntu1.18+Fips1\tii ',
      ['fips'],
    ],
    ['their kernel', 'linux-image-fips\t5.4.0.1026\tamd64\tlinux-meta-fips\t5.4.0.1026\tii ', ['fips']],
    ['their kernel of a cloud', 'linux-azure-fips\t4.15.0.2026\tamd64\tlinux-azure-fips\t4.15.0.2026\tii ', ['fips']],
    ['one that was removed', 'openssl\t1.1.1f-1ubuntu2.fips.2.8\tamd64\topenssl\t1.1.1f-1ubuntu2.fips.2.8\trc ', []],
    ['an ordinary one about FIPS', 'fips-tools\t1.0\tall\tfips-tools\t1.0\tii ', []],
  ])('says by %s whether the device has packages of the FIPS archives', (_, line, modules) => {
    const { facts } = full(recorded.replace('#patchherd packages\n', `#patchherd packages\n${line}\n`));
    expect(facts.modules).toEqual(modules);
  });

  it.each([
    ['when there is none', ''],
    ['when it is switched off', 'Machine is not enabled. Please run a sudo command.'],
    [
      'when it was not applied',
      '{"Status":[{"Running":true,"Livepatch":{"State":"apply-failed","Fixes":[{"Name":"CVE-2023-31436","Patched":true}]}}]}',
    ],
    ['when its answer has another shape', '{"Status":{"Running":true}}'],
  ])('counts nothing as covered by a livepatch %s', (_, said) => {
    const answered = recorded.replace('#patchherd stamp', `#patchherd livepatch\n${said}\n#patchherd stamp`);
    expect(full(answered).facts.livepatched).toEqual([]);
  });

  it('lists what newer versions of apt defer by phasing', () => {
    const list =
      'The following upgrades have been deferred due to phasing:\n  acme-stuck\nThe following packages have been kept back:\n  acme-held acme-phased\n';
    const newer = recorded.replace(/The following packages have been kept back:\n.*\n/, list);
    expect(full(newer).offers.find(({ name }) => name === 'acme-stuck')).toMatchObject({ state: 'phased' });
  });
});

const withoutApt = missingPrograms(aptPrograms);
if (withoutApt.length > 0) console.warn(`skipped: these programs are not here: ${withoutApt.join(' ')}`);
describe.skipIf(withoutApt.length > 0)('the same device, made with the real apt', () => {
  it('is read as the recorded one, installs for a foreign architecture, and goes back', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'patchherd-mixed-'));
    try {
      const { root, native, foreign } = await makeMixedRoot(dir);
      const visit = await root.run(apt.scan(null));
      expectMixedDevice(full(visit.stdout), native, foreign);
      expect(full(visit.stdout).facts.livepatched).toEqual(['CVE-2023-31436', 'CVE-2023-34319']);

      const want = ['acme-lib', `acme-lib:${foreign}`].map((name) => ({ name, version: '1:1.0-2' }));
      const [simulation] = apt.readSimulations((await root.run(apt.simulate([want]))).stdout);
      expect(simulation).toMatchObject({ undo: 'downgrade', problem: null });
      expect(simulation?.transaction).toEqual([
        { name: 'acme-lib', arch: native, from: '1:1.0-1', to: '1:1.0-2' },
        { name: `acme-lib:${foreign}`, arch: foreign, from: '1:1.0-1', to: '1:1.0-2' },
      ]);
      const held = apt.simulate([[{ name: 'acme-held', version: '1.1' }]]);
      expect(apt.readSimulations((await root.run(held)).stdout)[0]?.problem).toMatch(/[Hh]eld packages/);
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  });
});

const shared = new URL('../../../../shared/data/', import.meta.url);
const hasShared = existsSync(shared);
if (!hasShared) console.warn('skipped: ../shared/data is not here');

/** A file of recorded data, unpacked. */
function read(path: string): string {
  const bytes = readFileSync(new URL(path, shared));
  return (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString();
}

describe.skipIf(!hasShared)('plans of real machines', () => {
  const rows = (path: string) =>
    read(path)
      .trim()
      .split('\n')
      .slice(1)
      .map((row) => row.split('\t'));

  it.each([
    ['bookworm', 128, 'debian/apt-get-s-dist-upgrade.bookworm.txt.gz', 'debian/upgrades.bookworm.tsv'],
    ['noble', 260, 'ubuntu/apt-get-s-dist-upgrade.noble.txt.gz', 'ubuntu/upgrades.noble.tsv'],
  ])('of %s have all %i upgrades, with their origins', (_, count, planFile, upgradesFile) => {
    const { installs } = readPlan(read(planFile).split('\n'), 'amd64');
    expect(installs.filter(({ from }) => from !== null)).toHaveLength(count);
    const found = installs.map(({ name, from, to, origins }) => {
      const security = origins.some((origin) => origin.endsWith('-security'));
      return [name, from ?? '', to, origins.join(', '), security ? 'yes' : 'no'];
    });
    expect(found.sort()).toEqual(rows(upgradesFile).sort());
  });

  it('of noble name what is new, held and kept back', () => {
    const noble = readPlan(read('ubuntu/apt-get-s-dist-upgrade.noble.txt.gz').split('\n'), 'amd64');
    expect(noble.installs.filter(({ from }) => from === null)).toHaveLength(24);
    expect([noble.keptBack, noble.removals]).toEqual([[], []]);
    const held = read('ubuntu/apt-get-s-dist-upgrade.noble-openssl-held-nginx-pinned.txt').split('\n');
    expect(readPlan(held, 'amd64').keptBack).toEqual(['openssl']);
    const phased = read('ubuntu/apt-get-s-dist-upgrade.noble-phased-kept-back.txt').split('\n');
    expect(readPlan(phased, 'amd64').keptBack).toEqual(['alsa-ucm-conf', 'libnma-common', 'libnma0']);
    expect(readPlan(phased, 'amd64').installs).toHaveLength(150);
  });

  it.each([
    ['debian/dpkg-query.bookworm.tsv', 'libssl3', 'openssl'],
    ['ubuntu/dpkg-query.noble.tsv', 'libssl3t64', 'openssl'],
  ])('belong to an inventory that is read in full: %s', (path, name, source) => {
    const lines = rows(path).map((row) => row.slice(0, 6).join('\t'));
    const first = read(path).split('\n')[0]?.split('\t').slice(0, 6).join('\t');
    const stdout = recorded
      .replace(/(#patchherd packages\n)[^#]*/, `$1${[first, ...lines].join('\n')}\n`)
      .replace(/(#patchherd plan 0\n)[^#]*/, '$1');
    const { packages } = full(stdout);
    expect(packages).toHaveLength(lines.length + 1);
    expect(packages.find((one) => one.name === name)).toMatchObject({ source, held: false, whole: true });
  });

  it('read a phased version from the policy, whichever archive also has an older one', () => {
    const policy = read('ubuntu/apt-cache-policy.systemd-phased.txt');
    const archives = [
      'Package files:',
      ' 500 http://archive.ubuntu.com/ubuntu noble-updates/main amd64 Packages',
      '     release v=24.04,o=Ubuntu,a=noble-updates,n=noble,l=Ubuntu,c=main,b=amd64',
    ].join('\n');
    const stdout = recorded
      .replace(/(#patchherd plan 0\n)[^#]*/, '$1The following packages have been kept back:\n  systemd\n')
      .replace(/(#patchherd archives\n)[^#]*/, `$1${archives}\n`)
      .replace(/(#patchherd policy\n)[^#]*/, `$1${policy}`)
      .replace(/(#patchherd sources\n)[^#]*/, '$1systemd 255.4-1ubuntu8.19 amd64 systemd 255.4-1ubuntu8.19\n');
    expect(full(stdout).offers).toEqual([
      {
        name: 'systemd',
        arch: 'amd64',
        from: null,
        to: '255.4-1ubuntu8.19',
        source: 'systemd',
        sourceVersion: '255.4-1ubuntu8.19',
        origins: ['Ubuntu:24.04/noble-updates'],
        security: false,
        state: 'phased',
      },
    ]);
  });
});
