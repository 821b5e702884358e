import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { connect } from '../../../workers/store/connect.ts';
import { type FreshDatabase, freshDatabase } from '../../database.ts';
import { makePlace, type Place } from './shell.ts';

vi.setConfig({ testTimeout: 120_000 }); // a process that compiles the shell, on a busy machine
let database: FreshDatabase;
let place: Place;
beforeAll(async () => {
  [database, place] = await Promise.all([freshDatabase(), makePlace()]);
});
afterAll(async () => {
  await place?.remove();
  await database?.drop();
});

it('a command ends when the database is of a newer patchherd, and says so', async () => {
  const { connection, close } = await connect(database.uri);
  const versions = connection.collection<{ _id: string; version: number }>('version');
  await versions.updateOne({ _id: 'schema' }, { $set: { version: 1000 } });
  await close();
  const people = [{ id: 'kim', name: 'Kim', roles: ['admin'], zone: 'UTC' }];
  await place.write('patchherd.yaml', { tenant: 'acme', database: { uri: database.uri }, people });
  const { code, stdout, stderr } = await place.run('status');
  expect(stderr).toMatch(/^The database has version 1000, .* install the newer patchherd\.\n$/);
  expect([code, stdout]).toEqual([1, '']);
});
