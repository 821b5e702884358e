/** Finds or starts a MongoDB-compatible database: the one that is given, a mongod, or DocumentDB. */
import { mkdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { MongoClient } from 'mongodb';
import { Failure } from '../../../domain/model/failure.ts';
import { lockDataDir } from './lock.ts';
import type { OwnWanted } from './own-database.ts';
import { changed, type DatabaseKind, kindNames, remember, remembered } from './remembered.ts';

export type RunningDatabase = { readonly uri: string; readonly kind: DatabaseKind; stop(): Promise<void> };

export type DatabaseWanted = OwnWanted & {
  /** A server of somebody else's; then nothing is started. */
  readonly uri?: string | undefined;
};

const pingMs = 1_500;
const pings = 4;

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
    const { ownDatabase } = await import('./own-database.ts'); // who has a server needs none of it
    const option = await ownDatabase(wanted, before);
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
