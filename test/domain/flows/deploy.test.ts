import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runDeployment } from '../../../domain/flows/deploy.ts';
import { halt, resume } from '../../../domain/flows/halt.ts';
import { look } from '../../../domain/flows/scan.ts';
import type { Device } from '../../../domain/model/device.ts';
import type { DeploymentId } from '../../../domain/model/ids.ts';
import { policy } from '../make.ts';
import { machines } from './machine.ts';
import {
  addRollout,
  deploymentOn,
  deviceOn,
  events,
  type FlowWorld,
  flowDatabase,
  item,
  nightly,
  riley,
  sam,
  setDeployment,
  told,
} from './world.ts';

let db: Awaited<ReturnType<typeof flowDatabase>>;
let fleet: Awaited<ReturnType<typeof machines>>;
beforeAll(async () => {
  [db, fleet] = await Promise.all([flowDatabase(), machines()]);
});
afterAll(async () => {
  await fleet.close();
  await db.close();
});

const run = (world: FlowWorld, name: string, signal = new AbortController().signal) =>
  runDeployment(world, `r-1-2.d-${name}` as DeploymentId, {
    until: new Date(world.clock.now().getTime() + 20_000),
    signal,
    leaseMs: 60_000,
  });
const transaction = [item('acme-agent')];
const changeFor = (device: object) => ({ device, deployment: { transaction, attempt: 0, fence: 0 } });

describe('a deployment', () => {
  it('goes from waiting to succeeded, and every move has its event', async () => {
    const { remote, device } = await fleet.start('good');
    const world = db.world({ remote });
    await addRollout(world, ['good'], changeFor(device));
    await run(world, 'good');
    expect(await deploymentOn(world, 'good')).toMatchObject({
      state: 'succeeded',
      settled: true,
      fence: 1,
      attempt: 1,
    });
    expect(await events(world, 'r-1-2.d-good')).toEqual([
      'deployment.started',
      'deployment.installing',
      'deployment.verifying',
      'deployment.succeeded',
    ]);
    expect(await world.rollouts.get('r-1-2' as never)).toMatchObject({ state: 'completed' });
  });

  it.each(['all', 'rollout'] as const)(
    'that was prepared but not ordered to install goes back to waiting at a halt (%s), and starts anew when it is lifted',
    async (kind) => {
      const { remote, device } = await fleet.start(`halted-${kind}`);
      const world = db.world({ remote });
      await addRollout(world, ['web-1'], changeFor(device));
      await setDeployment(world, 'web-1', {
        state: 'installing',
        attempt: 1,
        fence: 0,
        prepared: 'r-1-2.d-web-1.1.prepare',
      });
      const scope = kind === 'all' ? ({ kind } as const) : ({ kind, rollout: 'r-1-2' as never } as const);
      await halt(world, scope, riley, null);
      await run(world, 'web-1');
      expect(await deploymentOn(world, 'web-1')).toMatchObject({ state: 'waiting', blocker: { kind: 'halt' } });
      expect(await events(world, 'r-1-2.d-web-1')).toEqual(['deployment.waiting']);
      expect(await resume(world, scope, sam)).toMatchObject({ ok: true });
      await run(world, 'web-1');
      expect(await deploymentOn(world, 'web-1')).toMatchObject({ state: 'succeeded', attempt: 2 });
    },
  );

  it('whose worker was away until after the window is not installed outside of it', async () => {
    const { remote, device } = await fleet.start('late');
    const world = db.world({ remote, policies: [policy({ windows: [nightly] })] });
    await addRollout(world, ['web-1'], changeFor(device));
    await setDeployment(world, 'web-1', { state: 'preparing', attempt: 1, fence: 0 });
    world.clock.set('2026-11-24T09:00:00Z');
    await run(world, 'web-1');
    const until = new Date('2026-11-25T02:00:00Z');
    expect(await deploymentOn(world, 'web-1')).toMatchObject({ state: 'waiting', blocker: { kind: 'window', until } });
  });

  it('of a cancelled rollout is cancelled, not started', async () => {
    const world = db.world();
    await addRollout(world, ['web-1'], { rollout: { state: 'cancelled' } });
    await run(world, 'web-1');
    expect(await deploymentOn(world, 'web-1')).toMatchObject({ state: 'cancelled', settled: true });
  });

  it('is not taken over by a worker whose claim is older than the one in the record', async () => {
    const world = db.world();
    await addRollout(world, ['web-1']);
    await setDeployment(world, 'web-1', { state: 'installing', fence: 7 });
    await run(world, 'web-1');
    expect(await deploymentOn(world, 'web-1')).toMatchObject({ state: 'installing', fence: 7, rev: 2 });
  });

  it('is not started by a worker that lost its turn while it looked', async () => {
    const world = db.world();
    await addRollout(world, ['web-1', 'web-2'], { rollout: { inFlight: 1 }, deployment: { attempt: 0, fence: 0 } });
    // The paused worker: between its look at the budget and its write, its turn runs out and another worker starts web-2.
    const rival = db.world({ like: world });
    const visited: string[] = [];
    const remote = {
      ...world.remote,
      open(device: Device) {
        visited.push(device.name);
        return world.remote.open(device);
      },
    };
    let paused = false;
    const deployments: FlowWorld['deployments'] = {
      ...world.deployments,
      async save(next, seenRev, said) {
        if (next.state === 'preparing' && !paused) {
          paused = true;
          await db.database.connection
            .collection<{ _id: string }>('claims')
            .updateOne({ _id: `${world.tenant}/start` }, { $set: { leaseUntil: new Date(0) } });
          await run(rival, 'web-2', AbortSignal.abort());
        }
        return world.deployments.save(next, seenRev, said);
      },
    };
    await run({ ...world, deployments, remote }, 'web-1');
    expect(visited).toEqual([]);
    expect(await deploymentOn(world, 'web-2')).toMatchObject({ state: 'preparing' });
    expect(await deploymentOn(world, 'web-1')).toMatchObject({ state: 'waiting', blocker: { kind: 'budget' } });
  });

  it('that waits says why once, and becomes a work order after its deadline', async () => {
    const world = db.world({ policies: [policy({ windows: [nightly] })] });
    await addRollout(world, ['web-1']);
    await run(world, 'web-1');
    await run(world, 'web-1');
    expect(await events(world, 'r-1-2.d-web-1')).toEqual(['deployment.blocked']);
    world.clock.set('2026-12-08T12:00:00Z');
    await run(world, 'web-1');
    expect(await deploymentOn(world, 'web-1')).toMatchObject({ state: 'skipped', settled: true });
    expect(await world.workOrders.find({})).toMatchObject([
      { state: 'open', title: 'Not installed before the deadline' },
    ]);
  });

  it('whose device does not answer waits for it, and is not a failure', async () => {
    const world = db.world();
    await addRollout(world, ['web-1']);
    await run(world, 'web-1');
    expect(await deploymentOn(world, 'web-1')).toMatchObject({ state: 'waiting', blocker: { kind: 'offline' } });
  });

  it('that keeps taking its worker down is handed to a person', async () => {
    const world = db.world();
    await addRollout(world, ['web-1']);
    await setDeployment(world, 'web-1', { state: 'installing', fence: 0, crashes: 5 });
    await run(world, 'web-1');
    expect(await deploymentOn(world, 'web-1')).toMatchObject({ state: 'stuck', settled: true });
    expect(await world.workOrders.count({ state: 'open' })).toBe(1);
  });

  it('that was told to reboot and did not does not say that nothing was changed', async () => {
    const { remote, device } = await fleet.start('lazy');
    const world = db.world({ remote });
    await addRollout(world, ['web-1'], changeFor(device));
    const { bootId } = (await look(world, await deviceOn(world, 'web-1'), null)).facts;
    const op = { id: 'r-1-2.d-web-1.1.reboot', step: 'reboot', since: world.clock.now() };
    await setDeployment(world, 'web-1', { state: 'unsure', op, bootId, fence: 0, prepared: 'x' });
    await run(world, 'web-1');
    const { state, result } = await deploymentOn(world, 'web-1');
    expect({ state, text: result?.text }).toEqual({
      state: 'failed',
      text: expect.stringContaining('new version stays'),
    });
    expect(await told(world)).not.toContainEqual(expect.stringContaining('Nothing was changed'));
  });
});
