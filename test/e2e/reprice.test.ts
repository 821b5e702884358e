/** A fact about a CVE that changes how urgent a patch is, from the stores to the card that people have seen already. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { releaseOf } from '../../domain/model/advisory.ts';
import { advisory } from '../domain/flows/intel-world.ts';
import type { FleetDevice } from '../fleet/device.ts';
import { plain } from './packages.ts';
import { buttonOf, refusal, startWorld, type TestWorld, until } from './world.ts';

const [name, cve] = ['acme-exposed', 'CVE-2026-4242'];

describe.skipIf(refusal)('a CVE that becomes known to be exploited', () => {
  let world: TestWorld;
  let device: FleetDevice;
  beforeAll(async () => {
    world = await startWorld({ count: 1, describe: () => ({ criticality: 'high', exposure: 'internet' }) });
    const [first] = world.fleet.devices;
    if (!first) throw new Error('the fleet is empty');
    device = first;
  }, 120_000);
  afterAll(() => world?.stop());

  /** Takes an advisory over, as a feed does, and orders what a feed orders. */
  async function published(fixed: string): Promise<void> {
    const [known] = await world.store().devices.find({});
    if (!known?.facts) throw new Error('the device was not scanned');
    const affected = { release: releaseOf(known.facts.os), package: name, fixed };
    const made = advisory({ id: 'DSA-42-1', cves: [cve], severity: 'moderate', affected });
    await world.store().advisories.takeOver('debian-dsa', one(made), true, []);
    await world.now().base.jobs.queue.intel();
  }
  async function* one<T>(item: T): AsyncGenerator<T> {
    yield item;
  }

  it('has the posted card edited, says why in its thread, and leaves votes and buttons as they were', async () => {
    await world.offer([device], plain(name, '1.0'), plain(name, '1.1'));
    await world.scan();
    const { id } = await until('the proposal', () => world.proposal(name));
    expect((await world.card(id)).facts).toContainEqual({ label: 'Priority', value: 'low, 7 of 100' });
    await published('1.1');
    const before = await world.card(id, ({ facts }) => facts.some(({ value }) => value === 'low, 18 of 100'));
    expect(before.title).toBe(`${name} 1.1: security update`);
    const value = { added: '2026-11-20', due: '2026-12-11', ransomware: false };
    await world.store().cves.takeOver('kev', [{ field: 'kev', id: cve, value }], true);
    await world.now().base.jobs.queue.intel();
    const after = await world.card(id, ({ facts }) => facts.some(({ value: text }) => text === 'high, 58 of 100'));
    expect(after.facts).toContainEqual({ label: 'Fixes', value: expect.stringContaining(`${cve} (exploited)`) });
    const told = await until('both lines in the thread', async () => {
      const lines = (await world.thread(id)).filter(({ title }) => title === 'Priority changed');
      return lines.length === 2 && lines.map(({ summary }) => summary);
    });
    expect(told).toEqual([
      'Due went from the next window to 60 days: it is known to fix DSA-42-1 now.',
      `Priority went from low (18) to high (58): ${cve} is now known to be exploited (KEV, 2026-11-20).`,
    ]);
    // The card that was drawn first is good enough to approve: the plan is the same.
    expect(await world.press('sam', buttonOf(before, 'proposal.approve'))).toMatchObject({ ok: true });
    await world.reaches(id, device, 'succeeded');
    expect(world.problems).toEqual([]);
  }, 90_000);
});
