/** The message of a digest: how many patches wait, and the most urgent of them. Their cards are in its thread. */
import type { Digest, DigestLine } from '../model/digest.ts';
import { bands } from '../model/priority.ts';
import type { Card, Text } from './card.ts';
import { count } from './words.ts';

/** What the digest said when it was made: it is not redrawn, the cards in its thread are. */
export function digestCard({ policy, proposals, counts, top, id }: Digest): Card {
  const total = proposals.length;
  return {
    title: `${count(total, 'patch', 'patches')} for ${policy}`,
    tone: 'warn',
    status: 'Waiting for approval',
    summary: 'None of them is urgent.',
    facts: bands.flatMap((band) =>
      counts[band] > 0 ? [{ label: `Priority ${band}`, value: String(counts[band]) }] : [],
    ),
    list: { title: 'Most urgent first', items: top.map(lineText), more: total - top.length },
    note: `Each has a card with its buttons in this thread; "list" names all that waits. ${id}`,
    buttons: [],
  };
}

/** `openssl 3.0.22: normal 51, 42 devices, 21 CVEs, due 20 January`: one proposal in one line. */
function lineText({ patch, band, score, devices, cves, due, dueAt }: DigestLine): Text {
  const what = [
    `${band} ${score}`,
    count(devices, 'device'),
    ...(cves > 0 ? [count(cves, 'CVE')] : []),
    due === 'next-window' && !dueAt ? 'next window' : 'due ',
  ].join(', ');
  return dueAt ? [`${patch}: ${what}`, { at: dueAt.getTime() }] : `${patch}: ${what}`;
}

/** What stays in the thread of a digest when a patch has become urgent and has left for a card of its own. */
export const movedCard = (patch: string, band: string): Card => ({
  title: patch,
  tone: 'plain',
  status: `Priority is now ${band}`,
  summary: 'It has a card of its own in the channel: decide there.',
  facts: [],
  buttons: [],
});
