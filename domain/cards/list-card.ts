/** What `list` answers: what waits for people, most urgent first, one line each. */
import { type Band, bands } from '../model/priority.ts';
import { mostUrgentFirst } from '../model/proposal.ts';
import type { ProposalHead } from '../ports.ts';
import type { Card, Text } from './card.ts';
import { patchName, proposalWords } from './catalog-words.ts';
import { count } from './words.ts';

const listed = 20;

/** `wanted`: what the list was narrowed to, in the person's words; null = everything. */
export function listCard(heads: readonly ProposalHead[], wanted: string | null): Card {
  const sorted = mostUrgentFirst(heads);
  const about = wanted === null ? '' : ` that fits "${wanted}"`;
  return {
    title: wanted === null ? 'Waiting' : `Waiting: ${wanted}`,
    tone: sorted.some(({ priority }) => priority.band === 'emergency') ? 'bad' : 'plain',
    status: heads.length > 0 ? `${count(heads.length, 'patch', 'patches')}: ${byBand(heads)}` : `Nothing waits${about}`,
    facts: [],
    list: {
      title: 'Most urgent first',
      items: sorted.slice(0, listed).map(waitingLine),
      more: Math.max(0, sorted.length - listed),
    },
    ...(heads.length > listed
      ? { note: `Narrower: list ${bands[1]}, list with a policy, or with a part of a name.` }
      : {}),
    ...(heads.length === 0 && wanted !== null ? { note: `In the whole catalog: search ${wanted}` } : {}),
    buttons: [],
  };
}

function byBand(heads: readonly ProposalHead[]): string {
  const inBand = (band: Band): number => heads.filter(({ priority }) => priority.band === band).length;
  return bands.flatMap((band) => (inBand(band) > 0 ? [`${inBand(band)} ${band}`] : [])).join(', ');
}

/** `openssl 3.0.15: high 64, 42 devices, 21 CVEs, due 3 December, 12:00, p-1a2b3c4d5e`; the state when it is not the usual one. */
export function waitingLine({ id, patch, priority, devices, threat, state, deferredUntil }: ProposalHead): Text {
  const { band, score, dueAt } = priority;
  const cves = threat.cveCount > 0 ? [count(threat.cveCount, 'CVE')] : [];
  const what = [`${band} ${score}`, count(devices, 'device'), ...cves].join(', ');
  const due = dueAt ? ['due ', { at: dueAt.getTime() }] : ['next window'];
  const other =
    state === 'deferred' && deferredUntil
      ? [', put away until ', { at: deferredUntil.getTime() }]
      : state === 'announced'
        ? []
        : [`, ${proposalWords[state]}`];
  return [`${patchName(patch)}: ${what}, `, ...due, ...other, `, ${id}`];
}
