/** The doctor's visit to one device: what a deployment would run into, found before there is one. */
import type { Backend } from '../../domain/backends/backend.ts';
import { obstacle } from '../../domain/flows/preflight.ts';
import { look } from '../../domain/flows/scan.ts';
import type { Device, DeviceFacts } from '../../domain/model/device.ts';
import { Failure } from '../../domain/model/failure.ts';
import type { OpId } from '../../domain/model/ids.ts';
import { policyFor } from '../../domain/model/policy.ts';
import type { DeviceSession, WorkerWorld } from '../../domain/ports.ts';
import { type Finding, fine, maxSkewMs, wrong } from './finding.ts';

/** Less than this does not hold a larger update beside the packages that it replaces. */
const leastDiskMiB = 200;
/** An id that was never used: the helper answers that it does not know it, which proves that it can be called. */
const checkId = 'doctor-check' as OpId;

/** Logs in, reads, calls the root helper, and tells everything that is in the way. Nothing is changed over there. */
export async function deviceFindings(world: WorkerWorld, device: Device): Promise<readonly Finding[]> {
  try {
    const session = await world.remote.open(device);
    const { facts, backend } = await look(world, device, device.facts?.stamp ?? null, session);
    const helper = device.ownership === 'personal' ? null : await helperProblem(session, device, facts, backend);
    const problems = [helper, clockProblem(facts), diskProblem(facts)].filter((problem) => problem !== null);
    if (problems.length > 0) return problems.map((problem) => wrong(device.name, problem));
    return [fine(device.name, summary(device, facts)), ...unpatched(world, device)];
  } catch (error) {
    if (error instanceof Failure) return [wrong(device.name, error.message)];
    throw error;
  }
}

/** The helper's own obstacles, and whether this user may really call it. A personal device has none: it is never pushed to. */
async function helperProblem(
  session: DeviceSession,
  device: Device,
  facts: DeviceFacts,
  backend: Backend,
): Promise<string | null> {
  const found = obstacle(facts, device, backend);
  if (found) return found.text;
  const outcome = await session.run(backend.order({ op: 'poll', id: checkId }, device.become), { timeoutMs: 20_000 });
  if (outcome.kind === 'unknown') return `The root helper did not answer (${outcome.because}): run doctor again.`;
  try {
    backend.readAnswer(outcome.stdout);
    return null;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const said = outcome.stderr.trim().split('\n').at(-1) || `exit code ${outcome.code}`;
    return `${device.user} may not call the root helper (${said}): run "patchherd device prepare ${device.name}".`;
  }
}

function clockProblem({ clockSkewMs }: DeviceFacts): string | null {
  if (Math.abs(clockSkewMs) <= maxSkewMs) return null;
  const way = clockSkewMs > 0 ? 'ahead of' : 'behind';
  return `Its clock is ${Math.round(Math.abs(clockSkewMs) / 1000)} s ${way} ours: set up NTP on it.`;
}

function diskProblem({ freeDiskMiB }: DeviceFacts): string | null {
  if (freeDiskMiB >= leastDiskMiB) return null;
  return `Only ${freeDiskMiB} MiB are free: patches need ${leastDiskMiB} MiB, "apt-get clean" may help.`;
}

function summary({ user }: Device, { os, backend, freeDiskMiB, helper }: DeviceFacts): string {
  const root = helper === null ? '' : `, root helper ${helper}`;
  return `${user} may log in; ${os.id} ${os.version} with ${backend}${root}, ${freeDiskMiB} MiB free, healthy`;
}

function unpatched({ policies }: WorkerWorld, device: Device): readonly Finding[] {
  if (policyFor(device, policies)) return [];
  return [{ what: device.name, state: 'note', text: "is in no policy's groups: it is scanned, but never patched" }];
}
