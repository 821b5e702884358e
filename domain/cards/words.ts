/** Small wordings that several cards share. */
import type { TransactionItem } from '../model/patch.ts';

/** `1 device`, `3 devices`; `many` is for nouns that take more than an s. */
export const count = (number: number, noun: string, many = `${noun}s`): string =>
  `${number} ${number === 1 ? noun : many}`;

/** `Ann`, `Ann and Bob`, `Ann, Bob and Cy`. */
export const joined = (words: readonly string[]): string =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;

/** The first `most` names and how many more there are. */
export const names = (all: readonly string[], most: number): string =>
  all.length <= most ? all.join(', ') : `${all.slice(0, most).join(', ')} and ${all.length - most} more`;

/** `acme-agent 1.0 -> 1.1, libacme new 2.0`: a transaction in words. */
export const changes = (transaction: readonly TransactionItem[]): string =>
  transaction
    .map(({ name, from, to }) => {
      if (from === null) return `${name} new ${to}`;
      return to === null ? `${name} removed` : `${name} ${from} -> ${to}`;
    })
    .join(', ');
