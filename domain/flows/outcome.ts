/** Judgements and moves that several steps of a deployment share. */
import type { PackageState } from '../backends/backend.ts';
import { line } from '../cards/card.ts';
import { type Deployment, type DeploymentVerb, moveDeployment, opId } from '../model/deployment.ts';
import type { TransactionItem } from '../model/patch.ts';
import type { Said, WorkerWorld } from '../ports.ts';
import { own } from './say.ts';

export type Step = { readonly next: Deployment; readonly said: Said };

/** `new`: every package is as planned and whole. `old`: nothing changed. `mixed`: anything between. Exit codes do not count. */
export function judge(
  transaction: readonly TransactionItem[],
  packages: readonly PackageState[],
): 'new' | 'old' | 'mixed' {
  const found = (item: TransactionItem) => packages.find(({ name, arch }) => name === item.name && arch === item.arch);
  const is = (item: TransactionItem, version: string | null) => {
    const state = found(item);
    return version === null ? !state || state.version === null : state?.version === version && state.whole;
  };
  if (transaction.every((item) => is(item, item.to))) return 'new';
  return transaction.every((item) => is(item, item.from)) ? 'old' : 'mixed';
}

/** Takes several moves at once and writes them as one. Throws when a move is not in the table: that is a bug. */
export function step(
  world: WorkerWorld,
  deployment: Deployment,
  verbs: readonly DeploymentVerb[],
  change: Partial<Deployment>,
  told?: { tone: 'good' | 'warn' | 'bad'; text: string },
): Step {
  const at = world.clock.now();
  const next = verbs.reduce((now, verb) => {
    const moved = moveDeployment(now, verb, { nextAt: at, ...change });
    if (!moved.ok) throw new Error(`deployment.no-such-move: ${now.state} ${verb}`);
    return moved.value;
  }, deployment);
  const details = { device: deployment.name, fence: deployment.fence, ...(told ? { text: told.text } : {}) };
  const events = [own(at, `deployment.${next.state}`, deployment.id, details)];
  const key = `${deployment.id}:${next.state}:${next.rev}`;
  const lines = told ? [{ key, card: line(deployment.name, told.tone, next.state, told.text) }] : [];
  return { next, said: { events, lines } };
}

/** Stays in its state and looks again in `seconds`. */
export function later(
  world: WorkerWorld,
  deployment: Deployment,
  seconds: number,
  change: Partial<Deployment> = {},
): Step {
  const nextAt = new Date(world.clock.now().getTime() + seconds * 1000);
  const next = { ...deployment, crashes: 0, ...change, nextAt, rev: deployment.rev + 1 };
  return { next, said: { events: [], quiet: true } };
}

/**
 * Into `failed` by `verb`, and on into `rolling-back` in the same write when something was changed, the plan says so and the old
 * versions were kept.
 */
export function fail(
  world: WorkerWorld,
  deployment: Deployment,
  verb: DeploymentVerb,
  result: { text: string; log: string; changed: boolean },
): Step {
  const { text, log, changed } = result;
  const undo =
    changed && deployment.rollbackOnFailure && deployment.undo === 'downgrade' && deployment.prepared !== null;
  const at = world.clock.now();
  const op = undo ? { id: opId(deployment, 'undo'), step: 'undo' as const, since: at } : deployment.op;
  const change = { result: { text, log }, op, finishedAt: at };
  const more = undo
    ? ' Going back to the old version.'
    : changed
      ? ' There is no automatic way back.'
      : ' Nothing was changed.';
  return step(world, deployment, undo ? [verb, 'roll-back'] : [verb], change, { tone: 'bad', text: `${text}${more}` });
}

/** A person has to look: from wherever it is, the shortest way to an end that opens a work order. */
export function park(world: WorkerWorld, deployment: Deployment): Step {
  const ways: Partial<Record<Deployment['state'], readonly DeploymentVerb[]>> = {
    preparing: ['give-up'],
    installing: ['unknown', 'unreachable'],
    unsure: ['unreachable'],
    rebooting: ['timed-out', 'unreachable'],
    verifying: ['unreachable'],
    'rolling-back': ['stuck'],
  };
  const text = `The worker ended ${deployment.crashes} times while it was ${deployment.state}: a person has to look at this device.`;
  const log = deployment.result?.log ?? '';
  const change = { result: { text, log }, finishedAt: world.clock.now() };
  return step(world, deployment, ways[deployment.state] ?? [], change, { tone: 'bad', text });
}
