/** What every order of versions must hold to, whichever the texts are. */
import { expect } from 'vitest';
import type { Comparator } from '../../../../domain/backends/versions/index.ts';
import { seeded } from '../../../random.ts';

/** `count` texts of a beginning and up to six pieces; only those that are versions. */
export function someVersions(compare: Comparator, { beginnings, pieces, seed, count }: Generated): readonly string[] {
  const random = seeded(seed);
  const one = (from: readonly string[]) => from[Math.floor(random() * from.length)] ?? '';
  const text = () => one(beginnings) + Array.from({ length: Math.floor(random() * 7) }, () => one(pieces)).join('');
  return Array.from({ length: count }, text).filter((version) => compare(version, version) !== null);
}
type Generated = {
  readonly beginnings: readonly string[];
  readonly pieces: readonly string[];
  readonly seed: number;
  readonly count: number;
};

/** Every version equals itself, swapping two turns the answer round, and the order goes on from one to the next. */
export function expectAnOrder(compare: Comparator, versions: readonly string[]): void {
  expect(versions.length).toBeGreaterThan(30);
  const order = versions.map((a) => versions.map((b) => compare(a, b) ?? Number.NaN));
  const at = (a: number, b: number): number => order[a]?.[b] ?? Number.NaN;
  const broken: string[] = [];
  for (const a of versions.keys()) {
    if (at(a, a) !== 0) broken.push(`${versions[a]} is not itself`);
    for (const b of versions.keys()) {
      if (at(b, a) !== 0 - at(a, b)) broken.push(`${versions[a]} and ${versions[b]} do not turn round`);
      if (!(at(a, b) <= 0)) continue;
      for (const c of versions.keys())
        if (at(b, c) <= 0 && !(at(a, c) <= 0)) broken.push(`${versions[a]} <= ${versions[b]} <= ${versions[c]}`);
    }
  }
  expect(broken).toEqual([]);
  expect(new Set(order.flat())).toEqual(new Set([-1, 0, 1])); // the generated ones are not all alike
}

/** Texts that somebody might send to stop us. */
export const hostile: readonly string[] = [
  '~'.repeat(1_000_000),
  '^'.repeat(100_000),
  '-'.repeat(100_000),
  ':'.repeat(100_000),
  '9'.repeat(1_000_000),
  '1.'.repeat(200_000),
  `1${'-a'.repeat(100_000)}`,
  `1${'_p'.repeat(100_000)}!`,
  `${'a'.repeat(50_000)}!`,
  '1\0',
  '\0',
  '1\n2',
  '1 2',
  '\u202e1',
  '\ud800',
  '٣.١',
  '',
  '~',
  '-',
  ':',
];

/** It ends, says the same thing in both directions, and throws nothing. */
export function expectAnAnswer(compare: Comparator, good: string): void {
  for (const text of hostile) {
    const [there, back] = [compare(text, good), compare(good, text)];
    expect([-1, 0, 1, null], text.slice(0, 20)).toContain(there);
    expect(back, text.slice(0, 20)).toBe(there === null ? null : 0 - there);
  }
}
