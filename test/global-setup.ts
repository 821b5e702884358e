/** One database for a whole test run: MONGODB_URI's, else one of our own on throw-away data. */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { TestProject } from 'vitest/node';
import { findDatabase } from '../workers/store/database/find-database.ts';

declare module 'vitest' {
  interface ProvidedContext {
    mongoUri: string;
  }
}

/** Starts the database before the first test file and gives vitest the function that stops it after the last. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dataDir = await mkdtemp(path.join(os.tmpdir(), 'patchherd-test-'));
  const say = (line: string) => console.error(line);
  const database = await findDatabase({ uri: process.env.MONGODB_URI, dataDir, say, durable: false });
  project.provide('mongoUri', database.uri);
  return async () => {
    await database.stop();
    await rm(dataDir, { recursive: true, force: true });
  };
}
