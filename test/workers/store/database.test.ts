/** The database of this run keeps the contract. */
import { afterAll, beforeAll, describe } from 'vitest';
import { mongoContract } from '../../contracts/mongo.ts';
import { mongoLibrariesContract } from '../../contracts/mongo-libraries.ts';
import { type FreshDatabase, freshDatabase } from '../../database.ts';

describe('the database of this run', () => {
  let database: FreshDatabase;
  beforeAll(async () => {
    database = await freshDatabase();
  });
  afterAll(() => database.drop());
  mongoContract(() => database.uri);
  mongoLibrariesContract(() => database.uri);
});
