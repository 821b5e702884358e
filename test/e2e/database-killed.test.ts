import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findDatabase, type RunningDatabase } from '../../workers/store/database/find-database.ts';
import { inDatabase } from '../../workers/store/database/in-database.ts';
import { gated, hasStarted, openGate, plain } from './packages.ts';
import { buttonOf, refusal, startWorld, type TestWorld, until } from './world.ts';

describe.skipIf(refusal)('a database that is killed', () => {
  let world: TestWorld;
  let dataDir: string;
  let database: RunningDatabase;
  beforeAll(async () => {
    dataDir = await mkdtemp(path.join(os.tmpdir(), 'patchherd-e2e-database-'));
    database = await findDatabase({ dataDir, say: () => {} });
    const uri = inDatabase(database.uri, 'e2e');
    world = await startWorld({ count: 2, policies: [{ concurrency: 1 }], database: { uri, drop: async () => {} } });
  }, 180_000);
  afterAll(async () => {
    await world?.stop();
    await database?.stop();
    await rm(dataDir, { recursive: true, force: true });
  });

  /** SIGKILL to the server; whoever started it starts it again. Resolves when it answers. */
  async function killDatabase(): Promise<void> {
    const file = path.join(dataDir, 'documentdb/data/postmaster.pid');
    const pid = async () => Number.parseInt(await readFile(file, 'utf8').catch(() => ''), 10);
    const before = await pid();
    process.kill(before, 'SIGKILL');
    await until('another database server', async () => (await pid()) !== before);
    await until('the database to answer', () =>
      world
        .store()
        .deployments.count({})
        .then(
          () => true,
          () => false,
        ),
    );
  }

  it('in mid-install loses nothing that was acknowledged, and the rollout goes on to its end', async (context) => {
    if (database.kind !== 'documentdb') {
      console.error(`skipped: a killed ${database.kind} is not started again by us`);
      return context.skip();
    }
    const name = 'acme-survivor';
    const { devices } = world.fleet;
    await world.offer(devices, plain(name, '1.0'), gated(name, '1.1'));
    await world.scan();
    const proposal = await until('a proposal', () => world.proposal(name));
    const card = await world.card(proposal.id);
    expect(await world.press('sam', buttonOf(card, 'proposal.approve'))).toMatchObject({ ok: true });
    await killDatabase();
    expect(await world.proposal(name)).toMatchObject({ state: 'approved', decided: { by: 'Sam' } });

    const atWork = await until('one to be at work', async () =>
      (await world.deployments(proposal.id)).find(({ state }) => state === 'installing'),
    );
    const busy = devices.find((device) => device.name === atWork.name);
    if (!busy) throw new Error(`${atWork.name} is not of the fleet`);
    await hasStarted(world, busy, name);
    await killDatabase();
    await openGate(world, devices, name);
    for (const device of devices) {
      await world.reaches(proposal.id, device, 'succeeded', 60);
      expect(await world.upgrades(device, name, '1.1')).toBe(1);
      expect(await world.aptRuns(device, name)).toBe(1);
    }
    await world.card(proposal.id, ({ status }) => status === 'Completed');
    const approvals = (await world.audit()).filter(
      ({ on, what }) => on === proposal.id && what === 'proposal.approved',
    );
    expect(approvals).toHaveLength(1);
  }, 150_000);
});
