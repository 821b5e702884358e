/** Brings a database up to this version of patchherd: numbered steps, each run once, in order; the last number is recorded. */
import type { Connection } from 'mongoose';
import { Failure } from '../../domain/model/failure.ts';
import { createIndexes } from './migrations/001-indexes.ts';
import { patchIntelligence } from './migrations/002-patch-intelligence.ts';

/** A step must be safe to repeat: two processes may start at once, and one may be killed half-way. */
export type Migration = (connection: Connection) => Promise<void>;

/** In order; the position is the version. Never change one that was released: add another. */
const migrations: readonly Migration[] = [createIndexes, patchIntelligence];

/** Runs what is missing. Failure `database.newer` when a later patchherd was here. */
export async function migrate(connection: Connection): Promise<void> {
  const versions = connection.collection<{ _id: string; version: number }>('version');
  const found = (await versions.findOne({ _id: 'schema' }))?.version ?? 0;
  if (found > migrations.length) {
    const text = `The database has version ${found}, this patchherd knows up to ${migrations.length}: install the newer patchherd.`;
    throw new Failure('database.newer', text);
  }
  for (const [index, migration] of migrations.entries()) {
    if (index < found) continue;
    await migration(connection);
    await versions.updateOne({ _id: 'schema' }, { $set: { version: index + 1 } }, { upsert: true });
  }
}
