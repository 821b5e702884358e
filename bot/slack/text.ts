/** Plain text into Slack's markup: nothing that a device, a vendor or a person wrote can become a link, a mention or emphasis. */
import type { types } from '@slack/bolt';
import type { Text } from '../../domain/cards/card.ts';

/**
 * Takes out what would deceive or break: control characters, bidirectional controls (they reorder what is read, CVE-2021-42574),
 * lone surrogates (the client's form encoder throws on them), and the colon that would make `:shortcode:` an emoji.
 */
const clean = (text: string): string =>
  text
    .replace(/\p{Surrogate}/gu, '\uFFFD')
    .replace(/\r\n?/g, '\n')
    .replace(/(?!\n)\p{Cc}/gu, ' ')
    .replace(/\p{Bidi_Control}/gu, '')
    .replace(/:(?=[\w+-]*[a-z][\w+-]*:)/gi, '∶');

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };
/** mrkdwn has no escape for its marks, so a mark that would open emphasis becomes its look-alike; `1.2~rc1` and `a_b` stay. */
const lookalikes: Record<string, string> = { '*': '∗', _: 'ˍ', '~': '∼' };

/** Text for a mrkdwn object, shown literally. Source: docs.slack.dev/messaging/formatting-message-text, "Escaping text". */
export const literal = (text: string): string =>
  clean(text)
    .replace(/[&<>]/g, (char) => entities[char] ?? char)
    .replace(/^(\s*)&gt;/gm, '$1›') // an escaped > still quotes when it starts a line
    .replace(/(?<![\p{L}\p{N}])[*_~](?=\S)/gu, (mark) => lookalikes[mark] ?? mark)
    .replaceAll('`', 'ˋ');

const oneLine = (text: string): string => clean(text).replace(/\s+/g, ' ').trim();

/** An instant (milliseconds since 1970) that each reader sees in the own zone; clients that cannot show it read UTC. */
export function instant(at: number): string {
  const utc = new Date(at).toISOString();
  return `<!date^${Math.floor(at / 1000)}^{date_short_pretty} {time}|${utc.slice(0, 10)} ${utc.slice(11, 16)} UTC>`;
}

/** True when the text needs the reader's time zone. */
export const hasInstant = (text: Text | undefined): boolean =>
  Array.isArray(text) && text.some((part) => typeof part !== 'string');

/** A start of `raw` that is at most `room` characters once drawn, and never ends in half a character. */
function beginning(raw: string, room: number, draw: (text: string) => string): string {
  for (let keep = Math.min(raw.length, room); keep > 0; keep = Math.floor(keep * 0.9)) {
    const drawn = draw(raw.slice(0, keep).replace(/\p{Surrogate}$/u, ''));
    if (drawn.length <= room) return drawn;
  }
  return '';
}

type Part = string | { readonly at: number };

/** Draws parts into at most `max` characters. Looks no further than it must: a vendor's text may be a hundred times too long. */
function clip(parts: readonly Part[], max: number, draw: (text: string) => string): string {
  const drawPart = (part: Part) => (typeof part === 'string' ? draw(part.slice(0, max * 4)) : instant(part.at));
  let out = '';
  let fitting = '';
  let cutAt: Part | undefined;
  for (const part of parts) {
    const drawn = drawPart(part);
    out += drawn;
    if (cutAt === undefined && out.length < max) fitting = out;
    else cutAt ??= part;
    if (out.length > max)
      return `${fitting}${typeof cutAt === 'string' ? beginning(cutAt, max - 1 - fitting.length, draw) : ''}…`;
  }
  return out;
}

/** Card text as mrkdwn of at most `max` characters, cut with "…" when it is longer. */
export const markup = (text: Text, max: number): string =>
  clip(typeof text === 'string' ? [text] : text, max, literal).trimEnd();

/** One line for a plain_text object, at most `max` characters. Slack refuses empty text, so nothing becomes "–". */
export const label = (text: string, max: number): string => clip([text], max, oneLine) || '–';

/** Emoji are ours only: `clean` has defused those of others. */
export const plainText = (text: string, max: number): types.PlainTextElement => ({
  type: 'plain_text',
  text: label(text, max),
  emoji: true,
});

/** `text` is ready markup. `verbatim` keeps Slack from turning names and addresses into links by itself. */
export const mrkdwn = (text: string): types.MrkdwnElement => ({ type: 'mrkdwn', text, verbatim: true });
