import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { approve, deny } from '../../../domain/flows/decide.ts';
import { proposePatch } from '../../../domain/flows/propose.ts';
import type { PatchId } from '../../../domain/model/ids.ts';
import type { Proposal } from '../../../domain/model/proposal.ts';
import { policy } from '../make.ts';
import { acme, addDevices, addRollout, always, type FlowWorld, flowDatabase, misses, sam, silent } from './world.ts';

let db: Awaited<ReturnType<typeof flowDatabase>>;
beforeAll(async () => {
  db = await flowDatabase();
});
afterAll(() => db.close());

async function proposals(world: FlowWorld): Promise<readonly Proposal[]> {
  return [...(await world.proposals.find({}))].sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime());
}
const devicesOf = ({ plan }: Proposal) => plan.entries.map(({ device }) => device);
async function missing(names: readonly string[], change: object = {}, world = db.world()) {
  for (const device of await addDevices(world, names, change)) await misses(world, device);
  await proposePatch(world, acme);
  return world;
}
async function save(world: FlowWorld, old: Proposal, change: Partial<Proposal>) {
  expect(await world.proposals.save({ ...old, ...change, rev: old.rev + 1 }, old.rev, silent)).toBe(true);
}

/** A worker that is slow: `meanwhile` happens after it has read who misses the patch, and before it writes. */
function slowly(world: FlowWorld, meanwhile: () => Promise<void>): FlowWorld {
  let slow = true;
  const applicabilities: FlowWorld['applicabilities'] = {
    ...world.applicabilities,
    async find(where, limit) {
      const seen = await world.applicabilities.find(where, limit);
      if (slow) {
        slow = false;
        await meanwhile();
      }
      return seen;
    },
  };
  return { ...world, applicabilities };
}

describe('a patch', () => {
  it('that devices miss is announced once, with a plan of all of them', async () => {
    const world = await missing(['web-2', 'web-1']);
    await proposePatch(world, acme);
    const [proposal, ...others] = await proposals(world);
    expect(others).toEqual([]);
    expect(proposal).toMatchObject({ state: 'announced', rev: 2, requestedBy: null });
    expect(proposal && devicesOf(proposal)).toEqual(['d-web-1', 'd-web-2']);
  });

  it.each([
    ['ownership', 'personal'],
    ['retired', true],
    ['facts', null],
  ] as const)('is not offered to a device whose %s is %s', async (field, value) => {
    expect(await proposals(await missing(['web-1'], { [field]: value }))).toEqual([]);
  });

  it('has one proposal for each policy, of the first policy that selects a device', async () => {
    const policies = [policy({ id: 'db', groups: ['db'], windows: [always] }), policy({ windows: [always] })];
    const world = db.world({ policies });
    const [db1] = await addDevices(world, ['db-1'], { groups: ['db'] });
    const [web1] = await addDevices(world, ['web-1']);
    for (const device of [db1, web1]) if (device) await misses(world, device);
    await proposePatch(world, acme);
    const found = await world.proposals.find({});
    expect(Object.fromEntries(found.map((one) => [one.policy, devicesOf(one)]))).toEqual({
      db: ['d-db-1'],
      standard: ['d-web-1'],
    });
  });

  it('whose plan changes has its votes voided, and says so', async () => {
    const world = await missing(['web-1']);
    const [before] = await proposals(world);
    if (!before) throw new Error('not announced');
    const vote = {
      person: sam.id,
      name: 'Sam',
      verb: 'approve' as const,
      digest: before.digest,
      at: world.clock.now(),
    };
    await save(world, before, { votes: [vote] });
    const [web2] = await addDevices(world, ['web-2']);
    if (web2) await misses(world, web2);
    await proposePatch(world, acme);
    const [after] = await proposals(world);
    expect(after).toMatchObject({ votes: [], voided: 'Devices changed: 1 added, 0 gone.', planRev: 4, rev: 4 });
    expect(after?.digest).not.toBe(before.digest);
  });

  it('that was denied stays denied for its policy', async () => {
    const world = await missing(['web-1']);
    const [proposal] = await proposals(world);
    if (!proposal) throw new Error('not announced');
    const denied = await deny(world, { proposal: proposal.id, by: sam, seenRev: proposal.rev, reason: 'no' });
    expect(denied).toMatchObject({ ok: true, value: { state: 'denied' } });
    const [web2] = await addDevices(world, ['web-2']);
    if (web2) await misses(world, web2);
    await proposePatch(world, acme);
    expect((await proposals(world)).map(({ state }) => state)).toEqual(['denied']);
  });

  it('that nobody misses any more is superseded', async () => {
    const world = db.world();
    const [web1] = await addDevices(world, ['web-1']);
    if (!web1) throw new Error('no device');
    await misses(world, web1);
    await proposePatch(world, acme);
    await misses(world, web1, { state: 'installed', transaction: [] });
    await proposePatch(world, acme);
    expect((await proposals(world)).map(({ state }) => state)).toEqual(['superseded']);
  });

  it('that the catalog blocks, or does not have, is not offered', async () => {
    const world = db.world();
    await proposePatch(world, 'debian:12/other=1' as PatchId);
    expect(await proposals(world)).toEqual([]);
  });

  it('has a new round for devices that miss it after a rollout was finished, and none while one lives', async () => {
    const world = db.world();
    await addRollout(world, ['web-1']);
    const [web1, web2] = await addDevices(world, ['web-1', 'web-2']);
    if (!web1 || !web2) throw new Error('no devices');
    await misses(world, web1);
    await proposePatch(world, acme);
    expect(await proposals(world)).toHaveLength(1);
    await misses(world, web2);
    await proposePatch(world, acme);
    const round = (await proposals(world)).find(({ id }) => id !== 'p-1');
    expect(round && devicesOf(round)).toEqual(['d-web-2']);
  });

  it('whose rollout is just being made is not offered again to the devices that have no deployment yet', async () => {
    const world = await missing(['web-1', 'web-2']);
    const [proposal] = await proposals(world);
    if (!proposal) throw new Error('not announced');
    await save(world, proposal, { state: 'approved' });
    await proposePatch(world, acme);
    expect(await proposals(world)).toHaveLength(1);
  });

  it('that scans of many devices find at the same moment is proposed for all of them', async () => {
    const world = db.world();
    const names = Array.from({ length: 12 }, (_, index) => `web-${index + 10}`);
    const devices = await addDevices(world, names);
    await Promise.all(
      devices.map(async (device) => {
        await misses(world, device);
        await proposePatch(world, acme);
      }),
    );
    const [proposal] = await proposals(world);
    expect(proposal && devicesOf(proposal)).toHaveLength(12);
  });

  it('is proposed from the newest scans, not from those that another worker read before it was slow', async () => {
    const world = await missing(['web-1']);
    const [web2] = await addDevices(world, ['web-2']);
    if (!web2) throw new Error('no device');
    await proposePatch(
      slowly(world, async () => {
        await misses(world, web2);
        await proposePatch(world, acme);
      }),
      acme,
    );
    const [proposal] = await proposals(world);
    expect(proposal && devicesOf(proposal)).toEqual(['d-web-1', 'd-web-2']);
  });

  it('that is approved while a worker thinks about another plan keeps the plan that was approved', async () => {
    const world = await missing(['web-1']);
    const [before] = await proposals(world);
    const [web2] = await addDevices(world, ['web-2']);
    if (!web2 || !before) throw new Error('not announced');
    await misses(world, web2);
    const press = { proposal: before.id, by: sam, seenRev: before.rev, schedule: null };
    await proposePatch(
      slowly(world, async () => {
        expect(await approve(world, press)).toMatchObject({ ok: true });
      }),
      acme,
    );
    expect(await world.proposals.get(before.id)).toMatchObject({ state: 'approved', digest: before.digest });
  });
});
