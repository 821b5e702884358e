/** What a card says of workarounds: what stands in the way meanwhile, by whom, until when. */
import { subjectName, type Workaround } from '../model/workaround.ts';
import type { Card, Text } from './card.ts';

/** `Until 20 December by Sam: port closed (TICKET-12); and 2 more`: the next to end, since `workaround list` has all of them. */
export function workaroundFacts(workarounds: readonly Workaround[]): Card['facts'] {
  const [first, ...others] = [...workarounds].sort((a, b) => a.expiresAt.getTime() - b.expiresAt.getTime());
  if (!first) return [];
  const more = others.length > 0 ? [`; and ${others.length} more`] : [];
  return [{ label: 'Workaround', value: [...untilText(first), ...more] }];
}

/** One workaround in one line, after the word itself. */
export const untilText = ({ by, text, proof, expiresAt }: Workaround): Exclude<Text, string> => [
  'Until ',
  { at: expiresAt.getTime() },
  ` by ${by}: ${text}${proof ? ` (${proof})` : ''}`,
];

/** All that are active, for `workaround list`. */
export function workaroundListCard(workarounds: readonly Workaround[]): Card {
  const sorted = [...workarounds].sort((a, b) => a.expiresAt.getTime() - b.expiresAt.getTime());
  return {
    title: 'Workarounds',
    tone: 'plain',
    status: `${sorted.length} active`,
    facts: [],
    list: {
      title: 'The next to end first',
      items: sorted.map(
        (one): Text => [
          `${one.id}: ${subjectName(one.subject)}. Until `,
          { at: one.expiresAt.getTime() },
          ` by ${one.by}: ${one.text}${one.proof ? ` (${one.proof})` : ''}`,
        ],
      ),
      more: 0,
    },
    buttons: [],
  };
}
