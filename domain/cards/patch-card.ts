/** The card of one patch of the catalog: what it fixes, how many devices have or miss it, and how far people are with it. */
import type { Advisory } from '../model/advisory.ts';
import type { CveFacts } from '../model/cve.ts';
import type { ApplicabilityState, Patch } from '../model/patch.ts';
import type { Card, Text } from './card.ts';
import { cvesText, fact, onceEach, type PatchStanding, patchName, standingOf } from './catalog-words.ts';
import { catalogFacts, retractedText } from './priority-facts.ts';

export type PatchView = {
  readonly patch: Patch;
  readonly standing: PatchStanding;
  /** How many devices are in which state, none left out that has any. */
  readonly devices: readonly (readonly [ApplicabilityState, number])[];
  /** What it fixes, as far as it was read. */
  readonly advisories: readonly Advisory[];
  /** By KEV, then EPSS. */
  readonly cves: readonly CveFacts[];
};

const listed = 10;

/** Draws it. To decide about it one needs its proposal: the note says how to see that. */
export function patchCard({ patch, standing, devices, advisories, cves }: PatchView): Card {
  const { proposal } = standing;
  const once = onceEach(advisories);
  const kind = patch.classification === 'security' ? 'security update' : 'update';
  return {
    title: `${patch.source} ${patch.version}: ${kind}`,
    tone: patch.retracted ? 'bad' : 'plain',
    status: upper(standingOf(standing)),
    ...summaryOf(patch),
    facts: [
      { label: 'For', value: patch.platform },
      {
        label: 'Devices',
        value: devices.map(([state, number]) => `${number} ${state.replace('-', ' ')}`).join(', ') || 'none needs it',
      },
      ...fact('CVEs', cvesText(cves)),
      { label: 'Offered by', value: patch.origins.join(', ') || 'unknown' },
      { label: 'First seen', value: [{ at: patch.firstSeen.getTime() }] },
      ...fact('Released', patch.releasedAt && [{ at: patch.releasedAt.getTime() }]),
      ...catalogFacts(patch),
    ],
    list: {
      title: 'Fixes',
      items: once.slice(0, listed).map(({ id, title }) => (title === '' ? id : `${id}: ${title}`)),
      more: Math.max(0, once.length - listed) + (patch.advisories.length - advisories.length),
    },
    note: proposal ? `To decide about it: show ${proposal.id}. ${patch.id}` : patch.id,
    buttons: [],
  };
}

const upper = (words: string): string => `${words[0]?.toUpperCase()}${words.slice(1)}`;

function summaryOf({ retracted, blocked, supersededBy }: Patch): { summary?: Text } {
  if (retracted) return { summary: retractedText(retracted) };
  if (blocked) return { summary: `Blocked: ${blocked.reason}` };
  return supersededBy ? { summary: `A newer version is offered instead: ${patchName(supersededBy)}.` } : {};
}
