import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runDeployment } from '../../../domain/flows/deploy.ts';
import { changeRollout, halt, readScope, resume } from '../../../domain/flows/halt.ts';
import type { DeviceId, RolloutId } from '../../../domain/model/ids.ts';
import { rollout } from '../make.ts';
import { addRollout, deploymentOn, events, flowDatabase, riley, sam, setDeployment, silent } from './world.ts';

let db: Awaited<ReturnType<typeof flowDatabase>>;
beforeAll(async () => {
  db = await flowDatabase();
});
afterAll(() => db.close());

const all = { kind: 'all' } as const;
const id = 'r-1-2' as RolloutId;
const ofRollout = { kind: 'rollout', rollout: id } as const;
async function fleet() {
  const world = db.world();
  await addRollout(world, ['web-1', 'web-2', 'web-3', 'web-4']);
  await setDeployment(world, 'web-1', { state: 'succeeded' });
  await setDeployment(world, 'web-2', { state: 'installing' });
  return world;
}

describe('a halt', () => {
  it('counts what has not started, is at work, and is done, within its scope', async () => {
    const world = await fleet();
    expect(await halt(world, all, riley, null)).toMatchObject({ notStarted: 2, inFlight: 1, done: 1 });
    const device = { kind: 'device', device: 'd-web-3' as DeviceId } as const;
    expect(await halt(world, device, riley, null)).toMatchObject({ notStarted: 1, inFlight: 0, done: 0 });
    expect(await halt(world, ofRollout, riley, null)).toMatchObject({ notStarted: 2, inFlight: 1, done: 1 });
  });

  it('of everything does not count as done what rollouts long over did', async () => {
    const world = await fleet();
    await world.rollouts.insert(rollout({ id: 'r-old', tenant: world.tenant, state: 'completed' }), silent);
    await setDeployment(world, 'web-1', { rollout: 'r-old' });
    expect(await halt(world, all, riley, null)).toMatchObject({ done: 0 });
  });

  it('that is repeated keeps the first, and is lifted once', async () => {
    const world = await fleet();
    await halt(world, all, riley, 'bad feeling');
    await halt(world, all, sam, null);
    expect(await world.halts.get('all')).toMatchObject({ active: true, by: 'Riley', reason: 'bad feeling' });
    expect(await resume(world, all, sam)).toMatchObject({ ok: true });
    expect(await resume(world, all, sam)).toEqual({ ok: false, error: { code: 'halt.none' } });
    await halt(world, all, sam, null);
    expect(await world.halts.get('all')).toMatchObject({ active: true, by: 'Sam', rev: 3 });
    expect(await events(world, 'all')).toEqual(['halt.set', 'halt.lifted', 'halt.set']);
  });

  it('of a rollout halts the rollout, and its lifting lets it go on', async () => {
    const world = await fleet();
    await halt(world, ofRollout, riley, null);
    expect(await world.rollouts.get(id)).toMatchObject({ state: 'halted', because: 'Riley halted it.' });
    expect(await resume(world, ofRollout, sam)).toMatchObject({ ok: true });
    expect(await world.rollouts.get(id)).toMatchObject({ state: 'deploying', because: null });
  });

  it('reads nothing, "all", a rollout and a device, and refuses the rest', async () => {
    const world = await fleet();
    expect(await readScope(world, '')).toEqual({ ok: true, value: all });
    expect(await readScope(world, 'all')).toEqual({ ok: true, value: all });
    expect(await readScope(world, 'r-1-2')).toEqual({ ok: true, value: ofRollout });
    expect(await readScope(world, 'web-3')).toEqual({ ok: true, value: { kind: 'device', device: 'd-web-3' } });
    expect(await readScope(world, 'web-9')).toEqual({ ok: false, error: { code: 'halt.scope', scope: 'web-9' } });
  });
});

describe('a rollout', () => {
  it('that is resumed after errors accepts those that happened', async () => {
    const world = await fleet();
    await world.rollouts.save(
      { ...rollout({ tenant: world.tenant, state: 'paused', errorsAllowed: 0 }), rev: 2 },
      1,
      silent,
    );
    await setDeployment(world, 'web-1', { state: 'failed' });
    expect(await changeRollout(world, id, 'resume', sam)).toMatchObject({ ok: true });
    expect(await world.rollouts.get(id)).toMatchObject({ state: 'deploying', errorsAllowed: 1 });
  });

  it('that is cancelled cancels the devices that wait, lets those at work finish, and lifts its own halt', async () => {
    const world = await fleet();
    await halt(world, ofRollout, riley, null);
    expect(await changeRollout(world, id, 'cancel', sam)).toMatchObject({ ok: true });
    for (const { id: woken } of [...world.woken]) {
      const limit = { until: world.clock.now(), signal: new AbortController().signal, leaseMs: 1000 };
      expect(await runDeployment(world, woken, limit)).toEqual(world.clock.now());
    }
    const all4 = await Promise.all(['web-1', 'web-2', 'web-3', 'web-4'].map((name) => deploymentOn(world, name)));
    expect(all4.map(({ state }) => state)).toEqual(['succeeded', 'installing', 'cancelled', 'cancelled']);
    expect(await events(world, 'r-1-2.d-web-3')).toEqual(['deployment.cancelled']);
    expect(await world.halts.find({ active: true })).toEqual([]);
    expect(await events(world, 'r-1-2')).toEqual(['rollout.halted', 'rollout.cancelled']);
  });
});
