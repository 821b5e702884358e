/** Advisories in OSV form: the recorded archives with exact counts, the traps of each distribution, bad records and files. */
import { describe, expect, it } from 'vitest';
import {
  osvAlmalinux,
  osvAlpine,
  osvDebian,
  osvOpensuse,
  osvRocky,
  osvSuse,
  osvUbuntu,
} from '../../../workers/feeds/osv.ts';
import { counted, fleet, type Given, given, zipOf } from './advisories.ts';
import { newMirror } from './mirror.ts';
import { recorded } from './shelf.ts';

const mirror = newMirror();
const range = (...events: readonly object[]) => [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }, ...events] }];
const entry = (ecosystem: string, name: string, fixed: string) => ({
  package: { ecosystem, name },
  ranges: range({ fixed }),
});
const record = {
  id: 'ALSA-2026:0001',
  modified: '2026-08-01T10:00:00Z',
  published: '2026-07-31T00:00:00Z',
  summary: 'Important: curl security update',
  details: 'Fixes a fault.',
  related: ['CVE-2026-0001'],
  affected: [entry('AlmaLinux:9', 'curl', '7.76.1-29.el9')],
};
const asked = (feed: typeof osvUbuntu, value: unknown, ...releases: string[]) =>
  given(feed.read(mirror.put('one.json', JSON.stringify(value)), fleet(...releases)));
const alma = (value: unknown) => asked(osvAlmalinux, value);

describe('the recorded AlmaLinux 9 errata', () => {
  const file = recorded('rpm/almalinux9-osv.2026-08-21.tar.xz');
  let all: Promise<Given> | undefined;
  const everything = (): Promise<Given> => {
    all ??= given(osvAlmalinux.read(file ?? '', fleet()));
    return all;
  };
  it.skipIf(!file)('are 1,783 advisories without a dropped one, with 24,012 entries', async () => {
    const { advisories, dropped, code } = await everything();
    expect([advisories.length, dropped.length, code]).toEqual([1783, 0, null]);
    expect(advisories.flatMap(({ affected }) => affected)).toHaveLength(24_012);
    expect(advisories.every(({ affected }) => affected.every(({ names }) => names === 'binary'))).toBe(true);
    expect(counted(advisories.map(({ vendorSeverity }) => vendorSeverity))).toEqual({
      Critical: 13,
      Important: 925,
      Moderate: 778,
      Low: 66,
      None: 1,
    });
    expect(counted(advisories.map(({ severity }) => severity))).toMatchObject({ critical: 13, unrated: 1 });
  });

  it.skipIf(!file)('name their CVEs in the addresses where no field has them', async () => {
    const { advisories } = await everything();
    const toolbox = advisories.find(({ id }) => id === 'ALSA-2023:6077');
    expect(toolbox?.cves).toEqual(['CVE-2023-39325', 'CVE-2023-44487']);
    const none = advisories.filter(({ cves }) => cves.length === 0);
    expect(none).toMatchObject([
      { id: 'ALBA-2026:39332', kind: 'bugfix', severity: 'unrated', vendorSeverity: 'None' },
    ]);
  });

  it.skipIf(!file)('know the stream of each of their 1,668 module packages', async () => {
    const { advisories } = await everything();
    const modular = advisories.flatMap(({ affected }) => affected).filter(({ fixed }) => fixed?.includes('.module'));
    expect(modular).toHaveLength(1668);
    expect(modular.filter(({ module }) => module === null)).toEqual([]);
    expect(new Set(modular.map(({ module }) => module)).size).toBe(21);
  });

  it.skipIf(!file)('leave out what the fleet does not have', async () => {
    const { advisories } = await given(osvAlmalinux.read(file ?? '', fleet('almalinux:10', 'debian:12')));
    expect(advisories).toHaveLength(9);
    const releases = advisories.flatMap(({ affected }) => affected.map(({ release }) => release));
    expect(counted(releases)).toEqual({ 'almalinux:10': 216 });
  });
});

describe('recorded samples in OSV form', () => {
  const ubuntu = recorded('ubuntu/osv-all.sample.tar.xz');
  it.skipIf(!ubuntu)('of Ubuntu are a notice, a livepatch notice and a CVE with its priority', async () => {
    const { advisories, dropped } = await given(osvUbuntu.read(ubuntu ?? '', fleet()));
    expect(dropped).toEqual([]);
    const [cve, lsn, usn] = advisories;
    expect(cve).toMatchObject({ id: 'UBUNTU-CVE-2024-51988', cves: ['CVE-2024-51988'] });
    expect(cve).toMatchObject({ severity: 'moderate', vendorSeverity: 'medium', livepatch: false });
    expect(lsn).toMatchObject({ id: 'LSN-0108-1', livepatch: true, severity: 'unrated', vendorSeverity: null });
    expect(lsn?.affected.map(({ requires }) => requires)).toEqual(Array(6).fill('ubuntu-pro'));
    expect(usn).toMatchObject({ id: 'USN-7095-1', livepatch: false, kind: 'security' });
    expect(usn?.cves).toContain('CVE-2024-25741');
    expect(usn?.cves.every((id) => id.startsWith('CVE-'))).toBe(true);
    expect(usn?.affected.map(({ package: name, fixed, requires }) => [name, fixed, requires])).toEqual([
      ['linux-nvidia-6.8', '6.8.0-1017.19~22.04.1', null],
      ['linux-nvidia', '6.8.0-1017.19', null],
      ['linux-nvidia-lowlatency', '6.8.0-1017.19.1', null],
    ]);
  });

  const debian = recorded('debian/osv-all.sample.zip');
  it.skipIf(!debian)('of Debian name source packages', async () => {
    const { advisories, dropped } = await given(osvDebian.read(debian ?? '', fleet()));
    expect(dropped).toEqual([]);
    expect(advisories.map(({ id, affected }) => [id, affected[0]?.release, affected[0]?.package])).toEqual([
      ['DLA-0001-1', 'debian:6', 'gnutls26'],
      ['DSA-135', 'debian:3', 'libapache-mod-ssl'],
      ['DTSA-1-1', 'debian:4', 'kismet'],
    ]);
  });

  const alpine = recorded('alpine/osv-all.sample.zip');
  it.skipIf(!alpine)('of Alpine leave the entries of other distributions to their own feeds', async () => {
    const { advisories } = await given(osvAlpine.read(alpine ?? '', fleet()));
    const wget = advisories.find(({ id }) => id === 'CVE-2024-10524');
    expect(wget?.affected.map(({ release, fixed }) => [release, fixed])).toEqual([
      ['alpine:3.21', '1.25.0-r0'],
      ['alpine:3.22', '1.25.0-r0'],
    ]);
    expect(advisories.find(({ id }) => id === 'ALPINE-CVE-2023-46850')?.cves).toEqual(['CVE-2023-46850']);
  });

  const rocky = recorded('rpm/rocky/all.zip');
  it.skipIf(!rocky)('of Rocky Linux name source packages and rate in the first word', async () => {
    const { advisories, dropped } = await given(osvRocky.read(rocky ?? '', fleet('rocky:9')));
    expect(dropped).toEqual([]);
    expect(advisories).toMatchObject([
      {
        id: 'RLSA-2023:0005',
        severity: 'important',
        vendorSeverity: 'Important',
        affected: [{ release: 'rocky:9', names: 'source', package: 'bcel', fixed: '0:6.4.1-9.el9_1' }],
      },
    ]);
  });

  const suse = recorded('rpm/suse/osv.tar.bz2');
  it.skipIf(!suse)('of SUSE drop the record whose id is an error page, and pass over the index', async () => {
    const { advisories, dropped } = await given(osvSuse.read(suse ?? '', fleet('sles:12')));
    expect(dropped).toEqual([{ kind: 'dropped', where: 'osv/SUSE-SU-403 Forbidden-1.json', why: 'Its id is none.' }]);
    expect(advisories.map(({ id }) => id).sort()).toEqual(['SUSE-SU-403', 'openSUSE-SU-2016:1623-1']);
    const qt = advisories.find(({ id }) => id === 'SUSE-SU-403')?.affected;
    // Server, Server for SAP, SDK and Workstation Extension say the same.
    expect(qt?.filter(({ package: name }) => name === 'libqt4')).toHaveLength(1);
  });
});

describe('an OSV record', () => {
  it('becomes an advisory of ours', async () => {
    const { advisories } = await alma({
      ...record,
      references: [{ type: 'ADVISORY', url: 'https://errata.example/1' }],
    });
    expect(advisories).toEqual([
      {
        id: 'ALSA-2026:0001',
        feed: 'osv-almalinux',
        title: 'Important: curl security update',
        text: 'Fixes a fault.',
        kind: 'security',
        cves: ['CVE-2026-0001'],
        severity: 'important',
        vendorSeverity: 'Important',
        affected: [
          {
            release: 'almalinux:9',
            names: 'binary',
            package: 'curl',
            introduced: null,
            fixed: '7.76.1-29.el9',
            status: 'affected',
            requires: null,
            module: null,
          },
        ],
        published: new Date('2026-07-31T00:00:00Z'),
        modified: new Date('2026-08-01T10:00:00Z'),
        withdrawn: null,
        reboot: false,
        livepatch: false,
        references: ['https://errata.example/1'],
      },
    ]);
  });

  it('may have its CVEs in related, aliases or upstream', async () => {
    const { advisories } = await alma({
      ...record,
      related: ['UBUNTU-CVE-2026-0002', 'GHSA-1'],
      aliases: ['CVE-2026-0001'],
      upstream: ['CVE-2026-0003', 'CVE-2026-0001', 'CVE-x'],
    });
    expect(advisories[0]?.cves).toEqual(['CVE-2026-0001', 'CVE-2026-0002', 'CVE-2026-0003']);
  });

  it.each([
    [
      'two ranges of versions',
      [{ fixed: '2' }, { introduced: '3' }, { fixed: '4' }],
      [
        [null, '2', 'affected'],
        ['3', '4', 'affected'],
      ],
    ],
    ['no fix', [], [[null, null, 'affected']]],
    ['a last affected version', [{ last_affected: '2' }], [[null, null, 'unknown']]],
    [
      'a fault that came back and has no fix',
      [{ fixed: '2' }, { introduced: '3' }],
      [
        [null, '2', 'affected'],
        ['3', null, 'affected'],
      ],
    ],
  ])('with %s is all of them', async (_, events, expected) => {
    const affected = [
      { package: { ecosystem: 'AlmaLinux:9', name: 'curl' }, ranges: range(...events), versions: ['9', '10'] },
    ];
    const { advisories } = await alma({ ...record, affected });
    const spans = advisories[0]?.affected.map(({ introduced, fixed, status }) => [introduced, fixed, status]);
    expect(spans).toEqual(expected);
  });

  it('whose events begin with the fix is read all the same', async () => {
    const ranges = [{ type: 'ECOSYSTEM', events: [{ fixed: '2' }, { introduced: '0' }] }];
    const { advisories } = await alma({
      ...record,
      affected: [{ package: { ecosystem: 'AlmaLinux:9', name: 'curl' }, ranges }],
    });
    expect(advisories[0]?.affected).toMatchObject([{ introduced: null, fixed: '2', status: 'affected' }]);
  });

  it('with a list of versions and no range does not say which others are affected', async () => {
    const affected = [{ package: { ecosystem: 'AlmaLinux:9', name: 'curl' }, versions: ['1', '2'] }];
    const { advisories } = await alma({ ...record, affected });
    expect(advisories[0]?.affected).toMatchObject([{ introduced: null, fixed: null, status: 'unknown' }]);
  });

  it('takes the epoch of a Rocky package from the purl where the version has none', async () => {
    const of = (fixed: string, epoch: number) => ({
      package: {
        ecosystem: 'Rocky Linux:9',
        name: 'openssl',
        purl: `pkg:rpm/rocky-linux/openssl?distro=rocky-9&epoch=${epoch}`,
      },
      ranges: range({ fixed }),
    });
    const { advisories } = await asked(osvRocky, {
      ...record,
      affected: [of('3.0.1-1.el9', 1), of('1:3.0.2-1.el9', 1), of('3.0.3-1.el9', 0)],
    });
    expect(advisories[0]?.affected.map(({ fixed }) => fixed)).toEqual([
      '1:3.0.1-1.el9',
      '1:3.0.2-1.el9',
      '3.0.3-1.el9',
    ]);
  });

  it('is for each of the streams that its title names', async () => {
    const affected = [
      entry('AlmaLinux:8', 'libvirt', '8.0.0-1.module_el8.6.0+1+2'),
      entry('AlmaLinux:8', 'curl', '7-1.el8'),
    ];
    const { advisories } = await alma({
      ...record,
      summary: 'Moderate: virt:rhel and virt-devel:rhel security update',
      affected,
    });
    expect(advisories[0]?.affected.map(({ package: name, module }) => [name, module])).toEqual([
      ['libvirt', 'virt:rhel'],
      ['libvirt', 'virt-devel:rhel'],
      ['curl', null],
    ]);
  });

  it('that was withdrawn says when', async () => {
    const { advisories } = await alma({ ...record, withdrawn: '2026-08-02T00:00:00Z' });
    expect(advisories[0]?.withdrawn).toEqual(new Date('2026-08-02T00:00:00Z'));
  });

  it.each([
    ['Ubuntu, in the severity', { severity: [{ type: 'Ubuntu', score: 'negligible' }] }, 'low', 'negligible'],
    ['an authority, in database_specific', { database_specific: { severity: 'HIGH' } }, 'important', 'HIGH'],
    [
      'nobody but CVSS',
      { severity: [{ type: 'CVSS_V3', score: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H' }] },
      'critical',
      null,
    ],
    [
      'CVSS with two vectors',
      {
        severity: ['CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N', 'CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:N/I:H/A:N'].map(
          (score) => ({ type: 'CVSS_V3', score }),
        ),
      },
      'moderate',
      null,
    ],
    ['a broken vector', { severity: [{ type: 'CVSS_V3', score: 'CVSS:3.1/AV:N' }] }, 'unrated', null],
    ['nobody', {}, 'unrated', null],
  ])('rated by %s is %4$s', async (_, rating, severity, vendorSeverity) => {
    const { advisories } = await asked(osvUbuntu, {
      ...record,
      id: 'USN-1-1',
      summary: 'curl vulnerabilities',
      affected: [entry('Ubuntu:24.04:LTS', 'curl', '8-1')],
      ...rating,
    });
    expect(advisories[0]).toMatchObject({ severity, vendorSeverity });
  });

  it('takes the vendor’s word before CVSS, and the worst of its words for the wanted releases', async () => {
    const urgent = (release: string, urgency: string) => ({
      ...entry(release, 'curl', '8-1'),
      ecosystem_specific: { urgency },
    });
    const value = {
      ...record,
      id: 'DEBIAN-CVE-2026-0001',
      summary: null,
      severity: [{ type: 'CVSS_V3', score: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H' }],
      affected: [
        urgent('Debian:11', 'high'),
        urgent('Debian:12', 'unimportant'),
        urgent('Debian:13', 'not yet assigned'),
      ],
    };
    const both = await asked(osvDebian, value, 'debian:11', 'debian:12');
    expect(both.advisories[0]).toMatchObject({ severity: 'important', vendorSeverity: 'high' });
    const one = await asked(osvDebian, value, 'debian:12');
    expect(one.advisories[0]).toMatchObject({ severity: 'low', vendorSeverity: 'unimportant' });
    const none = await asked(osvDebian, value, 'debian:13');
    expect(none.advisories[0]).toMatchObject({ severity: 'critical', vendorSeverity: null });
  });

  it('of Ubuntu may say in words that it has to be paid for', async () => {
    const said = (availability: string) => ({
      ...entry('Ubuntu:24.04:LTS', 'curl', '8-1'),
      ecosystem_specific: { availability },
    });
    const { advisories } = await asked(osvUbuntu, {
      ...record,
      affected: [said('Available with Ubuntu Pro: https://ubuntu.com/pro'), said('No subscription required')],
    });
    expect(advisories[0]?.affected.map(({ requires }) => requires)).toEqual(['ubuntu-pro', null]);
  });

  it.each([
    ['ALBA-2026:1', 'bugfix'],
    ['RLEA-2026:1', 'feature'],
    ['ALSA-2026:1', 'security'],
  ])('named %s without a CVE is a %s', async (id, kind) => {
    const { advisories } = await alma({ ...record, id, related: [] });
    expect(advisories[0]?.kind).toBe(kind);
  });

  it('loses whatever could pass for something else in titles and addresses', async () => {
    const { advisories } = await alma({
      ...record,
      summary: 'Low: <script>alert(1)</script>\u202e\u0007 curl\n<!channel>',
      details: 'a\u0000b',
      references: [
        { type: 'WEB', url: 'javascript:alert(1)' },
        { type: 'WEB', url: 'http://plain.example/' },
      ],
    });
    expect(advisories[0]).toMatchObject({
      title: 'Low: <script>alert(1)</script> curl <!channel>',
      text: 'ab',
      references: [],
    });
  });
});

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
        mirror.put('all.zip', zipOf({ 'a.json': record, 'b.json': bad, 'c.json': { ...record, id: 'ALSA-2' } })),
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
    ['a zip', zipOf({ 'x/a.json': record, 'x/b.json': other, 'readme.md': 'text' })],
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

  const whole = zipOf({ 'a.json': record });
  it.each([
    ['a web page', '<!doctype html><title>Not found</title>'],
    ['an empty file', ''],
    ['a list of nothing', '[]'],
    ['an index of records', JSON.stringify([{ id: 'ALSA-1', modified: '2026-01-01T00:00:00Z' }])],
    ['another feed’s file', JSON.stringify({ catalogVersion: '1', vulnerabilities: [] })],
    ['an archive without records', zipOf({ 'readme.md': 'text' })],
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
