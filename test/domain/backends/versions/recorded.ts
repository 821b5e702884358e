/** Pairs of versions with the answer that each vendor's own tool gives; they lie outside of the repository. */
import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { Comparator } from '../../../../domain/backends/versions/index.ts';

export type Pair = { readonly a: string; readonly b: string; readonly expected: number };

/** All recorded pairs of a kind; null where they are not, and then the reason is printed. */
export function recordedPairs(kind: 'deb' | 'rpm' | 'apk'): readonly Pair[] | null {
  const file = new URL(`../../../../../shared/data/versions/${kind}.tsv.gz`, import.meta.url);
  if (!existsSync(file)) {
    console.warn(`skipped: ../shared/data/versions/${kind}.tsv.gz is not here`);
    return null;
  }
  const rows = gunzipSync(readFileSync(file)).toString().trim().split('\n').slice(1);
  return rows.map((row) => {
    const [, a = '', b = '', expected] = row.split('\t');
    return { a, b, expected: Number(expected) };
  });
}

/** Pairs that a comparator answers otherwise, in one direction or the other. */
export const wronglyOrdered = (compare: Comparator, pairs: readonly Pair[]): readonly Pair[] =>
  pairs.filter(({ a, b, expected }) => compare(a, b) !== expected || compare(b, a) !== 0 - expected);
