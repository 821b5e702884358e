/** A card as plain text for a terminal of 80 columns. Pure. */
import type { Card, CardButton, Text } from '../../domain/cards/card.ts';

/** Terminals and e-mails are at least this wide. */
const columns = 80;

/**
 * What a device printed must not steer the terminal: control characters (ECMA-48) and those that turn the direction of a line around
 * (Unicode UAX 9) are shown, not obeyed. Line breaks are spaces, so that nothing looks like a line of ours.
 */
const printable = (text: string): string =>
  text
    .replace(/[\t\r\n\u2028\u2029]+/g, ' ')
    .replace(/[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '\u{fffd}');

/** Times in `zone`, which is named. */
function words(text: Text, zone: string): string {
  if (typeof text === 'string') return printable(text);
  const when = new Intl.DateTimeFormat('en-GB', { timeZone: zone, dateStyle: 'medium', timeStyle: 'short' });
  return text.map((part) => (typeof part === 'string' ? printable(part) : `${when.format(part.at)} ${zone}`)).join('');
}

/** Lines of at most 80 columns: `first` begins the first one, spaces of the same width the others. Longer words are cut. */
export function wrap(text: string, first = ''): string {
  const width = columns - first.length;
  const pieces = text.split(/\s+/).flatMap((word) => word.match(new RegExp(`.{1,${width}}`, 'gu')) ?? []);
  const lines: string[] = [];
  for (const piece of pieces) {
    const last = lines.at(-1);
    if (last !== undefined && [...last].length + 1 + [...piece].length <= width)
      lines[lines.length - 1] = `${last} ${piece}`;
    else lines.push(piece);
  }
  return first + (lines.length > 0 ? lines.join(`\n${' '.repeat(first.length)}`) : '');
}

/** The command that presses a button. It is copied, so it is never broken into lines. */
function commandOf({ action, subject, rev, asks }: CardButton): string {
  const answer = asks ? ` "${asks.phrase ?? 'your answer'}"` : '';
  return printable(`patchherd press ${action} ${subject}@${rev}${answer}`);
}

function buttonLines(buttons: readonly CardButton[]): readonly string[] {
  const width = Math.max(...buttons.map(({ label }) => label.length));
  return buttons.flatMap((button) => {
    const [label, command] = [printable(button.label), commandOf(button)];
    const line = `  ${label.padEnd(width)}  ${command}`;
    const lines = line.length <= columns ? [line] : [`  ${label}`, `    ${command}`];
    return button.confirm === undefined ? lines : [...lines, wrap(printable(button.confirm), ' '.repeat(width + 4))];
  });
}

/** The whole card; `zone` is the reader's IANA zone. Only commands to copy may be longer than 80 columns. */
export function renderCard(
  { title, status, summary, facts, list, progress, note, buttons }: Card,
  zone: string,
): string {
  const width = Math.max(0, ...facts.map(({ label }) => label.length));
  const about = summary === undefined ? '' : words(summary, zone);
  const items = list?.items.map((item) => wrap(words(item, zone), '  - ')) ?? [];
  const blocks = [
    [
      wrap(printable(`${title} [${status}]`)),
      ...(about === '' ? [] : [wrap(about)]),
      ...(progress ? [`${progress.done} of ${progress.total} done, ${progress.failed} went wrong`] : []),
    ],
    facts.map(({ label, value }) => wrap(words(value, zone), `  ${printable(label).padEnd(width)}  `)),
    [
      ...(list && items.length > 0 ? [wrap(`${printable(list.title)}:`), ...items] : []),
      ...(list && list.more > 0 ? [`  and ${list.more} more`] : []),
    ],
    note ? [wrap(words(note, zone))] : [],
    buttons.length > 0 ? ['You can:', ...buttonLines(buttons)] : [],
  ];
  return blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n');
}
