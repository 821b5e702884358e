/** Finds or starts a MongoDB-compatible database: the one that is given, a mongod, or DocumentDB. */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { MongoClient } from 'mongodb';
import { Failure } from '../../../domain/model/failure.ts';
import { canRunDocumentdb, startDocumentdb } from './documentdb/documentdb.ts';
import { lockDataDir } from './lock.ts';
import { downloadedMongod, downloadMongod, findMongod, freePort, startMongod } from './mongod.ts';
import { type Choice, changed, type DatabaseKind, kindNames, remember, remembered } from './remembered.ts';

export type RunningDatabase = { readonly uri: string; readonly kind: DatabaseKind; stop(): Promise<void> };

export type DatabaseWanted = {
  /** A server of somebody else's; then nothing is started. */
  readonly uri?: string | undefined;
  /** Where a database of our own keeps its data, and where the choice is remembered. */
  readonly dataDir: string;
  /** Gets short lines for a person to read. */
  readonly say: (line: string) => void;
  /** false: a database of our own may lose data at a power cut, and is faster. For throw-away data only. */
  readonly durable?: boolean;
};

/** A database of our own that this machine can run. */
type Option = { readonly choice: Choice; start(): Promise<{ uri: string; stop(): Promise<void> }> };

const pingMs = 1_500;
const pings = 4;
const defaultPort = 27_017;

/**
 * The first that there is of: the given URI, mongod, a downloaded mongod, DocumentDB; from then on always the same one.
 * Failures: `database.unreachable` (the given one does not answer; never another one instead), `database.changed`,
 * `database.in-use`, `database.none`, and those of the database that was chosen (`database.unusable`, `database.download`).
 */
export async function findDatabase(wanted: DatabaseWanted): Promise<RunningDatabase> {
  const { uri, dataDir, say } = wanted;
  await mkdir(dataDir, { recursive: true, mode: 0o700 }).catch((cause) => {
    throw new Failure('database.unusable', `The data directory ${dataDir} cannot be made: ${cause.message}`, { cause });
  });
  const before = await remembered(dataDir);
  if (uri) {
    if (before && before.kind !== 'given') throw changed(dataDir, before.kind, 'MONGODB_URI is set');
    await reach(uri);
    await remember(dataDir, { kind: 'given' });
    return { uri, kind: 'given', stop: async () => {} };
  }
  if (before?.kind === 'given') throw changed(dataDir, 'given', 'MONGODB_URI is not set');
  const unlock = await lockDataDir(dataDir);
  try {
    const option = before ? await same(wanted, before) : await firstOf(wanted);
    say(`Database: ${kindNames[option.choice.kind]}, data in ${dataDir}`);
    const running = await option.start();
    await remember(dataDir, option.choice);
    const stop = async () => running.stop().finally(unlock);
    return { uri: running.uri, kind: option.choice.kind, stop };
  } catch (error) {
    await unlock();
    throw error;
  }
}

/** Failure `database.unreachable`, after some tries. No part of it may quote the URI, which holds a password. */
async function reach(uri: string): Promise<void> {
  const client = open(uri);
  try {
    for (let left = pings - 1; ; left--) {
      try {
        await client.db('admin').command({ ping: 1 });
        return;
      } catch (cause) {
        const where = client.options.srvHost ?? client.options.hosts.join(', ');
        const why = cause instanceof Error ? cause.message : String(cause);
        const sentence = `The database that MONGODB_URI names (${where}) does not answer: ${why}`;
        if (left === 0) throw new Failure('database.unreachable', sentence, { retryable: true, cause });
      }
      await sleep(500);
    }
  } finally {
    await client.close();
  }
}

function open(uri: string): MongoClient {
  try {
    return new MongoClient(uri, { serverSelectionTimeoutMS: pingMs });
  } catch {
    const sentence = 'MONGODB_URI is not a connection string: it should look like mongodb://user:password@host:27017/';
    throw new Failure('database.unreachable', sentence); // without its cause, which quotes the URI
  }
}

/** The kind that was used before, whatever else there is today. */
async function same(wanted: DatabaseWanted, before: Choice): Promise<Option> {
  if (before.kind === 'documentdb' && (await canRunDocumentdb())) return documentdb(wanted);
  if (before.kind === 'mongod' || before.kind === 'downloaded') {
    const binary = before.kind === 'mongod' ? await findMongod() : await downloadedOrNew(wanted);
    if (binary) return mongod(wanted, before, binary);
  }
  throw changed(wanted.dataDir, before.kind, 'that cannot be found on this machine any more');
}

const downloadedOrNew = async ({ say }: DatabaseWanted): Promise<string | null> =>
  (await downloadedMongod()) ?? downloadMongod(say);

async function firstOf(wanted: DatabaseWanted): Promise<Option> {
  const port = (await freePort()) ?? defaultPort;
  const found = await findMongod();
  if (found) return mongod(wanted, { kind: 'mongod', port }, found);
  const downloaded = await downloadedOrNew(wanted);
  if (downloaded) return mongod(wanted, { kind: 'downloaded', port }, downloaded);
  if (!(await canRunDocumentdb())) throw none('There is no database.');
  const { choice, start } = documentdb(wanted);
  return { choice, start: () => start().catch(explainDownload) };
}

/** On the very first start a missing network is one reason more to hear about the other ways. */
function explainDownload(error: unknown): never {
  throw error instanceof Failure && error.code === 'database.download' ? none(`${error.message}.`, error) : error;
}

function none(why: string, cause?: unknown): Failure {
  const ways =
    'Four ways to get a database: set MONGODB_URI to a MongoDB server; install mongod, so that it is on PATH (or name it in ' +
    'MONGOMS_SYSTEM_BINARY); let this machine reach https://fastdl.mongodb.org, to download one; or run on Debian with ' +
    'apt-get, debian-archive-keyring and a Debian mirror in reach, to use PostgreSQL with DocumentDB.';
  return new Failure('database.none', `${why} ${ways}`, { cause });
}

function mongod({ dataDir }: DatabaseWanted, choice: Choice, binary: string): Option {
  return { choice, start: () => startMongod(binary, path.join(dataDir, 'mongod'), choice.port ?? defaultPort) };
}

function documentdb({ dataDir, durable = true, say }: DatabaseWanted): Option {
  return { choice: { kind: 'documentdb' }, start: () => startDocumentdb(dataDir, durable, say) };
}
