/** Which database a data directory uses, so that a changed machine cannot silently start with an empty one. */
import { randomUUID } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { Failure } from '../../../domain/model/failure.ts';

const kinds = ['given', 'mongod', 'downloaded', 'documentdb'] as const;
export type DatabaseKind = (typeof kinds)[number];

/** `port`: where our mongod listens. Its replica set's configuration has it, so it must be the same every time. */
const Choice = z.strictObject({ kind: z.enum(kinds), port: z.int().min(1).max(65_535).optional() });
export type Choice = z.infer<typeof Choice>;

/** How people call each kind. */
export const kindNames: Readonly<Record<DatabaseKind, string>> = {
  given: 'the server that MONGODB_URI names',
  mongod: 'the mongod of this machine',
  downloaded: 'a downloaded mongod',
  documentdb: 'PostgreSQL with DocumentDB',
};

export const choiceFile = (dataDir: string): string => path.join(dataDir, 'database.json');

/** What was chosen before, or null. Failure `database.changed` for a file that says nothing we know. */
export async function remembered(dataDir: string): Promise<Choice | null> {
  const file = choiceFile(dataDir);
  const text = await readFile(file, 'utf8').catch(() => null);
  if (text === null) return null;
  try {
    return Choice.parse(JSON.parse(text));
  } catch (cause) {
    const sentence = `${file} does not say which database was used: "kind" must be one of ${kinds.join(', ')}.`;
    throw new Failure('database.changed', sentence, { cause });
  }
}

/** Writes the choice, whole or not at all. */
export async function remember(dataDir: string, choice: Choice): Promise<void> {
  const file = choiceFile(dataDir);
  // A name of its own: several commands may start at the same moment.
  const fresh = `${file}.${randomUUID()}`;
  await writeFile(fresh, `${JSON.stringify(choice)}\n`, { mode: 0o600 });
  await rename(fresh, file);
}

/** The refusal to go on with another database than before; `because` says what is different today. */
export const changed = (dataDir: string, before: DatabaseKind, because: string): Failure =>
  new Failure(
    'database.changed',
    `The data directory ${dataDir} belongs to ${kindNames[before]}, but ${because}. ` +
      `To change on purpose, stop patchherd and delete ${choiceFile(dataDir)}; data is not copied from one to the other.`,
  );
