import { describe, expect, it } from 'vitest';
import type { PlanDigest } from '../../../domain/model/ids.ts';
import {
  isStale,
  moveProposal,
  type ProposalState,
  type ProposalVerb,
  proposalMoves,
  replan,
  vote,
} from '../../../domain/model/proposal.ts';
import { noon, person, plan, proposal } from '../make.ts';

const one = { approve: 1, deny: 1 };
const two = { approve: 2, deny: 2 };
const [ann, bob] = [person('ann'), person('bob')];
const cast = (
  p: ReturnType<typeof proposal>,
  by: typeof ann,
  verb: 'approve' | 'deny',
  thresholds = one,
  seenRev = p.rev,
) => vote(p, by, verb, noon, { seenRev, thresholds, reason: null });
const must = <T>(result: { ok: true; value: T } | { ok: false; error: unknown }): T => {
  if (!result.ok) throw new Error(`refused: ${JSON.stringify(result.error)}`);
  return result.value;
};

describe('a proposal', () => {
  // The table of design.md, written out: a move that is not here must be refused.
  const allowed: readonly [ProposalState, ProposalVerb, ProposalState][] = [
    ['open', 'announce', 'announced'],
    ['open', 'supersede', 'superseded'],
    ['announced', 'approve', 'approved'],
    ['announced', 'defer', 'deferred'],
    ['announced', 'deny', 'denied'],
    ['announced', 'expire', 'expired'],
    ['announced', 'supersede', 'superseded'],
    ['deferred', 'wake', 'announced'],
    ['deferred', 'deny', 'denied'],
    ['deferred', 'supersede', 'superseded'],
    ['approved', 'revoke', 'announced'],
    ['expired', 'announce', 'announced'],
  ];
  const states = Object.keys(proposalMoves) as ProposalState[];
  const verbs = ['announce', 'approve', 'defer', 'wake', 'deny', 'expire', 'revoke', 'supersede'] as const;

  it.each(states.flatMap((state) => verbs.map((verb) => [state, verb] as const)))(
    'that is %s, on %s, moves only by the table',
    (state, verb) => {
      const next = allowed.find(([from, by]) => from === state && by === verb)?.[2];
      const moved = moveProposal(proposal({ state }), verb);
      if (next) expect(moved).toEqual({ ok: true, value: proposal({ state: next, rev: 4 }) });
      else expect(moved).toMatchObject({ ok: false, error: { code: 'proposal.no-such-move', state } });
    },
  );

  it('refuses a press on a card that showed an older plan', () => {
    expect(cast(proposal({ rev: 7, planRev: 5 }), ann, 'approve', one, 4)).toEqual({
      ok: false,
      error: { code: 'proposal.stale' },
    });
  });

  it('takes a press on an older card when only a vote has come since', () => {
    expect(isStale(proposal({ rev: 7, planRev: 5 }), 5)).toBe(false);
  });

  it('refuses a revision from the future', () => {
    expect(isStale(proposal({ rev: 7 }), 8)).toBe(true);
  });

  it('is approved by one vote when one is enough, and says by whom', () => {
    const decided = must(cast(proposal(), ann, 'approve'));
    expect([decided.state, decided.decided?.by, decided.rev]).toEqual(['approved', 'Ann', 4]);
  });

  it('waits for the second person when two are needed', () => {
    const first = must(cast(proposal(), ann, 'approve', two));
    expect(first.state).toBe('announced');
    const second = must(cast(first, bob, 'approve', two));
    expect([second.state, second.decided?.by]).toEqual(['approved', 'Ann and Bob']);
  });

  it('counts a person once', () => {
    const first = must(cast(proposal(), ann, 'approve', two));
    expect(cast(first, ann, 'approve', two)).toEqual({
      ok: false,
      error: { code: 'proposal.voted', have: 1, need: 2 },
    });
  });

  it('lets a person change their mind', () => {
    const first = must(cast(proposal(), ann, 'approve', two));
    const changed = must(cast(first, ann, 'deny', two));
    expect(changed.votes.map(({ verb }) => verb)).toEqual(['deny']);
  });

  it('is denied by its own count', () => {
    expect(must(cast(proposal(), ann, 'deny')).state).toBe('denied');
  });

  it('cannot be approved by whoever asked for it', () => {
    expect(cast(proposal({ requestedBy: 'ann' }), ann, 'approve')).toEqual({
      ok: false,
      error: { code: 'proposal.own' },
    });
  });

  it('tells the loser of a race who decided and when', () => {
    const decided = must(cast(proposal(), ann, 'approve'));
    expect(cast(decided, bob, 'approve')).toEqual({
      ok: false,
      error: { code: 'proposal.decided', state: 'approved', by: 'Ann', at: '2026-11-23T12:00 UTC' },
    });
  });

  it('voids votes when the plan changes, and counts cards from then on as stale', () => {
    const voted = must(cast(proposal(), ann, 'approve', two));
    const next = replan(voted, plan(['web-1']), 'digest-2' as PlanDigest, 'Devices changed.');
    expect(next).toMatchObject({ votes: [], voided: 'Devices changed.', planRev: next.rev, digest: 'digest-2' });
    expect(isStale(next, voted.rev)).toBe(true);
  });

  it('stays as it is when the new plan is the same', () => {
    const same = proposal();
    expect(replan(same, plan(['web-1']), same.digest, 'nothing')).toBe(same);
  });

  it('does not count a vote for an older plan', () => {
    const old = { person: ann.id, name: 'Ann', verb: 'approve' as const, digest: 'digest-0' as PlanDigest, at: noon };
    expect(must(cast({ ...proposal(), votes: [old] }, bob, 'approve', two)).state).toBe('announced');
  });
});
