/** Cards as people really get them, for renderer tests and for looking at. */
import { type Card, type CardButton, line } from '../../../domain/cards/card.ts';

/** 2026-11-24 02:00 UTC. */
export const tonight = Date.UTC(2026, 10, 24, 2, 0);

const on = (rest: Pick<CardButton, 'action' | 'label'> & Partial<CardButton>): CardButton => ({
  subject: 'p-7f3k',
  rev: 3,
  tone: 'plain',
  ...rest,
});

export const approval: Card = {
  title: 'openssl 3.0.15-1~deb12u1 on 12 devices',
  tone: 'warn',
  status: 'Waiting for approval',
  summary:
    'Fixes DSA-5764-1: a crafted certificate can crash TLS servers (denial of service). 0 of 2 approvals so far.',
  facts: [
    { label: 'Priority', value: 'high, 78 of 100' },
    { label: 'Due', value: [{ at: tonight + 3 * 86_400_000 }] },
    { label: 'Devices', value: '3 mission, 4 high, 5 normal' },
    { label: 'Next window', value: [{ at: tonight }, ', 4 h'] },
    { label: 'Restart', value: 'services only, no reboot' },
    { label: 'Way back', value: '12 of 12 can be downgraded' },
    {
      label: 'Why this priority',
      value: 'CVSS 7.5 gives 45, EPSS 0.42 gives 18, exposed to the internet gives 15. Not in KEV.',
    },
  ],
  list: {
    title: 'Devices',
    items: ['web-1 (mission, internet)', 'web-2 (mission, internet)', 'db-1 (mission)', 'mail-1', 'cache-1'],
    more: 7,
  },
  note: 'Proposal p-7f3k · plan 9c41e0 · asked by Ana Ruiz',
  buttons: [
    on({
      action: 'proposal.approve',
      label: 'Approve',
      tone: 'good',
      confirm: 'Install openssl on 12 devices in the next window?',
    }),
    on({
      action: 'proposal.deny',
      label: 'Deny',
      tone: 'bad',
      asks: { title: 'Deny this patch', label: 'Why? The answer is kept in the audit log.' },
    }),
    on({ action: 'proposal.defer', label: 'Defer a week' }),
    on({ action: 'proposal.details', label: 'Details' }),
  ],
};

export const deploying: Card = {
  title: 'openssl 3.0.15-1~deb12u1',
  tone: 'plain',
  status: 'Deploying, ring 2 of 3 (broad)',
  facts: [
    { label: 'Started', value: [{ at: tonight }] },
    { label: 'Error budget', value: '1 of 2 used' },
  ],
  progress: { done: 7, failed: 1, total: 12 },
  list: { title: 'Problems', items: ['mail-1: dpkg was interrupted, work order wo-12 is open'], more: 0 },
  note: ['Rollout r-52 · changed ', { at: tonight + 1_500_000 }],
  buttons: [
    on({ action: 'halt.rollout', subject: 'r-52', rev: 9, label: 'Stop', tone: 'bad' }),
    on({
      action: 'rollout.roll-back',
      subject: 'r-52',
      rev: 9,
      label: 'Roll back',
      asks: { title: 'Roll back 8 devices', label: 'Type the rollout id to go on', phrase: 'r-52' },
    }),
  ],
};

export const decided: Card = {
  ...approval,
  tone: 'good',
  status: 'Approved',
  summary: ['Approved by Ana Ruiz and Tom Berg. Starts ', { at: tonight }, '.'],
  buttons: [],
};

export const failed: Card = {
  ...deploying,
  tone: 'bad',
  status: 'Paused: error budget spent',
  summary: 'Two devices failed in ring 2. Nothing else starts until somebody resumes.',
  progress: { done: 5, failed: 2, total: 12 },
};

export const threadLine = line('web-1', 'good', 'succeeded', ['3.0.15 verified by a scan ', { at: tonight + 900_000 }]);
