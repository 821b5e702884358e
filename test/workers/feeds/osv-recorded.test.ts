/** Recorded archives and samples in OSV form, with exact counts. */
import { describe, expect, it } from 'vitest';
import { osvAlmalinux, osvAlpine, osvDebian, osvRocky, osvSuse, osvUbuntu } from '../../../workers/feeds/osv.ts';
import { counted, fleet, type Given, given } from './advisories.ts';
import { recorded } from './shelf.ts';

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
