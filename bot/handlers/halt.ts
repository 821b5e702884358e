/** Halt, resume, cancel: the buttons of a rollout and the verbs. Halting is one click; lifting a halt is not. */
import { type Card, line } from '../../domain/cards/card.ts';
import { changeRollout, type HaltReceipt, halt, readScope, resume } from '../../domain/flows/halt.ts';
import { type HaltScope, haltId } from '../../domain/model/halt.ts';
import type { RolloutId } from '../../domain/model/ids.ts';
import type { World } from '../../domain/ports.ts';
import { done, type PressHandler, type Reply, refused, type Verb } from './press.ts';

/** The receipt: what has started, what has not, and how to lift it. */
function receiptCard(scope: HaltScope, { at, notStarted, inFlight, done: finished }: HaltReceipt): Card {
  const what = scope.kind === 'all' ? 'everything' : `this ${scope.kind}`;
  return {
    title: `Halted: ${what}`,
    tone: 'warn',
    status: 'Nothing new starts',
    summary: 'Devices at work go on to their next safe point.',
    facts: [
      { label: 'Since', value: [{ at: at.getTime() }] },
      { label: 'Not started', value: String(notStarted) },
      { label: 'At work', value: String(inFlight) },
      { label: 'Done before', value: String(finished) },
    ],
    buttons: [
      {
        action: 'halt.lift',
        subject: haltId(scope),
        rev: 1,
        label: 'Resume',
        tone: 'plain',
        asks: { title: 'Lift the halt', label: 'Devices start again', phrase: 'resume' },
      },
    ],
  };
}

const scopeOf = (id: string): HaltScope => {
  const [kind, rest] = [id.split(':')[0], id.slice(id.indexOf(':') + 1)];
  if (kind === 'rollout') return { kind, rollout: rest as RolloutId };
  return kind === 'device' ? { kind, device: rest as never } : { kind: 'all' };
};

/** The buttons. */
export const haltHandlers = (world: World): readonly PressHandler[] => [
  {
    action: 'rollout.halt',
    role: 'oncall',
    async handle({ subject, by }) {
      const scope: HaltScope = { kind: 'rollout', rollout: subject as RolloutId };
      if (!(await world.rollouts.get(scope.rollout))) return refused({ code: 'rollout.unknown', subject });
      return done('Halted.', receiptCard(scope, await halt(world, scope, by, null)));
    },
  },
  {
    action: 'rollout.resume',
    role: 'operator',
    async handle({ subject, by }) {
      const id = subject as RolloutId;
      const lifted = await resume(world, { kind: 'rollout', rollout: id }, by);
      // Paused by its error budget: there is no latch to lift.
      const moved = lifted.ok ? lifted : await changeRollout(world, id, 'resume', by);
      return moved.ok ? done('Resumed.') : refused(moved.error);
    },
  },
  {
    action: 'rollout.cancel',
    role: 'operator',
    async handle({ subject, by }) {
      const moved = await changeRollout(world, subject as RolloutId, 'cancel', by);
      return moved.ok ? done('Cancelled. Devices at work finish.') : refused(moved.error);
    },
  },
  {
    action: 'halt.lift',
    role: 'operator',
    async handle({ subject, by, answer }) {
      if (answer !== 'resume') return refused({ code: 'phrase.wrong', phrase: 'resume' });
      const lifted = await resume(world, scopeOf(subject), by);
      return lifted.ok ? done('Resumed. Devices may start again.') : refused(lifted.error);
    },
  },
];

/** The verbs `halt` and `resume`. */
export const haltVerbs = (world: World): readonly Verb[] => [
  {
    name: 'halt',
    summary: 'Start nothing new: everywhere, in one rollout, or on one device',
    options: [{ name: 'scope', description: 'all, a rollout id, or a device name', required: false, suggests: true }],
    role: 'oncall',
    async run({ by, options }): Promise<Reply> {
      const scope = await readScope(world, options['scope'] ?? 'all');
      if (!scope.ok) return refused(scope.error);
      return done('Halted.', receiptCard(scope.value, await halt(world, scope.value, by, null)));
    },
    suggest: async (_, typed) => startingWith(typed, ['all', ...(await scopes(world))]),
  },
  {
    name: 'resume',
    summary: 'Lift a halt',
    options: [{ name: 'scope', description: 'all, a rollout id, or a device name', required: false, suggests: true }],
    role: 'operator',
    async run({ options }): Promise<Reply> {
      const scope = await readScope(world, options['scope'] ?? 'all');
      if (!scope.ok) return refused(scope.error);
      const latch = await world.halts.get(haltId(scope.value));
      if (!latch?.active) return refused({ code: 'halt.none' });
      const { kind } = scope.value;
      const card = line(`Halted by ${latch.by}`, 'warn', kind === 'all' ? 'everything' : `this ${kind}`);
      const asks = { title: 'Lift the halt', label: 'Devices start again', phrase: 'resume' };
      const button = {
        action: 'halt.lift',
        subject: latch.id,
        rev: latch.rev,
        label: 'Resume',
        tone: 'bad' as const,
        asks,
      };
      return done('This lifts the halt.', { ...card, buttons: [button] });
    },
    suggest: async (_, typed) => startingWith(typed, ['all', ...(await scopes(world))]),
  },
];

async function scopes(world: World): Promise<readonly string[]> {
  const rollouts = await world.rollouts.find(
    { state: { in: ['scheduled', 'deploying', 'soaking', 'halted', 'paused'] } },
    25,
  );
  const devices = await world.devices.find({ retired: false }, 200);
  return [...rollouts.map(({ id }) => id), ...devices.map(({ name }) => name)];
}

const startingWith = (typed: string, all: readonly string[]): readonly string[] =>
  all.filter((one) => one.toLowerCase().startsWith(typed.toLowerCase()));
