/** What `why` answers: what a device waits for, why a patch is not on it yet, whether an advisory concerns it at all. */
import type { Advisory } from '../model/advisory.ts';
import type { Deployment } from '../model/deployment.ts';
import type { Device } from '../model/device.ts';
import type { Applicability, Patch } from '../model/patch.ts';
import type { Policy } from '../model/policy.ts';
import { byUrgency, type Priority } from '../model/priority.ts';
import type { Proposal } from '../model/proposal.ts';
import type { Card, Text } from './card.ts';
import { fact, proposalWords, top } from './catalog-words.ts';
import { dueText } from './priority-facts.ts';
import { count, joined } from './words.ts';

/** The one thing that a patch waits for on a device. */
export type Wait = { readonly kind: string; readonly text: string; readonly until: Date | null };

export type WhyDevice = {
  readonly device: Device;
  readonly policy: Policy | null;
  /** Advisories that the last matching found it open to; null = it was not matched. */
  readonly advisories: number | null;
  readonly patches: readonly { readonly patch: Patch; readonly priority: Priority; readonly wait: Wait }[];
};

const listed = 15;

/** The sentence, and until when. */
const untilText = ({ text, until }: Wait): Exclude<Text, string> => [
  text,
  ...(until ? [' Until ', { at: until.getTime() }, '.'] : []),
];

/** The open patches of a device, most urgent first, each with what it waits for. */
export function whyDeviceCard({ device, policy, advisories, patches }: WhyDevice): Card {
  const sorted = [...patches].sort((a, b) => byUrgency(a.priority, b.priority) || (a.patch.id < b.patch.id ? -1 : 1));
  const items = sorted.slice(0, listed).map(({ patch, priority: { band, score, dueAt }, wait }): Text => {
    const due = dueAt ? ['due ', { at: dueAt.getTime() }] : ['due in the next window'];
    return [
      `${patch.source} ${patch.version}: ${band} ${score}, `,
      ...due,
      `. Waits for ${wait.kind}: `,
      ...untilText(wait),
    ];
  });
  return {
    title: device.name,
    tone: 'plain',
    status: statusOf(device, patches.length),
    facts: [
      { label: 'Policy', value: policy?.id ?? 'none selects this device: nothing is installed on it' },
      ...fact('Open to', advisories === null ? null : count(advisories, 'advisory', 'advisories')),
      ...fact('Last scan', device.facts && [{ at: device.facts.scannedAt.getTime() }]),
      ...fact('Problem', device.lastScan?.problem?.text ?? null),
    ],
    list: { title: 'Most urgent first', items, more: sorted.length - items.length },
    ...(sorted[0] ? { note: `The whole chain of the first: why ${device.name} ${sorted[0].patch.source}` } : {}),
    buttons: [],
  };
}

function statusOf({ facts, retired }: Device, open: number): string {
  if (retired) return 'Retired';
  if (!facts) return 'Not scanned yet: nothing is known of it';
  return open > 0 ? count(open, 'open patch', 'open patches') : 'No patch is open';
}

export type WhyPatch = {
  readonly device: Device;
  readonly patch: Patch;
  readonly applicability: Applicability | null;
  readonly policy: Policy | null;
  readonly proposal: Proposal | null;
  readonly deployment: Deployment | null;
  /** Of the policy: open now, or the next one. */
  readonly window: { readonly open: boolean; readonly start: Date; readonly end: Date } | null;
  /** Of this device alone: the proposal's is that of its worst device. null = the device does not miss it. */
  readonly priority: Priority | null;
  /** null = nothing is to be done. */
  readonly wait: Wait | null;
  readonly fixes: readonly Advisory[];
};

/** The chain from policy to window, and the device's own priority as a sum. */
export function whyPatchCard(view: WhyPatch): Card {
  const { device, patch, applicability, priority, wait, fixes } = view;
  const state = applicability ? applicability.state.replace('-', ' ') : 'not offered to it';
  return {
    title: `${device.name}: ${patch.source} ${patch.version}`,
    tone: 'plain',
    status: wait ? `Waits for ${wait.kind}` : 'Nothing is to be done',
    ...(wait ? { summary: untilText(wait) } : {}),
    facts: [
      { label: 'On the device', value: applicability?.because ? `${state}: ${applicability.because}` : state },
      ...fact('Fixes here', namesOf(fixes)),
      ...chain(view),
      ...(priority ? [{ label: 'Priority', value: `${priority.band}, ${priority.score} of 100` }] : []),
      ...(priority ? [{ label: 'Due', value: dueText(priority) }] : []),
      ...fact('Assumed', priority?.assumed.join('; ') ?? null),
    ],
    ...(priority ? { list: { title: `Why ${priority.band} on this device`, items: priority.why, more: 0 } } : {}),
    note: patch.id,
    buttons: [],
  };
}

const namesOf = (fixes: readonly Advisory[]): string => {
  const ids = [...new Set(fixes.map(({ id }) => id))];
  return ids.length > top ? `${ids.slice(0, top).join(', ')} and ${ids.length - top} more` : ids.join(', ');
};

/** Who decides, in the order in which it is decided. */
function chain({ policy, proposal, deployment, window }: WhyPatch): Card['facts'] {
  const when: Text | null = window && [
    window.open ? 'open since ' : 'next ',
    { at: window.start.getTime() },
    ' to ',
    { at: window.end.getTime() },
  ];
  return [
    { label: 'Policy', value: policy?.id ?? 'none selects this device' },
    { label: 'Proposal', value: proposal ? `${proposal.id}: ${proposalWords[proposal.state]}` : 'none yet' },
    ...fact('Votes', proposal && votesOf(proposal, policy)),
    ...fact('Window', proposal?.plan.schedule === 'now' ? 'not waited for: as soon as it is approved' : when),
    ...fact('Deployment', deployment && `${deployment.state}${deployment.result ? `. ${deployment.result.text}` : ''}`),
  ];
}

function votesOf({ votes, digest, voided }: Proposal, policy: Policy | null): string {
  const valid = votes.filter((vote) => vote.digest === digest);
  const by = (verb: 'approve' | 'deny') => valid.filter((vote) => vote.verb === verb).map(({ name }) => name);
  const approved = by('approve');
  const against = by('deny');
  return [
    `${approved.length} of ${policy?.approvals.approve ?? 1} approvals${approved.length > 0 ? `, by ${joined(approved)}` : ''}`,
    ...(against.length > 0 ? [`against it: ${joined(against)}`] : []),
    ...(voided ? [`earlier votes are void: ${voided}`] : []),
  ].join('; ');
}
