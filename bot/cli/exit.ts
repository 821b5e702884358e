/** How a command ends: the sentence for the person at the shell, and the exit code. */
import { CommanderError } from 'commander';
import { explain, type Refusal } from '../../domain/errors.ts';
import { Failure } from '../../domain/model/failure.ts';

/** 0 fine · 1 something is wrong out there, or a bug · 2 a person's mistake: nothing was changed. */
export type ExitCode = 0 | 1 | 2;

/** Failures that the person at the shell puts right. All others are about a device, the database or a platform. */
const mistakes: ReadonlySet<string> = new Set([
  'settings.missing',
  'settings.unreadable',
  'settings.invalid',
  'settings.unwritable',
  'person.unknown',
  'person.may-not',
  'device.unknown',
  'device.exists',
  'press.ref',
  'run.part',
  'compare.kind',
  'web.off',
  'ask.stopped',
  'check.os',
  'check.option',
  'check.inventory',
  'check.plan',
  'check.feeds',
  'check.nothing',
  'feed.unknown',
  'feed.import',
  'feed.no-unpacker',
]);

/** Leaves a command with the sentence of a refusal. */
export function refuse(refusal: Refusal): never {
  throw new Failure(refusal.code, explain(refusal));
}

/** Says on standard error what ended a command, and gives its exit code. A bug keeps its stack. */
export function explainEnd(error: unknown, warn: (text: string) => void): ExitCode {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2; // commander has said it already
  if (!(error instanceof Failure)) {
    warn(`This is a bug in patchherd, please report it:\n${error instanceof Error ? error.stack : String(error)}`);
    return 1;
  }
  warn(error.message);
  return mistakes.has(error.code) ? 2 : 1;
}
