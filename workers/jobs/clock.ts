/** Agenda as the clock: it wakes us up, the records say what is due. Rules of facts on database and Agenda, section 1.3. */
import { setMaxListeners } from 'node:events';
import { MongoBackend } from '@agendajs/mongo-backend';
import { Agenda, InMemoryNotificationChannel } from 'agenda';
import type { Connection } from 'mongoose';
import type { Log, Queue } from '../../domain/ports.ts';

const collection = 'agendaJobs';
const drainMs = 30_000;

export type JobClock = {
  readonly agenda: Agenda;
  readonly queue: Queue;
  /** Makes a recurring job, or changes its time; one that is right, or running, is left alone. `every` is 5-field cron or milliseconds. */
  recur(name: string, every: string | number, zone?: string): Promise<void>;
  /** Fires when `stop` begins: handlers let go at their next safe point. */
  readonly stopping: AbortSignal;
  start(): Promise<void>;
  /** Lets running handlers end, at most 30 s, then frees what is still locked by us. */
  stop(): Promise<void>;
};

/** The connection must be open already: Agenda hangs on one that is not. `owner` names this process in locks, which last `lockMs`. */
export function jobClock(connection: Connection, owner: string, log: Log, lockMs: number): JobClock {
  const { db } = connection;
  if (!db) throw new Error('database.not-open');
  const agenda = new Agenda({
    backend: new MongoBackend({ mongo: db, collection }),
    name: owner,
    processEvery: 1000,
    maxConcurrency: 100,
    defaultLockLifetime: lockMs,
    notificationChannel: new InMemoryNotificationChannel(),
  });
  agenda.on('error', (error) => log.error('queue.failed', { error: error.message }));
  const jobs = connection.collection(collection);
  const stopping = new AbortController();
  setMaxListeners(0, stopping.signal); // every running handler listens
  let started = false;
  return {
    agenda,
    stopping: stopping.signal,
    queue: {
      async deployment(id, at = new Date()) {
        // One pending job for each deployment; the running one is locked and does not count.
        const pending = { 'data.deploymentId': id, lockedAt: null };
        await agenda.create('deployment.run', { deploymentId: id }).unique(pending).schedule(at).save();
      },
      async scan(device) {
        await agenda
          .create('device.scan', { deviceId: device })
          .unique({ 'data.deviceId': device, lockedAt: null })
          .schedule(new Date())
          .save();
      },
      async fleet() {
        // Beside the recurring one, which Agenda keeps as the single job of that name.
        await agenda
          .create('fleet.scan', { once: true })
          .unique({ 'data.once': true, lockedAt: null })
          .schedule(new Date())
          .save();
      },
      async intel() {
        await agenda
          .create('intel.match', { once: true })
          .unique({ 'data.once': true, lockedAt: null })
          .schedule(new Date())
          .save();
      },
    },
    async recur(name, every, zone = 'UTC') {
      const known = await jobs.findOne({ name, type: 'single' });
      if (known && (known['lockedAt'] || (known['repeatInterval'] === every && known['repeatTimezone'] === zone)))
        return;
      await agenda.every(every, name, undefined, { timezone: zone });
    },
    async start() {
      started = true;
      await agenda.start();
    },
    async stop() {
      stopping.abort();
      if (started) await drain(agenda);
      await jobs.updateMany({ lastModifiedBy: owner, lockedAt: { $ne: null } }, { $set: { lockedAt: null } });
    },
  };
}

/**
 * Agenda 6.2.6 counts the running jobs when one says that it is complete, which is before it was removed, and never again: it would
 * wait for its whole time. So the end is told from outside.
 */
async function drain(agenda: Agenda): Promise<void> {
  const ended = new AbortController();
  const timer = setInterval(() => {
    agenda.getRunningStats().then(
      ({ runningJobs }) => runningJobs === 0 && ended.abort(),
      () => ended.abort(), // it has stopped by itself
    );
  }, 50);
  await agenda.drain({ timeout: drainMs, signal: ended.signal });
  clearInterval(timer);
}
