/** The one thing that a patch waits for on a device: asked in the order in which it is decided. Pure. */

import type { Wait } from '../cards/why-card.ts';
import { count } from '../cards/words.ts';
import { type Deployment, unfinished } from '../model/deployment.ts';
import type { Device } from '../model/device.ts';
import { type Applicability, type ApplicabilityState, isDeclined, type Patch } from '../model/patch.ts';
import type { Policy } from '../model/policy.ts';
import type { ProposalHead } from '../ports.ts';

export type Situation = {
  readonly now: Date;
  /** Facts that are older say nothing, in milliseconds. */
  readonly maxAgeMs: number;
  readonly device: Device;
  readonly patch: Patch;
  readonly applicability: Applicability | null;
  /** The policy that selects the device. */
  readonly policy: Policy | null;
  /** The one of this policy that counts. */
  readonly proposal: Omit<ProposalHead, 'devices'> | null;
  /** Whether the plan of the proposal has this device; null = it was not read. */
  readonly planned: boolean | null;
  readonly needsVerdict: boolean;
  /** The newest of this patch on this device. */
  readonly deployment: Deployment | null;
};

const wait = (kind: string, text: string, until: Date | null = null): Wait => ({ kind, text, until });

/** null: the device has it, or was never offered it. */
export function waitOf(situation: Situation): Wait | null {
  const { applicability } = situation;
  const working = deploymentWait(situation);
  if (working) return working;
  if (!applicability || done.includes(applicability.state)) return null;
  return patchWait(situation) ?? deviceWait(situation) ?? proposalWait(situation);
}

const done: readonly ApplicabilityState[] = ['installed', 'installed-other', 'not-applicable'];

function deploymentWait({ deployment }: Situation): Wait | null {
  if (!deployment) return null;
  const { state, blocker, result } = deployment;
  if (state === 'stuck') return wait('a person', result?.text ?? 'The deployment is stuck: its work order says why.');
  if (!unfinished.includes(state)) return null;
  if (state !== 'waiting') return wait('its deployment', `A worker is at it: ${state}.`);
  if (!blocker) return wait('its turn', 'Nothing speaks against it: a worker starts it next.');
  return wait(blocker.kind, blocker.text, blocker.until);
}

function patchWait({ patch }: Situation): Wait | null {
  const { retracted, verdict, blocked, supersededBy } = patch;
  if (retracted) return wait('nothing', `Taken back by ${retracted.by}: ${retracted.reason}`);
  if (verdict && isDeclined(patch)) return wait('nothing', `Declined by ${verdict.by}: ${verdict.rationale}`);
  if (blocked) return wait('a person', `The patch is blocked: ${blocked.reason}`);
  return supersededBy ? wait('nothing', `A newer version is offered instead: ${supersededBy}.`) : null;
}

/** Why a device that lacks a patch is not offered it. */
const stateWords: Partial<Record<ApplicabilityState, string>> = {
  'pending-reboot': 'Installed, and in use after the next reboot.',
  held: 'The package is held on the device.',
  phased: 'The distribution rolls it out in phases: it is not this device’s turn.',
  'kept-back': 'The package manager keeps it back: installing it would change more than this.',
  excepted: 'An exception covers this device.',
  declined: 'The patch is declined.',
  failed: 'It failed here: nothing is tried again until a person lifts that (unblock).',
  'rolled-back': 'It was rolled back here: nothing is tried again until a person lifts that (unblock).',
  stale: 'The last facts of this device are too old.',
};

function deviceWait({ now, maxAgeMs, device, applicability, policy }: Situation): Wait | null {
  const { facts, ownership, lastScan } = device;
  if (applicability && applicability.state !== 'missing') {
    const { state, because } = applicability;
    return wait(state.replace('-', ' '), [stateWords[state] ?? state, ...(because ? [because] : [])].join(' '));
  }
  if (device.retired) return wait('nothing', 'The device is retired.');
  if (ownership === 'personal') return wait('its owner', 'A personal device: its owner is told, nothing is pushed.');
  if (!facts || now.getTime() - facts.scannedAt.getTime() > maxAgeMs) {
    const problem = lastScan?.problem ? ` ${lastScan.problem.text}` : '';
    return wait('a scan', `What is known of this device is too old to act on.${problem}`);
  }
  return policy ? null : wait('a policy', 'No policy selects this device.');
}

function proposalWait({ applicability, proposal, planned, needsVerdict, policy }: Situation): Wait {
  if (applicability && applicability.transaction.length === 0)
    return wait('its plan', 'The package manager was not asked yet what the install would do: the next visit asks it.');
  if (!proposal || proposal.state === 'superseded') return wait('a proposal', 'The next look at the fleet makes one.');
  const { state, decided, deferredUntil, id } = proposal;
  if (state === 'denied')
    return wait('nothing', `Denied${decided ? ` by ${decided.by}: ${decided.reason ?? 'no reason given'}` : ''}.`);
  if (planned === false) return wait('a new plan', `The plan of ${id} was made without this device.`);
  if (state === 'deferred') return wait('the end of a deferral', `${id} was put away.`, deferredUntil);
  if (state === 'expired') return wait('approval', `${id} expired undecided: it is announced again.`);
  if (state === 'approved') return wait('its rollout', `${id} is approved: its rollout is being made.`);
  if (needsVerdict) return wait('a verdict', `${id} has to be triaged first.`);
  if (state === 'open') return wait('its digest', `${id} is announced with the next one.`);
  return wait('approval', `${id} needs ${count(policy?.approvals.approve ?? 1, 'approval')}.`);
}
