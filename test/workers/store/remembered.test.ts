import { mkdtemp, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { remember, remembered } from '../../../workers/store/database/remembered.ts';

const dir = await mkdtemp(path.join(os.tmpdir(), 'patchherd-remembered-'));
afterAll(() => rm(dir, { recursive: true }));

it('the choice of a database is written whole by many commands that start at the same moment', async () => {
  await Promise.all(Array.from({ length: 20 }, () => remember(dir, { kind: 'given' })));
  expect(await remembered(dir)).toEqual({ kind: 'given' });
  expect(await readdir(dir)).toEqual(['database.json']);
});
