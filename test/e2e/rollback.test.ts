import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FleetDevice } from '../fleet/device.ts';
import { failing, fragile, plain } from './packages.ts';
import { buttonOf, refusal, startWorld, type TestWorld, until } from './world.ts';

describe.skipIf(refusal)('a patch that must not stay', () => {
  let world: TestWorld;
  let [first, second]: FleetDevice[] = [];
  beforeAll(async () => {
    world = await startWorld({ count: 2, policies: [{ errorBudget: 0, concurrency: 1 }] });
    [first, second] = world.fleet.devices;
  }, 120_000);
  afterAll(() => world?.stop());

  const both = (): readonly [FleetDevice, FleetDevice] => {
    if (!first || !second) throw new Error('the fleet is too small');
    return [first, second];
  };

  it('goes back when its install fails, becomes a work order, and is offered again only when somebody says so', async () => {
    const [device] = both();
    const name = 'acme-failing';
    await world.offer([device], plain(name, '1.0'), failing(name, '1.1'));
    const proposal = await world.approved(name);
    const { id, patch } = await world.reaches(proposal.id, device, 'rolled-back');
    expect(await world.installed(device, name)).toBe('1.0 ii');

    const [order, ...others] = await until('a work order', async () => {
      const found = await world.store().workOrders.find({ proposal: proposal.id });
      return found.length > 0 && found;
    });
    expect(others).toEqual([]);
    expect(order).toMatchObject({ state: 'open', assignee: { name: 'Riley' }, devices: [{ deployment: id }] });
    expect(order?.log).toContain('cannot migrate the data');

    await world.scan();
    expect((await world.proposal(name))?.id).toBe(proposal.id);
    expect(await world.say('sam', 'unblock', device.name, name)).toMatchObject({ ok: true });
    const again = await until('a new proposal', async () => {
      const latest = await world.proposal(name);
      return latest?.id !== proposal.id && latest;
    });
    expect(again).toMatchObject({ state: 'announced', patch, rollout: null });
    await world.say('sam', 'deny', again.id);
  }, 60_000);

  it('goes back when it makes the device unhealthy, and pauses the rollout until somebody resumes it', async () => {
    const name = 'acme-fragile';
    await world.offer(both(), plain(name, '1.0'), fragile(name, '1.1'));
    for (const device of both()) await world.sh(device, ': >"$DPKG_ROOT/etc/fragile"');
    const proposal = await world.approved(name);
    const paused = await world.card(proposal.id, ({ status }) => status === 'Paused, 1 went wrong');
    expect(paused.summary).toContain('1 devices went wrong, 0 are allowed');
    const states = async () => (await world.deployments(proposal.id)).map(({ state }) => state).sort();
    await until('the rollback to end', async () => (await states()).includes('rolled-back'));
    expect(await states()).toEqual(['rolled-back', 'waiting']);
    for (const device of both()) expect(await world.installed(device, name)).toBe('1.0 ii');

    for (const device of both()) await world.sh(device, 'rm "$DPKG_ROOT/etc/fragile"');
    expect(await world.press('sam', buttonOf(paused, 'rollout.resume'))).toMatchObject({ ok: true });
    await until('the other device to go on', async () => (await states()).join() === 'rolled-back,succeeded');
    await world.card(proposal.id, ({ status }) => status === 'Completed, 1 went wrong');
  }, 60_000);

  it('goes back when a person types the right phrase, and then stays away', async () => {
    const [device] = both();
    const name = 'acme-unloved';
    await world.offer([device], plain(name, '1.0'), plain(name, '1.1'));
    const proposal = await world.approved(name);
    await world.reaches(proposal.id, device, 'succeeded');
    await world.card(proposal.id, ({ status }) => status === 'Completed');

    const asked = await world.say('riley', 'rollback', device.name, name);
    if (!asked.card) throw new Error(asked.text);
    const button = buttonOf(asked.card, 'deployment.roll-back');
    expect(await world.press('riley', button, { answer: 'yes' })).toEqual({
      ok: false,
      text: `That was not the phrase. Type exactly: roll back ${device.name}`,
    });
    expect(await world.press('sam', button, { answer: `roll back ${device.name}` })).toMatchObject({ ok: false });
    expect(await world.installed(device, name)).toBe('1.1 ii');
    expect(await world.press('riley', button, { answer: `roll back ${device.name}` })).toMatchObject({ ok: true });
    // Somebody scans in the middle of it: what is going away must not be offered.
    await until('the old version to be back', async () => (await world.installed(device, name)) === '1.0 ii');
    await world.scan();
    await world.reaches(proposal.id, device, (one) => one.state === 'rolled-back' && one.settled);
    await world.scan();
    expect((await world.proposal(name))?.id).toBe(proposal.id);
    expect(await world.store().workOrders.count({ proposal: proposal.id })).toBe(0);
  }, 60_000);

  it.each([
    ['the package is held', (device: FleetDevice, name: string) => world.sh(device, 'apt-mark hold "$1"', name)],
    [
      'it would pull in another package by now',
      (device: FleetDevice, name: string) =>
        world.offer(
          [device],
          plain(name, '1.0'),
          { name, version: '1.1', control: { Depends: 'acme-extra' } },
          plain('acme-extra', '1.0'),
        ),
    ],
  ])(
    'is not installed when, after the approval, %s',
    async (why, change) => {
      const [device] = both();
      const name = why.includes('held') ? 'acme-held' : 'acme-grown';
      await world.offer([device], plain(name, '1.0'), plain(name, '1.1'));
      await world.say('riley', 'halt', device.name);
      const proposal = await world.approved(name);
      await world.reaches(proposal.id, device, ({ blocker }) => blocker?.kind === 'halt');
      await change(device, name);
      const lift = (await world.say('riley', 'resume', device.name)).card;
      if (!lift) throw new Error('there is no halt to lift');
      await world.press('riley', buttonOf(lift, 'halt.lift'), { answer: 'resume' });
      const failed = await world.reaches(proposal.id, device, 'failed');
      expect(failed.result?.text).toMatch(/^Not installed: .*(held|Held|acme-extra)/s);
      expect(await world.installed(device, name)).toBe(why.includes('held') ? '1.0 hi' : '1.0 ii');
      expect(await world.upgrades(device, name, '1.1')).toBe(0);
      await world.sh(device, 'apt-mark unhold "$1"', name);
    },
    60_000,
  );
});
