/** That mongoose and Agenda, as we use them, work on a MongoDB-compatible server. Runs on any: the suite takes only a URI. */
import { MongoBackend } from '@agendajs/mongo-backend';
import { Agenda } from 'agenda';
import { MongoClient } from 'mongodb';
import mongoose from 'mongoose';
import { describe, expect, it } from 'vitest';

/** `uri` is asked for when a test starts and must name a database of its own. */
export function mongoLibrariesContract(uri: () => string): void {
  describe('mongoose', () => {
    it('refuses to save over a newer version, and keeps maps and references', async () => {
      const connection = await mongoose.createConnection(uri()).asPromise();
      const Owner = connection.model('Owner', new mongoose.Schema({ name: String }));
      const schema = new mongoose.Schema(
        {
          name: { type: String, unique: true },
          tags: { type: Map, of: String },
          owner: { type: mongoose.Types.ObjectId, ref: 'Owner' },
        },
        { optimisticConcurrency: true, timestamps: true },
      );
      const Device = connection.model('Device', schema);
      await Device.init();
      const ada = await Owner.create({ name: 'Ada' });
      await Device.create({ name: 'web-1', tags: new Map([['ring', 'test']]), owner: ada._id });
      const [mine, theirs] = await Promise.all([Device.findOne(), Device.findOne()]);
      if (!mine || !theirs) throw new Error('the device was not stored');
      await mine.set('tags.ring', 'broad').save();
      await expect(theirs.set('tags.ring', 'canary').save()).rejects.toBeInstanceOf(mongoose.Error.VersionError);
      await expect(Device.create({ name: 'web-1' })).rejects.toMatchObject({ code: 11000 });
      const stored = await Device.findOne().populate<{ owner: { name: string } }>('owner');
      expect(stored?.tags?.get('ring')).toBe('broad');
      expect(stored?.owner.name).toBe('Ada');
      await connection.close();
    });
  });

  describe('Agenda', () => {
    it('runs each of 50 jobs once, shared by two workers', { timeout: 60_000 }, async () => {
      const client = await MongoClient.connect(uri());
      const ran: number[] = [];
      const workers = [1, 2].map((n) => {
        const backend = new MongoBackend({ mongo: client.db() });
        const agenda = new Agenda({ backend, name: `worker-${n}`, processEvery: 100, defaultLockLimit: 5 });
        agenda.define('count', async (job) => void ran.push(Number((job.attrs.data as { n: number }).n)), {
          concurrency: 5,
        });
        return agenda;
      });
      await Promise.all(workers.map((worker) => worker.start()));
      await Promise.all(Array.from({ length: 50 }, (_, n) => workers[n % 2]?.now('count', { n })));
      await expect.poll(() => ran.length, { timeout: 40_000 }).toBeGreaterThanOrEqual(50);
      await Promise.all(workers.map((worker) => worker.drain()));
      await Promise.all(workers.map((worker) => worker.stop()));
      await client.close();
      expect(ran.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, n) => n));
    });
  });
}
