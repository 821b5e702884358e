import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Card } from '../../domain/cards/card.ts';
import type { Proposal } from '../../domain/model/proposal.ts';
import { gated, hasStarted, openGate, plain, runs } from './packages.ts';
import { buttonOf, refusal, startWorld, type TestWorld, until } from './world.ts';

describe.skipIf(refusal)('stopping', () => {
  let world: TestWorld;
  beforeAll(async () => {
    world = await startWorld({ count: 6, policies: [{ concurrency: 2 }] });
  }, 120_000);
  afterAll(() => world?.stop());

  const counts = (receipt: Card | undefined) =>
    Object.fromEntries((receipt?.facts ?? []).map(({ label, value }) => [label, value]));
  const states = async (proposal: Proposal) => (await world.deployments(proposal.id)).map(({ state }) => state);
  /** The two devices whose install waits at the gate. */
  async function twoAtWork(proposal: Proposal, name: string) {
    await until(
      'two to be at work',
      async () => (await states(proposal)).filter((one) => one === 'installing').length === 2,
    );
    const deployments = await world.deployments(proposal.id);
    const busy = world.fleet.devices.filter((device) =>
      deployments.some((one) => one.state === 'installing' && one.name === device.name),
    );
    for (const device of busy) await hasStarted(world, device, name);
    return busy;
  }

  const recordOf = async (name: string) =>
    until(`the record of ${name}`, async () => (await world.store().devices.find({ name }))[0]);

  it('before the start starts nothing, says who did it, and is lifted by a typed phrase only', async () => {
    const devices = world.fleet.devices.slice(0, 2);
    await world.offer(devices, plain('acme-early', '1.0'), plain('acme-early', '1.1'));
    expect(await world.say('sam', 'halt')).toMatchObject({ ok: false });
    expect(await world.say('riley', 'halt')).toMatchObject({ ok: true, text: 'Halted.' });
    const proposal = await world.approved('acme-early');
    for (const device of devices) {
      const { blocker } = await world.reaches(proposal.id, device, (one) => one.blocker !== null);
      expect(blocker).toEqual({ kind: 'halt', text: 'Riley halted everything.', until: null });
    }
    const receipt = (await world.say('riley', 'halt')).card;
    expect(counts(receipt)).toMatchObject({ 'Not started': '2', 'At work': '0', 'Done before': '0' });
    if (!receipt) throw new Error('a halt has a receipt');
    const lift = buttonOf(receipt, 'halt.lift');
    expect(await world.press('sam', lift)).toEqual({
      ok: false,
      text: 'That was not the phrase. Type exactly: resume',
    });
    expect(await states(proposal)).toEqual(['waiting', 'waiting']);
    expect(await world.press('sam', lift, { answer: 'resume' })).toMatchObject({ ok: true });
    for (const device of devices) await world.reaches(proposal.id, device, 'succeeded');
  }, 60_000);

  it('in the middle lets those at work finish and starts no other, until it is lifted', async () => {
    const name = 'acme-middle';
    await world.offer(world.fleet.devices, plain(name, '1.0'), gated(name, '1.1'));
    const proposal = await world.approved(name);
    const busy = await twoAtWork(proposal, name);
    const card = await world.card(proposal.id, ({ buttons }) =>
      buttons.some(({ action }) => action === 'rollout.halt'),
    );
    const halted = await world.press('riley', buttonOf(card, 'rollout.halt'));
    expect(counts(halted.card)).toMatchObject({ 'Not started': '4', 'At work': '2', 'Done before': '0' });

    await openGate(world, world.fleet.devices, name);
    for (const device of busy) await world.reaches(proposal.id, device, 'succeeded');
    const others = world.fleet.devices.filter((device) => !busy.includes(device));
    for (const device of others) {
      await world.reaches(proposal.id, device, ({ blocker }) => blocker?.kind === 'halt');
      expect(await runs(world, device, name)).toBe(false);
    }
    await world.card(proposal.id, ({ status }) => status === 'Halted');

    const stopped = await world.card(proposal.id, ({ buttons }) =>
      buttons.some(({ action }) => action === 'rollout.resume'),
    );
    expect(await world.press('sam', buttonOf(stopped, 'rollout.resume'))).toMatchObject({ ok: true });
    for (const device of others) await world.reaches(proposal.id, device, 'succeeded');
    await world.card(proposal.id, ({ status }) => status === 'Completed');
  }, 90_000);

  it('for good, by cancelling the rest, lets those at work finish and never starts the others', async () => {
    const name = 'acme-enough';
    await world.offer(world.fleet.devices.slice(0, 3), plain(name, '1.0'), gated(name, '1.1'));
    const proposal = await world.approved(name);
    const busy = await twoAtWork(proposal, name);
    const card = await world.card(proposal.id, ({ buttons }) =>
      buttons.some(({ action }) => action === 'rollout.halt'),
    );
    await world.press('riley', buttonOf(card, 'rollout.halt'));
    const stopped = await world.card(proposal.id, ({ buttons }) =>
      buttons.some(({ action }) => action === 'rollout.cancel'),
    );
    expect(await world.press('sam', buttonOf(stopped, 'rollout.cancel'))).toMatchObject({ ok: true });
    await openGate(world, world.fleet.devices, name);
    for (const device of busy) await world.reaches(proposal.id, device, 'succeeded');
    const [last] = world.fleet.devices.slice(0, 3).filter((device) => !busy.includes(device));
    if (!last) throw new Error('all three were at work');
    await world.reaches(proposal.id, last, 'cancelled');
    expect(await world.installed(last, name)).toBe('1.0 ii');
    await world.card(proposal.id, ({ status }) => status === 'Cancelled');
    // It still misses the patch, so people are asked again, and about this device only.
    const again = await until('another proposal', async () => {
      const latest = await world.proposal(name);
      return latest?.id !== proposal.id && latest;
    });
    expect(again).toMatchObject({
      state: 'announced',
      plan: { entries: [{ device: (await recordOf(last.name)).id }] },
    });
    expect(again.plan.entries).toHaveLength(1);
    expect(world.problems).toEqual([]);
  }, 60_000);
});
