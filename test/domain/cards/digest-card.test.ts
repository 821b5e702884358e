import { describe, expect, it } from 'vitest';
import { digestCard } from '../../../domain/cards/digest-card.ts';
import type { Digest } from '../../../domain/model/digest.ts';
import type { DigestId, PolicyId, TenantId } from '../../../domain/model/ids.ts';
import type { ProposalHead } from '../../../domain/ports.ts';
import { noon, proposal } from '../make.ts';

const id = 'd-standard-2026-11-23' as DigestId;
const priority = (change: object) => ({ ...proposal().priority, ...change });
const bands = ['normal', 'low', 'low', 'normal', 'low', 'low', 'low', 'low', 'low'] as const;

/** Nine proposals of one digest, changed as a test says: by number, from 0. */
function heads(change: Readonly<Record<number, object>> = {}): readonly ProposalHead[] {
  return bands.map((band, index) => {
    const patch = `debian:12/acme-${index}=2.0`;
    const worth = { patch, priority: priority({ band, score: band === 'normal' ? 40 + index : 10 }) };
    const usual = { id: `p-${index}`, state: 'announced', inDigest: id, ...worth };
    const { plan, votes: _, ...head } = proposal({ ...usual, ...change[index] } as never);
    return { ...head, devices: plan.entries.length };
  });
}
const digest: Digest = {
  ...{ id, tenant: 'acme' as TenantId, rev: 2, policy: 'standard' as PolicyId, at: noon, day: '2026-11-23' },
  ...{ proposals: heads().map((head) => head.id), complete: true },
};
const facts = (all: readonly ProposalHead[]) =>
  digestCard(digest, all).facts.map(({ label, value }) => `${label}: ${value}`);

describe('the message of a digest', () => {
  it('names the five most urgent and counts the others, by priority', () => {
    const card = digestCard(digest, heads());
    expect([card.title, card.tone, card.status]).toEqual(['9 patches for standard', 'warn', 'Waiting for approval']);
    expect(card.list?.items.map((item) => String(item).split(':')[0])).toEqual([
      'acme-3 2.0',
      'acme-0 2.0',
      ...['acme-1 2.0', 'acme-2 2.0', 'acme-4 2.0'],
    ]);
    expect(card.list?.more).toBe(4);
    expect(facts(heads())).toEqual(['Priority normal: 2', 'Priority low: 7']);
  });

  it('says how many still wait, and what became of the others', () => {
    const all = heads({
      0: { state: 'approved' },
      1: { state: 'approved' },
      2: { state: 'denied' },
      3: { state: 'superseded' },
      4: { inDigest: null, formerDigest: id, priority: priority({ band: 'high', score: 70 }) },
      5: { state: 'deferred', deferredUntil: noon },
    });
    const card = digestCard(digest, all);
    expect(card.title).toBe('4 of 9 patches for standard still wait');
    expect(facts(all)).toEqual([
      'Priority low: 4',
      'Approved: 2',
      'Denied: 1',
      'No longer needed: 1',
      'Urgent by now, own card: 1',
    ]);
    expect(card.list).toMatchObject({ more: 0 });
    expect(card.list?.items).toHaveLength(4);
    expect(card.list?.items[0]).toContain(', put away until ');
  });

  it('is good when all is decided', () => {
    const all = heads(Object.fromEntries(bands.map((_, index) => [index, { state: 'approved' }])));
    const card = digestCard(digest, all);
    expect([card.title, card.tone, card.status]).toEqual(['9 patches for standard', 'good', 'All decided']);
    expect(card.list).toBeUndefined();
  });

  it('does not call decided what only left for a card of its own', () => {
    const decided = Object.fromEntries(bands.map((_, index) => [index, { state: 'denied' }]));
    const left = { inDigest: null, formerDigest: id };
    expect(digestCard(digest, heads({ ...decided, 8: left }))).toMatchObject({
      tone: 'plain',
      status: 'Nothing waits here',
    });
    expect(digestCard(digest, heads({ ...decided, 8: { ...left, state: 'approved' } }))).toMatchObject({
      tone: 'good',
      status: 'All decided',
    });
  });
});
