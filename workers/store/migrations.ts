/** Brings a database up to this version of patchherd: numbered steps, each run once, in order; the last number is recorded. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Connection } from 'mongoose';
import { Failure } from '../../domain/model/failure.ts';
import { onceMore } from './facts.ts';
import { createIndexes } from './migrations/001-indexes.ts';
import { patchIntelligence } from './migrations/002-patch-intelligence.ts';
import { answers } from './migrations/003-answers.ts';
import { digestsWithoutCopies } from './migrations/004-digests.ts';

/** A step must be safe to repeat: two processes may start at once, and one may be killed half-way. */
export type Migration = (connection: Connection) => Promise<void>;

/** In order; the position is the version. Never change one that was released: add another. */
const migrations: readonly Migration[] = [createIndexes, patchIntelligence, answers, digestsWithoutCopies];

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
    await undisturbed(() => migration(connection));
    const reached = { $max: { version: index + 1 } }; // another process may be further already
    await onceMore(() => versions.updateOne({ _id: 'schema' }, reached, { upsert: true }));
  }
}

/** How often a step is tried that another process disturbs, by making the same indexes at the same moment. */
const tries = 10;

/** Steps are safe to repeat: one of two that lock each other out is told so (WriteConflict, 112), and goes on when the other is done. */
async function undisturbed(step: () => Promise<void>): Promise<void> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await step();
    } catch (error) {
      if (tried === tries || !isConflict(error)) throw error;
      await delay(100 * tried * (1 + Math.random()));
    }
  }
}

const isConflict = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'code' in error && error.code === 112;
