import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { compareDeb } from '../../../../domain/backends/versions/deb.ts';
import { seeded } from '../../../random.ts';

/** Pairs from real archives with the order that libapt gives them; outside of the repository. */
const pairsFile = new URL('../../../../../shared/data/versions/deb.tsv.gz', import.meta.url);
const hasPairs = existsSync(pairsFile);
if (!hasPairs) console.warn('skipped: ../shared/data/versions/deb.tsv.gz is not here');

function someVersions(count: number): readonly string[] {
  const random = seeded(7);
  const pieces = ['0', '1', '00', '9', '10', 'a', 'Z', '~', '+', '.', '-', '~~', 'rc', '+b1'];
  const one = () => {
    const tail = Array.from({ length: Math.floor(random() * 6) }, () => pieces[Math.floor(random() * pieces.length)]);
    return `${random() < 0.2 ? '1:' : ''}${Math.floor(random() * 3)}${tail.join('')}`;
  };
  return Array.from({ length: count }, one).filter((version) => compareDeb(version, version) !== null);
}

describe('the order of Debian versions', () => {
  it.skipIf(!hasPairs)('is that of libapt for every recorded pair, both ways round', () => {
    const rows = gunzipSync(readFileSync(pairsFile)).toString().trim().split('\n').slice(1);
    const wrong = rows.filter((row) => {
      const [, a = '', b = '', expected] = row.split('\t');
      return compareDeb(a, b) !== Number(expected) || compareDeb(b, a) !== 0 - Number(expected);
    });
    expect(rows.length).toBeGreaterThan(10_000);
    expect(wrong).toEqual([]);
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

  it('turns round when the two are swapped, and goes on from one to the next', () => {
    const versions = someVersions(70);
    expect(versions.length).toBeGreaterThan(30);
    for (const a of versions) {
      for (const b of versions) {
        const order = compareDeb(a, b) ?? Number.NaN;
        expect(compareDeb(b, a)).toBe(0 - order);
        if (order > 0) continue;
        const broken = versions.filter((c) => (compareDeb(b, c) ?? 1) <= 0 && compareDeb(a, c) === 1);
        expect(broken, `${a} <= ${b}`).toEqual([]);
      }
    }
  });
});
