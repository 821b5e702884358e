import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { postpone } from '../../../domain/flows/decide.ts';
import { startRollout } from '../../../domain/flows/rollout.ts';
import { chainAudit, sweep, verifyAudit } from '../../../domain/flows/sweep.ts';
import type { ProposalId } from '../../../domain/model/ids.ts';
import { digestOf } from '../../../domain/model/plan.ts';
import { deployment, plan, proposal } from '../make.ts';
import {
  addDevices,
  addRollout,
  deploymentOn,
  events,
  type FlowWorld,
  flowDatabase,
  riley,
  sam,
  setDeployment,
  silent,
  told,
} from './world.ts';

let db: Awaited<ReturnType<typeof flowDatabase>>;
beforeAll(async () => {
  db = await flowDatabase();
});
afterAll(() => db.close());

const id = 'p-1' as ProposalId;
async function announced(world: FlowWorld, change: object = {}) {
  await addDevices(world, ['web-1', 'web-2']);
  const frozen = plan(['web-1', 'web-2']);
  const made = proposal({ tenant: world.tenant, plan: frozen as never, digest: await digestOf(frozen), ...change });
  await world.proposals.insert(made, silent);
  return made;
}

describe('the sweep', () => {
  it('announces again what nobody decided in time, with its votes void and its old buttons stale', async () => {
    const world = db.world();
    const vote = { person: riley.id, name: 'Riley', verb: 'approve', digest: 'x', at: world.clock.now() };
    const { rev } = await announced(world, { votes: [vote] });
    world.clock.set('2026-11-26T12:00:01Z');
    await sweep(world);
    const again = await world.proposals.get(id);
    expect(again).toMatchObject({ state: 'announced', votes: [], expiresAt: new Date('2026-11-29T12:00:01Z') });
    expect(again?.planRev).toBeGreaterThan(rev);
    expect(await events(world, id)).toEqual(['proposal.expired']);
    expect(await told(world)).toEqual(['Waiting for a decision: Nobody decided in time: votes start again.']);
    await sweep(world);
    expect((await world.proposals.get(id))?.rev).toBe(again?.rev);
  });

  it('wakes what was put away, with all the time to decide, and says so in the thread', async () => {
    const world = db.world();
    const { rev } = await announced(world, { expiresAt: new Date('2026-11-23T13:00:00Z') });
    expect(await postpone(world, { proposal: id, by: sam, seenRev: rev, hours: 24 })).toMatchObject({ ok: true });
    await sweep(world);
    expect(await world.proposals.get(id)).toMatchObject({ state: 'deferred' });
    world.clock.set('2026-11-24T12:00:01Z');
    await sweep(world);
    await sweep(world);
    expect(await world.proposals.get(id)).toMatchObject({
      state: 'announced',
      deferredUntil: null,
      expiresAt: new Date('2026-11-27T12:00:01Z'),
    });
    expect(await told(world)).toEqual(['Waiting for a decision: It was put away until now.']);
  });

  it('wakes deployments that are due and that the queue has lost, and no others', async () => {
    const world = db.world();
    await addRollout(world, ['web-1', 'web-2', 'web-3']);
    await setDeployment(world, 'web-2', { nextAt: new Date('2026-11-24T02:00:00Z') });
    await setDeployment(world, 'web-3', { state: 'succeeded' });
    world.clock.set('2026-11-23T12:00:01Z');
    await sweep(world);
    expect(world.woken.map((one) => one.id)).toEqual(['r-1-2.d-web-1']);
  });

  it('draws the consequences that a killed worker has not drawn', async () => {
    const world = db.world();
    await addRollout(world, ['web-1']);
    await setDeployment(world, 'web-1', { state: 'failed', settled: false, result: { text: 'disk full', log: '' } });
    await sweep(world);
    expect(await deploymentOn(world, 'web-1')).toMatchObject({ settled: true });
    expect(await world.workOrders.find({})).toMatchObject([{ state: 'open', text: 'disk full' }]);
    expect(await world.rollouts.find({})).toMatchObject([{ state: 'completed' }]);
  });

  it('makes the rest of a rollout whose maker was killed, and does not take the part for the whole', async () => {
    const world = db.world();
    const approved = await announced(world, { state: 'approved' });
    let left = 1;
    const dies: FlowWorld['deployments'] = {
      ...world.deployments,
      async insert(record, said) {
        if (left === 0) throw new Error('killed');
        left -= 1;
        return world.deployments.insert(record, said);
      },
    };
    await expect(startRollout({ ...world, deployments: dies }, approved)).rejects.toThrow('killed');
    await setDeployment(world, 'web-1', { state: 'succeeded', settled: false });
    await sweep({ ...world, deployments: dies });
    expect(await world.rollouts.find({})).toMatchObject([{ state: 'scheduled' }]);
    await sweep(world);
    expect(await deploymentOn(world, 'web-2')).toMatchObject({ state: 'waiting' });
    expect(await world.proposals.get(id)).toMatchObject({ rollout: 'r-1-2' });
    expect(await world.rollouts.find({})).toMatchObject([{ state: 'deploying' }]);
  });

  it('gets to the others when one record cannot be worked on', async () => {
    const world = db.world();
    await addRollout(world, ['web-1', 'web-2']);
    for (const name of ['web-1', 'web-2']) await setDeployment(world, name, { state: 'failed', settled: false });
    const workOrders: FlowWorld['workOrders'] = {
      ...world.workOrders,
      async insert(order, said) {
        if (order.devices.some(({ name }) => name === 'web-1')) throw new Error('poison');
        return world.workOrders.insert(order, said);
      },
    };
    await sweep({ ...world, workOrders });
    expect(await deploymentOn(world, 'web-1')).toMatchObject({ settled: false });
    expect(await deploymentOn(world, 'web-2')).toMatchObject({ settled: true });
  });
});

describe('the audit chain', () => {
  it('takes every event once when two workers feed it at the same time, and holds', async () => {
    const world = db.world();
    await announced(world);
    await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        world.deployments.insert(deployment(`web-${index}`, { tenant: world.tenant }), {
          events: [
            {
              id: `e-${index}`,
              at: world.clock.now(),
              by: { id: 'patchherd', name: 'patchherd' },
              what: 'x.y',
              on: 'z',
              details: {},
            },
          ],
        }),
      ),
    );
    for (let left = 1; left > 0; left = (await world.audit.waiting(1)).length) {
      await Promise.all([chainAudit(world), chainAudit(db.world({ like: world }))]);
    }
    const seen: string[] = [];
    for await (const { event } of world.audit.all()) seen.push(event.id);
    expect([...new Set(seen)]).toHaveLength(12);
    expect(seen).toHaveLength(12);
    expect(await verifyAudit(world)).toBeNull();
  });
});
