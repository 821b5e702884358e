import { describe, expect, it } from 'vitest';
import type { Card } from '../../../domain/cards/card.ts';
import { detailsCard } from '../../../domain/cards/details-card.ts';
import { ownerCard } from '../../../domain/cards/owner-card.ts';
import { deviceLine, proposalCard } from '../../../domain/cards/proposal-card.ts';
import { workOrderCard } from '../../../domain/cards/work-order-card.ts';
import { deployment, noon, plan, proposal, rollout, workOrder } from '../make.ts';
import { fact, plain } from './as-text.ts';
import { proposalView } from './views.ts';

const labels = (card: Card): string[] => card.buttons.map(({ label }) => label);

describe('the card of a proposal', () => {
  it('says what, where, when, how urgent, and what is needed', () => {
    const card = proposalCard(proposalView());
    expect([card.title, card.status, card.tone]).toEqual(['acme-agent 1.1: update', 'Waiting for approval', 'warn']);
    expect(card.facts.map(({ label, value }) => `${label}: ${plain(value)}`)).toEqual([
      'Priority: low, 5 of 100',
      'Due: In the next window',
      'Devices: 2 (1 high, 1 not rated)',
      'When: Window 2026-11-23T12:00:00.000Z to 2026-11-23T14:00:00.000Z',
      'Way back: Downgrade on all 2',
      'Reboot: if required',
      'Needs: 1 approval',
      'Decide by: 2026-11-26T12:00:00.000Z',
    ]);
    expect(card.list?.items).toEqual(['web-1, web-2: acme-agent 1.0 -> 1.1']);
    expect(labels(card)).toEqual(['Approve', 'Approve, start now', 'In 24 hours', 'Deny', 'Details']);
  });

  it('is honest about devices that cannot go back', () => {
    const base = plan(['web-1', 'web-2']);
    const entries = base.entries.map((entry, index) => (index === 0 ? { ...entry, undo: 'none' as const } : entry));
    expect(
      fact(proposalCard(proposalView({ proposal: { ...proposal(), plan: { ...base, entries } } })), 'Way back'),
    ).toBe('1 downgrade, 1 impossible');
  });

  it('keeps who denied it and why, and takes the deciding buttons away', () => {
    const decided = { by: 'Ann', at: noon, reason: 'breaks the printer' };
    const card = proposalCard(proposalView({ proposal: proposal({ state: 'denied', decided }) }));
    expect(card.summary).toBe('Reason: breaks the printer');
    expect(plain(card.note ?? '')).toContain('denied by Ann at 2026-11-23T12:00:00.000Z');
    expect(labels(card)).toEqual(['Details']);
  });

  it('says that votes are void and why', () => {
    expect(
      proposalCard(proposalView({ proposal: proposal({ voided: 'Devices changed: 1 added, 0 gone.' }) })).summary,
    ).toBe('Votes are void: Devices changed: 1 added, 0 gone.');
  });

  it('says that nothing can ever happen when the policy has no window', () => {
    expect(fact(proposalCard(proposalView({ next: null })), 'When')).toBe('Never: its policy has no window');
  });

  it('becomes the card of its rollout: progress, what went wrong first, Halt at hand', () => {
    const deployments = [
      deployment('web-1', { state: 'succeeded', result: { text: 'acme-agent 1.0 -> 1.1.', log: '' } }),
      deployment('web-2', { state: 'rolled-back', result: { text: 'Unhealthy.', log: '' } }),
      deployment('web-3', { blocker: { kind: 'window', text: 'Waits for the next window.', until: noon } }),
    ];
    const card = proposalCard(
      proposalView({ proposal: proposal({ state: 'approved' }), rollout: rollout({ total: 3 }), deployments }),
    );
    expect([card.status, card.tone, card.progress]).toEqual([
      'Deploying, 1 went wrong',
      'bad',
      { done: 1, failed: 1, total: 3 },
    ]);
    expect(card.list?.items.map(plain)).toEqual([
      'web-2: rolled-back. Unhealthy.',
      'web-3: waiting (window). Waits for the next window. Until 2026-11-23T12:00:00.000Z',
      'web-1: succeeded. acme-agent 1.0 -> 1.1.',
    ]);
    expect(labels(card)).toEqual(['Halt', 'Details']);
  });

  it('lists no more than eight devices and counts the rest', () => {
    const deployments = Array.from({ length: 40 }, (_, index) => deployment(`web-${index + 1}`));
    const { list } = proposalCard(proposalView({ rollout: rollout({ total: 40 }), deployments }));
    expect([list?.items.length, list?.more]).toEqual([8, 32]);
  });

  it('offers Resume only when it is paused or halted', () => {
    expect(labels(proposalCard(proposalView({ rollout: rollout({ state: 'paused' }) })))).toEqual([
      'Resume',
      'Cancel the rest',
      'Details',
    ]);
    expect(labels(proposalCard(proposalView({ rollout: rollout({ state: 'completed' }) })))).toEqual(['Details']);
  });

  it('draws buttons from the revision that it shows', () => {
    expect(proposalCard(proposalView({ proposal: proposal({ rev: 9 }) })).buttons.every(({ rev }) => rev === 9)).toBe(
      true,
    );
  });
});

describe('the details of a proposal', () => {
  it('print every addend of the priority and the whole digest', () => {
    const card = detailsCard(proposalView());
    expect(card.summary).toBe('Why low: not from a security archive: 5.');
    expect(fact(card, 'Plan digest')).toBe('digest-1');
    expect(card.list?.items).toEqual([
      'web-1: acme-agent 1.0 -> 1.1 (downgrade possible)',
      'web-2: acme-agent 1.0 -> 1.1 (downgrade possible)',
    ]);
  });
});

describe('the message to a device owner', () => {
  it('says when, what, whom to tell, and how often it can wait', () => {
    const card = ownerCard(
      deployment('laptop-riley', { deferral: { used: 1, max: 3, until: null, deadline: noon } }),
      'Ola',
    );
    expect(card.status).toBe('Planned');
    expect(card.facts.map(({ label, value }) => `${label}: ${plain(value)}`)).toEqual([
      'What: acme-agent 1.0 -> 1.1',
      'Not before: 2026-11-23T12:00:00.000Z',
      'Deferrals left: 2 of 3',
      'At the latest: 2026-11-23T12:00:00.000Z',
      'Something wrong?: Tell Ola.',
    ]);
    expect(labels(card)).toEqual(['Wait for the next window']);
  });

  it('has no button when nothing is left, or when it has begun', () => {
    const used = { used: 3, max: 3, until: null, deadline: noon };
    expect(labels(ownerCard(deployment('laptop', { deferral: used }), 'Ola'))).toEqual([]);
    expect(labels(ownerCard(deployment('laptop', { state: 'installing' }), 'Ola'))).toEqual([]);
  });
});

describe('the card of a work order', () => {
  it('says whose it is, on which devices, and shows the end of the log', () => {
    const card = workOrderCard(workOrder());
    expect([card.status, fact(card, 'Assigned to'), fact(card, 'Devices')]).toEqual(['open', 'Ola', 'db-1']);
    expect(card.list?.items.at(-1)).toBe('dpkg: error processing package acme-db (--configure):');
    expect(labels(card)).toEqual(['Claim']);
  });

  it('offers what comes next', () => {
    expect(labels(workOrderCard(workOrder({ state: 'claimed' })))).toEqual(['Resolved', 'Try again', 'Give back']);
    expect(labels(workOrderCard(workOrder({ state: 'closed' })))).toEqual([]);
  });
});

describe('one device in one line', () => {
  it('gives the one blocker of a waiting device', () => {
    const line = deviceLine(
      deployment('db-1', { blocker: { kind: 'cluster', text: 'db-2 is at work.', until: noon } }),
    );
    expect(line).toBe('db-1: waiting (cluster). db-2 is at work.');
  });
});
