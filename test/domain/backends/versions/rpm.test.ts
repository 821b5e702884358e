import { describe, expect, it } from 'vitest';
import { compareRpm } from '../../../../domain/backends/versions/rpm.ts';
import { expectAnAnswer, expectAnOrder, someVersions } from './laws.ts';
import { recordedPairs, wronglyOrdered } from './recorded.ts';

const pairs = recordedPairs('rpm');

describe('the order of rpm versions', () => {
  it.skipIf(!pairs)('is that of rpm for every recorded pair, both ways round', () => {
    expect(pairs?.length).toBe(4637);
    expect(wronglyOrdered(compareRpm, pairs ?? [])).toEqual([]);
  });

  it.each([
    ['a missing epoch is 0', '1.0-1', '0:1.0-1', 0],
    ['an empty epoch is 0', ':1.0-1', '1.0-1', 0],
    ['an epoch beats every version', '1:0.1-1', '99-1', 1],
    ['epochs are numbers', '10:1-1', '9:1-1', 1],
    ['a release without one is before every release', '1.0', '1.0-0', -1],
    ['the release starts after the last dash', '1.0-2-1', '1.0-1-9', 1],
    ['tilde is before the end', '1.0~rc1-1', '1.0-1', -1],
    ['two tildes are before one', '1.0~~-1', '1.0~-1', -1],
    ['caret is after the end', '1.0^git1-1', '1.0-1', 1],
    ['caret is before everything else', '1.0^git1-1', '1.0.1-1', -1],
    ['tilde is before caret', '1.0~-1', '1.0^-1', -1],
    ['letters are before numbers', '1.a-1', '1.0-1', -1],
    ['letters are after the end', '1.0a-1', '1.0-1', 1],
    ['capitals are before small letters', '1.A-1', '1.a-1', -1],
    ['leading zeros count nothing', '1.007-1', '1.7-1', 0],
    ['only zeros are zero', '1.000-1', '1.0-1', 0],
    ['separators are all alike', '1_0+2-1', '1.0.2-1', 0],
    ['what runs on is one piece', '1.10-1', '1.1.0-1', 1],
    ['numbers may be longer than any machine word', `1.${'9'.repeat(200)}-1`, `1.1${'0'.repeat(200)}-1`, -1],
    ['distribution tags count', '1.1.1k-12.el8_9', '1.1.1k-12.el8_10', -1],
    ['module tags count', '1-1.module+el9.1.0+2', '1-1.module+el9.1.0+10', -1],
    ['letters outside of ASCII are separators', '1.1.α-1', '1.1.β-1', 0],
  ] as const)('holds that %s', (_, a, b, order) => {
    expect(compareRpm(a, b)).toBe(order);
    expect(compareRpm(b, a)).toBe(0 - order);
  });

  it.each(['', '1:', '-1', '1:-1', '1.0 ', ' 1.0', '1\t0', '1\n', '1\0', '1\u00a00', `1.${'0'.repeat(511)}`])(
    'says that %j is no version',
    (text) => {
      expect(compareRpm(text, '1.0-1')).toBeNull();
      expect(compareRpm('1.0-1', text)).toBeNull();
      expect(compareRpm(text, text)).toBeNull();
    },
  );

  it('is an order', () => {
    const beginnings = ['0', '1', '01', '2:1', '0:1', ':1', 'a', '~', '^', '_', '1-1', '1-'];
    const pieces = ['0', '1', '00', '9', '10', 'a', 'Z', 'rc', '~', '^', '.', '_', '+', '-', '~~', '^git1', 'α'];
    expectAnOrder(compareRpm, someVersions(compareRpm, { beginnings, pieces, seed: 11, count: 160 }));
  });

  it('answers hostile texts', () => {
    expectAnAnswer(compareRpm, '1.0-1');
  });
});
