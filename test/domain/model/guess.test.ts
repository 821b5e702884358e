import { describe, expect, it } from 'vitest';
import { nearest } from '../../../domain/model/guess.ts';

describe('a guess', () => {
  it.each([
    ['openslls', ['openssh', 'openssl', 'nginx'], 'openssl'],
    ['WEB-1', ['web-1', 'web-2'], 'web-1'],
    ['wbe-1', ['web-1', 'mail'], 'web-1'],
    ['zzyzx', ['openssl', 'nginx'], null],
    ['openssl', [], null],
    ['', ['openssl'], null],
  ] as const)('for "%s" among %j is %s', (typed, known, wanted) => {
    expect(nearest(typed, known)).toBe(wanted);
  });
});
