/** What people hear when a patch that was denied has become urgent since: a question, until it is answered or over. */
import type { Patch } from '../model/patch.ts';
import type { Decision, Proposal } from '../model/proposal.ts';
import type { Card } from './card.ts';
import { patchName } from './catalog-words.ts';

type Urging = NonNullable<Decision['urged']>[number];

/** One reply for each time, in order. Only the last one asks. */
export function urgedCards({ id, rev, decided }: Proposal, patch: Patch): readonly Card[] {
  if (!decided) return [];
  const { urged = [], declined, by, at } = decided;
  const name = `${patch.source} ${patch.version}`;
  const was = declined ? 'declined' : 'denied';
  const over = overBecause(decided, patch);
  return urged.map(({ because, band, score }: Urging, index) => {
    const asks = index === urged.length - 1 && !over;
    const text = `; ${because}: priority would be ${band} (${score}).${asks ? ' Propose it again?' : ''}`;
    return {
      title: `${name}: ${was}, and urgent by now`,
      tone: over ? 'plain' : 'bad',
      status: over ?? `Priority would be ${band}`,
      summary: [`${name} was ${was} by ${by} at `, { at: at.getTime() }, text],
      facts: [],
      buttons: asks ? [{ action: 'proposal.again', subject: id, rev, label: 'Propose again', tone: 'good' }] : [],
    };
  });
}

/** Why nobody is asked any more; null while somebody is. */
function overBecause({ again }: Decision, { retracted, supersededBy }: Patch): string | null {
  if (again) return `Proposed again by ${again.by}`;
  if (retracted) return 'Taken back';
  return supersededBy ? `Replaced by ${patchName(supersededBy)}` : null;
}
