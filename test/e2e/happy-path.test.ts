import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buttonOf, refusal, startWorld, type TestWorld, until } from './world.ts';

describe.skipIf(refusal)('a patch, from its discovery to its end', () => {
  let world: TestWorld;
  beforeAll(async () => {
    world = await startWorld({ count: 2 });
  }, 120_000);
  afterAll(() => world?.stop());

  it('is found by a scan, announced, approved, deployed, verified, and told of', async () => {
    const { devices } = world.fleet;
    await world.offer(devices, { name: 'acme-plain', version: '1.0' }, { name: 'acme-plain', version: '1.1' });
    await world.scan();
    const proposal = await until('a proposal', () => world.proposal('acme-plain'));
    const card = await world.card(proposal.id);
    expect(card).toMatchObject({ title: 'acme-plain 1.1: update', status: 'Waiting for approval' });
    expect(card.list?.items).toEqual([expect.stringMatching(/^device-[12], device-[12]: acme-plain 1\.0 -> 1\.1$/)]);

    expect(await world.press('sam', buttonOf(card, 'proposal.approve'))).toMatchObject({ ok: true });
    for (const device of devices) await world.reaches(proposal.id, device, 'succeeded');
    for (const device of devices) expect(await world.installed(device, 'acme-plain')).toBe('1.1 ii');

    const told = await world.card(proposal.id, ({ status }) => status === 'Completed');
    expect(told.facts).toContainEqual({ label: 'Succeeded', value: '2 of 2' });
    const lines = await until('the last line', async () => {
      const thread = await world.thread(proposal.id);
      return thread.some(({ title }) => title === 'Rollout completed') && thread;
    });
    expect(lines.map(({ title, status }) => `${title}: ${status}`).sort()).toEqual([
      'Rollout completed: completed',
      'device-1: succeeded',
      'device-2: succeeded',
    ]);
    expect(world.problems).toEqual([]);
  }, 60_000);

  it('leaves an audit chain that holds, in the order in which it happened', async () => {
    const proposal = await until('the proposal', () => world.proposal('acme-plain'));
    const { id } = (await world.deployments(proposal.id))[0] ?? { id: '' };
    const events = await world.audit();
    // Which device goes first, and so which one is blocked for a moment, is left open.
    const about = events.filter(({ on, what }) => (on === proposal.id || on === id) && what !== 'deployment.blocked');
    expect(about.map(({ what, by }) => `${what} by ${by.name}`)).toEqual([
      'proposal.announced by patchherd',
      'proposal.approved by Sam',
      'deployment.started by patchherd',
      'deployment.installing by patchherd',
      'deployment.verifying by patchherd',
      'deployment.succeeded by patchherd',
    ]);
  });
});
