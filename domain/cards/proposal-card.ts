/** The card of a proposal, from its first announcement to its last result: one message that is always redrawn from state. */
import type { Deployment, DeploymentState } from '../model/deployment.ts';
import { endStates, inFlight, wentWrong } from '../model/deployment.ts';
import type { Device } from '../model/device.ts';
import type { Patch } from '../model/patch.ts';
import { undoSummary } from '../model/plan.ts';
import type { Occurrence, Policy } from '../model/policy.ts';
import type { Proposal } from '../model/proposal.ts';
import type { Rollout, RolloutState } from '../model/rollout.ts';
import type { Workaround } from '../model/workaround.ts';
import type { Card, CardButton, Text, Tone } from './card.ts';
import { statusWords } from './catalog-words.ts';
import { dueText, retractedText, urgencyFacts } from './priority-facts.ts';
import { changes, count, joined, names } from './words.ts';
import { workaroundFacts } from './workaround-facts.ts';

/** Everything that the card tells of. `next` is the open or next window of the policy. */
export type ProposalView = {
  readonly proposal: Proposal;
  readonly patch: Patch;
  readonly policy: Policy | null;
  readonly devices: readonly Pick<Device, 'id' | 'name' | 'criticality'>[];
  readonly rollout: Rollout | null;
  readonly deployments: readonly Deployment[];
  readonly next: Occurrence | null;
  /** Active ones, of the patch or of a CVE that it fixes. */
  readonly workarounds: readonly Workaround[];
  /** Nobody may approve it before somebody has said what it is worth. */
  readonly needsVerdict: boolean;
};

/** Lists in chat stay short; Details and the console have everything. */
const shown = 5;

const rolloutWords: Record<RolloutState, string> = {
  scheduled: 'Approved, waiting to start',
  deploying: 'Deploying',
  soaking: 'Soaking',
  paused: 'Paused',
  halted: 'Halted',
  'rolling-back': 'Rolling back',
  completed: 'Completed',
  'rolled-back': 'Rolled back',
  cancelled: 'Cancelled',
};

/** The one card of a proposal. */
export function proposalCard(view: ProposalView): Card {
  const { proposal, patch, rollout, deployments } = view;
  const kind = patch.classification === 'security' ? 'security update' : 'update';
  const wrong = deployments.filter(({ state }) => wentWrong.includes(state)).length;
  return {
    title: `${patch.source} ${patch.version}: ${kind}`,
    tone: toneOf(view, wrong),
    status: statusOf(view, wrong),
    summary: summaryOf(view, kind),
    facts: rollout ? rolloutFacts(view, rollout) : proposalFacts(view),
    list: rollout ? deviceList(deployments) : changeList(view),
    ...(rollout ? { progress: progressOf(deployments, rollout.total, wrong) } : {}),
    note: noteOf(proposal),
    buttons: rollout ? rolloutButtons(rollout) : proposalButtons(view),
  };
}

function toneOf({ proposal, patch, rollout }: ProposalView, wrong: number): Tone {
  if (wrong > 0 || rollout?.state === 'paused' || patch.retracted) return 'bad';
  if (rollout?.state === 'halted') return 'warn';
  if (rollout?.state === 'completed') return 'good';
  if (proposal.state !== 'announced') return 'plain';
  return proposal.priority.band === 'emergency' || proposal.priority.band === 'high' ? 'bad' : 'warn';
}

function statusOf({ proposal, patch, rollout }: ProposalView, wrong: number): string {
  const state = rollout ? rolloutWords[rollout.state] : statusWords[proposal.state];
  const words = patch.retracted ? `${state}, patch taken back` : state;
  return wrong > 0 ? `${words}, ${wrong} went wrong` : words;
}

function summaryOf({ proposal, patch, rollout, devices }: ProposalView, kind: string): Text {
  if (patch.retracted) return retractedText(patch.retracted);
  if (rollout?.because) return rollout.because;
  if (proposal.voided && proposal.state === 'announced') return `Votes are void: ${proposal.voided}`;
  if (proposal.state === 'denied' && proposal.decided?.reason) return `Reason: ${proposal.decided.reason}`;
  if (proposal.state === 'deferred' && proposal.deferredUntil) {
    return ['It comes back at ', { at: proposal.deferredUntil.getTime() }, '.'];
  }
  if (patch.supersededBy) return `A newer version is offered instead: ${patch.supersededBy}.`;
  return rollout ? '' : `${count(devices.length, 'device')} can get this ${kind}.`;
}

function proposalFacts(view: ProposalView): Card['facts'] {
  const { proposal, patch, policy, devices, next, workarounds, needsVerdict } = view;
  const approvals = proposal.votes.filter(({ verb }) => verb === 'approve').map(({ name }) => name);
  const have = approvals.length > 0 ? `, given by ${joined(approvals)}` : '';
  return [
    ...urgencyFacts(proposal, patch),
    ...workaroundFacts(workarounds),
    { label: 'Devices', value: `${devices.length} (${byCriticality(devices)})` },
    { label: 'When', value: whenOf(proposal, next) },
    { label: 'Way back', value: wayBack(proposal) },
    { label: 'Reboot', value: proposal.plan.reboot.replace('-', ' ') },
    {
      label: 'Needs',
      value: `${needsVerdict ? 'a verdict, then ' : ''}${count(policy?.approvals.approve ?? 1, 'approval')}${have}`,
    },
    { label: 'Decide by', value: [{ at: proposal.expiresAt.getTime() }] },
  ];
}

function whenOf({ plan }: Proposal, next: Occurrence | null): Text {
  if (plan.schedule === 'now') return 'As soon as it is approved';
  if (!next) return 'Never: its policy has no window';
  return ['Window ', { at: next.start.getTime() }, ' to ', { at: next.end.getTime() }];
}

function wayBack(proposal: Proposal): string {
  const { downgrade, none } = undoSummary(proposal.plan);
  if (none === 0) return `Downgrade on all ${downgrade}`;
  return `${downgrade} downgrade, ${none} impossible`;
}

function byCriticality(devices: ProposalView['devices']): string {
  const order = ['mission', 'high', 'normal', 'low', null] as const;
  return order
    .map(
      (wanted) => [wanted ?? 'not rated', devices.filter(({ criticality }) => criticality === wanted).length] as const,
    )
    .filter(([, number]) => number > 0)
    .map(([label, number]) => `${number} ${label}`)
    .join(', ');
}

/** Devices with the same change share a line. */
function changeList({ proposal, devices }: ProposalView): NonNullable<Card['list']> {
  const groups = new Map<string, string[]>();
  for (const { device, transaction } of proposal.plan.entries) {
    const name = devices.find(({ id }) => id === device)?.name ?? device;
    const words = changes(transaction);
    groups.set(words, [...(groups.get(words) ?? []), name]);
  }
  const items = [...groups].map(([words, on]) => `${names(on, 4)}: ${words}`);
  return { title: 'What changes', items: items.slice(0, shown), more: Math.max(0, items.length - shown) };
}

function rolloutFacts({ proposal, deployments, workarounds }: ProposalView, rollout: Rollout): Card['facts'] {
  const inState = (states: readonly DeploymentState[]) =>
    deployments.filter(({ state }) => states.includes(state)).length;
  const started = rollout.startedAt ? [{ label: 'Started', value: [{ at: rollout.startedAt.getTime() }] }] : [];
  const finished = rollout.finishedAt ? [{ label: 'Finished', value: [{ at: rollout.finishedAt.getTime() }] }] : [];
  const due = proposal.priority.dueAt ? [{ label: 'Due', value: dueText(proposal.priority) }] : [];
  return [
    { label: 'Approved by', value: rollout.approvedBy },
    { label: 'Succeeded', value: `${inState(['succeeded'])} of ${rollout.total}` },
    { label: 'At work', value: String(inState(inFlight)) },
    { label: 'Waiting', value: String(inState(['waiting'])) },
    { label: 'Went wrong', value: `${inState(wentWrong)} (${rollout.errorsAllowed} allowed)` },
    { label: 'Way back', value: wayBack(proposal) },
    ...due,
    ...workaroundFacts(workarounds),
    ...started,
    ...finished,
  ];
}

const progressOf = (
  deployments: readonly Deployment[],
  total: number,
  wrong: number,
): NonNullable<Card['progress']> => ({
  done: deployments.filter(({ state }) => state === 'succeeded').length,
  failed: wrong,
  total,
});

/** What needs eyes comes first: wrong, then at work, then waiting, then done. */
function deviceList(deployments: readonly Deployment[]): NonNullable<Card['list']> {
  const rank = ({ state }: Deployment): number => {
    if (wentWrong.includes(state)) return 0;
    if (inFlight.includes(state)) return 1;
    return endStates.includes(state) ? 3 : 2;
  };
  const sorted = [...deployments].sort((a, b) => rank(a) - rank(b) || (a.name < b.name ? -1 : 1));
  return {
    title: 'Devices',
    items: sorted.slice(0, shown + 3).map(deviceLine),
    more: Math.max(0, sorted.length - shown - 3),
  };
}

/** One device in one line: what it does, or the one reason why it waits. */
export function deviceLine({ name, state, blocker, result }: Deployment): Text {
  if (state === 'waiting' && blocker) {
    const text = `${name}: waiting (${blocker.kind}). ${blocker.text}`;
    return blocker.until && blocker.kind !== 'budget' && blocker.kind !== 'cluster'
      ? [`${text} Until `, { at: blocker.until.getTime() }]
      : text;
  }
  return result && endStates.includes(state) ? `${name}: ${state}. ${result.text}` : `${name}: ${state}`;
}

function noteOf({ id, digest, decided, state }: Proposal): Text {
  const plan = `${id}, plan ${digest.slice(0, 12)}`;
  if (!decided) return plan;
  return [`${state} by ${decided.by} at `, { at: decided.at.getTime() }, `. ${plan}`];
}

/** A patch that was taken back can be denied, never approved; one that needs a verdict is approved after it has one. */
function proposalButtons({ proposal, patch: { retracted }, needsVerdict }: ProposalView): readonly CardButton[] {
  const about = { subject: proposal.id, rev: proposal.rev };
  const details: CardButton = { action: 'proposal.details', ...about, label: 'Details', tone: 'plain' };
  const announce: CardButton = { action: 'proposal.announce', ...about, label: 'Announce now', tone: 'plain' };
  if (proposal.state === 'open') return retracted ? [details] : [announce, details];
  if (proposal.state !== 'announced') return [details];
  const now = 'Devices start as soon as this is approved, outside of the window. Halts and freezes still count.';
  const why = { title: 'Deny this patch', label: 'Why? The answer is kept.' };
  const deny: CardButton = { action: 'proposal.deny', ...about, label: 'Deny', tone: 'bad', asks: why };
  if (retracted) return [deny, details];
  const worth = { title: 'What is it worth?', label: 'Verdict: why, such as "necessary: exploited"' };
  const triage: CardButton = { action: 'patch.triage', ...about, label: 'Triage', tone: 'good', asks: worth };
  const approve: readonly CardButton[] = [
    { action: 'proposal.approve', ...about, label: 'Approve', tone: 'good' },
    { action: 'proposal.approve-now', ...about, label: 'Approve, start now', tone: 'plain', confirm: now },
  ];
  const defer: CardButton = { action: 'proposal.defer', ...about, label: 'In 24 hours', tone: 'plain' };
  return [...(needsVerdict ? [triage] : approve), defer, deny, details];
}

function rolloutButtons(rollout: Rollout): readonly CardButton[] {
  const about = { subject: rollout.id, rev: rollout.rev };
  const details: CardButton = { action: 'rollout.details', ...about, label: 'Details', tone: 'plain' };
  const halt: CardButton = { action: 'rollout.halt', ...about, label: 'Halt', tone: 'bad' };
  const sure = 'Waiting devices of this rollout start again.';
  const resume: CardButton = { action: 'rollout.resume', ...about, label: 'Resume', tone: 'good', confirm: sure };
  const end = 'Devices that wait will not get this patch from this rollout.';
  const cancel: CardButton = {
    action: 'rollout.cancel',
    ...about,
    label: 'Cancel the rest',
    tone: 'plain',
    confirm: end,
  };
  if (rollout.state === 'scheduled' || rollout.state === 'deploying') return [halt, details];
  return rollout.state === 'paused' || rollout.state === 'halted' ? [resume, cancel, details] : [details];
}
