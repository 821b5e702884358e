import { describe, expect, it } from 'vitest';
import { apt } from '../../../domain/backends/apt.ts';
import { isPackageName, isVersion } from '../../../domain/backends/apt-names.ts';
import type { OpId } from '../../../domain/model/ids.ts';

const hostile = [
  '-oDpkg::Pre-Invoke::=id',
  '--allow-downgrades',
  'a;id',
  'a b',
  'a$(id)',
  'a`id`',
  'a\nb',
  'a\u0000b',
  '../etc/passwd',
  '/tmp/a.deb',
  './a.deb',
  'a"b',
  "a'b",
  'a\\b',
  'a=1',
  'a/bookworm',
  'a*',
  'a?',
  'A',
  'ä',
  'a',
  '',
  `a${'a'.repeat(200)}`,
  'libc6:',
  'libc6:-x',
];

describe('names for apt', () => {
  it.each(['bash', 'g++', 'libstdc++6', '0ad', 'libc6:i386', 'python3.11-minimal', 'linux-image-6.1.0-18-amd64'])(
    'accepts the package name %s',
    (name) => {
      expect(isPackageName(name)).toBe(true);
    },
  );

  it.each(['1', '1:4.13+dfsg1-1+deb12u2', '255.4-1ubuntu8.19', '2.36-9~bpo12+1', '6.8.0-31.31'])(
    'accepts the version %s',
    (version) => {
      expect(isVersion(version)).toBe(true);
    },
  );

  it.each(hostile)('lets %j into no simulation and no order', (text) => {
    expect(isPackageName(text)).toBe(false);
    expect(isVersion(text)).toBe(false);
    const refusal = expect.objectContaining({ code: 'package.bad-name', retryable: false });
    expect(() => apt.simulate([[{ name: text, version: '1' }]])).toThrow(refusal);
    expect(() => apt.simulate([[{ name: 'bash', version: text }]])).toThrow(refusal);
    const order = (name: string, to: string) =>
      apt.order({ op: 'prepare', id: 'p1' as OpId, fence: 1, items: [{ name, arch: 'all', from: null, to }] }, 'none');
    expect(() => order(text, '1')).toThrow(refusal);
    expect(() => order('bash', text)).toThrow(refusal);
  });
});
