import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { whatBlocks, whatStops } from '../../../domain/flows/gate.ts';
import { changeRollout, halt, resume } from '../../../domain/flows/halt.ts';
import { matchFleet } from '../../../domain/flows/intel.ts';
import { proposePatch } from '../../../domain/flows/propose.ts';
import { retractPatch, takenBackBy, unretract } from '../../../domain/flows/retract.ts';
import type { PatchId, RolloutId } from '../../../domain/model/ids.ts';
import { patch } from '../make.ts';
import { advisory, has, installed, outdated, setPatch, signal } from './intel-world.ts';
import {
  acme,
  addRollout,
  deploymentOn,
  deviceOn,
  events,
  type FlowWorld,
  flowDatabase,
  misses,
  riley,
  sam,
  told,
} from './world.ts';

let db: Awaited<ReturnType<typeof flowDatabase>>;
beforeAll(async () => {
  db = await flowDatabase();
});
afterAll(() => db.close());

const reason = 'It breaks logins.';
const id = 'r-1-2' as RolloutId;
const rollout = async (world: FlowWorld) => (await world.rollouts.get(id))?.state;

describe('a patch that is taken back', () => {
  it('ends what nobody has decided, says why everywhere, and names the devices that have it', async () => {
    const world = db.world();
    await outdated(world, ['web-1', 'web-2']);
    await proposePatch(world, acme);
    await has(world, await deviceOn(world, 'web-2'), installed('1.1'));
    expect(await retractPatch(world, acme, reason, riley)).toEqual({ ok: true, value: ['web-2'] });
    expect(await world.patches.get(acme)).toMatchObject({ retracted: { reason, by: 'Riley' } });
    expect(await world.proposals.find({})).toMatchObject([
      { state: 'superseded', voided: `Retracted by Riley: ${reason}` },
    ]);
    expect(await told(world)).toEqual([`Patch retracted: Retracted by Riley: ${reason} It is installed on web-2.`]);
    expect(await world.notices.find({})).toMatchObject([
      {
        title: 'acme-agent 1.1 was retracted',
        text: `Retracted by Riley: ${reason}`,
        items: { lines: ['web-2'], more: 0 },
      },
    ]);
    expect(await events(world, acme)).toEqual(['patch.retracted', 'patch.retraction-told']);
  });

  it('is not offered any more', async () => {
    const world = db.world();
    await outdated(world, ['web-1']);
    await retractPatch(world, acme, reason, null);
    await proposePatch(world, acme);
    expect(await world.proposals.find({})).toEqual([]);
  });

  it('pauses its rollouts, and no device starts, whatever people press', async () => {
    const world = db.world();
    await addRollout(world, ['web-1', 'web-2']);
    await retractPatch(world, acme, reason, null);
    expect(await world.rollouts.get(id)).toMatchObject({
      state: 'paused',
      because: `Retracted by its vendor: ${reason}`,
    });
    const no = { ok: false, error: { code: 'patch.retracted', reason } };
    expect(await changeRollout(world, id, 'resume', riley)).toEqual(no);
    await halt(world, { kind: 'rollout', rollout: id }, riley, null);
    expect(await resume(world, { kind: 'rollout', rollout: id }, riley)).toEqual(no);
    expect(await world.halts.count({ active: true })).toBe(1);
    expect(await told(world)).toEqual([
      `Patch retracted: Retracted by its vendor: ${reason} No device has it installed.`,
    ]);
  });

  it('is also held back at the gate, when a rollout was just being made', async () => {
    const world = db.world();
    await addRollout(world, ['web-1']);
    const at = world.clock.now();
    await setPatch(world, acme, { retracted: { reason, by: 'its vendor', at } });
    const deployment = await deploymentOn(world, 'web-1');
    const blocker = {
      kind: 'exception',
      text: `The patch was retracted by its vendor: ${reason}`,
      until: null,
    };
    expect(await whatBlocks(world, deployment)).toEqual(blocker);
    expect(await whatStops(world, deployment)).toEqual(blocker);
  });

  it('has its consequences drawn by the next matching when the process that took it back was killed', async () => {
    const world = db.world();
    await addRollout(world, ['web-1']);
    const at = world.clock.now();
    await setPatch(world, acme, { retracted: { reason, by: 'its vendor', at } });
    await matchFleet(world, signal);
    expect(await rollout(world)).toBe('paused');
  });

  it('is taken back once, however often that is repeated', async () => {
    const world = db.world();
    await outdated(world, ['web-1']);
    await proposePatch(world, acme);
    await retractPatch(world, acme, reason, riley);
    await retractPatch(world, acme, 'Something else.', sam);
    expect(await world.patches.get(acme)).toMatchObject({ retracted: { reason, by: 'Riley' } });
    const keys = (await world.store.outbox.due(10)).flatMap(({ lines }) => lines.map(({ key }) => key));
    expect(new Set(keys).size).toBe(1);
  });

  it('that the catalog does not have is refused', async () => {
    const subject = 'debian:12/other=1' as PatchId;
    const no = { ok: false, error: { code: 'patch.unknown', subject } };
    expect(await retractPatch(db.world(), subject, reason, riley)).toEqual(no);
    expect(await unretract(db.world(), subject, riley)).toEqual(no);
  });
});

describe('a retraction that a person lifts', () => {
  it('lets devices be offered the patch again, and rollouts be resumed', async () => {
    const world = db.world();
    const { proposal } = await addRollout(world, ['web-1']);
    await outdated(world, ['web-2']);
    await retractPatch(world, acme, reason, riley);
    expect(await unretract(world, acme, riley)).toMatchObject({ ok: true, value: { retracted: null } });
    const offered = (await world.proposals.find({})).filter((one) => one.id !== proposal.id);
    expect(offered).toMatchObject([{ state: 'announced', plan: { entries: [{ device: 'd-web-2' }] } }]);
    expect(await rollout(world)).toBe('paused');
    expect(await changeRollout(world, id, 'resume', riley)).toMatchObject({ ok: true });
    expect(await rollout(world)).toBe('deploying');
    expect((await told(world)).filter((line) => line.startsWith('Retraction lifted'))).toEqual([
      'Retraction lifted: Riley lifted the retraction.',
    ]);
    expect(await world.notices.find({})).toMatchObject([{ status: 'Lifted by Riley', items: null }]);
  });

  it('is refused when there is none', async () => {
    const world = db.world();
    const [web1] = await outdated(world, ['web-1']);
    if (web1) await misses(world, web1);
    expect(await unretract(world, acme, riley)).toEqual({
      ok: false,
      error: { code: 'patch.not-retracted', subject: 'acme-agent 1.1' },
    });
  });
});

describe('an advisory takes a patch back', () => {
  const update = (change: object) =>
    advisory({ feed: 'updateinfo', withdrawn: new Date('2026-11-22'), modified: new Date('2026-11-22'), ...change });
  it.each([
    ['a repository marks exactly this version as retracted', update({}), true],
    ['its epoch is only written on one side', update({ affected: { fixed: '0:1.1' } }), true],
    ['it is of another version', update({ affected: { fixed: '1.2' } }), false],
    ['it is of another package', update({ affected: { package: 'other' } }), false],
    ['it has only left the repository', update({ withdrawn: new Date('2026-11-25') }), false],
    ['it stands', update({ withdrawn: null }), false],
    ['it is a bulletin, not a repository', update({ feed: 'debian-dsa' }), false],
  ])('when %s: %#', (_, made, expected) => {
    expect(takenBackBy(patch(), made)).toBe(expected);
  });
});
