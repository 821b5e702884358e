/** What a card says of workarounds: what stands in the way meanwhile, by whom, until when. */
import { subjectName, type Workaround } from '../model/workaround.ts';
import type { Card, Text } from './card.ts';

/** Cards stay short: `workaround list` has all of them. */
const shown = 2;

/** `Until 20 December by Sam: port closed (TICKET-12)`; the next to end first. Nothing when there is none. */
export function workaroundFacts(workarounds: readonly Workaround[]): Card['facts'] {
  const sorted = [...workarounds].sort((a, b) => a.expiresAt.getTime() - b.expiresAt.getTime());
  const more = sorted.length - shown;
  return [
    ...sorted.slice(0, shown).map((one) => ({ label: 'Workaround', value: untilText(one) })),
    ...(more > 0 ? [{ label: 'Workarounds', value: `${more} more` }] : []),
  ];
}

/** One workaround in one line, after the word itself. */
export const untilText = ({ by, text, proof, expiresAt }: Workaround): Text => [
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
