/** A database of its own for each test file, on the server that global-setup.ts found. */
import { randomBytes } from 'node:crypto';
import { MongoClient } from 'mongodb';
import { afterAll, beforeAll, inject } from 'vitest';
import { connect, type Database } from '../workers/store/connect.ts';

/** `uri` includes the database name. Call `drop` in afterAll. */
export type FreshDatabase = { readonly uri: string; readonly name: string; drop(): Promise<void> };

/** An empty database with a name that no other test has. */
export async function freshDatabase(): Promise<FreshDatabase> {
  const server = inject('mongoUri');
  const name = `test_${randomBytes(6).toString('hex')}`;
  // Not the URL class: a host that is a socket's path (%2F...) is not one for it.
  const uri = server.replace(/^(mongodb(?:\+srv)?:\/\/[^/?]+)\/?[^?]*/, `$1/${name}`);
  async function drop(): Promise<void> {
    const client = await MongoClient.connect(uri);
    await client.db().dropDatabase();
    await client.close();
  }
  return { uri, name, drop };
}

/** The stores on a database of its own: there before the tests of its file, gone after them. Call it outside of tests. */
export function newDatabase(): () => Database {
  let fresh: FreshDatabase | undefined;
  let database: Database | undefined;
  beforeAll(async () => {
    fresh = await freshDatabase();
    database = await connect(fresh.uri);
  });
  afterAll(async () => {
    await database?.close();
    await fresh?.drop();
  });
  return () => {
    if (!database) throw new Error('The database is there from beforeAll on.');
    return database;
  };
}
