/** OSV's names of releases in ours, with what is special about each. */
import { describe, expect, it } from 'vitest';
import { placeOf } from '../../../workers/feeds/osv-ecosystem.ts';

const plain = { names: 'source', requires: null, module: null };

describe('an OSV ecosystem', () => {
  it.each([
    ['Debian:12', 'debian:12'],
    ['Debian:6.0', 'debian:6'],
    ['Ubuntu:22.04:LTS', 'ubuntu:22.04'],
    ['Ubuntu:24.10', 'ubuntu:24.10'],
    ['Ubuntu:22.04:LTS:for:NVIDIA:BlueField', 'ubuntu:22.04'],
    ['Alpine:v3.19', 'alpine:3.19'],
    ['Rocky Linux:9', 'rocky:9'],
    ['openSUSE:Leap 15.6', 'opensuse-leap:15.6'],
    ['SUSE:Linux Enterprise Server 15 SP5', 'sles:15.5'],
    ['SUSE:Linux Enterprise Server 12', 'sles:12'],
    ['SUSE:Linux Enterprise Server 15 SP3-LTSS', 'sles:15.3'],
    ['SUSE:Linux Enterprise Server for SAP Applications 12 SP1', 'sles:12.1'],
    ['SUSE:Linux Enterprise Module for Basesystem 15 SP5', 'sles:15.5'],
    ['SUSE:Package Hub 12', 'sles:12'],
    ['SUSE:Linux Enterprise Desktop 12 SP1', 'sled:12.1'],
    ['SUSE:Linux Enterprise Micro 5.5', 'sle-micro:5.5'],
    ['SUSE:Linux Micro 6.0', 'sl-micro:6.0'],
  ])('%s is %s, and names source packages', (ecosystem, release) => {
    expect(placeOf(ecosystem)).toEqual({ ...plain, release });
  });

  it('of AlmaLinux names binary packages', () => {
    expect(placeOf('AlmaLinux:9')).toEqual({ ...plain, release: 'almalinux:9', names: 'binary' });
  });

  it.each(['Ubuntu:Pro:18.04:LTS', 'Ubuntu:Pro:24.04:LTS:Realtime:Kernel'])('%s has to be paid for', (ecosystem) => {
    expect(placeOf(ecosystem)).toMatchObject({ requires: 'ubuntu-pro', module: null });
  });

  it('of an Ubuntu FIPS archive is for devices that have it, because its versions do not compare with the ordinary ones', () => {
    for (const name of ['FIPS', 'FIPS-updates', 'FIPS-preview']) {
      const fips = { release: 'ubuntu:20.04', names: 'source', requires: 'ubuntu-pro', module: 'fips' };
      expect(placeOf(`Ubuntu:Pro:${name}:20.04:LTS`)).toEqual(fips);
    }
  });

  it.each([
    'Debian',
    'Debian:unstable',
    'Alpine',
    'Alpine:edge',
    'openSUSE:Tumbleweed',
    'Ubuntu',
    'Ubuntu:Pro',
    'npm',
    'constructor',
    '',
    'Debian:12; rm -rf /',
  ])('%j is no release that a device can have', (ecosystem) => {
    expect(placeOf(ecosystem)).toBeNull();
  });
});
