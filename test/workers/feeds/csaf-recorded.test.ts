/** Recorded archives of Red Hat's and SUSE's CSAF documents, with exact counts. */
import { describe, expect, it } from 'vitest';
import type { Advisory } from '../../../domain/model/advisory.ts';
import { redhatCsaf, redhatVex } from '../../../workers/feeds/redhat.ts';
import { suseCsaf } from '../../../workers/feeds/suse.ts';
import { counted, fleet, given } from './advisories.ts';
import { hasProgram } from './served.ts';
import { recorded } from './shelf.ts';

const zstd = hasProgram('zstd');
const bzip2 = hasProgram('bzip2');
const places = ({ affected }: Advisory) =>
  counted(affected.map(({ release, names, fixed, status }) => `${release} ${names} ${fixed ? 'fixed' : status}`));

describe('recorded CSAF archives', () => {
  const redhat = recorded('rpm/csaf-redhat-advisories.sample.tar.zst');
  it.skipIf(!redhat || !zstd)(
    'of Red Hat hold four advisories for paid streams of RHEL, and one for OpenStack that is passed over',
    async () => {
      const { advisories, dropped, code } = await given(redhatCsaf.read(redhat ?? '', fleet()));
      expect([dropped, code]).toEqual([[], null]);
      expect(Object.fromEntries(advisories.map((one) => [one.id, places(one)]))).toEqual({
        'RHSA-2023:7434': {
          'rhel-aus:8.2 binary fixed': 18,
          'rhel-e4s:8.2 binary fixed': 18,
          'rhel-tus:8.2 binary fixed': 18,
          'rhel-aus:8.2 binary not-affected': 1,
          'rhel-e4s:8.2 binary not-affected': 1,
          'rhel-tus:8.2 binary not-affected': 1,
        },
        'RHSA-2023:7435': {
          'rhel-aus:8.2 binary fixed': 37,
          'rhel-e4s:8.2 binary fixed': 42,
          'rhel-tus:8.2 binary fixed': 41,
        },
        'RHSA-2023:7436': {
          'rhel-aus:8.2 binary fixed': 7,
          'rhel-e4s:8.2 binary fixed': 7,
          'rhel-tus:8.2 binary fixed': 7,
        },
        'RHSA-2023:7464': { 'rhel-eus:8.8 binary fixed': 34 },
      });
      // The kernel's says that the machine must be restarted, the others that nothing must.
      expect(advisories.filter(({ reboot }) => reboot).map(({ id }) => id)).toEqual(['RHSA-2023:7434']);
      expect(counted(advisories.map(({ vendorSeverity }) => vendorSeverity))).toEqual({ Important: 2, Moderate: 2 });
    },
  );
  it.skipIf(!redhat || !zstd)('of Red Hat have nothing for a device of RHEL 8 itself', async () => {
    expect(await given(redhatCsaf.read(redhat ?? '', fleet('rhel:8')))).toMatchObject({
      advisories: [],
      dropped: [],
      code: null,
    });
  });
  const single = recorded('rpm/csaf-rhsa-2023_7435.json.gz');
  it.skipIf(!single)('may be one packed document', async () => {
    const { advisories } = await given(redhatCsaf.read(single ?? '', fleet()));
    expect(advisories).toHaveLength(1);
    expect(advisories[0]).toMatchObject({
      id: 'RHSA-2023:7435',
      cves: ['CVE-2023-37920', 'CVE-2023-43804'],
      severity: 'moderate',
      modified: new Date('2024-08-11T08:04:44Z'),
    });
  });

  const vex = recorded('rpm/redhat-vex/csaf_vex_2024-08-04.tar.zst');
  it.skipIf(!vex || !zstd)('of Red Hat VEX hold what is open and what is unharmed', async () => {
    const { advisories, dropped, code } = await given(
      redhatVex.read(vex ?? '', fleet('rhel:6', 'rhel:7', 'rhel:8', 'rhel:9')),
    );
    expect([dropped, code]).toEqual([[], null]);
    expect(Object.fromEntries(advisories.map((one) => [one.id, places(one)]))).toEqual({
      'CVE-2023-6212': { 'rhel:6 source affected': 2 },
      'CVE-2023-6228': { 'rhel:6 source affected': 1, 'rhel:7 source affected': 2, 'rhel:8 source affected': 2 },
      'CVE-2023-6237': {
        'rhel:9 source affected': 1,
        'rhel:9 binary not-affected': 1,
        'rhel:9 source not-affected': 3,
        'rhel:6 source not-affected': 1,
        'rhel:7 source not-affected': 2,
        'rhel:8 source not-affected': 4,
      },
      'CVE-2023-6238': {
        'rhel:6 source not-affected': 1,
        'rhel:7 source not-affected': 2,
        'rhel:8 source not-affected': 2,
        'rhel:9 source not-affected': 2,
      },
      'CVE-2023-6240': {
        'rhel:6 source affected': 1,
        'rhel:7 source affected': 2,
        'rhel:9 source affected': 1,
        'rhel:9 binary not-affected': 1,
      },
    });
  });

  const suse = recorded('rpm/suse/csaf.tar.bz2');
  it.skipIf(!suse || !bzip2)(
    'of SUSE hold two updates for servers and desktops, and one for an add-on that is passed over',
    async () => {
      const { advisories, dropped, code } = await given(suseCsaf.read(suse ?? '', fleet()));
      expect([dropped, code]).toEqual([[], null]);
      expect(Object.fromEntries(advisories.map((one) => [one.id, places(one)]))).toEqual({
        'SUSE-SU-2015:0011-2': { 'sles:11.2 binary fixed': 8 },
        'SUSE-SU-403': {
          'sled:12 binary fixed': 16,
          'sled:12.1 binary fixed': 16,
          'sles:11.1 binary fixed': 7,
          'sles:12 binary fixed': 11,
          'sles:12.1 binary fixed': 11,
        },
      });
      expect(advisories.map(({ cves }) => cves.length)).toEqual([7, 54]);
    },
  );
});
