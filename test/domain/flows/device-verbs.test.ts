import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deferDevice, retry, unblock } from '../../../domain/flows/device-verbs.ts';
import { enrol } from '../../../domain/flows/enrol.ts';
import type { DeploymentId, DeviceId } from '../../../domain/model/ids.ts';
import { device, policy } from '../make.ts';
import {
  acme,
  addRollout,
  codeOf,
  deploymentOn,
  deviceOn,
  events,
  flowDatabase,
  misses,
  nightly,
  olive,
  sam,
  setDeployment,
} from './world.ts';

let db: Awaited<ReturnType<typeof flowDatabase>>;
beforeAll(async () => {
  db = await flowDatabase();
});
afterAll(() => db.close());

const id = 'r-1-2.d-web-1' as DeploymentId;
async function owned(change: object = {}) {
  const world = db.world({ policies: [policy({ windows: [nightly] })] });
  await addRollout(world, ['web-1'], { deployment: { owner: 'olive', ...change } });
  return world;
}

describe('a deferral', () => {
  it('moves the device to the window after the one it waits for, and again to the next', async () => {
    const world = await owned();
    const until = new Date('2026-11-25T02:00:00Z');
    const put = await deferDevice(world, id, olive, 0);
    expect(put).toMatchObject({
      ok: true,
      value: { deferral: { used: 1, until }, blocker: { kind: 'deferral', until } },
    });
    expect(world.woken).toEqual([{ id, at: until }]);
    const again = await deferDevice(world, id, olive, 1);
    expect(again).toMatchObject({
      ok: true,
      value: { deferral: { used: 2, until: new Date('2026-11-26T02:00:00Z') } },
    });
    expect(await events(world, id)).toEqual(['deployment.deferred', 'deployment.deferred']);
  });

  it('by a double click is used once', async () => {
    const world = await owned();
    const answers = await Promise.all([deferDevice(world, id, olive, 0), deferDevice(world, id, olive, 0)]);
    expect(answers.map(codeOf).sort()).toEqual([null, 'proposal.stale']);
    expect((await deploymentOn(world, 'web-1')).deferral.used).toBe(1);
  });

  it('is refused to somebody else, when none is left, past the deadline, without a window, and after the start', async () => {
    const deadline = new Date('2026-12-07T12:00:00Z');
    expect(codeOf(await deferDevice(await owned(), id, sam, 0))).toBe('deployment.not-yours');
    const used = { deferral: { used: 3, max: 3, until: null, deadline } };
    expect(codeOf(await deferDevice(await owned(used), id, olive, 3))).toBe('deferral.used-up');
    const late = { deferral: { used: 0, max: 3, until: null, deadline: new Date('2026-11-24T12:00:00Z') } };
    expect(codeOf(await deferDevice(await owned(late), id, olive, 0))).toBe('deferral.past-deadline');
    expect(codeOf(await deferDevice({ ...(await owned()), policies: [] }, id, olive, 0))).toBe('deferral.no-window');
    expect(codeOf(await deferDevice(await owned({ state: 'preparing' }), id, olive, 0))).toBe(
      'deployment.no-such-move',
    );
  });
});

describe('a failed device', () => {
  it('is tried again from the beginning, and offered again once it is unblocked', async () => {
    const world = await owned({ state: 'failed', attempt: 1, prepared: 'x' });
    expect(await retry(world, id, sam)).toMatchObject({ ok: true, value: { state: 'waiting', prepared: null } });
    await setDeployment(world, 'web-1', { state: 'failed' });
    await misses(world, await deviceOn(world, 'web-1'), { state: 'failed' });
    const [rollout] = await world.rollouts.find({});
    if (!rollout) throw new Error('no rollout');
    await world.rollouts.save({ ...rollout, state: 'completed', rev: 2 }, 1, { events: [] });
    expect(await unblock(world, 'd-web-1' as DeviceId, acme, sam)).toEqual({ ok: true, value: null });
    expect((await world.proposals.find({ state: 'announced' })).length).toBe(1);
    expect(await unblock(world, 'd-web-1' as DeviceId, acme, sam)).toMatchObject({ ok: false });
  });
});

describe('enrolment', () => {
  const seed = (name: string, change: object = {}) => {
    const {
      id: _id,
      rev: _rev,
      retired: _retired,
      facts: _facts,
      lastScan: _last,
      refreshedAt: _at,
      ...said
    } = device(name);
    return { ...said, ...change };
  };

  it('makes one device of a name, also when two processes start at once', async () => {
    const world = db.world();
    const seeds = [seed('web-1', { tenant: world.tenant }), seed('web-2', { tenant: world.tenant })];
    await Promise.all(Array.from({ length: 4 }, () => enrol(world, seeds)));
    expect((await world.devices.find({})).map(({ name }) => name).sort()).toEqual(['web-1', 'web-2']);
  });

  it('changes what the description changed, and keeps accepted keys, facts and retirement', async () => {
    const world = db.world();
    const seeds = [seed('web-1', { tenant: world.tenant })];
    expect(await enrol(world, seeds)).toEqual({ added: 1, changed: 0 });
    expect(await enrol(world, seeds)).toEqual({ added: 0, changed: 0 });
    const known = await deviceOn(world, 'web-1');
    await world.devices.save({ ...known, hostKeys: ['ssh-ed25519 SHA256:x'], retired: true, rev: 2 }, 1, {
      events: [],
    });
    expect(await enrol(world, [seed('web-1', { tenant: world.tenant, groups: ['db'] })])).toEqual({
      added: 0,
      changed: 1,
    });
    expect(await deviceOn(world, 'web-1')).toMatchObject({
      groups: ['db'],
      hostKeys: ['ssh-ed25519 SHA256:x'],
      retired: true,
    });
    expect(await events(world, known.id)).toEqual(['device.added', 'device.changed']);
  });
});
