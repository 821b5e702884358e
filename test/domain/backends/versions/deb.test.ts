import { describe, expect, it } from 'vitest';
import { compareDeb } from '../../../../domain/backends/versions/deb.ts';
import { expectAnAnswer, expectAnOrder, someVersions } from './laws.ts';
import { recordedPairs, wronglyOrdered } from './recorded.ts';

const pairs = recordedPairs('deb');

describe('the order of Debian versions', () => {
  it.skipIf(!pairs)('is that of libapt for every recorded pair, both ways round', () => {
    expect(pairs?.length).toBe(11_749);
    expect(wronglyOrdered(compareDeb, pairs ?? [])).toEqual([]);
  });

  it.each([
    ['1.0', '1.0-0', 0],
    ['0:1.0-1', '1.0-1', 0],
    ['1:0.9', '2.0', 1],
    ['1.0~rc1', '1.0', -1],
    ['1.0~~', '1.0~', -1],
    ['1.0+b1', '1.0', 1],
    ['1.2.3', '1.2.03', 0],
    ['1.0-1', '1.0-1+b1', -1],
    ['1.0a', '1.0+', -1],
    ['2.27-1', '2.27-1+b1', -1],
    ['1.0-1-1', '1.0-1-2', -1],
  ] as const)('puts %s and %s as %i', (a, b, order) => {
    expect(compareDeb(a, b)).toBe(order);
  });

  it.each(['', 'abc', '1.0 ', '1:', ':1', '1.0-', '1.0_2', '1.0\n', '1;id', 'a:1.0', '1.0/2', '1.0:2'])(
    'says that %j is no version',
    (text) => {
      expect(compareDeb(text, '1.0')).toBeNull();
      expect(compareDeb('1.0', text)).toBeNull();
    },
  );

  it('compares numbers of any length, and long texts in no time', () => {
    expect(compareDeb(`1.${'9'.repeat(400)}`, `1.1${'0'.repeat(400)}`)).toBe(-1);
    const long = `1${'-.+~'.repeat(20_000)}`;
    expect(compareDeb(`${long}1`, `${long}2`)).toBe(-1);
    expect(compareDeb(`${long}!`, long)).toBeNull();
  });

  it('is an order', () => {
    const beginnings = ['0', '1', '2', '1:0', '1:1', '00'];
    const pieces = ['0', '1', '00', '9', '10', 'a', 'Z', '~', '+', '.', '-', '~~', 'rc', '+b1'];
    expectAnOrder(compareDeb, someVersions(compareDeb, { beginnings, pieces, seed: 7, count: 160 }));
  });

  it('answers hostile texts', () => {
    expectAnAnswer(compareDeb, '1.0-1');
  });
});
