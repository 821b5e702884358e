/** What the button of a denied patch does. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { approve, deny } from '../../../domain/flows/decide.ts';
import { matchFleet } from '../../../domain/flows/intel.ts';
import { proposePatch } from '../../../domain/flows/propose.ts';
import { proposeAgain } from '../../../domain/flows/reconsider.ts';
import { first, pressed, proposed, rounds, urgent } from './denied.ts';
import { outdated, setPatch, signal } from './intel-world.ts';
import { acme, deviceOn, events, flowDatabase, misses, riley, sam } from './world.ts';

let db: Awaited<ReturnType<typeof flowDatabase>>;
beforeAll(async () => {
  db = await flowDatabase();
});
afterAll(() => db.close());

describe('a denied patch that a person wants back', () => {
  it('is proposed once more with a plan of now, to be decided by people; the record says who asked', async () => {
    const { world } = await urgent(db);
    await outdated(world, ['web-2']);
    const made = await pressed(world);
    const [before, after, ...others] = await rounds(world);
    expect(others).toEqual([]);
    expect(made).toEqual({ ok: true, value: after });
    expect(after).toMatchObject({ state: 'announced', votes: [], priority: { band: 'high' }, decided: null });
    expect(after?.plan.entries.map(({ device }) => device)).toEqual(['d-web-1', 'd-web-2']);
    expect(before).toMatchObject({ state: 'denied', decided: { by: 'Sam', again: { by: 'Riley' } } });
    const asked = (await world.audit.waiting(1000)).find(({ event }) => event.what === 'proposal.asked-again');
    expect(asked?.event).toMatchObject({
      on: before?.id,
      by: { id: 'riley', name: 'Riley' },
      details: { patch: acme },
    });
    expect(await world.rollouts.find({})).toEqual([]);
    if (!made.ok) throw new Error(made.error.code);
    const vote = { proposal: made.value.id, by: riley, seenRev: 1, schedule: null };
    expect(await approve(world, vote)).toMatchObject({ ok: true, value: { state: 'approved' } });
  });

  it('is proposed once when two people press at the same moment, and when somebody presses later', async () => {
    const { world } = await urgent(db);
    const { id, rev } = await first(world);
    const press = (by: typeof sam) => proposeAgain(db.world({ like: world }), { proposal: id, by, seenRev: rev });
    await Promise.all([press(riley), press(sam), press(riley)]);
    const [, made, ...others] = await rounds(world);
    expect(others).toEqual([]);
    expect(await press(sam)).toEqual({
      ok: false,
      error: { code: 'proposal.proposed-again', id: made?.id, state: 'announced' },
    });
    const asked = (await events(world, id)).filter((what) => what === 'proposal.asked-again');
    expect(asked).toHaveLength(1);
  });

  it('can be denied again, and then waits for the next change', async () => {
    const { world } = await urgent(db);
    const made = await pressed(world);
    if (!made.ok) throw new Error(made.error.code);
    await deny(world, { proposal: made.value.id, by: sam, seenRev: made.value.rev, reason: 'Still.' });
    await matchFleet(world, signal);
    await proposePatch(world, acme);
    const all = await rounds(world);
    expect(all.map(({ state, decided }) => [state, decided?.urged?.length ?? 0])).toEqual([
      ['denied', 1],
      ['denied', 0],
    ]);
  });

  it('is proposed as soon as a device can get it, when none can at the moment', async () => {
    const { world } = await urgent(db);
    const web1 = await deviceOn(world, 'web-1');
    await misses(world, web1, { state: 'held', transaction: [] });
    expect(await pressed(world)).toEqual({ ok: false, error: { code: 'proposal.nothing-left' } });
    expect(await rounds(world)).toHaveLength(1);
    await misses(world, web1, { planned: true });
    await proposePatch(world, acme);
    expect((await rounds(world)).map(({ state }) => state)).toEqual(['denied', 'announced']);
  });

  it('is refused by a card of another plan, for what is not denied, and for what was taken back', async () => {
    const { world } = await proposed(db);
    expect(await pressed(world)).toEqual({
      ok: false,
      error: { code: 'proposal.no-such-move', state: 'announced' },
    });
    const { world: other } = await urgent(db);
    const { id, rev } = await first(other);
    expect(await proposeAgain(other, { proposal: id, by: sam, seenRev: rev + 1 })).toEqual({
      ok: false,
      error: { code: 'proposal.stale' },
    });
    const retracted = { reason: 'It was a mistake.', by: 'its vendor', at: other.clock.now() };
    await setPatch(other, acme, { retracted });
    expect(await pressed(other)).toEqual({
      ok: false,
      error: { code: 'patch.retracted', reason: 'It was a mistake.' },
    });
  });
});
