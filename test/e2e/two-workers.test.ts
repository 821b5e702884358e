import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuditEvent } from '../../domain/model/audit.ts';
import { gated, openGate, plain } from './packages.ts';
import { startWorkerProcess, type WorkerProcess } from './worker.ts';
import { refusal, startWorld, type TestWorld } from './world.ts';

describe.skipIf(refusal)('two worker processes', () => {
  let world: TestWorld;
  let second: WorkerProcess;
  beforeAll(async () => {
    world = await startWorld({
      count: 6,
      policies: [{ concurrency: 2 }],
      describe: (name) => ({ cluster: name === 'device-1' || name === 'device-2' ? ['orders-db'] : [] }),
    });
    second = await startWorkerProcess(world);
  }, 120_000);
  afterAll(async () => {
    await second?.kill();
    await world?.stop();
  });

  it('keep to two devices at once, never both of a cluster, and install each once', async () => {
    const name = 'acme-shared';
    const { devices } = world.fleet;
    await world.offer(devices, plain(name, '1.0'), gated(name, '1.1'));
    await openGate(world, devices, name);
    const proposal = await world.approved(name);
    for (const device of devices) await world.reaches(proposal.id, device, 'succeeded', 90);

    const times = (await world.audit()).filter(({ what }) => /^deployment\.(started|succeeded)$/.test(what));
    const { most, together } = overlaps(times);
    expect(most).toBe(2);
    expect(together).not.toContain('device-1 device-2');
    for (const device of devices) {
      expect(await world.upgrades(device, name, '1.1')).toBe(1);
      expect(await world.aptRuns(device, name)).toBe(1);
    }
    const fences = times.filter(({ what }) => what === 'deployment.started').map(({ on }) => on);
    expect(new Set(fences).size).toBe(6);
    expect(fences).toHaveLength(6);
    expect(world.problems).toEqual([]);
  }, 120_000);
});

/** How many devices were at work at once at most, and which ever were together. */
function overlaps(times: readonly AuditEvent[]): { most: number; together: readonly string[] } {
  const busy = new Set<string>();
  const together: string[] = [];
  let most = 0;
  // An end and a start at the same instant: the start was allowed because of the end.
  const order = (one: AuditEvent) => one.at.getTime() * 2 + (one.what === 'deployment.started' ? 1 : 0);
  for (const { what, details } of [...times].sort((a, b) => order(a) - order(b))) {
    const device = String(details['device']);
    if (what === 'deployment.started') busy.add(device);
    else busy.delete(device);
    most = Math.max(most, busy.size);
    together.push([...busy].sort().join(' '));
  }
  return { most, together };
}
