import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { proposalCard } from '../../../domain/cards/proposal-card.ts';
import { approve, deny, postpone } from '../../../domain/flows/decide.ts';
import { triage } from '../../../domain/flows/triage.ts';
import { proposalView } from '../../../domain/flows/views.ts';
import type { Priority } from '../../../domain/model/priority.ts';
import { proposal } from '../make.ts';
import { announced } from './intel-world.ts';
import { acme, codeOf, type FlowWorld, flowDatabase, onlyProposal, riley, sam, silent } from './world.ts';

let db: Awaited<ReturnType<typeof flowDatabase>>;
beforeAll(async () => {
  db = await flowDatabase();
});
afterAll(() => db.close());

describe('where a verdict is required', () => {
  const normal: Priority = { ...proposal().priority, band: 'normal', score: 40 };
  /** An announced proposal in a tenant that wants verdicts. */
  async function strict(priority: Priority = normal) {
    const world = await announced({ ...db.world(), triageRequired: true });
    const made = await onlyProposal(world);
    await world.proposals.save({ ...made, priority, rev: made.rev + 1 }, made.rev, silent);
    const { id, rev } = await onlyProposal(world);
    return { world, ballot: { proposal: id, by: riley, seenRev: rev } };
  }
  const labels = async (world: FlowWorld) => {
    const view = await proposalView(world, (await onlyProposal(world)).id);
    return view ? proposalCard(view).buttons.map(({ label }) => label) : [];
  };

  it('nothing above low is approved without one, at once or in a window, and the sentence says how', async () => {
    const { world, ballot } = await strict();
    for (const schedule of [null, 'now'] as const) {
      expect(await approve(world, { ...ballot, schedule })).toEqual({
        ok: false,
        error: { code: 'patch.no-verdict', patch: acme },
      });
    }
    expect(await world.rollouts.count({})).toBe(0);
    expect(await labels(world)).toEqual(['Triage', 'In 24 hours', 'Deny', 'Details']);
    await triage(world, acme, { verdict: 'necessary', rationale: 'Exploited.' }, sam);
    expect(await labels(world)).toEqual(['Approve', 'Approve, start now', 'In 24 hours', 'Deny', 'Details']);
    const { rev } = await onlyProposal(world);
    expect(codeOf(await approve(world, { ...ballot, seenRev: rev, schedule: null }))).toBeNull();
    expect(await world.rollouts.count({})).toBe(1);
  });

  it('what is low needs none', async () => {
    const { world, ballot } = await strict(proposal().priority);
    expect(await labels(world)).toContain('Approve');
    expect(codeOf(await approve(world, { ...ballot, schedule: null }))).toBeNull();
  });

  it('everything can be denied or put away without one', async () => {
    const one = await strict();
    expect(codeOf(await deny(one.world, { ...one.ballot, reason: 'No.' }))).toBeNull();
    const other = await strict();
    expect(codeOf(await postpone(other.world, { ...other.ballot, hours: 24 }))).toBeNull();
  });

  it('whoever comes too late hears who decided, not that a verdict is missing', async () => {
    const { world, ballot } = await strict();
    await deny(world, { ...ballot, reason: 'No.' });
    expect(codeOf(await approve(world, { ...ballot, schedule: null }))).toBe('proposal.decided');
  });
});
