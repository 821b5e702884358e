/** The message of a digest: how many of its patches still wait, and the most urgent of them. Their cards are in its thread. */
import type { Digest } from '../model/digest.ts';
import { bands } from '../model/priority.ts';
import { mostUrgentFirst, type ProposalState, undecided } from '../model/proposal.ts';
import type { ProposalHead } from '../ports.ts';
import type { Card } from './card.ts';
import { statusWords } from './catalog-words.ts';
import { waitingLine } from './list-card.ts';
import { count } from './words.ts';

/** How many proposals the message names; the others are a number. */
const named = 5;
/** In this order. A proposal that expires is announced again at once. */
const ended: readonly ProposalState[] = ['approved', 'denied', 'superseded'];

/** What the digest says now. `heads`: its proposals as they stand. */
export function digestCard({ id, policy, proposals }: Digest, heads: readonly ProposalHead[]): Card {
  const here = heads.filter(({ inDigest }) => inDigest === id);
  const waiting = mostUrgentFirst(here.filter(({ state }) => undecided.includes(state)));
  const left = heads.filter(({ formerDigest }) => formerDigest === id);
  const open = left.filter(({ state }) => undecided.includes(state)).length;
  const all = `${count(proposals.length, 'patch', 'patches')} for ${policy}`;
  const some = `${waiting.length} of ${all} still ${waiting.length === 1 ? 'waits' : 'wait'}`;
  return {
    title: waiting.length > 0 && waiting.length < proposals.length ? some : all,
    ...standing(waiting.length, open),
    facts: [
      ...bands.map((band) =>
        fact(
          `Priority ${band}`,
          waiting.filter(({ priority }) => priority.band === band),
        ),
      ),
      ...ended.map((wanted) =>
        fact(
          statusWords[wanted],
          here.filter(({ state }) => state === wanted),
        ),
      ),
      fact('Urgent by now, own card', left),
    ].flat(),
    ...(waiting.length > 0 ? { list: listOf(waiting) } : {}),
    note: `Each has a card with its buttons in this thread; "list" names all that waits. ${id}`,
    buttons: [],
  };
}

function standing(waiting: number, open: number): Pick<Card, 'tone' | 'status' | 'summary'> {
  if (waiting > 0) return { tone: 'warn', status: 'Waiting for approval', summary: 'None of them is urgent.' };
  if (open === 0) return { tone: 'good', status: 'All decided' };
  return { tone: 'plain', status: 'Nothing waits here', summary: 'What waits has become urgent: see its own card.' };
}

const fact = (label: string, all: readonly ProposalHead[]): Card['facts'] =>
  all.length > 0 ? [{ label, value: String(all.length) }] : [];

const listOf = (waiting: readonly ProposalHead[]): NonNullable<Card['list']> => ({
  title: 'Most urgent first',
  items: waiting.slice(0, named).map(waitingLine),
  more: Math.max(0, waiting.length - named),
});

/** What stays in the thread of a digest when a patch has become urgent and has left for a card of its own. */
export const movedCard = (patch: string, band: string): Card => ({
  title: patch,
  tone: 'plain',
  status: `Priority is now ${band}`,
  summary: 'It has a card of its own in the channel: decide there.',
  facts: [],
  buttons: [],
});
