import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { proposePatch } from '../../domain/flows/propose.ts';
import { Browser, formTo } from '../bot/web/setting.ts';
import type { FleetDevice } from '../fleet/device.ts';
import { plain } from './packages.ts';
import { buttonOf, refusal, startWorld, type TestWorld, until } from './world.ts';

describe.skipIf(refusal)('a decision', () => {
  let world: TestWorld;
  let alone: FleetDevice;
  let pair: readonly FleetDevice[];
  beforeAll(async () => {
    world = await startWorld({
      count: 3,
      policies: [{ id: 'careful', groups: ['pair'], approvals: { approve: 2 } }, {}],
      describe: (name) => ({ groups: name === 'device-1' ? [] : ['pair'] }),
    });
    const [first, ...others] = world.fleet.devices;
    if (!first) throw new Error('the fleet is empty');
    [alone, pair] = [first, others];
  }, 120_000);
  afterAll(() => world?.stop());

  /** The first card of a package's newest proposal. */
  async function announced(name: string) {
    await world.scan();
    const proposal = await until(`a proposal of ${name}`, () => world.proposal(name));
    return { id: proposal.id, card: await world.card(proposal.id) };
  }

  it('of two people at the same time makes one rollout, and the second hears who was first', async () => {
    await world.offer([alone], plain('acme-race', '1.0'), plain('acme-race', '1.1'));
    const { id, card } = await announced('acme-race');
    const approve = buttonOf(card, 'proposal.approve');
    const answers = await Promise.all([world.press('sam', approve), world.press('kim', approve)]);
    const [yes, no] = [answers.filter(({ ok }) => ok), answers.filter(({ ok }) => !ok)];
    expect(yes).toEqual([{ ok: true, text: 'Approved. The card shows how it goes.' }]);
    expect(no.map(({ text }) => text)).toEqual([expect.stringMatching(/^Already approved by (Sam|Kim) at /)]);
    expect(await world.store().rollouts.count({ proposal: id })).toBe(1);
    await world.reaches(id, alone, 'succeeded');
    const approvals = (await world.audit()).filter(({ on, what }) => on === id && what === 'proposal.approved');
    expect(approvals).toHaveLength(1);
  }, 60_000);

  it('that a platform delivers twice has one effect and one answer', async () => {
    await world.offer([alone], plain('acme-twice', '1.0'), plain('acme-twice', '1.1'));
    const { id, card } = await announced('acme-twice');
    const approve = buttonOf(card, 'proposal.approve');
    const first = await world.press('sam', approve, { delivery: 'twice' });
    expect(await world.press('sam', approve, { delivery: 'twice' })).toEqual(first);
    expect(first).toMatchObject({ ok: true });
    expect(await world.store().rollouts.count({ proposal: id })).toBe(1);
    await world.reaches(id, alone, 'succeeded');
  }, 60_000);

  it('that was recorded just before the process died is carried out, and nobody is asked again', async () => {
    await world.offer([alone], plain('acme-half', '1.0'), plain('acme-half', '1.1'));
    const { id } = await announced('acme-half');
    const open = await until('the proposal', () => world.store().proposals.get(id));
    const decided = { by: 'Sam', at: new Date(), reason: null };
    const approved = { ...open, state: 'approved' as const, decided, rev: open.rev + 1 };
    await world.say('riley', 'halt');
    expect(await world.store().proposals.save(approved, open.rev, { events: [] })).toBe(true);
    await proposePatch(world.now().workers.world, open.patch);
    expect(await world.store().proposals.count({ patch: open.patch })).toBe(1);
    const { card } = await world.say('riley', 'resume');
    if (!card) throw new Error('there is no halt to lift');
    await world.press('riley', buttonOf(card, 'halt.lift'), { answer: 'resume' });
    await world.reaches(id, alone, 'succeeded');
  }, 60_000);

  it('that needs two people counts each of them once', async () => {
    const [device] = pair;
    if (!device) throw new Error('the pair is empty');
    await world.offer([device], plain('acme-two', '1.0'), plain('acme-two', '1.1'));
    const { id, card } = await announced('acme-two');
    const approve = buttonOf(card, 'proposal.approve');
    expect(await world.press('sam', approve)).toMatchObject({ ok: true, text: expect.stringContaining('more people') });
    expect(await world.press('sam', approve)).toEqual({
      ok: false,
      text: 'Your vote is already counted: 1 of 2 approvals so far.',
    });
    expect(await world.store().rollouts.count({ proposal: id })).toBe(0);
    await world.card(id, ({ facts }) => facts.some(({ value }) => value === '2 approvals, given by Sam'));
    // The vote changed the card, not the plan: the first card is still good.
    expect(await world.press('kim', approve)).toMatchObject({ ok: true });
    await world.reaches(id, device, 'succeeded');
    await world.card(id, ({ facts }) => facts.some(({ value }) => value === 'Sam and Kim'));
  }, 60_000);

  it('on a plan that has changed since is refused, votes are void, and the fresh card works', async () => {
    const [one, other] = pair;
    if (!one || !other) throw new Error('the pair is too small');
    await world.offer([one], plain('acme-stale', '1.0'), plain('acme-stale', '1.1'));
    const { id, card } = await announced('acme-stale');
    expect(await world.press('sam', buttonOf(card, 'proposal.approve'))).toMatchObject({ ok: true });

    await world.offer([other], plain('acme-stale', '1.0'), plain('acme-stale', '1.1'));
    await world.scan();
    expect(await world.press('kim', buttonOf(card, 'proposal.approve'))).toEqual({
      ok: false,
      text: 'This changed since you looked: read the card again, then decide.',
    });
    expect(await world.deployments(id)).toEqual([]);
    const fresh = await world.card(id, ({ summary }) => String(summary).startsWith('Votes are void'));
    expect(fresh.summary).toBe('Votes are void: Devices changed: 1 added, 0 gone.');
    await until('the thread to say so', async () =>
      (await world.thread(id)).some(({ title }) => title === 'The plan changed'),
    );
    for (const who of ['sam', 'kim'] as const) {
      expect(await world.press(who, buttonOf(fresh, 'proposal.approve'))).toMatchObject({ ok: true });
    }
    for (const device of pair) await world.reaches(id, device, 'succeeded');
  }, 60_000);

  it('on a version that a newer one has replaced starts nothing, and the newer one has a card of its own', async () => {
    await world.offer([alone], plain('acme-newer', '1.0'), plain('acme-newer', '1.1'));
    const { id, card } = await announced('acme-newer');
    await world.offer([alone], plain('acme-newer', '1.0'), plain('acme-newer', '1.1'), plain('acme-newer', '1.2'));
    await world.scan();
    expect(await world.press('sam', buttonOf(card, 'proposal.approve'))).toMatchObject({ ok: false });
    expect(await world.deployments(id)).toEqual([]);
    await world.card(id, ({ status }) => status === 'No longer needed');
    const newer = await announced('acme-newer');
    expect(newer.card.title).toBe('acme-newer 1.2: update');
    expect(await world.press('sam', buttonOf(newer.card, 'proposal.approve'))).toMatchObject({ ok: true });
    await world.reaches(newer.id, alone, 'succeeded');
    expect(await world.installed(alone, 'acme-newer')).toBe('1.2 ii');
  }, 60_000);

  it('on a card from before a restart works, in a browser that was open all the time', async () => {
    await world.offer([alone], plain('acme-patient', '1.0'), plain('acme-patient', '1.1'));
    const { id } = await announced('acme-patient');
    const { web } = world.now().bot;
    if (!web) throw new Error('there is no web chat');
    const browser = await new Browser(web).signIn('sam');
    const page = await browser.page('/c/patching');
    await world.restart();
    const newest = page.slice(page.lastIndexOf('acme-patient'));
    const answered = await browser.post('/act/proposal.approve', formTo(newest, '/act/proposal.approve'));
    expect(answered.status).toBe(303);
    await world.reaches(id, alone, 'succeeded');
    expect((await world.proposal('acme-patient'))?.decided?.by).toBe('Sam');
    expect(world.problems).toEqual([]);
  }, 60_000);
});
