/** Settings from a file and the environment, ready to use, with what an operator should know about them. */
import { statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, resolve } from 'node:path';
import { Failure } from '../domain/model/failure.ts';
import type { DeviceId } from '../domain/model/ids.ts';
import { policyFor } from '../domain/model/policy.ts';
import { readText, readYaml } from './files.ts';
import type { Problem } from './problems.ts';
import { policies } from './records.ts';
import { fillSecrets, isBlock } from './secrets.ts';
import { problemsIn, readSettings, type Settings } from './settings.ts';

type Reading = { readonly file?: string; readonly env: NodeJS.ProcessEnv };

/** Secrets in place. Paths are relative to the file, `~/` is the home directory. */
function fill(raw: Readonly<Record<string, unknown>>, { file, env }: Reading) {
  const home = env['HOME'] ?? homedir();
  const pathOf = (path: string) => resolve(dirname(file ?? '.'), path.replace(/^~(?=\/)/, home));
  return { ...fillSecrets(raw, env, pathOf), pathOf };
}

/** Every problem of settings that are not a file yet, as if they stood in `file`. */
export function check(raw: Readonly<Record<string, unknown>>, reading: Reading): readonly Problem[] {
  const { filled, problems } = fill(raw, reading);
  return problemsIn(filled, problems);
}

/**
 * Reads the settings file (none: the environment alone) with the secrets of secrets.ts, and checks all of it. Failures:
 * `settings.unreadable` for the file itself, `settings.invalid` with every problem. Warnings are sentences about settings that work
 * but are probably not meant.
 */
export function loadSettings(reading: Reading): { settings: Settings; warnings: string[] } {
  const { file } = reading;
  const source = file ?? 'the environment';
  const { raw, lineOf } = file === undefined ? { raw: {}, lineOf: () => null } : readYaml(readText(file), file);
  if (!isBlock(raw))
    throw new Failure('settings.invalid', `${source}: must be a block of keys, the first of them tenant`);
  const { filled, problems, files, written, pathOf } = fill(raw, reading);
  const settings = readSettings(filled, source, problems, lineOf);
  if (settings.dataDir !== undefined) settings.dataDir = pathOf(settings.dataDir);
  const exposed = [...files, ...(file !== undefined && written.length > 0 ? [file] : [])];
  return { settings, warnings: [...exposed.flatMap(tooOpen), ...unlikely(settings)] };
}

/** A file with secrets is for its owner alone (OpenSSH refuses private keys that others can read). */
function tooOpen(path: string): string[] {
  const mode = statSync(path).mode & 0o777;
  if ((mode & 0o077) === 0) return [];
  return [`${path} has a secret in it and is open to other users (mode ${mode.toString(8)}): chmod 600 ${path}`];
}

/** Settings that are valid and still leave somebody waiting for ever. */
function unlikely(settings: Settings): string[] {
  const [all, web] = [policies(settings), settings.chat.web];
  const approvers = settings.people.filter(({ roles }) => roles.includes('approver') || roles.includes('admin')).length;
  const unselected = settings.devices.filter(({ name, groups }) => !policyFor({ id: name as DeviceId, groups }, all));
  return [
    ...unselected.map(({ name }) => `device ${name} is in no policy's groups: it is scanned, but never patched`),
    ...all
      .filter(({ approvals }) => approvals.approve > approvers)
      .map(
        ({ id, approvals }) =>
          `policy ${id} needs ${approvals.approve} approvals: people who may approve: ${approvers}`,
      ),
    ...(web && !/^(127\.|localhost$|::1$)/.test(web.host) && web.publicUrl === undefined
      ? [`chat.web listens on ${web.host} without publicUrl: login links will not open on other machines`]
      : []),
  ];
}
