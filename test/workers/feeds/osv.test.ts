/** An advisory in OSV form: what becomes of a record, and the traps of each distribution. */
import { describe, expect, it } from 'vitest';
import { osvAlmalinux, osvDebian, osvRocky, osvUbuntu } from '../../../workers/feeds/osv.ts';
import { fleet, given } from './advisories.ts';
import { newMirror } from './mirror.ts';
import { entry, range, record } from './osv-records.ts';

const mirror = newMirror();
const asked = (feed: typeof osvUbuntu, value: unknown, ...releases: string[]) =>
  given(feed.read(mirror.put('one.json', JSON.stringify(value)), fleet(...releases)));
const alma = (value: unknown) => asked(osvAlmalinux, value);

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
