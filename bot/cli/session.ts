/** What a command of the shell stands on: settings, the database, and who is asking. */
import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { defaultDataDir } from '../../config/data-dir.ts';
import { loadSettings } from '../../config/load.ts';
import { makeLog } from '../../config/log.ts';
import type { Settings } from '../../config/settings.ts';
import { Failure } from '../../domain/model/failure.ts';
import type { Account } from '../../domain/model/people.ts';
import { type Base, openBase } from '../../workers/main.ts';
import { findDatabase } from '../../workers/store/database/find-database.ts';
import { inDatabase } from '../../workers/store/database/in-database.ts';

export type Say = (line: string) => void;
export type Session = { readonly settings: Settings; readonly base: Base; close(): Promise<void> };

/** Where settings are looked for when nobody says. */
const usualFiles = ['patchherd.yaml', '/etc/patchherd/settings.yaml'];

/** Reads the settings and passes their warnings on. Failures: `settings.missing`, and those of `loadSettings`. */
export function settingsFrom(file: string | undefined, warn: Say): Settings {
  const found = file ?? process.env['PATCHHERD_CONFIG'] ?? usualFiles.find((usual) => existsSync(usual));
  if (!found) {
    const text = `There are no settings: give --config FILE, or put one at ${usualFiles.join(' or ')}. "patchherd init" writes it.`;
    throw new Failure('settings.missing', text);
  }
  const { settings, warnings } = loadSettings({ file: found, env: process.env });
  for (const warning of warnings) warn(`Note: ${warning}`);
  return settings;
}

const dataDirOf = (settings: Settings): string => settings.dataDir ?? defaultDataDir(process.env);
/** Tells other commands on this machine how to reach a database that a running process started. Mode 0600: it has the password. */
const runningFile = (settings: Settings): string => join(dataDirOf(settings), 'running.json');

/**
 * Opens the database that the settings name. A database of our own is started, or shared with the process that runs it already.
 * Failures: those of `findDatabase` and `connect`.
 */
export async function openSession(settings: Settings, say: Say, level = 'warn'): Promise<Session> {
  const log = makeLog(level);
  const shared = await runningDatabase(settings);
  if (shared) {
    const base = await openBase(settings, shared, log);
    return { settings, base, close: base.close };
  }
  const dataDir = join(dataDirOf(settings), 'database');
  const database = await findDatabase({ uri: settings.database.uri, dataDir, say });
  const uri = database.kind === 'given' ? database.uri : inDatabase(database.uri, 'patchherd');
  try {
    const base = await openBase(settings, uri, log);
    if (database.kind !== 'given')
      await writeFile(runningFile(settings), JSON.stringify({ uri, pid: process.pid }), { mode: 0o600 });
    const close = async () => {
      if (database.kind !== 'given') await rm(runningFile(settings), { force: true });
      await base.close();
      await database.stop();
    };
    return { settings, base, close };
  } catch (error) {
    await database.stop();
    throw error;
  }
}

async function runningDatabase(settings: Settings): Promise<string | null> {
  if (settings.database.uri) return null;
  try {
    const { uri, pid } = JSON.parse(await readFile(runningFile(settings), 'utf8')) as { uri: string; pid: number }; // our own file
    process.kill(pid, 0);
    return uri;
  } catch {
    return null; // no such file, or the process that wrote it is gone
  }
}

/**
 * The person who sits at the shell: `--as`, else PATCHHERD_PERSON, else the login name, else the only person there is. Whoever can
 * read the settings can act as anybody in them: that is what file permissions are for.
 */
export function accountFrom(settings: Settings, as: string | undefined): Account {
  const wanted = as ?? process.env['PATCHHERD_PERSON'] ?? process.env['USER'] ?? '';
  const ids = settings.people.map(({ id }) => id);
  const only = ids.length === 1 ? ids[0] : undefined;
  const user = ids.find((id) => id === wanted) ?? (as === undefined ? only : undefined);
  if (!user) {
    const text = `"${wanted}" is none of the people in the settings (${ids.join(', ')}): say who you are with --as.`;
    throw new Failure('person.unknown', text);
  }
  return { platform: 'cli', workspace: settings.tenant, user };
}
