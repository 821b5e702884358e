/** A card in plain text for tests: what people read, line by line. */
import type { Card, Text } from '../../../domain/cards/card.ts';

/** Instants in ISO form. */
export const plain = (text: Text): string =>
  typeof text === 'string'
    ? text
    : text.map((part) => (typeof part === 'string' ? part : new Date(part.at).toISOString())).join('');

/** `title [status]`, the summary, a line for each fact, `-` for each item, and `*` for the note. */
export const asText = ({ title, status, summary, facts, list, note }: Card): readonly string[] => [
  `${title} [${status}]`,
  ...(summary === undefined ? [] : [plain(summary)]),
  ...facts.map(({ label, value }) => `${label}: ${plain(value)}`),
  ...(list?.items.map((item) => `- ${plain(item)}`) ?? []),
  ...(list && list.more > 0 ? [`- and ${list.more} more`] : []),
  ...(note === undefined ? [] : [`* ${plain(note)}`]),
];

/** The value of a card's fact in plain text; undefined when it has none of this label. */
export function fact({ facts }: Card, label: string): string | undefined {
  const found = facts.find((one) => one.label === label);
  return found && plain(found.value);
}
