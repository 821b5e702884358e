/** The execution of one approved plan. Only this file decides where it may go next. */
import type { Refusal } from '../errors.ts';
import type { PatchId, PlanDigest, PolicyId, ProposalId, RolloutId, TenantId } from './ids.ts';
import type { Plan } from './plan.ts';
import { err, ok, type Result } from './result.ts';

export type RolloutState =
  | 'scheduled'
  | 'deploying'
  | 'soaking'
  | 'paused'
  | 'halted'
  | 'rolling-back'
  | 'completed'
  | 'rolled-back'
  | 'cancelled';
export type RolloutVerb =
  | 'start'
  | 'cancel'
  | 'ring-done'
  | 'gate-passed'
  | 'gate-failed'
  | 'finish'
  | 'budget-spent'
  | 'pause'
  | 'halt'
  | 'resume'
  | 'roll-back';

export type Rollout = {
  readonly id: RolloutId;
  readonly tenant: TenantId;
  readonly rev: number;
  readonly state: RolloutState;
  readonly proposal: ProposalId;
  readonly patch: PatchId;
  readonly policy: PolicyId;
  readonly digest: PlanDigest;
  readonly schedule: Plan['schedule'];
  readonly total: number;
  /** Devices at once, and how many errors are allowed before nothing more starts. */
  readonly inFlight: number;
  readonly errorsAllowed: number;
  readonly approvedBy: string;
  readonly createdAt: Date;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
  /** Why it is paused or halted. */
  readonly because: string | null;
};

export const rolloutMoves: Record<RolloutState, Partial<Record<RolloutVerb, RolloutState>>> = {
  scheduled: { start: 'deploying', cancel: 'cancelled', pause: 'paused', halt: 'halted' },
  deploying: { 'ring-done': 'soaking', finish: 'completed', 'budget-spent': 'paused', pause: 'paused', halt: 'halted' },
  soaking: { 'gate-passed': 'deploying', 'gate-failed': 'paused', pause: 'paused', halt: 'halted' },
  paused: { resume: 'deploying', 'roll-back': 'rolling-back', cancel: 'cancelled', finish: 'completed' },
  halted: { resume: 'deploying', 'roll-back': 'rolling-back', cancel: 'cancelled', finish: 'completed' },
  'rolling-back': { finish: 'rolled-back' },
  completed: { 'roll-back': 'rolling-back' },
  'rolled-back': {},
  cancelled: {},
};

/** Takes one step, or says why not. */
export function moveRollout(
  rollout: Rollout,
  verb: RolloutVerb,
  change: Partial<Rollout> = {},
): Result<Rollout, Refusal> {
  const next = rolloutMoves[rollout.state][verb];
  if (!next) return err({ code: 'rollout.no-such-move', state: rollout.state });
  return ok({ ...rollout, ...change, state: next, rev: rollout.rev + 1 });
}

/** States from which a rollout still starts devices or may do so again. */
export const livingRollouts: readonly RolloutState[] = ['scheduled', 'deploying', 'soaking', 'paused', 'halted'];

/** States from which devices start, or will without anybody's doing. */
export const startingRollouts: readonly RolloutState[] = ['scheduled', 'deploying', 'soaking'];
