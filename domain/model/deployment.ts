/** One device's part of a rollout. Only this file decides where it may go next. */
import type { Refusal } from '../errors.ts';
import type {
  DeploymentId,
  DeviceId,
  OpId,
  PatchId,
  PersonId,
  PolicyId,
  ProposalId,
  RolloutId,
  TenantId,
} from './ids.ts';
import type { TransactionItem } from './patch.ts';
import type { Plan } from './plan.ts';
import { err, ok, type Result } from './result.ts';

export type DeploymentState =
  | 'waiting'
  | 'preparing'
  | 'installing'
  | 'unsure'
  | 'rebooting'
  | 'verifying'
  | 'succeeded'
  | 'failed'
  | 'rolling-back'
  | 'rolled-back'
  | 'stuck'
  | 'skipped'
  | 'cancelled';
export type DeploymentVerb =
  | 'start'
  | 'skip'
  | 'cancel'
  | 'ready'
  | 'not-ready'
  | 'give-up'
  | 'exited-ok'
  | 'wants-reboot'
  | 'exited-bad'
  | 'unknown'
  | 'found-new'
  | 'found-old'
  | 'still-running'
  | 'unreachable'
  | 'back'
  | 'timed-out'
  | 'healthy'
  | 'unhealthy'
  | 'retry'
  | 'roll-back'
  | 'restored'
  | 'stuck'
  | 'resolved';

export const blockerKinds = [
  'halt',
  'approval',
  'exception',
  'gate',
  'soak',
  'freeze',
  'deferral',
  'window',
  'budget',
  'cluster',
  'offline',
  'prerequisite',
] as const;
export type BlockerKind = (typeof blockerKinds)[number];
/** Why it waits. `until`: when it is worth looking again, or null when a person or another device decides. */
export type Blocker = { readonly kind: BlockerKind; readonly text: string; readonly until: Date | null };

/** The step that was ordered from the device. It is recorded before the order goes out. */
export type Op = {
  readonly id: OpId;
  readonly step: 'prepare' | 'install' | 'undo' | 'reboot';
  readonly since: Date;
};

export type Deployment = {
  readonly id: DeploymentId;
  readonly tenant: TenantId;
  readonly rev: number;
  readonly state: DeploymentState;
  readonly rollout: RolloutId;
  readonly proposal: ProposalId;
  readonly policy: PolicyId;
  readonly device: DeviceId;
  /** The device's name when the plan was approved: for cards and logs. */
  readonly name: string;
  readonly patch: PatchId;
  readonly transaction: readonly TransactionItem[];
  readonly reboot: Plan['reboot'];
  readonly conffiles: Plan['conffiles'];
  readonly rollbackOnFailure: boolean;
  readonly undo: 'downgrade' | 'none';
  readonly blocker: Blocker | null;
  readonly op: Op | null;
  /** The op whose undo files hold the old versions; null before preparing. */
  readonly prepared: OpId | null;
  /** Counts starts from `waiting`; part of every op id. */
  readonly attempt: number;
  /** The claim on the device under which the last write was made. */
  readonly fence: number;
  /** Claims since the last finished step: a deployment that keeps killing its worker is parked. */
  readonly crashes: number;
  readonly bootId: string | null;
  /** When this device last rebooted on our order. */
  readonly rebootedAt: Date | null;
  /** Since when the device has not answered in the current step. */
  readonly lostSince: Date | null;
  readonly createdAt: Date;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
  /** Not before this instant: the owner's notice. */
  readonly notBefore: Date | null;
  readonly owner: PersonId | null;
  readonly deferral: {
    readonly used: number;
    readonly max: number;
    readonly until: Date | null;
    readonly deadline: Date;
  };
  /** When a worker should look at it next. */
  readonly nextAt: Date;
  /** False while the consequences of its end (work order, applicability) are still to be drawn. */
  readonly settled: boolean;
  /** The person who asked for the rollback; null when a failure did. */
  readonly undoBy: string | null;
  /** What happened, in one sentence, and the end of the package manager's log. */
  readonly result: { readonly text: string; readonly log: string } | null;
};

export const deploymentMoves: Record<DeploymentState, Partial<Record<DeploymentVerb, DeploymentState>>> = {
  waiting: { start: 'preparing', skip: 'skipped', cancel: 'cancelled' },
  preparing: { ready: 'installing', 'not-ready': 'waiting', 'give-up': 'failed' },
  // `not-ready` only while the device never saw the install order.
  installing: {
    'not-ready': 'waiting',
    'exited-ok': 'verifying',
    'wants-reboot': 'rebooting',
    'exited-bad': 'failed',
    unknown: 'unsure',
  },
  unsure: { 'found-new': 'verifying', 'found-old': 'failed', 'still-running': 'installing', unreachable: 'stuck' },
  rebooting: { back: 'verifying', 'timed-out': 'unsure' },
  verifying: { healthy: 'succeeded', unhealthy: 'failed', unreachable: 'stuck' },
  failed: { retry: 'waiting', 'roll-back': 'rolling-back' },
  succeeded: { 'roll-back': 'rolling-back' },
  'rolling-back': { restored: 'rolled-back', stuck: 'stuck' },
  stuck: { resolved: 'verifying' },
  'rolled-back': {},
  skipped: {},
  cancelled: {},
};

/** Takes one step, or says why not. Only `waiting` and `preparing` carry a blocker. */
export function moveDeployment(
  deployment: Deployment,
  verb: DeploymentVerb,
  change: Partial<Deployment> = {},
): Result<Deployment, Refusal> {
  const next = deploymentMoves[deployment.state][verb];
  if (!next) return err({ code: 'deployment.no-such-move', device: deployment.name, state: deployment.state });
  // `preparing` remembers the last blocker, so that the same one is not told again after each try.
  const keeps = next === 'waiting' || next === 'preparing';
  const blocker = keeps ? (change.blocker ?? deployment.blocker) : null;
  const settled = !endStates.includes(next);
  return ok({
    ...deployment,
    crashes: 0,
    lostSince: null,
    ...change,
    settled,
    blocker,
    state: next,
    rev: deployment.rev + 1,
  });
}

/** At work on the device right now, or believed to be. */
export const inFlight: readonly DeploymentState[] = [
  'preparing',
  'installing',
  'unsure',
  'rebooting',
  'verifying',
  'rolling-back',
];
/** States that a worker still has something to do for. */
export const unfinished: readonly DeploymentState[] = ['waiting', ...inFlight];
/** Where a worker has nothing more to do, until a person acts. */
export const endStates: readonly DeploymentState[] = [
  'succeeded',
  'failed',
  'rolled-back',
  'stuck',
  'skipped',
  'cancelled',
];
/** Ended badly: counts against the error budget. */
export const wentWrong: readonly DeploymentState[] = ['failed', 'rolling-back', 'rolled-back', 'stuck'];

/** The op id of one step of one attempt: the same for a worker that resumes, so nothing is started twice. */
export const opId = (deployment: Deployment, step: Op['step']): OpId =>
  `${deployment.id}.${deployment.attempt}.${step}` as OpId;

/** The one deployment of a device in a rollout. */
export const deploymentId = (rollout: RolloutId, device: DeviceId): DeploymentId =>
  `${rollout}.${device}` as DeploymentId;
