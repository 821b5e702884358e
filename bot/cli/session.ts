/** What a command of the shell stands on: settings, the database, and who is asking. */
import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
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
/** A command that needs the database of our own waits so long for another one to end: tries, and milliseconds between them. */
const patience = { tries: 20, pauseMs: 500 };

/** The settings file: `given` (--config), PATCHHERD_CONFIG, or one of the usual places; undefined when there is none. */
export const settingsFile = (given: string | undefined): string | undefined =>
  given ?? process.env['PATCHHERD_CONFIG'] ?? usualFiles.find((usual) => existsSync(usual));

/** Reads the settings and passes their warnings on. Failures: `settings.missing`, and those of `loadSettings`. */
export function settingsFrom(given: string | undefined, warn: Say): Settings {
  const file = settingsFile(given);
  if (!file) {
    const text = `There are no settings: give --config FILE, or put one at ${usualFiles.join(' or ')}. "patchherd init" writes it.`;
    throw new Failure('settings.missing', text);
  }
  const { settings, warnings } = loadSettings({ file, env: process.env });
  for (const warning of warnings) warn(`Note: ${warning}`);
  return settings;
}

const dataDirOf = (settings: Settings): string => settings.dataDir ?? defaultDataDir(process.env);

/** How commands reach the database of our own that a process on this machine runs. */
type Running = { readonly uri: string; readonly pid: number };
/** Mode 0600: the address has a password in it. */
const runningFile = (settings: Settings): string => join(dataDirOf(settings), 'running.json');

/** What a process wrote that is still there, or null. */
async function running(settings: Settings): Promise<Running | null> {
  try {
    const found = JSON.parse(await readFile(runningFile(settings), 'utf8')) as Running; // only openForProcess writes it
    process.kill(found.pid, 0);
    return found;
  } catch {
    return null; // no such file, or the process that wrote it is gone
  }
}

const isCode = (error: unknown, code: string): boolean => error instanceof Failure && error.code === code;

/** Repeats while another command has the database of our own. Failures: those of `open`. */
async function patiently<T>(open: () => Promise<T>, giveUp: () => Promise<boolean>): Promise<T> {
  for (let left = patience.tries; ; left -= 1) {
    try {
      return await open();
    } catch (error) {
      if (!isCode(error, 'database.in-use') || left === 0 || (await giveUp())) throw error;
      await sleep(patience.pauseMs);
    }
  }
}

type Own = Session & { readonly uri: string; readonly given: boolean };

/** The database that the settings name, or one of our own, started for this process alone. */
async function openDatabase(settings: Settings, say: Say, level: string): Promise<Own> {
  const dataDir = join(dataDirOf(settings), 'database');
  const database = await findDatabase({ uri: settings.database.uri, dataDir, say });
  const given = database.kind === 'given';
  const uri = given ? database.uri : inDatabase(database.uri, 'patchherd');
  try {
    const base = await openBase(settings, uri, makeLog(level));
    const close = async () => {
      await base.close();
      await database.stop();
    };
    return { settings, base, uri, given, close };
  } catch (error) {
    await database.stop();
    throw error;
  }
}

async function openShared(settings: Settings, uri: string): Promise<Session> {
  const base = await openBase(settings, uri, makeLog('error'));
  return { settings, base, close: base.close };
}

/**
 * For a command: the database that the settings name, else the one that a running patchherd of this machine has, else one of our own
 * until the command ends. Failures: those of `findDatabase` and `connect`.
 */
export async function openSession(settings: Settings, say: Say): Promise<Session> {
  const open = async (): Promise<Session> => {
    const found = settings.database.uri ? null : await running(settings);
    if (!found) return openDatabase(settings, say, 'error');
    try {
      return await openShared(settings, found.uri);
    } catch (error) {
      // A killed process leaves its file behind, and its number may be another program's by now.
      if (isCode(error, 'database.unreachable')) return openDatabase(settings, say, 'error');
      throw error;
    }
  };
  return patiently(open, async () => false);
}

/**
 * For bot and worker: like `openSession`, but a database of our own belongs to this process until it ends, and commands are told where
 * it is. Failures besides: `database.in-use` when another patchherd runs on the same data.
 */
export async function openForProcess(settings: Settings, say: Say): Promise<Session> {
  const isRunning = async () => (await running(settings)) !== null;
  const own = await patiently(() => openDatabase(settings, say, settings.log.level), isRunning).catch(async (error) => {
    const other = isCode(error, 'database.in-use') ? await running(settings) : null;
    if (!other) throw error;
    const text = `patchherd runs already on ${dataDirOf(settings)} (process ${other.pid}): stop it first, or give this one another dataDir. Processes share a MongoDB that database.uri names.`;
    throw new Failure('database.in-use', text, { cause: error });
  });
  if (own.given) return own;
  await writeFile(runningFile(settings), JSON.stringify({ uri: own.uri, pid: process.pid }), { mode: 0o600 });
  const close = async () => {
    await rm(runningFile(settings), { force: true });
    await own.close();
  };
  return { ...own, close };
}

/**
 * The person who sits at the shell: `--as`, else PATCHHERD_PERSON, else the login name, else the only person there is. Whoever can
 * read the settings can act as anybody in them: that is what file permissions are for. Failure `person.unknown`.
 */
export function accountFrom(settings: Settings, as: string | undefined): Account {
  const named = as ?? process.env['PATCHHERD_PERSON'];
  const ids = settings.people.map(({ id }) => id);
  const only = ids.length === 1 ? ids[0] : undefined;
  const login = process.env['USER'];
  const user = named === undefined ? (ids.find((id) => id === login) ?? only) : ids.find((id) => id === named);
  if (user) return { platform: 'cli', workspace: settings.tenant, user };
  const who = named === undefined ? 'I do not know who you are' : `"${named}" is none of the people in the settings`;
  throw new Failure('person.unknown', `${who}: say it with --as, one of ${ids.join(', ')}.`);
}
