import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Proposal } from '../../domain/model/proposal.ts';
import type { FleetDevice } from '../fleet/device.ts';
import { gated, hasStarted, openGate, plain } from './packages.ts';
import { startWorkerProcess, type WorkerProcess } from './worker.ts';
import { refusal, startWorld, type TestWorld } from './world.ts';

describe.skipIf(refusal)('a worker that is killed', () => {
  let world: TestWorld;
  let device: FleetDevice;
  const started: WorkerProcess[] = [];
  beforeAll(async () => {
    world = await startWorld({ count: 1, workers: false });
    const [first] = world.fleet.devices;
    if (!first) throw new Error('the fleet is empty');
    device = first;
  }, 120_000);
  afterEach(() => Promise.all(started.splice(0).map((worker) => worker.kill())));
  afterAll(() => world?.stop());

  async function worker(): Promise<WorkerProcess> {
    const one = await startWorkerProcess(world);
    started.push(one);
    return one;
  }
  async function installedOnce(proposal: Proposal, name: string, version: string): Promise<void> {
    const { attempt } = await world.reaches(proposal.id, device, 'succeeded');
    expect(attempt).toBe(1);
    expect(await world.installed(device, name)).toBe(`${version} ii`);
    expect(await world.upgrades(device, name, version)).toBe(1);
    expect(await world.aptRuns(device, name)).toBe(1);
    await world.audit();
  }

  it('in mid-install is replaced by another, which finishes the work and repeats nothing', async () => {
    const name = 'acme-orphan';
    await world.offer([device], plain(name, '1.0'), gated(name, '1.1'));
    const doomed = await worker();
    const proposal = await world.approved(name);
    await hasStarted(world, device, name);
    await doomed.kill();
    await worker();
    const before = await world.reaches(proposal.id, device, 'installing');
    await world.reaches(proposal.id, device, ({ fence }) => fence > before.fence);
    await openGate(world, [device], name);
    await installedOnce(proposal, name, '1.1');
  }, 90_000);

  it('or only sleeps for longer than its lease writes nothing when it wakes up', async () => {
    const name = 'acme-zombie';
    await world.offer([device], plain(name, '1.0'), gated(name, '1.1'));
    const zombie = await worker();
    const proposal = await world.approved(name);
    await hasStarted(world, device, name);
    zombie.freeze();
    await worker();
    const { id, fence } = await world.reaches(proposal.id, device, 'installing');
    await world.reaches(proposal.id, device, (one) => one.fence > fence);
    zombie.wake();
    await openGate(world, [device], name);
    await installedOnce(proposal, name, '1.1');
    const after = (await world.audit()).filter(({ on, what }) => on === id && what !== 'deployment.blocked');
    expect(after.map(({ what }) => what)).toEqual([
      'deployment.started',
      'deployment.installing',
      'deployment.verifying',
      'deployment.succeeded',
    ]);
    for (const { details } of after.slice(2)) expect(details['fence']).toBeGreaterThan(fence);
  }, 90_000);

  // Milliseconds after the approval: before the claim, around the orders, in the install, while it is verified.
  it('at any instant leaves nothing undone and nothing done twice', async () => {
    const moments = [100, 800, 1500, 2200, 3000].map((ms) => ms + Math.floor(Math.random() * 700));
    let doomed = await worker();
    for (const [round, ms] of moments.entries()) {
      const name = `acme-round-${round}`;
      await world.offer([device], plain(name, '1.0'), plain(name, '1.1'));
      const proposal = await world.approved(name);
      await delay(ms);
      const [at] = await world.deployments(proposal.id);
      await doomed.kill();
      doomed = await worker(); // it inherits the work, and is the next to go
      await installedOnce(proposal, name, '1.1').catch((error: unknown) => {
        throw new Error(`killed ${ms} ms after the approval, when it was ${at?.state}`, { cause: error });
      });
    }
  }, 240_000);
});
