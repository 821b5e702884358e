import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { whatBlocks } from '../../../domain/flows/gate.ts';
import { halt } from '../../../domain/flows/halt.ts';
import type { DeviceId, RolloutId } from '../../../domain/model/ids.ts';
import { policy } from '../make.ts';
import { acme, addRollout, deploymentOn, flowDatabase, nightly, riley, setDeployment, silent } from './world.ts';

let db: Awaited<ReturnType<typeof flowDatabase>>;
beforeAll(async () => {
  db = await flowDatabase();
});
afterAll(() => db.close());

const night = () => db.world({ policies: [policy({ windows: [nightly] })] });

/** The blocker of web-1 in a rollout of web-1 and web-2. */
async function blockerAfter(
  prepare: (world: ReturnType<typeof night>) => Promise<unknown>,
  change: Parameters<typeof addRollout>[2] = {},
  world = db.world(),
) {
  await addRollout(world, ['web-1', 'web-2'], change);
  await prepare(world);
  return whatBlocks(world, await deploymentOn(world, 'web-1'));
}
const nothing = async () => {};
const change = async <R extends { id: string; rev: number }>(
  records: { get(id: R['id']): Promise<R | null>; save(next: R, rev: number, said: typeof silent): Promise<boolean> },
  id: string,
  next: Partial<R>,
) => {
  const old = await records.get(id);
  if (!old) throw new Error(`no ${id}`);
  expect(await records.save({ ...old, ...next, rev: old.rev + 1 }, old.rev, silent)).toBe(true);
};

describe('the gate', () => {
  it('is open when nothing speaks against it', async () => {
    expect(await blockerAfter(nothing)).toBeNull();
  });

  it.each([
    ['everything', { kind: 'all' }],
    ['this device', { kind: 'device', device: 'd-web-1' as DeviceId }],
    ['this rollout', { kind: 'rollout', rollout: 'r-1-2' as RolloutId }],
  ] as const)('is shut by a halt of %s, which says who', async (what, scope) => {
    const found = await blockerAfter((world) => halt(world, scope, riley, null));
    expect(found).toEqual({ kind: 'halt', text: `Riley halted ${what}.`, until: null });
  });

  it('is not shut by a halt of another device', async () => {
    const scope = { kind: 'device', device: 'd-web-2' as DeviceId } as const;
    expect(await blockerAfter((world) => halt(world, scope, riley, null))).toBeNull();
  });

  it('is shut when the approval was taken back, or is of another plan', async () => {
    const revoked = await blockerAfter((world) => change(world.proposals, 'p-1', { state: 'announced' as const }));
    expect(revoked).toMatchObject({ kind: 'approval', text: 'Its approval was taken back.' });
    const other = await blockerAfter((world) => change(world.proposals, 'p-1', { digest: 'other' as never }));
    expect(other).toMatchObject({ kind: 'approval', text: 'The approved plan is not the plan of this rollout.' });
  });

  it('is shut when its policy has left the settings', async () => {
    const world = db.world({ policies: [policy({ id: 'another' })] });
    expect(await blockerAfter(nothing, {}, world)).toMatchObject({ kind: 'approval', until: null });
  });

  it.each([
    ['paused', 'budget'],
    ['halted', 'halt'],
    ['cancelled', 'approval'],
    ['rolling-back', 'approval'],
    ['rolled-back', 'approval'],
  ] as const)('is shut while its rollout is %s', async (state, kind) => {
    expect(await blockerAfter(nothing, { rollout: { state, because: null } })).toMatchObject({ kind });
  });

  it('is open for a device that is tried again after its rollout was completed', async () => {
    expect(await blockerAfter(nothing, { rollout: { state: 'completed' } })).toBeNull();
  });

  it('is shut for a blocked patch, and for a device that was retired or became personal', async () => {
    const blocked = { reason: 'breaks logins', at: new Date() };
    expect(await blockerAfter((world) => change(world.patches, acme, { blocked }))).toMatchObject({
      kind: 'exception',
      text: 'The patch is blocked: breaks logins',
    });
    const retired = await blockerAfter(nothing, { device: { retired: true } });
    expect(retired).toMatchObject({ kind: 'exception', text: 'web-1 was retired.' });
    const personal = await blockerAfter(nothing, { device: { ownership: 'personal' } });
    expect(personal).toMatchObject({ kind: 'exception', text: expect.stringContaining('personal') });
  });

  it('is shut until a deferral is over', async () => {
    const until = new Date('2026-11-24T02:00:00Z');
    const deferral = { used: 1, max: 3, until, deadline: new Date('2026-12-07T12:00:00Z') };
    const world = db.world();
    expect(await blockerAfter(nothing, { deployment: { deferral } }, world)).toMatchObject({ kind: 'deferral', until });
    world.clock.set(until);
    expect(await whatBlocks(world, await deploymentOn(world, 'web-1'))).toBeNull();
  });

  it('is shut until the owner had time to answer, also when it should start now', async () => {
    const notBefore = new Date('2026-11-23T12:15:00Z');
    const found = await blockerAfter(nothing, { deployment: { notBefore }, rollout: { schedule: 'now' } });
    expect(found).toMatchObject({ kind: 'window', until: notBefore });
  });

  it('opens with the window, shuts when an install no longer fits before its cutoff, and is not asked for "now"', async () => {
    const world = night();
    const start = new Date('2026-11-24T02:00:00Z');
    expect(await blockerAfter(nothing, {}, world)).toMatchObject({ kind: 'window', until: start });
    const web1 = await deploymentOn(world, 'web-1');
    const at = async (time: string) => {
      world.clock.set(`2026-11-24T${time}Z`);
      return (await whatBlocks(world, web1))?.until?.toISOString() ?? null;
    };
    expect(await at('01:59:59')).toBe('2026-11-24T02:00:00.000Z');
    expect(await at('02:00:00')).toBeNull();
    expect(await at('03:25:00')).toBeNull();
    expect(await at('03:25:01')).toBe('2026-11-25T02:00:00.000Z');
    expect(await blockerAfter(nothing, { rollout: { schedule: 'now' } }, night())).toBeNull();
  });

  it('is shut when as many devices are at work as are allowed, and when one error too many happened', async () => {
    const busy = (world: ReturnType<typeof night>) => setDeployment(world, 'web-2', { state: 'installing' });
    expect(await blockerAfter(busy, { rollout: { inFlight: 1 } })).toMatchObject({ kind: 'budget' });
    expect(await blockerAfter(busy, { rollout: { inFlight: 2 } })).toBeNull();
    const wrong = (world: ReturnType<typeof night>) => setDeployment(world, 'web-2', { state: 'failed' });
    expect(await blockerAfter(wrong, { rollout: { errorsAllowed: 0 } })).toMatchObject({ kind: 'budget' });
    expect(await blockerAfter(wrong, { rollout: { errorsAllowed: 1 } })).toBeNull();
  });

  it('is shut while a device of the same cluster is at work, in whatever rollout', async () => {
    const busy = (world: ReturnType<typeof night>) =>
      setDeployment(world, 'web-2', { state: 'unsure', rollout: 'r-9' });
    const found = await blockerAfter(busy, { device: { cluster: ['db'] } });
    expect(found).toMatchObject({ kind: 'cluster', text: 'web-2 of the same cluster (db) is at work.' });
    expect(await blockerAfter(busy)).toBeNull();
  });

  it('names one blocker, in a fixed order', async () => {
    const world = night();
    const deferral = { used: 1, max: 3, until: new Date('2026-11-25T02:00:00Z'), deadline: new Date('2026-12-07') };
    await addRollout(world, ['web-1', 'web-2'], { rollout: { inFlight: 0 }, deployment: { deferral } });
    const kind = async () => (await whatBlocks(world, await deploymentOn(world, 'web-1')))?.kind;
    const seen = [await kind()];
    await change(world.patches, acme, { blocked: { reason: 'bad', at: world.clock.now() } });
    seen.push(await kind());
    await change(world.proposals, 'p-1', { state: 'announced' as const });
    seen.push(await kind());
    await halt(world, { kind: 'all' }, riley, null);
    seen.push(await kind());
    expect(seen).toEqual(['deferral', 'exception', 'approval', 'halt']);
  });
});
