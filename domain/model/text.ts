/** Turns what others wrote, feeds or people, into plain, short, harmless text. Nothing in it is escaped: that is the renderers' part. */
import type { Refusal } from '../errors.ts';
import { err, ok, type Result } from './result.ts';

const ONE_LINE = 200;
const PLAIN = 2000;
const SENTENCE = 500;

/**
 * Invisible characters that make a text read otherwise than it is: controls, lone surrogates, zero-width characters, and the bidi
 * overrides and isolates of "Trojan Source" (Unicode TR 36). Joiners stay: scripts need them.
 */
const invisible =
  /[\p{Cc}\p{Cs}\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;

/** Plain text on one line, whitespace folded, at most 200 characters; '' when it is no text. */
export const oneLine = (text: unknown): string => cut(folded(text), ONE_LINE);

/** The same with line breaks (no more than two in a row), at most 2,000 characters. */
export function plain(text: unknown): string {
  const lines = visible(text).split('\n');
  const kept = lines.map((line) => line.replace(/\s+/gu, ' ').trim()).join('\n');
  return cut(kept.replace(/\n{3,}/g, '\n\n').trim(), PLAIN);
}

/**
 * What a person wrote, on one line. `name` is what they were asked for. Refusal `value.wrong` when nothing is left of it, or when it
 * has more than 500 characters: cutting it would lose what they meant.
 */
export function sentenceOf(text: string, name: string): Result<string, Refusal> {
  const read = folded(text);
  const wrong = (rule: string): Refusal => ({ code: 'value.wrong', name, value: cut(read, 40), rule });
  if (read === '') return err(wrong('say it in words.'));
  if (read.length > SENTENCE) return err(wrong(`it has ${read.length} characters, ${SENTENCE} are the most.`));
  return ok(read);
}

const folded = (text: unknown): string => visible(text).replace(/\s+/gu, ' ').trim();

function visible(text: unknown): string {
  if (typeof text !== 'string') return '';
  // A feed may hold megabytes in one field; what is cut away below need not be cleaned first.
  const start = text.slice(0, PLAIN * 4);
  return start
    .replace(/\r\n?|\u2028|\u2029/g, '\n')
    .replace(invisible, (character) => (character === '\n' || character === '\t' ? character : ''));
}

/** Never cuts a character of two code units in half. */
function cut(text: string, most: number): string {
  if (text.length <= most) return text;
  return `${text
    .slice(0, most - 1)
    .replace(/[\ud800-\udbff]$/, '')
    .trimEnd()}…`;
}
