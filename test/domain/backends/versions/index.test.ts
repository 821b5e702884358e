import { describe, expect, it } from 'vitest';
import { comparators, compareFor, kindFor, versionKinds } from '../../../../domain/backends/versions/index.ts';

describe('which order a release has', () => {
  it.each([
    ['debian:12', 'deb'],
    ['ubuntu:24.04', 'deb'],
    ['almalinux:9', 'rpm'],
    ['rocky:9', 'rpm'],
    ['rhel:9', 'rpm'],
    ['centos:9', 'rpm'],
    ['centos', 'rpm'],
    ['ol:9', 'rpm'],
    ['amzn:2023', 'rpm'],
    ['fedora:43', 'rpm'],
    ['opensuse-leap:15.6', 'rpm'],
    ['sles:15', 'rpm'],
    ['alpine:3.19', 'apk'],
  ] as const)('of %s is that of %s', (release, kind) => {
    expect(kindFor(release)).toBe(kind);
    expect(compareFor(release)).toBe(comparators[kind]);
  });

  it.each(['', ':', 'windows:11', 'debianish:12', 'DEBIAN:12', 'constructor', '__proto__:1'])(
    'of %j nobody knows',
    (release) => {
      expect(kindFor(release)).toBeNull();
      expect(compareFor(release)).toBeNull();
    },
  );

  it('differs between the kinds where it matters', () => {
    expect(versionKinds.map((kind) => comparators[kind]('1.0~1', '1.0'))).toEqual([-1, -1, 1]);
    expect(versionKinds.map((kind) => comparators[kind]('1.0', '1.0-0'))).toEqual([0, -1, null]);
  });
});
