import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FleetDevice } from '../fleet/device.ts';
import { gated, hasStarted, openGate, plain, rebooting } from './packages.ts';
import { refusal, startWorld, type TestWorld, until } from './world.ts';

describe.skipIf(refusal)('a deployment', () => {
  let world: TestWorld;
  let first: FleetDevice;
  let both: readonly FleetDevice[];
  beforeAll(async () => {
    world = await startWorld({ count: 2, policies: [{ concurrency: 1 }] });
    both = world.fleet.devices;
    const [one] = both;
    if (!one) throw new Error('the fleet is empty');
    first = one;
  }, 120_000);
  afterAll(() => world?.stop());

  it('that wants a reboot reboots the device, proves it by the boot id, and only then is verified', async () => {
    const name = 'acme-core';
    const bootId = () => world.sh(first, 'cat "$DPKG_ROOT/proc/sys/kernel/random/boot_id"');
    await world.offer([first], plain(name, '1.0'), rebooting(name, '1.1'));
    const before = await bootId();
    const proposal = await world.approved(name);
    const { id } = await world.reaches(proposal.id, first, 'succeeded');
    expect(await bootId()).not.toBe(before);
    expect(await world.installed(first, name)).toBe('1.1 ii');
    const steps = (await world.audit()).filter(({ on }) => on === id).map(({ what }) => what);
    expect(steps).toEqual([
      'deployment.started',
      'deployment.installing',
      'deployment.rebooting',
      'deployment.verifying',
      'deployment.succeeded',
    ]);
  }, 60_000);

  it('whose connection is lost in mid-install asks the device, and installs once', async () => {
    const name = 'acme-cut';
    await world.offer([first], plain(name, '1.0'), gated(name, '1.1'));
    const proposal = await world.approved(name);
    await hasStarted(world, first, name);
    // Every session is cut as soon as it is there, so the next look at the device is lost in the middle.
    const unsure = world.reaches(proposal.id, first, 'unsure');
    let cutting = true;
    const cut = (async () => {
      while (cutting) await world.fleet.cut(first);
    })();
    await unsure.finally(() => {
      cutting = false;
    });
    await cut;
    await openGate(world, [first], name);
    const { id } = await world.reaches(proposal.id, first, 'succeeded');
    expect(await world.installed(first, name)).toBe('1.1 ii');
    expect(await world.upgrades(first, name, '1.1')).toBe(1);
    expect(await world.aptRuns(first, name)).toBe(1);
    expect((await world.audit()).filter(({ on, what }) => on === id && what === 'deployment.started')).toHaveLength(1);
  }, 60_000);

  it('survives a restart of the whole process in mid-install, which waits for no install', async () => {
    const name = 'acme-restart';
    await world.offer([first], plain(name, '1.0'), gated(name, '1.1'));
    const proposal = await world.approved(name);
    await hasStarted(world, first, name);
    const { fence } = await world.reaches(proposal.id, first, 'installing');
    await world.restart();
    await world.reaches(proposal.id, first, (one) => one.fence > fence);
    await openGate(world, [first], name);
    await world.reaches(proposal.id, first, 'succeeded');
    expect(await world.aptRuns(first, name)).toBe(1);
    expect(world.problems).toEqual([]);
  }, 25_000);

  it('goes on when the whole queue is lost, and so does the device after it', async () => {
    const name = 'acme-queue';
    await world.offer(both, plain(name, '1.0'), gated(name, '1.1'));
    const proposal = await world.approved(name);
    await until('one to be at work', async () =>
      (await world.deployments(proposal.id)).some(({ state }) => state === 'installing'),
    );
    await world.now().base.database.connection.collection('agendaJobs').drop();
    await openGate(world, both, name);
    for (const device of both) {
      await world.reaches(proposal.id, device, 'succeeded');
      expect(await world.aptRuns(device, name)).toBe(1);
    }
    await world.card(proposal.id, ({ status }) => status === 'Completed');
  }, 90_000);
});
