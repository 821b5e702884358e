import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildRepository } from '../../demo/repository.ts';
import { refusal, startWorld, type TestWorld, until } from './world.ts';

describe.skipIf(refusal)('the package lists of a device', () => {
  let world: TestWorld;
  let dir: string;
  beforeAll(async () => {
    dir = await mkdtemp(path.join(os.tmpdir(), 'patchherd-lists-'));
    world = await startWorld({ count: 1 });
  }, 120_000);
  afterAll(async () => {
    await world?.stop();
    await rm(dir, { recursive: true, force: true });
  });
  const device = async () => (await world.store().devices.find({}))[0];
  /** What `/patch scan` does. */
  const visit = async () => {
    const { id } = (await device()) ?? {};
    if (!id) throw new Error('no device');
    await world.now().base.world.queue.scan(id);
  };

  it('are brought up to date when somebody asks for a scan, so that a patch which the device has not heard of is found', async () => {
    const [only] = world.fleet.devices;
    if (!only) throw new Error('no device');
    await world.offer([only], { name: 'acme-lists', version: '1.0' });
    await world.scan();
    expect(await world.proposal('acme-lists')).toBeUndefined();
    const source = await buildRepository(dir, [{ name: 'acme-lists', version: '1.1' }], {
      label: 'Acme',
      suite: 'acme',
    });
    await world.sh(only, 'printf "%s\\n" "$1" >>"$DPKG_ROOT/etc/apt/sources.list"', source);
    await visit();
    const proposal = await until('the proposal', () => world.proposal('acme-lists'));
    expect(proposal.plan.entries[0]?.transaction).toMatchObject([{ name: 'acme-lists', from: '1.0', to: '1.1' }]);
    expect((await device())?.refreshedAt).toBeInstanceOf(Date);
  }, 60_000);

  it('that cannot be brought up to date are a problem of the device, not an absence of patches', async () => {
    await rm(dir, { recursive: true });
    await visit();
    const problem = await until('the problem', async () => (await device())?.lastScan?.problem);
    expect(problem.code).toBe('device.refresh-failed');
    expect(problem.text).toMatch(/^device-1 could not refresh its package lists, so newer patches may be missing: /);
    expect((await world.proposal('acme-lists'))?.state).toBe('announced');
  }, 60_000);
});
