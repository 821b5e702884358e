/** What a deployment does in each state: one visit or one look, and the move that follows from it. */
import type { HelperAnswer, HelperOrder } from '../backends/backend.ts';
import { changes } from '../cards/words.ts';
import { type Deployment, opId } from '../model/deployment.ts';
import type { Device } from '../model/device.ts';
import { Failure } from '../model/failure.ts';
import type { WorkerWorld } from '../ports.ts';
import { whatStops } from './gate.ts';
import { fail, judge, later, type Step, step } from './outcome.ts';
import { obstacle, waitFor } from './preflight.ts';
import { backendOf, look, output, rescan } from './scan.ts';

export type { Step } from './outcome.ts';
export type StepInput = {
  readonly world: WorkerWorld;
  readonly device: Device;
  readonly deployment: Deployment;
  readonly signal: AbortSignal;
};

const quickMs = 30_000;
/** Fetching what is needed may take long on a slow line. */
const prepareMs = 10 * 60_000;
/** A device that has not answered for this long in mid-deployment needs a person. */
const patienceMs = 30 * 60_000;
/** How long a reboot may take before somebody asks (facts on patching, section 4.8: 1,200 s). */
const rebootMs = 20 * 60_000;
const pollSeconds = 1;

/** Gives one order to the device's root helper. Throws the Failures of `Devices.open` and of the backend. */
async function give(
  { world, device, signal }: StepInput,
  order: HelperOrder,
  timeoutMs = quickMs,
): Promise<HelperAnswer> {
  const backend = backendOf(device);
  const session = await world.remote.open(device);
  const outcome = await session.run(backend.order(order, device.become), { timeoutMs, signal });
  return backend.readAnswer(output(device, outcome));
}

/** Runs `work`; a device that cannot be reached gives `lost` instead of an exception. */
async function reach(work: () => Promise<Step>, lost: (failure: Failure) => Step): Promise<Step> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Failure && error.code.startsWith('device.')) return lost(error);
    throw error;
  }
}

/** Connect, look, fetch everything, keep the way back. Nothing is changed on the device yet. */
export function preparing(input: StepInput): Promise<Step> {
  const { world, device, deployment } = input;
  return reach(
    async () => {
      const { facts, backend } = await look(world, device, device.facts?.stamp ?? null);
      const found = obstacle(facts, device, backend);
      if (found) return waitFor(world, deployment, found);
      const id = opId(deployment, 'prepare');
      const { fence, transaction } = deployment;
      const answer = await give(input, { op: 'prepare', id, fence, items: transaction }, prepareMs);
      return prepared(input, answer, facts.bootId);
    },
    (failure) => waitFor(world, deployment, failure),
  );
}

function prepared({ world, deployment }: StepInput, answer: HelperAnswer, bootId: string): Step {
  if (answer.kind === 'ready') {
    if (deployment.undo === 'downgrade' && answer.undo === 'none') {
      const text = 'It was approved with a way back, but the old versions cannot be kept any more.';
      return waitFor(world, deployment, { text, seconds: 600 });
    }
    const op = { id: opId(deployment, 'install'), step: 'install' as const, since: world.clock.now() };
    return step(world, deployment, ['ready'], { prepared: opId(deployment, 'prepare'), undo: answer.undo, bootId, op });
  }
  if (answer.kind !== 'refused') throw new Error(`helper.unexpected: prepare answered ${answer.kind}`);
  if (answer.code === 'helper.busy') return waitFor(world, deployment, { text: answer.text, seconds: 30 });
  if (answer.code === 'helper.disk') return waitFor(world, deployment, { text: answer.text, seconds: 600 });
  return fail(world, deployment, 'give-up', { text: `Not installed: ${answer.text}`, log: '', changed: false });
}

/** Orders the install (a repeat starts nothing) and follows it by its op id. */
export function installing(input: StepInput): Promise<Step> {
  const { world, deployment } = input;
  return reach(
    async () => {
      const id = opId(deployment, 'install');
      const answer = await give(input, { op: 'poll', id });
      if (answer.kind === 'done') return installed(input, answer);
      if (answer.kind !== 'unknown-op') return later(world, deployment, pollSeconds);
      const blocker = await whatStops(world, deployment);
      if (blocker) return step(world, deployment, ['not-ready'], { blocker });
      const { fence, transaction: items, conffiles } = deployment;
      const started = await give(input, { op: 'install', id, fence, items, conffiles });
      if (started.kind !== 'refused') return later(world, deployment, pollSeconds);
      const text = `The device refused the install: ${started.text}`;
      return fail(world, deployment, 'exited-bad', { text, log: '', changed: false });
    },
    () => step(world, deployment, ['unknown'], { lostSince: world.clock.now() }),
  );
}

type Done = Extract<HelperAnswer, { kind: 'done' }>;

async function installed(input: StepInput, answer: Done): Promise<Step> {
  const { world, device, deployment } = input;
  const state = judge(deployment.transaction, answer.packages);
  const result = { text: changes(deployment.transaction), log: answer.log };
  if (state !== 'new') return fail(world, deployment, 'exited-bad', { ...wentBad(answer), changed: state === 'mixed' });
  if (!(await wantsReboot(world, device, deployment))) return step(world, deployment, ['exited-ok'], { result });
  const op = { id: opId(deployment, 'reboot'), step: 'reboot' as const, since: world.clock.now() };
  return step(world, deployment, ['wants-reboot'], { result, op });
}

/** The package manager's own complaint, from the end of its log. */
function wentBad({ code, log }: Done): { text: string; log: string } {
  const lines = log.split('\n').filter((one) => /^(E: |dpkg: error|.* failed)/.test(one.trim()));
  const complaint = lines.find((one) => one.includes('dpkg: error')) ?? lines.at(0) ?? 'it gave no reason';
  return { text: `The install ended with code ${code}: ${complaint.trim().replace(/[:.]+$/, '')}.`, log };
}

async function wantsReboot(world: WorkerWorld, device: Device, { reboot, device: id }: Deployment): Promise<boolean> {
  if (reboot === 'never' || reboot === 'next-window') return false;
  const { facts } = await look(world, device, null);
  if (reboot === 'if-required' && !facts.rebootRequired) return false;
  const dayAgo = world.clock.now().getTime() - 86_400_000;
  const before = await world.deployments.find({ device: id });
  // The breaker (product.md section 5): a device that keeps asking is verified without the reboot and stays pending-reboot.
  return before.filter(({ rebootedAt }) => rebootedAt && rebootedAt.getTime() > dayAgo).length < 3;
}

/** Contact was lost in mid-step. The device is asked; nothing is repeated. */
export function unsure(input: StepInput): Promise<Step> {
  const { world, deployment } = input;
  return reach(
    async () => {
      if (deployment.op?.step === 'reboot') return afterReboot(input);
      const answer = await give(input, { op: 'poll', id: opId(deployment, 'install') });
      // An order that never arrived is given again under the same id, which cannot start twice.
      if (answer.kind !== 'done') return step(world, deployment, ['still-running'], {});
      const back = step(world, deployment, ['still-running'], {});
      const judged = await installed({ ...input, deployment: back.next }, answer);
      return { next: judged.next, said: { ...judged.said, events: [...back.said.events, ...judged.said.events] } };
    },
    () => outOfPatience(input) ?? later(world, deployment, 3),
  );
}

async function afterReboot({ world, device, deployment }: StepInput): Promise<Step> {
  const { facts } = await look(world, device, null);
  if (facts.bootId !== deployment.bootId)
    return step(world, deployment, ['found-new'], { rebootedAt: world.clock.now() });
  const text =
    'The device was told to reboot and did not: its boot id is still the same. The new version stays, unverified.';
  return step(
    world,
    deployment,
    ['found-old'],
    { result: { text, log: deployment.result?.log ?? '' }, finishedAt: world.clock.now() },
    { tone: 'bad', text },
  );
}

function outOfPatience({ world, deployment }: StepInput, verb: 'unreachable' | 'stuck' = 'unreachable'): Step | null {
  const since = deployment.lostSince;
  if (!since || world.clock.now().getTime() - since.getTime() < patienceMs) return null;
  const text = `${deployment.name} has not answered since ${since.toISOString().slice(0, 16)} UTC, in the middle of ${deployment.state}.`;
  const result = { text, log: deployment.result?.log ?? '' };
  return step(world, deployment, [verb], { result, finishedAt: world.clock.now() }, { tone: 'bad', text });
}

/** Proven by a changed boot id, never by the connection's end. */
export function rebooting(input: StepInput): Promise<Step> {
  const { world, device, deployment } = input;
  return reach(
    async () => {
      const { facts } = await look(world, device, null);
      if (facts.bootId !== deployment.bootId)
        return step(world, deployment, ['back'], { rebootedAt: world.clock.now() });
      const id = opId(deployment, 'reboot');
      const answer = await give(input, { op: 'poll', id });
      if (answer.kind === 'unknown-op') await give(input, { op: 'reboot', id, fence: deployment.fence });
      world.remote.forget(device);
      return tooLong(input) ?? later(world, deployment, 2);
    },
    () => tooLong(input) ?? later(world, deployment, 2),
  );
}

function tooLong({ world, deployment }: StepInput): Step | null {
  const now = world.clock.now();
  const since = deployment.op?.since.getTime() ?? 0;
  return now.getTime() - since < rebootMs ? null : step(world, deployment, ['timed-out'], { lostSince: now });
}

/** A new scan decides: versions, wholeness, health. The exit code is forgotten by now. */
export function verifying(input: StepInput): Promise<Step> {
  const { world, device, deployment } = input;
  return reach(
    async () => {
      const { facts, packages } = await rescan(world, device);
      const state = judge(deployment.transaction, packages);
      const log = deployment.result?.log ?? '';
      if (state !== 'new') {
        const text = 'The scan after the install does not show the planned versions.';
        return fail(world, deployment, 'unhealthy', { text, log, changed: state === 'mixed' });
      }
      if (!facts.health.ok) {
        const text = `Unhealthy after the install: ${facts.health.failed.join(', ')}.`;
        return fail(world, deployment, 'unhealthy', { text, log, changed: true });
      }
      const pending = facts.rebootRequired ? ' A reboot is still pending.' : '';
      const text = `${changes(deployment.transaction)}.${pending}`;
      const change = { result: { text, log }, finishedAt: world.clock.now() };
      return step(world, deployment, ['healthy'], change, { tone: 'good', text });
    },
    () => outOfPatience(input) ?? later(world, deployment, 5, stillLost(input)),
  );
}

const stillLost = ({ world, deployment }: StepInput): Partial<Deployment> => ({
  lostSince: deployment.lostSince ?? world.clock.now(),
});

/** Back to the recorded versions; the result is verified by a scan like any install. */
export function rollingBack(input: StepInput): Promise<Step> {
  const { world, deployment } = input;
  return reach(
    async () => {
      const id = opId(deployment, 'undo');
      const answer = await give(input, { op: 'poll', id });
      if (answer.kind === 'done') return restored(input, answer);
      if (answer.kind !== 'unknown-op') return later(world, deployment, pollSeconds);
      const of = deployment.prepared ?? opId(deployment, 'prepare');
      const started = await give(input, { op: 'undo', id, fence: deployment.fence, of });
      if (started.kind !== 'refused') return later(world, deployment, pollSeconds);
      return cannotGoBack(input, `The device refused to go back: ${started.text}`, '');
    },
    () => outOfPatience(input, 'stuck') ?? later(world, deployment, 3, stillLost(input)),
  );
}

function cannotGoBack({ world, deployment }: StepInput, text: string, log: string): Step {
  const why = deployment.result ? `${deployment.result.text} ${text}` : text;
  const change = { result: { text: why, log: `${deployment.result?.log ?? ''}${log}` }, finishedAt: world.clock.now() };
  return step(world, deployment, ['stuck'], change, { tone: 'bad', text });
}

async function restored(input: StepInput, answer: Done): Promise<Step> {
  const { world, device, deployment } = input;
  const { facts, packages } = await rescan(world, device);
  const state = judge(deployment.transaction, packages);
  if (state !== 'old')
    return cannotGoBack(input, 'The scan after the rollback does not show the old versions.', answer.log);
  if (!facts.health.ok) {
    return cannotGoBack(input, `Old versions are back, but unhealthy: ${facts.health.failed.join(', ')}.`, answer.log);
  }
  const text = `Back to ${deployment.transaction.map(({ name, from }) => `${name} ${from ?? '(removed)'}`).join(', ')}.`;
  return step(world, deployment, ['restored'], { finishedAt: world.clock.now() }, { tone: 'warn', text });
}
