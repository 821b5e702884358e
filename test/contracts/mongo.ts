/** What our stores and Agenda need from a MongoDB-compatible server. Runs on any: the suite takes only a URI. */
import { type Collection, type Document, MongoClient, MongoServerError, ObjectId } from 'mongodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

/** `uri` is asked for when the suite starts and must name a database of its own. */
export function mongoContract(uri: () => string): void {
  let client: MongoClient;
  let things: Collection<Document>;
  let collections = 0;

  beforeAll(async () => {
    client = await MongoClient.connect(uri());
  });
  beforeEach(() => {
    collections += 1;
    things = client.db().collection(`things${collections}`);
  });
  afterAll(() => client.close());

  const codeOf = (work: Promise<unknown>): Promise<unknown> =>
    work.then(
      () => 'no error',
      (error) => (error instanceof MongoServerError ? error.code : error),
    );
  const numbered = (count: number): Document[] => Array.from({ length: count }, (_, n) => ({ _id: n as never, n }));

  describe('reading', () => {
    it('sorts, skips and limits', async () => {
      await things.insertMany(numbered(50));
      const found = await things
        .find({ n: { $gte: 10 } })
        .sort({ n: -1 })
        .skip(5)
        .limit(3)
        .toArray();
      expect(found.map(({ n }) => n)).toEqual([44, 43, 42]);
    });

    it('gives every document once over many batches, sorted or not', async () => {
      await things.insertMany(numbered(2_500));
      const plain = await things.find().batchSize(100).toArray();
      const sorted = await things.find().sort({ n: -1 }).batchSize(100).toArray();
      expect(new Set(plain.map(({ n }) => n)).size).toBe(2_500);
      expect(sorted.map(({ n }) => n)).toEqual(numbered(2_500).map(({ n }) => 2_499 - n));
    });

    it('lets many cursors stay open at once', async () => {
      await things.insertMany(numbered(500));
      const cursors = Array.from({ length: 40 }, () => things.find().sort({ n: 1 }).batchSize(10));
      for (let page = 0; page < 25; page++) {
        const next = await Promise.all(cursors.map((cursor) => cursor.next()));
        expect(new Set(next.map((found) => found?.n))).toEqual(new Set([page]));
      }
      await Promise.all(cursors.map((cursor) => cursor.close()));
      expect(await things.countDocuments()).toBe(500);
    });

    it('counts, and lists distinct values', async () => {
      await things.insertMany([{ os: 'debian' }, { os: 'ubuntu' }, { os: 'debian' }]);
      expect(await things.countDocuments({ os: 'debian' })).toBe(2);
      expect((await things.distinct('os')).toSorted()).toEqual(['debian', 'ubuntu']);
    });

    it('groups and joins in an aggregation', async () => {
      await things.insertMany([
        { device: 'a', state: 'failed' },
        { device: 'a', state: 'succeeded' },
        { device: 'b', state: 'failed' },
      ]);
      const owners = client.db().collection(`${things.collectionName}.owners`);
      await owners.insertMany([{ device: 'a', owner: 'ada' }]);
      const found = await things
        .aggregate([
          { $group: { _id: '$device', count: { $sum: 1 } } },
          { $lookup: { from: owners.collectionName, localField: '_id', foreignField: 'device', as: 'owners' } },
          { $sort: { _id: 1 } },
        ])
        .toArray();
      expect(found.map(({ _id, count, owners: { length } }) => [_id, count, length])).toEqual([
        ['a', 2, 1],
        ['b', 1, 0],
      ]);
    });

    it('gives back what was stored: unicode, dates, ids, null, a document of 1 MB', async () => {
      const stored = {
        _id: new ObjectId(),
        name: 'Größe 日本 🐧 \u0000 end',
        at: new Date('2026-03-29T01:30:00.123Z'),
        big: 'x'.repeat(1024 * 1024),
        nothing: null,
        deep: { list: [1, 2.5, -7, true, { a: [] }] },
        bytes: Buffer.from([0, 1, 255]),
      };
      await things.insertOne(stored);
      const found = await things.findOne({ _id: stored._id }, { promoteBuffers: true });
      expect(found).toEqual(stored);
    });
  });

  describe('writing', () => {
    it('updates with $set, $inc, $push, $pull, $unset and array filters', async () => {
      await things.insertOne({
        _id: 1 as never,
        n: 1,
        old: true,
        tags: ['a', 'b'],
        rings: [
          { name: 'x', done: 0 },
          { name: 'y', done: 0 },
        ],
      });
      await things.updateOne({ _id: 1 as never }, {
        $set: { state: 'open' },
        $inc: { n: 2 },
        $push: { tags: 'c' },
        $unset: { old: 1 },
      } as Document);
      await things.updateOne({ _id: 1 as never }, { $pull: { tags: 'a' } } as Document);
      await things.updateOne(
        { _id: 1 as never },
        { $set: { 'rings.$[ring].done': 5 } },
        { arrayFilters: [{ 'ring.name': 'y' }] },
      );
      expect(await things.findOne()).toEqual({
        _id: 1,
        n: 3,
        state: 'open',
        tags: ['b', 'c'],
        rings: [
          { name: 'x', done: 0 },
          { name: 'y', done: 5 },
        ],
      });
    });

    it('inserts on upsert, and says so', async () => {
      const first = await things.updateOne(
        { name: 'a' },
        { $set: { n: 1 }, $setOnInsert: { fresh: true } },
        { upsert: true },
      );
      const second = await things.updateOne({ name: 'a' }, { $set: { n: 2 } }, { upsert: true });
      expect([first.upsertedCount, second.upsertedCount, second.matchedCount]).toEqual([1, 0, 1]);
      expect(await things.findOne({}, { projection: { _id: 0 } })).toEqual({ name: 'a', n: 2, fresh: true });
    });

    it('lets one of two writers with the same revision win', async () => {
      await things.insertOne({ _id: 1 as never, rev: 3 });
      const writers = Array.from({ length: 8 }, (_, by) =>
        things.updateOne({ _id: 1 as never, rev: 3 }, { $set: { by }, $inc: { rev: 1 } }),
      );
      const matched = (await Promise.all(writers)).map(({ matchedCount }) => matchedCount);
      expect(matched.filter((count) => count === 1)).toHaveLength(1);
      expect(await things.findOne()).toMatchObject({ rev: 4 });
    });

    it('hands each of 100 documents to one of 10 racers, none twice', async () => {
      await things.insertMany(numbered(100).map((document) => ({ ...document, taken: false })));
      async function race(by: number): Promise<unknown[]> {
        const mine: unknown[] = [];
        for (;;) {
          const got = await things.findOneAndUpdate(
            { taken: false },
            { $set: { taken: true, by } },
            { sort: { n: 1 } },
          );
          if (!got) return mine;
          mine.push(got._id);
        }
      }
      const won = (await Promise.all(Array.from({ length: 10 }, (_, by) => race(by)))).flat();
      expect(won).toHaveLength(100);
      expect(new Set(won).size).toBe(100);
    });

    it('runs a bulk of different writes and counts them', async () => {
      const done = await things.bulkWrite([
        { insertOne: { document: { _id: 1 as never, n: 1 } } },
        { insertOne: { document: { _id: 2 as never, n: 2 } } },
        { updateMany: { filter: {}, update: { $inc: { n: 10 } } } },
        { deleteOne: { filter: { _id: 1 as never } } },
      ]);
      expect([done.insertedCount, done.modifiedCount, done.deletedCount]).toEqual([2, 2, 1]);
      expect(await things.find().toArray()).toEqual([{ _id: 2, n: 12 }]);
    });

    it('goes on after a duplicate when a bulk is unordered', async () => {
      const documents = [{ _id: 1 as never }, { _id: 1 as never }, { _id: 2 as never }];
      expect(await codeOf(things.insertMany(documents, { ordered: false }))).toBe(11000);
      expect(await things.countDocuments()).toBe(2);
    });
  });

  describe('indexes', () => {
    it('refuses a second document with the same unique key as 11000, on insert, update and replace', async () => {
      await things.createIndex({ key: 1 }, { unique: true });
      await things.insertMany([{ key: 'a' }, { key: 'b' }]);
      expect(await codeOf(things.insertOne({ key: 'a' }))).toBe(11000);
      expect(await codeOf(things.updateOne({ key: 'b' }, { $set: { key: 'a' } }))).toBe(11000);
      expect(await codeOf(things.findOneAndReplace({ key: 'b' }, { key: 'a' }))).toBe(11000);
    });

    it('applies a unique partial index only to the documents that its filter names', async () => {
      await things.createIndex({ device: 1 }, { unique: true, partialFilterExpression: { active: true } });
      await things.insertMany([
        { device: 'a', active: true },
        { device: 'a', active: false },
        { device: 'a', active: false },
      ]);
      expect(await codeOf(things.insertOne({ device: 'a', active: true }))).toBe(11000);
    });

    it('lists, describes and drops indexes; making one twice is no error', async () => {
      await things.createIndex({ at: 1 }, { name: 'forget', expireAfterSeconds: 3_600 });
      await things.createIndex({ at: 1 }, { name: 'forget', expireAfterSeconds: 3_600 });
      await things.createIndex({ state: 1, at: -1 });
      const indexes = await things.indexes();
      expect(indexes.map(({ name }) => name).toSorted()).toEqual(['_id_', 'forget', 'state_1_at_-1']);
      expect(indexes.find(({ name }) => name === 'forget')).toMatchObject({ expireAfterSeconds: 3_600 });
      await things.dropIndex('forget');
      expect((await things.indexes()).map(({ name }) => name)).not.toContain('forget');
    });

    it('drops a collection with everything in it', async () => {
      await things.insertOne({ n: 1 });
      const names = async () => (await client.db().listCollections().toArray()).map(({ name }) => name);
      expect(await names()).toContain(things.collectionName);
      await things.drop();
      expect(await names()).not.toContain(things.collectionName);
      expect(await things.countDocuments()).toBe(0);
    });
  });

  it('answers a command that it does not have with code 59', async () => {
    expect(await codeOf(client.db().command({ makeCoffee: 1 }))).toBe(59);
  });
}
