/** The private message to a device's owner: when, what will look different, whom to tell, and a way to wait. */
import type { Deployment, DeploymentState } from '../model/deployment.ts';
import type { Card } from './card.ts';
import { changes } from './words.ts';

const words: Record<DeploymentState, string> = {
  waiting: 'Planned',
  preparing: 'Starting now',
  installing: 'Installing now',
  unsure: 'Installing now',
  rebooting: 'Restarting now',
  verifying: 'Checking now',
  succeeded: 'Done',
  failed: 'Did not work',
  'rolling-back': 'Going back',
  'rolled-back': 'Taken back',
  stuck: 'Somebody will look at it',
  skipped: 'Not installed',
  cancelled: 'Cancelled',
};

/** `contact` is the person to tell, by name. */
export function ownerCard(deployment: Deployment, contact: string): Card {
  const { name, state, transaction, reboot, deferral, nextAt } = deployment;
  const left = deferral.max - deferral.used;
  const waiting = state === 'waiting';
  const restart = reboot === 'never' ? 'It will not restart.' : 'It may have to restart: save your work.';
  return {
    title: `${name} gets an update`,
    tone: state === 'succeeded' ? 'good' : waiting ? 'warn' : 'plain',
    status: words[state],
    summary: waiting ? `Programs may close for a moment. ${restart}` : (deployment.result?.text ?? ''),
    facts: [
      { label: 'What', value: changes(transaction) },
      ...(waiting ? [{ label: 'Not before', value: [{ at: nextAt.getTime() }] }] : []),
      ...(waiting ? [{ label: 'Deferrals left', value: `${left} of ${deferral.max}` }] : []),
      ...(waiting ? [{ label: 'At the latest', value: [{ at: deferral.deadline.getTime() }] }] : []),
      { label: 'Something wrong?', value: `Tell ${contact}.` },
    ],
    note: deployment.id,
    buttons:
      waiting && left > 0
        ? [
            {
              action: 'deployment.defer',
              subject: deployment.id,
              // Looking again and again changes the record, but not what the owner decides about.
              rev: deferral.used,
              label: 'Wait for the next window',
              tone: 'plain',
            },
          ]
        : [],
  };
}
