/** Plain text to Discord's markdown and back: nothing that people or feeds wrote becomes markup, a ping or a link in disguise. */
import type { Text } from '../../domain/cards/card.ts';

/** Control characters, lone surrogates, and the marks that reverse reading order: they let one name pose as another. */
const unseen = /[^\P{Cc}\n]|\p{Cs}|[\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;
/** Addresses stay whole (a backslash would break them) and contain no markup characters; the rest goes character by character. */
const atoms =
  /(?<url>https?:\/\/[\w\-.~:/?#&=+%,;!$]+)|(?<shortcode>:(?=[\w+-]+:))|(?<ping>@(?=everyone|here))|(?<one>[\s\S])/gu;
const markup = /[\\*_~`|<>[\]]/;
/** What opens a heading, a list or small print, but only at the start of a line. */
const opener = /^\s*(?:[#+-]|\d+[.)])$/;

/** Characters without breaking one in two: `text` cut to `max` UTF-16 units, with an ellipsis when something was lost. */
export function clip(text: string, max: number): string {
  return text.length <= max ? text : join([...text], max);
}

function join(pieces: readonly string[], max: number): string {
  const total = pieces.reduce((sum, piece) => sum + piece.length, 0);
  if (total <= max) return pieces.join('');
  let kept = '';
  for (const piece of pieces) {
    if (kept.length + piece.length > max - 1) break;
    kept += piece;
  }
  return `${kept.trimEnd()}…`;
}

/** One line without markup: for labels, titles of forms and thread names, which Discord shows as they are. At most `max` units. */
export const plain = (text: string, max: number): string =>
  clip(text.replace(unseen, '').replace(/\s+/g, ' ').trim(), max);

/** Adds the escaped text; stops once there is more than `max`, which is enough to know that it has to be cut. */
function escapeInto(pieces: string[], text: string, max: number): void {
  let length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  let line = pieces.join('').split('\n').at(-1) ?? '';
  for (const { groups } of text.matchAll(atoms)) {
    const { url, shortcode, ping, one } = groups ?? {};
    const raw = url ?? shortcode ?? ping ?? one ?? '';
    line = raw === '\n' ? '' : line + raw;
    const escaped = shortcode || (one && (markup.test(one) || (/[#+\-.)]/.test(one) && opener.test(line))));
    const piece = ping ? '@\u200b' : `${escaped ? '\\' : ''}${raw}`;
    pieces.push(piece);
    length += piece.length;
    if (length > max) return;
  }
}

export type Drawing = {
  /** Keep line breaks; else they become spaces. */
  readonly lines?: boolean;
  /** Say beside an instant how far away it is. */
  readonly relative?: boolean;
};

/**
 * Takes plain text with instants (milliseconds) and gives markdown of at most `max` UTF-16 units that reads the same. Instants become
 * `<t:seconds:F>`, which Discord shows in the reader's own zone; one is never cut in two. Source: Discord's message formatting reference.
 */
export function draw(text: Text, max: number, { lines = false, relative = false }: Drawing = {}): string {
  const pieces: string[] = [];
  for (const part of typeof text === 'string' ? [text] : text) {
    if (typeof part === 'string') {
      const clean = part.replace(unseen, '');
      escapeInto(pieces, lines ? clean : clean.replace(/\s+/g, ' '), max);
    } else {
      const seconds = Math.floor(part.at / 1000);
      pieces.push(relative ? `<t:${seconds}:F> (<t:${seconds}:R>)` : `<t:${seconds}:F>`);
    }
  }
  return join(pieces, max).trim();
}

/** What `draw` was given, from the markdown that it gave. Instants stay as they are. */
export const undraw = (markdown: string): string => markdown.replace(/\\(.)/gsu, '$1').replaceAll('@\u200b', '@');
