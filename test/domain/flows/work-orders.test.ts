import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { retry } from '../../../domain/flows/device-verbs.ts';
import { settle } from '../../../domain/flows/settle.ts';
import { closeHealed, moveOrder } from '../../../domain/flows/work-orders.ts';
import type { Deployment } from '../../../domain/model/deployment.ts';
import type { WorkOrderId } from '../../../domain/model/ids.ts';
import { person, policy } from '../make.ts';
import {
  acme,
  addRollout,
  always,
  deploymentOn,
  deviceOn,
  events,
  type FlowWorld,
  flowDatabase,
  misses,
  sam,
  setDeployment,
} from './world.ts';

let db: Awaited<ReturnType<typeof flowDatabase>>;
beforeAll(async () => {
  db = await flowDatabase();
});
afterAll(() => db.close());

const broken = 'dpkg: error processing package acme-agent';
const failed = (text = broken) => ({ state: 'failed', settled: false, result: { text, log: 'end of log' } });

/** The deployment on `name` ends like this, and its consequences are drawn. */
async function ends(world: FlowWorld, name: string, change: object): Promise<Deployment> {
  const ended = await setDeployment(world, name, change as never);
  await settle(world, ended);
  return ended;
}
const orders = (world: FlowWorld) => world.workOrders.find({});
async function only(world: FlowWorld) {
  const [order, ...others] = await orders(world);
  if (!order || others.length > 0) throw new Error(`${others.length + 1} orders`);
  return order;
}
const heal = async (world: FlowWorld, name: string) => {
  await misses(world, await deviceOn(world, name), { state: 'installed' });
  await closeHealed(world, acme);
};
async function resolveIt(world: FlowWorld): Promise<WorkOrderId> {
  const { id } = await only(world);
  expect(await moveOrder(world, id, 'claim', sam)).toMatchObject({ ok: true });
  expect(await moveOrder(world, id, 'resolve', sam)).toMatchObject({ ok: true });
  return id;
}

describe('work orders', () => {
  it('of 40 equal and 3 other errors are at most 4, and name all 43 devices', async () => {
    const world = db.world();
    const names = Array.from({ length: 43 }, (_, index) => `web-${index}`);
    await addRollout(world, names, { rollout: { errorsAllowed: 99 } });
    const others = ['disk full', 'no candidate', 'postinst failed'];
    const text = (index: number) => others[index] ?? `web-${index}: ${broken}, code 100 after ${index} s`;
    await Promise.all(names.map((name, index) => ends(world, name, failed(text(index)))));
    const all = await orders(world);
    expect(all.length).toBeLessThanOrEqual(4);
    expect(new Set(all.flatMap(({ devices }) => devices.map(({ name }) => name))).size).toBe(43);
  });

  it('are assigned to the owner who may operate, else to who is on call', async () => {
    const world = db.world({ people: [person('ann', ['admin']), sam, person('ola', ['oncall'])] });
    await addRollout(world, ['web-1', 'web-2']);
    await ends(world, 'web-1', { ...failed('one'), owner: 'sam' });
    await ends(world, 'web-2', { ...failed('two'), owner: 'olive' });
    expect((await orders(world)).map(({ assignee }) => assignee?.name).sort()).toEqual(['Ola', 'Sam']);
  });

  it('close only when they are resolved and a scan has found the patch', async () => {
    const world = db.world();
    await addRollout(world, ['web-1']);
    await ends(world, 'web-1', failed());
    const id = await resolveIt(world);
    await misses(world, await deviceOn(world, 'web-1'));
    await closeHealed(world, acme);
    expect(await world.workOrders.get(id)).toMatchObject({ state: 'resolved' });
    await heal(world, 'web-1');
    expect(await world.workOrders.get(id)).toMatchObject({ state: 'closed' });
    expect(await events(world, id)).toEqual([
      'work-order.opened',
      'work-order.claimed',
      'work-order.resolved',
      'work-order.closed',
    ]);
  });

  it('close also when they are resolved after the device was mended', async () => {
    const world = db.world();
    await addRollout(world, ['web-1']);
    await ends(world, 'web-1', failed());
    await heal(world, 'web-1');
    expect(await only(world)).toMatchObject({ state: 'open' });
    await resolveIt(world);
    expect(await only(world)).toMatchObject({ state: 'closed' });
  });

  it('close when a later rollout brought the patch to a device that was rolled back', async () => {
    const world = db.world();
    await addRollout(world, ['web-1']);
    await ends(world, 'web-1', { ...failed(), state: 'rolled-back' });
    await resolveIt(world);
    await heal(world, 'web-1');
    expect(await only(world)).toMatchObject({ state: 'closed' });
  });

  it('open again when the same fault comes back after they were resolved', async () => {
    const world = db.world();
    await addRollout(world, ['web-1']);
    await ends(world, 'web-1', failed());
    await resolveIt(world);
    expect(await retry(world, (await deploymentOn(world, 'web-1')).id, sam)).toMatchObject({ ok: true });
    await ends(world, 'web-1', failed());
    expect(await only(world)).toMatchObject({ state: 'open', devices: [{ name: 'web-1' }] });
  });

  it('are new ones when the same fault comes after they were closed', async () => {
    const world = db.world();
    await addRollout(world, ['web-1', 'web-2']);
    await ends(world, 'web-1', failed());
    await heal(world, 'web-1');
    await resolveIt(world);
    await ends(world, 'web-2', failed());
    const [first, second] = [...(await orders(world))].sort((a, b) => a.id.length - b.id.length);
    expect(first).toMatchObject({ state: 'closed', devices: [{ name: 'web-1' }] });
    expect(second).toMatchObject({ state: 'open', devices: [{ name: 'web-2' }] });
  });

  it('of a stuck device lead out of it: it is looked at again', async () => {
    const world = db.world();
    await addRollout(world, ['web-1']);
    await ends(world, 'web-1', { ...failed(), state: 'stuck' });
    expect(await retry(world, (await deploymentOn(world, 'web-1')).id, sam)).toMatchObject({ ok: true });
    expect(await deploymentOn(world, 'web-1')).toMatchObject({ state: 'verifying', settled: true });
    expect(world.woken.map(({ id }) => id)).toContain('r-1-2.d-web-1');
  });
});

describe('settling', () => {
  it('may be repeated', async () => {
    const world = db.world({ policies: [policy({ windows: [always] })] });
    await addRollout(world, ['web-1']);
    const ended = await ends(world, 'web-1', failed());
    await settle(world, ended);
    expect(await only(world)).toMatchObject({ devices: [{ name: 'web-1' }] });
    expect(await deploymentOn(world, 'web-1')).toMatchObject({ settled: true });
  });

  it('of an old end does not pass for that of a newer one', async () => {
    const world = db.world();
    await addRollout(world, ['web-1']);
    const old = await setDeployment(world, 'web-1', failed('one') as never);
    await setDeployment(world, 'web-1', failed('two') as never);
    await settle(world, old);
    expect(await deploymentOn(world, 'web-1')).toMatchObject({ settled: false });
  });
});
