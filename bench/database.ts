/** The database of a measurement: MONGODB_URI's, else one of our own on throw-away data that is durable like a real one. */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { MongoClient } from 'mongodb';
import { findDatabase } from '../workers/store/database/find-database.ts';
import { inDatabase } from '../workers/store/database/in-database.ts';
import { childrenOf, processes } from './cpu.ts';

export type BenchDatabase = {
  readonly kind: string;
  /** Its processes, when they are ours. */
  readonly pids: readonly number[];
  /** The URI of an empty database with this name. */
  fresh(name: string): Promise<string>;
  stop(): Promise<void>;
};

/** Starts it. Failures: those of `findDatabase`. */
export async function benchDatabase(): Promise<BenchDatabase> {
  const dataDir = await mkdtemp(path.join(os.tmpdir(), 'patchherd-bench-'));
  const before = new Set(childrenOf(processes(), process.pid));
  const say = (line: string) => console.error(line);
  const database = await findDatabase({ uri: process.env['MONGODB_URI'], dataDir, say });
  const client = await MongoClient.connect(database.uri);
  return {
    kind: database.kind,
    pids: childrenOf(processes(), process.pid).filter((pid) => !before.has(pid)),
    async fresh(name) {
      await client.db(name).dropDatabase();
      return inDatabase(database.uri, name);
    },
    async stop() {
      await client.close();
      await database.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
