/** Cards as the product would make them, for the tests and for looking at. */
import { type Card, line } from '../../../domain/cards/card.ts';

/** Monday 2026-11-23 14:00 UTC, in milliseconds. */
export const noon = Date.UTC(2026, 10, 23, 14);
const hour = 3_600_000;

export const approval: Card = {
  title: 'openssl 3.0.17-1~deb12u2 → 3.0.17-1~deb12u3',
  tone: 'warn',
  status: 'Waiting for approval · 0 of 2',
  summary: 'Fixes DSA-6015-1 (CVE-2026-9230): a crafted CMS message makes OpenSSL write out of bounds.',
  facts: [
    { label: 'Priority', value: 'high · 78 of 100 = severity 40 + known exploited 20 × mission 1.3' },
    { label: 'Due', value: [{ at: noon + 66 * hour }] },
    { label: 'Devices', value: '12: 3 mission, 7 normal, 2 low' },
    { label: 'Window', value: ['nightly, next ', { at: noon + 12 * hour }] },
    { label: 'Reboot', value: 'not needed; 4 services restart' },
    { label: 'Way back', value: '11 downgrade, 1 impossible' },
  ],
  list: {
    title: 'Devices',
    items: ['db-1.example.net', 'db-2.example.net', 'web_1 (mission)', 'web_2 (mission)', 'mail-1'],
    more: 7,
  },
  note: 'p-4f2a · plan 9c41e07b · why web_1 explains the priority',
  buttons: [
    { action: 'proposal.approve', subject: 'p-4f2a', rev: 3, label: 'Approve', tone: 'good' },
    {
      action: 'proposal.deny',
      subject: 'p-4f2a',
      rev: 3,
      label: 'Decline',
      tone: 'bad',
      asks: { title: 'Decline openssl', label: 'Why?' },
    },
    { action: 'proposal.defer', subject: 'p-4f2a', rev: 3, label: 'Ask again tomorrow', tone: 'plain' },
    { action: 'proposal.show', subject: 'p-4f2a', rev: 3, label: 'Details', tone: 'plain' },
  ],
};

export const approved: Card = {
  ...approval,
  tone: 'good',
  status: 'Approved · 2 of 2',
  note: ['p-4f2a · plan 9c41e07b · approved by Ann and Bob, ', { at: noon }],
  buttons: [],
};

export const declined: Card = {
  ...approved,
  tone: 'bad',
  status: 'Declined',
  summary: 'Bob: the vendor has withdrawn this update.',
  note: ['p-4f2a · declined by Bob, ', { at: noon }],
};

export const running: Card = {
  title: 'openssl 3.0.17-1~deb12u3 on 12 devices',
  tone: 'plain',
  status: 'Deploying · ring 2 of 3',
  facts: [
    { label: 'Started', value: [{ at: noon + 12 * hour }] },
    { label: 'Now', value: 'web_1 installing, web_2 verifying' },
    { label: 'Next', value: 'db-1.example.net waits for db-2.example.net: one of a cluster at a time' },
  ],
  progress: { done: 6, failed: 1, total: 12 },
  note: 'r-91c0',
  buttons: [
    { action: 'rollout.halt', subject: 'r-91c0', rev: 14, label: 'Halt', tone: 'bad' },
    {
      action: 'rollout.roll-back',
      subject: 'r-91c0',
      rev: 14,
      label: 'Roll back',
      tone: 'bad',
      asks: { title: 'Roll back 6 devices', label: 'Type the phrase', phrase: 'roll back r-91c0' },
    },
    {
      action: 'rollout.pause',
      subject: 'r-91c0',
      rev: 14,
      label: 'Pause',
      tone: 'plain',
      confirm: 'Devices that are installing finish; no other one starts.',
    },
  ],
};

export const threadLine: Card = line('web_1', 'good', 'Succeeded', 'Installed and verified in 2 min 10 s.');
