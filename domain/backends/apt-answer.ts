/** Reads what the root helper answers. A device is not trusted to answer in the right shape. */
import { Failure } from '../model/failure.ts';
import type { HelperAnswer, PackageState } from './backend.ts';

const refusalCodes = [
  'helper.fenced',
  'helper.busy',
  'helper.disk',
  'helper.plan-differs',
  'helper.no-undo',
  'helper.bad-order',
  'helper.failed',
];

type Fields = Readonly<Record<string, unknown>>;
const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function unreadable(stdout: string): never {
  const said = JSON.stringify(stdout.slice(0, 200));
  throw new Failure('helper.unreadable', `The root helper's answer cannot be read: ${said}.`, { retryable: true });
}

function readState(value: unknown): PackageState | null {
  if (!isFields(value)) return null;
  const { name, arch, version, whole } = value;
  if (typeof name !== 'string' || typeof arch !== 'string' || typeof whole !== 'boolean') return null;
  return version === null || typeof version === 'string' ? { name, arch, version, whole } : null;
}

/** The answer in its declared shape, or null. Fields that no shape has are left out. */
function readFields({ kind, code, log, text, undo, packages }: Fields): HelperAnswer | null {
  if (kind === 'started' || kind === 'running' || kind === 'unknown-op') return { kind };
  if (kind === 'refused' && typeof code === 'string' && refusalCodes.includes(code) && typeof text === 'string') {
    return { kind, code, text };
  }
  if (typeof log !== 'string') return null;
  if (kind === 'ready' && (undo === 'downgrade' || undo === 'none')) return { kind, undo, log };
  if (kind !== 'done' || typeof code !== 'number' || !Number.isInteger(code) || !Array.isArray(packages)) return null;
  const states = packages.map(readState).filter((state) => state !== null);
  return states.length === packages.length ? { kind, code, log, packages: states } : null;
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

/**
 * Reads the helper's answer: the last line of standard output, because a login may print lines of its own before it. Throws Failure
 * `helper.unreadable`.
 */
export function readAnswer(stdout: string): HelperAnswer {
  const fields = parse(stdout.trimEnd().split('\n').at(-1) ?? '');
  return (isFields(fields) ? readFields(fields) : null) ?? unreadable(stdout);
}
