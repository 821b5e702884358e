import { describe, expect, it } from 'vitest';
import { thirdPartyOf } from '../../../domain/intel/third-party.ts';

describe('who makes a patch', () => {
  it.each([
    ['debian:12', ['Debian:12.6/oldstable'], null],
    ['debian:12', ['Debian-Security:12/oldstable-security'], null],
    ['debian:12', ['Debian Backports:bookworm-backports'], null],
    ['ubuntu:24.04', ['Ubuntu:24.04/noble-updates', 'Ubuntu:24.04/noble-security'], null],
    ['ubuntu:24.04', ['UbuntuESMApps:24.04/noble-apps-security'], null],
    ['debian:12', ['Google LLC:1.0/stable'], 'Google LLC'],
    ['debian:12', ['Acme-Security:acme-security'], 'Acme-Security'],
    // A mirror that somebody added beside the distribution's own does not make it somebody else's.
    ['debian:12', ['Acme:12/stable', 'Debian:12.6/oldstable'], null],
    ['debian:12', ['Ubuntu:24.04/noble'], 'Ubuntu'],
    ['debian:12', [], null],
    ['debian:12', [':'], null],
  ])('on %s from %j is %j', (platform, origins, maker) => {
    expect(thirdPartyOf(platform, origins)).toBe(maker);
  });
});
