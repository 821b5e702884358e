/** What the orders of all kinds of version share: their type, characters by code, and the order of numbers. */

/** -1 = the first is older, 0 = they are equal, 1 = the first is newer, null = one of them is no version. */
export type Order = -1 | 0 | 1 | null;
export type Comparator = (a: string, b: string) => Order;

/** No vendor's version is nearly as long: what is longer is no version. */
export const longestVersion = 512;

export const signOf = (difference: number): -1 | 0 | 1 => (difference === 0 ? 0 : difference < 0 ? -1 : 1);

/** The code of the character at a place; -1 after the end, because V8 is slow with the NaN of `charCodeAt`. */
export const codeAt = (text: string, at: number): number => (at < text.length ? text.charCodeAt(at) : -1);

export const isDigit = (code: number): boolean => code >= 48 && code <= 57;
export const isLetter = (code: number): boolean => (code >= 97 && code <= 122) || (code >= 65 && code <= 90);

/** Where the run of digits that may begin at `at` is over. */
export function digitsEnd(text: string, at: number): number {
  let end = at;
  while (isDigit(codeAt(text, end))) end++;
  return end;
}

/**
 * Compares the numbers of any length at `aFrom` up to `aTo` and `bFrom` up to `bTo`, nothing being zero: without leading zeros the
 * longer one is larger, and equal lengths compare digit by digit.
 */
export function compareDigits(
  a: string,
  aFrom: number,
  aTo: number,
  b: string,
  bFrom: number,
  bTo: number,
): -1 | 0 | 1 {
  let [left, right] = [aFrom, bFrom];
  while (left < aTo && a.charCodeAt(left) === 48) left++;
  while (right < bTo && b.charCodeAt(right) === 48) right++;
  if (aTo - left !== bTo - right) return signOf(aTo - left - (bTo - right));
  for (; left < aTo; left++, right++) {
    const difference = a.charCodeAt(left) - b.charCodeAt(right);
    if (difference !== 0) return signOf(difference);
  }
  return 0;
}

/** The same for texts that are all digits. */
export const compareNumber = (a: string, b: string): -1 | 0 | 1 => compareDigits(a, 0, a.length, b, 0, b.length);

/** As ASCII orders them. */
export const compareText = (a: string, b: string): -1 | 0 | 1 => (a === b ? 0 : a < b ? -1 : 1);
