import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { proposalCard } from '../../../domain/cards/proposal-card.ts';
import { addSideEffect } from '../../../domain/flows/triage.ts';
import { proposalView } from '../../../domain/flows/views.ts';
import { proposal } from '../make.ts';
import { announced } from './intel-world.ts';
import { acme, addRollout, codeOf, events, flowDatabase, onlyProposal, riley, sam, silent, told } from './world.ts';

let db: Awaited<ReturnType<typeof flowDatabase>>;
beforeAll(async () => {
  db = await flowDatabase();
});
afterAll(() => db.close());

describe('a known side effect', () => {
  it('is shown on the card, told in its thread once, and added to those that are known', async () => {
    const world = await announced(db.world());
    const { planRev, rev } = await onlyProposal(world);
    await addSideEffect(world, acme, 'The tray icon\nis gone.', sam);
    await addSideEffect(world, acme, 'The tray icon is gone.', riley);
    await addSideEffect(world, acme, 'Printing is slow.', riley);
    expect((await world.patches.get(acme))?.sideEffects).toMatchObject([
      { text: 'The tray icon is gone.', by: 'Sam' },
      { text: 'Printing is slow.', by: 'Riley' },
    ]);
    const now = await onlyProposal(world);
    expect(now.planRev).toBe(planRev);
    expect(now.rev).toBeGreaterThan(rev);
    const view = await proposalView(world, now.id);
    expect(view && proposalCard(view).facts).toContainEqual({
      label: 'Side effects',
      value: 'The tray icon is gone.; Printing is slow.',
    });
    const lines = (await world.store.outbox.due(10)).flatMap(({ lines: some }) => some);
    expect(new Map(lines.map(({ key, card }) => [key, card.summary])).size).toBe(2);
    expect((await events(world, acme)).filter((what) => what === 'patch.side-effect-added')).toHaveLength(2);
  });

  it('reaches the thread of a rollout too, and not that of a proposal that was denied', async () => {
    const world = db.world();
    await addRollout(world, ['web-1']);
    const denied = proposal({ id: 'p-2', tenant: world.tenant, state: 'denied' });
    await world.proposals.insert(denied, silent);
    await addSideEffect(world, acme, 'Printing is slow.', sam);
    expect(await told(world)).toEqual(['Known side effect: Sam: Printing is slow.']);
    expect((await world.proposals.get(denied.id))?.rev).toBe(denied.rev);
  });

  it.each(['', ' \u202e '])('that says nothing is refused: %j', async (text) => {
    expect(codeOf(await addSideEffect(await announced(db.world()), acme, text, sam))).toBe('value.wrong');
  });
});
