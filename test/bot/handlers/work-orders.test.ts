import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { workOrderHandlers } from '../../../bot/handlers/work-orders.ts';
import { applicabilityId } from '../../../domain/model/patch.ts';
import { addRollout, deploymentOn, flowDatabase, sam, setDeployment, silent } from '../../domain/flows/world.ts';
import { noon, workOrder } from '../../domain/make.ts';

let db: Awaited<ReturnType<typeof flowDatabase>>;
beforeAll(async () => {
  db = await flowDatabase();
});
afterAll(() => db.close());

describe('"Try again" on a work order', () => {
  it('starts what can be started again, and names what cannot', async () => {
    const world = db.world();
    await addRollout(world, ['web-1', 'web-2']);
    await setDeployment(world, 'web-1', { state: 'failed' });
    await setDeployment(world, 'web-2', { state: 'succeeded' });
    const devices = ['web-1', 'web-2'].map((name) => ({ device: `d-${name}`, name, deployment: `r-1-2.d-${name}` }));
    await world.workOrders.insert(workOrder({ tenant: world.tenant, state: 'claimed', devices }), silent);
    const again = workOrderHandlers(world).find(({ action }) => action === 'work-order.retry');
    expect(await again?.handle({ by: sam, subject: 'w-1', seenRev: 1, answer: null })).toEqual({
      ok: true,
      text: 'Trying again on web-1. That is not possible: web-2 is succeeded.',
    });
    expect((await deploymentOn(world, 'web-1')).state).toBe('waiting');
    expect(await again?.handle({ by: sam, subject: 'w-1', seenRev: 1, answer: null })).toMatchObject({ ok: false });
  });

  it('offers the patch again to a device where it was rolled back', async () => {
    const world = db.world();
    await addRollout(world, ['web-3']);
    await setDeployment(world, 'web-3', { state: 'rolled-back' });
    const { device, patch, tenant } = await deploymentOn(world, 'web-3');
    const id = applicabilityId(device, patch);
    const state = {
      id,
      tenant,
      rev: 1,
      device,
      patch,
      state: 'rolled-back',
      wants: [],
      planned: true,
      transaction: [],
      undo: 'none',
      because: 'it broke',
      at: noon,
    } as const;
    await world.applicabilities.insert(state, silent);
    const devices = [{ device, name: 'web-3', deployment: 'r-1-2.d-web-3' }];
    await world.workOrders.insert(workOrder({ tenant, state: 'claimed', patch, devices }), silent);
    const again = workOrderHandlers(world).find(({ action }) => action === 'work-order.retry');
    expect(await again?.handle({ by: sam, subject: 'w-1', seenRev: 1, answer: null })).toEqual({
      ok: true,
      text: 'Trying again on web-3.',
    });
    expect((await world.applicabilities.get(id))?.state).toBe('missing');
  });
});
