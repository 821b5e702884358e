/** Wordings that the cards of the catalog share: a patch in a few words, devices that are open, how old a feed is. */
import { percent } from '../intel/score.ts';
import type { Advisory } from '../model/advisory.ts';
import type { CveFacts } from '../model/cve.ts';
import type { Exposure } from '../model/device.ts';
import type { PatchId, ProposalId } from '../model/ids.ts';
import type { Patch } from '../model/patch.ts';
import { isDeclined } from '../model/patch.ts';
import type { ProposalState } from '../model/proposal.ts';
import type { RolloutState } from '../model/rollout.ts';
import type { Card, Text } from './card.ts';
import { count, names } from './words.ts';

/** Lists in chat stay short: one kernel update names 2,018 CVEs. */
export const top = 5;

export type Facts = Card['facts'];
/** A row of a card, or none when there is nothing to say. */
export const fact = (label: string, value: Text | null): Facts =>
  value === null || value.length === 0 ? [] : [{ label, value }];

/** What the catalog says of a patch in a list. */
export type PatchInShort = Pick<
  Patch,
  'id' | 'platform' | 'source' | 'version' | 'retracted' | 'blocked' | 'verdict' | 'supersededBy'
>;
/** A patch, and how far people are with it. null = there is none. */
export type PatchStanding = {
  readonly patch: PatchInShort;
  readonly proposal: { readonly id: ProposalId; readonly state: ProposalState } | null;
  readonly rollout: RolloutState | null;
};

export const proposalWords: Record<ProposalState, string> = {
  open: 'waits for its digest',
  announced: 'waits for approval',
  deferred: 'put away',
  approved: 'approved',
  denied: 'denied',
  expired: 'expired',
  superseded: 'no device needs it any more',
};

/** The same as the status of a card, or as the label of a number. */
export const statusWords: Record<ProposalState, string> = {
  open: 'Waits for its digest',
  announced: 'Waiting for approval',
  deferred: 'Put away',
  approved: 'Approved',
  denied: 'Denied',
  expired: 'Expired',
  superseded: 'No longer needed',
};

/** `taken back`, or `waits for approval`: one reason, the strongest first. */
export function standingOf({ patch, proposal, rollout }: PatchStanding): string {
  if (patch.retracted) return 'taken back';
  if (isDeclined(patch)) return 'declined';
  if (patch.blocked) return 'blocked';
  if (patch.supersededBy) return `replaced by ${patchName(patch.supersededBy)}`;
  if (!proposal) return 'no device waits for it';
  return rollout ? `${proposalWords[proposal.state]}, ${rollout}` : proposalWords[proposal.state];
}

/** `openssl 3.0.15 (debian:12): waits for approval, p-12`. */
export function patchLine(standing: PatchStanding): string {
  const { source, version, platform } = standing.patch;
  const id = standing.proposal ? `, ${standing.proposal.id}` : '';
  return `${source} ${version} (${platform}): ${standingOf(standing)}${id}`;
}

/** `openssl 3.0.15` of `debian:12/openssl=3.0.15`. */
export const patchName = (id: PatchId): string => id.slice(id.indexOf('/') + 1).replace('=', ' ');

/** Devices of one answer: all are counted, the first are named. `null` exposure = nobody has said. */
export type OpenDevices = {
  readonly count: number;
  readonly byExposure: ReadonlyMap<Exposure | null, number>;
  /** The first by name. */
  readonly names: readonly string[];
};

const exposureOrder = ['internet', null, 'internal', 'isolated'] as const;
const exposureWords = { internet: 'on the internet', internal: 'internal', isolated: 'isolated' } as const;

/** `42 devices (7 on the internet, 35 internal): web-1, web-2 and 40 more`. */
export function devicesText({ count: all, byExposure, names: first }: OpenDevices): string {
  if (all === 0) return 'no device';
  const parts = exposureOrder.flatMap((exposure) => {
    const number = byExposure.get(exposure) ?? 0;
    return number > 0 ? [`${number} ${exposure ? exposureWords[exposure] : 'not said, perhaps on the internet'}`] : [];
  });
  const more = all - first.length;
  return `${count(all, 'device')} (${parts.join(', ')}): ${first.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** `CVE-2024-1234 (exploited)`, `CVE-2024-1234 (EPSS 61.5 %)`; the id alone when nothing is known of attacks. */
export function cveInShort({ id, kev, epss }: CveFacts): string {
  if (kev) return `${id} (exploited)`;
  return epss ? `${id} (EPSS ${percent(epss.score)})` : id;
}

/** By KEV, then EPSS, as given; the others are a number. */
export function cvesText(all: readonly CveFacts[]): string {
  const more = all.length - top;
  const named = all.slice(0, top).map(cveInShort).join(', ');
  return more > 0 ? `${named} and ${more.toLocaleString('en')} more` : named;
}

/** Where something is known from, and when that was read last; null = never, or nobody knows. */
export type FeedAge = { readonly id: string; readonly title: string; readonly checkedAt: Date | null };

/** `Debian security advisories, read 23 November 2026, 12:00`, with the instant in the reader's zone. */
export const feedText = ({ title, checkedAt }: FeedAge): Exclude<Text, string> => [
  `${title}, read `,
  checkedAt ? { at: checkedAt.getTime() } : 'never',
];

/** Several texts as one, with `between` between them. */
export const joinedTexts = (texts: readonly Text[], between: string): Text =>
  texts.flatMap((text, at) => [...(at > 0 ? [between] : []), ...(typeof text === 'string' ? [text] : text)]);

/** Each advisory once: several feeds may know it, and the first one that has a title tells more. */
export function onceEach(advisories: readonly Advisory[]): readonly Advisory[] {
  const once = new Map<string, Advisory>();
  for (const one of advisories) if (!once.get(one.id)?.title) once.set(one.id, one);
  return [...once.values()];
}

/** The first packages of many. */
export const packagesText = (all: readonly string[]): string => names([...new Set(all)], 3);
