import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { approve, deny, reschedule } from '../../../domain/flows/decide.ts';
import type { ProposalId } from '../../../domain/model/ids.ts';
import { digestOf } from '../../../domain/model/plan.ts';
import { person, plan, policy, proposal } from '../make.ts';
import { addDevices, always, codeOf, events, type FlowWorld, flowDatabase, riley, sam, silent } from './world.ts';

let db: Awaited<ReturnType<typeof flowDatabase>>;
beforeAll(async () => {
  db = await flowDatabase();
});
afterAll(() => db.close());

const id = 'p-1' as ProposalId;
const ann = person('ann');
/** An announced proposal for two devices, in a policy that needs `needs` approvals. */
async function announced(needs = 1, change: object = {}): Promise<FlowWorld> {
  const world = db.world({ policies: [policy({ windows: [always], approvals: { approve: needs, deny: 1 } })] });
  await addDevices(world, ['web-1', 'web-2']);
  const frozen = plan(['web-1', 'web-2']);
  const made = proposal({ tenant: world.tenant, plan: frozen as never, digest: await digestOf(frozen), ...change });
  await world.proposals.insert(made, silent);
  return world;
}
const press = (by: typeof sam, seenRev = 3, schedule: 'now' | null = null) => ({ proposal: id, by, seenRev, schedule });

describe('an approval', () => {
  it('that meets the threshold makes one rollout with a deployment for each device, also when two come at once', async () => {
    const world = await announced();
    const answers = await Promise.all([approve(world, press(sam)), approve(world, press(ann))]);
    expect(answers.map(codeOf).sort()).toEqual([null, 'proposal.decided']);
    expect(await world.rollouts.find({})).toMatchObject([{ id: 'r-1-2', state: 'scheduled', total: 2 }]);
    expect(await world.deployments.count({ state: 'waiting' })).toBe(2);
    expect(await events(world, id)).toEqual(['proposal.approved']);
    expect(world.woken.map((one) => one.id).sort()).toEqual(['r-1-2.d-web-1', 'r-1-2.d-web-2']);
  });

  it('on a card that was drawn from an older plan is refused', async () => {
    const world = await announced();
    expect(codeOf(await approve(world, press(sam, 1)))).toBe('proposal.stale');
    expect(codeOf(await approve(world, press(sam, 1, 'now')))).toBe('proposal.stale');
    expect(codeOf(await deny(world, { ...press(sam, 1), reason: null }))).toBe('proposal.stale');
    expect(await world.rollouts.count({})).toBe(0);
  });

  it('counts persons, and needs as many as the policy says', async () => {
    const world = await announced(2);
    expect(await approve(world, press(sam))).toMatchObject({ ok: true, value: { state: 'announced' } });
    expect(codeOf(await approve(world, press(sam)))).toBe('proposal.voted');
    expect(await world.rollouts.count({})).toBe(0);
    expect(await approve(world, press(ann))).toMatchObject({ ok: true, value: { state: 'approved' } });
    expect(await world.rollouts.count({})).toBe(1);
  });

  it('to start now is of another plan: earlier votes are void', async () => {
    const world = await announced(2);
    await approve(world, press(sam));
    expect(await approve(world, press(ann, 4, 'now'))).toMatchObject({
      ok: true,
      value: {
        state: 'announced',
        votes: [{ name: 'Ann' }],
        plan: { schedule: 'now' },
        voided: 'Ann changed the schedule.',
      },
    });
    expect(codeOf(await approve(world, press(sam, 3)))).toBe('proposal.stale');
    expect(await approve(world, press(sam, 6))).toMatchObject({ ok: true, value: { state: 'approved' } });
    expect(await world.rollouts.find({})).toMatchObject([{ schedule: 'now' }]);
  });

  it('of an own request is refused', async () => {
    const world = await announced(1, { requestedBy: 'riley' });
    expect(codeOf(await approve(world, press(riley)))).toBe('proposal.own');
  });

  it('under a policy that has left the settings is never enough', async () => {
    const world = await announced();
    expect(await approve({ ...world, policies: [] }, press(sam))).toMatchObject({
      ok: true,
      value: { state: 'announced' },
    });
    expect(await world.rollouts.count({})).toBe(0);
  });
});

describe('a change of the schedule', () => {
  it('voids votes, and to the same schedule changes nothing', async () => {
    const world = await announced(2);
    await approve(world, press(sam));
    expect(await reschedule(world, { proposal: id, by: ann, schedule: 'next-window' })).toMatchObject({
      ok: true,
      value: { votes: [{ name: 'Sam' }], rev: 4 },
    });
    expect(await reschedule(world, { proposal: id, by: ann, schedule: 'now' })).toMatchObject({
      ok: true,
      value: { votes: [], planRev: 5, rev: 5 },
    });
  });
});
