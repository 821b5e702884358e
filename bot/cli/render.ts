/** A card as plain text for a terminal. Pure. */
import type { Card, CardButton, Text } from '../../domain/cards/card.ts';

/** Times in `zone`, which is named. */
function words(text: Text, zone: string): string {
  if (typeof text === 'string') return printable(text);
  const when = new Intl.DateTimeFormat('en-GB', { timeZone: zone, dateStyle: 'medium', timeStyle: 'short' });
  return text.map((part) => (typeof part === 'string' ? printable(part) : `${when.format(part.at)} ${zone}`)).join('');
}

/** A device's output must not steer the terminal: control characters are shown, not obeyed. */
const printable = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '\u{fffd}');

/** How a button is pressed from a shell. */
const hint = ({ action, subject, rev, label, asks }: CardButton): string => {
  const answer = asks?.phrase ? ` "${asks.phrase}"` : asks ? ' "<answer>"' : '';
  return `  ${label}: patchherd press ${action} ${subject}@${rev}${answer}`;
};

/** The whole card; `zone` is the reader's. */
export function renderCard(card: Card, zone: string): string {
  const { title, status, summary, facts, list, progress, note, buttons } = card;
  const width = Math.max(0, ...facts.map(({ label }) => label.length));
  const items = list?.items.map((item) => `  - ${words(item, zone)}`) ?? [];
  const lines = [
    `${printable(title)} [${printable(status)}]`,
    ...(summary && words(summary, zone) !== '' ? [words(summary, zone)] : []),
    ...(progress ? [`${progress.done} of ${progress.total} done, ${progress.failed} went wrong`] : []),
    ...facts.map(({ label, value }) => `  ${label.padEnd(width)}  ${words(value, zone)}`),
    ...(list && items.length > 0 ? [`${list.title}:`, ...items] : []),
    ...(list && list.more > 0 ? [`  and ${list.more} more`] : []),
    ...(note ? [words(note, zone)] : []),
    ...(buttons.length > 0 ? ['You can:', ...buttons.map(hint)] : []),
  ];
  return lines.join('\n');
}
