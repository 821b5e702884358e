/** Halt and resume: a latch in the database that every start reads. Stopping is always safe and is one step. */
import type { Refusal } from '../errors.ts';
import { event } from '../model/audit.ts';
import { inFlight, wentWrong } from '../model/deployment.ts';
import { type Halt, type HaltScope, haltId } from '../model/halt.ts';
import type { RolloutId } from '../model/ids.ts';
import type { Person } from '../model/people.ts';
import { err, ok, type Result } from '../model/result.ts';
import { livingRollouts, moveRollout, type Rollout, type RolloutVerb } from '../model/rollout.ts';
import type { World } from '../ports.ts';
import { actor, said, update } from './say.ts';

/** What a halt found: counts of deployments in living rollouts within its scope, and when the latch closed. */
export type HaltReceipt = {
  readonly at: Date;
  readonly notStarted: number;
  readonly inFlight: number;
  readonly done: number;
};

/** Reads what a person typed: nothing or `all`, a rollout id, a device name. */
export async function readScope(world: World, typed: string): Promise<Result<HaltScope, Refusal>> {
  if (typed === '' || typed === 'all') return ok({ kind: 'all' });
  const rollout = await world.rollouts.get(typed as RolloutId);
  if (rollout) return ok({ kind: 'rollout', rollout: rollout.id });
  const device = (await world.devices.find({ name: typed }))[0];
  return device ? ok({ kind: 'device', device: device.id }) : err({ code: 'halt.scope', scope: typed });
}

/** Closes the latch. Devices in flight reach their safe point; nothing new starts. Repeating it is harmless. */
export async function halt(world: World, scope: HaltScope, by: Person, reason: string | null): Promise<HaltReceipt> {
  const at = world.clock.now();
  const id = haltId(scope);
  const latch: Halt = { id, tenant: world.tenant, rev: 1, scope, active: true, by: by.name, at, reason };
  const saying = said(event(at, actor(by), 'halt.set', id, { reason: reason ?? '' }));
  if (!(await world.halts.insert(latch, saying))) {
    await update(world.halts, id, null, (now) =>
      ok(now.active ? { next: now, said: { events: [] } } : { next: { ...latch, rev: now.rev + 1 }, said: saying }),
    );
  }
  if (scope.kind === 'rollout') await changeRollout(world, scope.rollout, 'halt', by);
  return receipt(world, scope, at);
}

/** Opens the latch again. Refused when it is not closed, and for a rollout whose patch was taken back. */
export async function resume(world: World, scope: HaltScope, by: Person): Promise<Result<Halt, Refusal>> {
  const rollout = scope.kind === 'rollout' ? await world.rollouts.get(scope.rollout) : null;
  const no = rollout ? await takenBack(world, rollout) : null;
  if (no) return err(no);
  const lifted = await lift(world, scope, by);
  if (!lifted.ok) return lifted;
  if (scope.kind === 'rollout') await changeRollout(world, scope.rollout, 'resume', by);
  else await wake(world, {});
  return lifted;
}

function lift(world: World, scope: HaltScope, by: Person): Promise<Result<Halt, Refusal>> {
  const at = world.clock.now();
  const id = haltId(scope);
  return update<Halt, Refusal>(world.halts, id, { code: 'halt.none' }, (now) => {
    if (!now.active) return err({ code: 'halt.none' });
    return ok({
      next: { ...now, active: false, rev: now.rev + 1 },
      said: said(event(at, actor(by), 'halt.lifted', id)),
    });
  });
}

/** Lets waiting deployments look again now, not when they would have anyway. */
async function wake(world: World, where: { rollout?: RolloutId }): Promise<void> {
  for (const { id } of await world.deployments.find({ ...where, state: 'waiting' })) await world.queue.deployment(id);
}

/** One rollout's own step by a person: resume after a pause, cancel, halt. */
export async function changeRollout(
  world: World,
  id: RolloutId,
  verb: RolloutVerb,
  by: Person,
): Promise<Result<null, Refusal>> {
  const at = world.clock.now();
  const moved = await update<Rollout, Refusal>(
    world.rollouts,
    id,
    { code: 'rollout.unknown', subject: id },
    async (now) => {
      const no = verb === 'resume' ? await takenBack(world, now) : null;
      if (no) return err(no);
      // Whoever resumes after errors accepts those that happened; one more stops it again.
      const wrong = await world.deployments.count({ rollout: id, state: { in: wentWrong } });
      const errorsAllowed = verb === 'resume' ? Math.max(now.errorsAllowed, wrong) : now.errorsAllowed;
      const whys: Partial<Record<RolloutVerb, string>> = {
        halt: `${by.name} halted it.`,
        cancel: `${by.name} cancelled the rest.`,
      };
      const because = whys[verb] ?? null;
      const next = moveRollout(now, verb, { because, errorsAllowed });
      if (!next.ok) return next;
      return ok({ next: next.value, said: said(event(at, actor(by), `rollout.${next.value.state}`, id)) });
    },
  );
  if (!moved.ok) return moved;
  // Nothing of it starts any more: its own latch would stand in every status for ever.
  if (verb === 'cancel') await lift(world, { kind: 'rollout', rollout: id }, by);
  if (verb !== 'halt') await wake(world, { rollout: id });
  return ok(null);
}

async function takenBack(world: World, { patch }: Rollout): Promise<Refusal | null> {
  const { retracted } = (await world.patches.get(patch)) ?? {};
  return retracted ? { code: 'patch.retracted', reason: retracted.reason } : null;
}

async function receipt(world: World, scope: HaltScope, at: Date): Promise<HaltReceipt> {
  const where =
    scope.kind === 'all' ? {} : scope.kind === 'device' ? { device: scope.device } : { rollout: scope.rollout };
  const living = await world.rollouts.find({ state: { in: livingRollouts } });
  const ofLiving = scope.kind === 'rollout' ? {} : { rollout: { in: living.map(({ id }) => id) } };
  const [notStarted, busy, done] = await Promise.all([
    world.deployments.count({ ...where, state: 'waiting' }),
    world.deployments.count({ ...where, state: { in: inFlight } }),
    world.deployments.count({ ...where, ...ofLiving, state: 'succeeded' }),
  ]);
  return { at, notStarted, inFlight: busy, done };
}
