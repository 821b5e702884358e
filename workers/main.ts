/** The worker process, wired: database, devices, jobs. */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { calendar } from '../config/cron.ts';
import { defaultDataDir } from '../config/data-dir.ts';
import { throughProxy } from '../config/proxy.ts';
import { deviceSeeds, logins, people, policies, tighten, triageRequired } from '../config/records.ts';
import type { Settings } from '../config/settings.ts';
import { enrol } from '../domain/flows/enrol.ts';
import { directory } from '../domain/model/directory.ts';
import type { TenantId } from '../domain/model/ids.ts';
import type { Log, WorkerWorld, World } from '../domain/ports.ts';
import { feedRulesOf } from './feeds/index.ts';
import { type JobClock, jobClock } from './jobs/clock.ts';
import type { FeedJob } from './jobs/feed-sync.ts';
import { registerJobs } from './jobs/index.ts';
import { describe, type Leases, usualLeases } from './jobs/job.ts';
import { keptMatchIndex } from './match-index.ts';
import { sshDevices } from './remote/ssh.ts';
import { connect, type Database, type TenantStore } from './store/connect.ts';
import { version } from './version.ts';

/** What bot and workers both stand on. */
export type Base = {
  readonly database: Database;
  readonly store: TenantStore;
  readonly world: World;
  readonly jobs: JobClock;
  readonly leases: Leases;
  /** `host:pid:boot`, for leases and locks. */
  readonly owner: string;
  close(): Promise<void>;
};

/** Connects to the database and makes everything that needs no platform and no device. Failures: those of `connect`. */
export async function openBase(settings: Settings, uri: string, log: Log, leases = usualLeases): Promise<Base> {
  const database = await connect(uri);
  const tenant = settings.tenant as TenantId; // a slug, checked by the settings' schema
  const store = database.tenant(tenant);
  const owner = `${hostname()}:${process.pid}:${randomUUID().slice(0, 8)}`;
  const jobs = jobClock(database.connection, owner, log, leases.jobMs);
  await jobs.agenda.ready; // it makes its indexes: closing the connection before that would be an error of nobody
  const world: World = {
    ...store,
    tenant,
    clock: { now: () => new Date() },
    calendar: calendar(),
    log,
    queue: jobs.queue,
    people: directory(people(settings)),
    policies: policies(settings),
    maxAgeMs: settings.scan.maxAgeHours * 3_600_000,
    tighten: tighten(settings),
    triageRequired: triageRequired(settings),
    feedRules: feedRulesOf(settings.feeds),
  };
  return { database, store, world, jobs, leases, owner, close: () => database.close() };
}

export type Workers = { readonly world: WorkerWorld; stop(): Promise<void> };

/** The world of a worker: hands on devices, leases, the audit chain. No job runs yet. */
export function workerWorld(settings: Settings, { world, store, owner }: Base): WorkerWorld {
  const remote = sshDevices({ credentials: logins(settings), log: world.log });
  return { ...world, remote, owner, claims: store.claims, audit: store.audit, matchIndex: keptMatchIndex(world) };
}

/** Starts the jobs. The devices of the settings are enrolled first, and scanned soon after the first start. */
export async function startWorkers(settings: Settings, base: Base): Promise<Workers> {
  const world = workerWorld(settings, base);
  const { jobs, leases } = base;
  await enrol(world, deviceSeeds(settings));
  const { stopping } = jobs;
  const feeds = feedJob(settings);
  registerJobs(jobs.agenda, world, { scanAtOnce: settings.scan.concurrency, leases, stopping, feeds });
  await jobs.start();
  const recurring = await keepRecurring(settings, base);
  // Devices that nobody has seen yet do not wait for the next regular scan.
  if ((await world.devices.count({ retired: false, facts: null })) > 0) await jobs.queue.fleet();
  return {
    world,
    async stop() {
      clearInterval(recurring);
      await jobs.stop();
      await world.remote.close();
    },
  };
}

/** What feeds need of the settings. Their files are beside the database's own. */
export const feedJob = (settings: Settings): FeedJob => ({
  settings: settings.feeds,
  dataDir: settings.dataDir ?? defaultDataDir(process.env),
  version: version(),
  fetch: throughProxy(settings.proxy)?.fetch ?? fetch,
});

const recurMs = 10_000;
/** How late a feed may be asked; each has a time of its own. On a first start they wait for the first scan. */
const feedsMs = 60_000;

/**
 * Makes the recurring jobs now and whenever they are gone: they wake everything else, and the queue may be lost as a whole. One
 * process at a time, because two at once could make each job twice; the claim's end is the signal for the next look.
 */
async function keepRecurring(settings: Settings, { jobs, store, world, owner }: Base): Promise<NodeJS.Timeout> {
  const look = async () => {
    if ((await store.claims.take('recurring', owner, recurMs)) === null) return;
    await jobs.recur('queue.sweep', 5000);
    await jobs.recur('fleet.plan', 30_000);
    if (settings.feeds.enabled) await jobs.recur('feed.sync', feedsMs);
    await jobs.recur('fleet.scan', settings.scan.cron, settings.scan.zone);
    // Whatever changes the facts asks for a matching; this one is for an order that was lost.
    await jobs.recur('intel.match', '41 * * * *');
  };
  await look();
  return setInterval(() => {
    look().catch((error: unknown) => world.log.error('queue.failed', { error: describe(error) }));
  }, recurMs);
}
