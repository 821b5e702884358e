/** The database of a measurement: MONGODB_URI's, else one of our own on throw-away data that is durable like a real one. */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { MongoClient } from 'mongodb';
import { findDatabase } from '../workers/store/database/find-database.ts';
import { inDatabase } from '../workers/store/database/in-database.ts';
import { counted } from './cpu.ts';

export type BenchDatabase = {
  readonly kind: string;
  /** CPU seconds of its processes so far, when they are ours, else 0. */
  cpuSeconds(): number;
  /** The URI of an empty database with this name. */
  fresh(name: string): Promise<string>;
  stop(): Promise<void>;
};

/** Starts it. Failures: those of `findDatabase`. */
export async function benchDatabase(): Promise<BenchDatabase> {
  const dataDir = await mkdtemp(path.join(os.tmpdir(), 'patchherd-bench-'));
  const say = (line: string) => console.error(line);
  const { started: database, counter } = await counted(() =>
    findDatabase({ uri: process.env['MONGODB_URI'], dataDir, say }),
  );
  const client = await MongoClient.connect(database.uri);
  return {
    kind: database.kind,
    cpuSeconds: counter.seconds,
    async fresh(name) {
      await client.db(name).dropDatabase();
      return inDatabase(database.uri, name);
    },
    async stop() {
      await client.close();
      await database.stop();
      counter.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
