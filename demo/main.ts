/** What `npm start` shows without settings: twelve devices, a repository with trouble in it, and the web chat. */
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Bot, startBot } from '../bot/main.ts';
import { defaultDataDir } from '../config/data-dir.ts';
import { makeLog } from '../config/log.ts';
import { readSettings, type Settings } from '../config/settings.ts';
import { makeDigests } from '../domain/flows/digests.ts';
import { fleetReleases } from '../domain/flows/fleet-releases.ts';
import { matchFleet } from '../domain/flows/intel.ts';
import { follow } from '../domain/flows/plan-device.ts';
import { scanFleet } from '../domain/flows/scan-fleet.ts';
import type { PersonId } from '../domain/model/ids.ts';
import type { WorkerWorld } from '../domain/ports.ts';
import { kev } from '../workers/feeds/kev.ts';
import { syncFeed } from '../workers/feeds/sync.ts';
import { wantedCves } from '../workers/feeds/wanted.ts';
import { syncDueFeeds } from '../workers/jobs/feed-sync.ts';
import { feedJob, openBase, startWorkers } from '../workers/main.ts';
import { findDatabase } from '../workers/store/database/find-database.ts';
import { inDatabase } from '../workers/store/database/in-database.ts';
import { type DemoFeeds, makeDemoFeeds } from './feeds.ts';
import { type DemoFleet, startDemoFleet } from './fleet.ts';

const usualPort = 8484;
/** The person who looks at the demo: may do everything, and owns one of the laptops. */
const visitor = 'riley' as PersonId;

export type Demo = { readonly link: string; readonly mode: DemoFleet['mode']; stop(): Promise<void> };

/** Starts all of it and gives a login link. `say` hears progress. Failures: those of the database and of the web chat. */
export async function startDemo(env: NodeJS.ProcessEnv, say: (line: string) => void): Promise<Demo> {
  const dir = join(defaultDataDir(env), 'demo');
  const stops: (() => Promise<void>)[] = [];
  const stop = async () => {
    for (const end of stops.reverse()) await end();
  };
  try {
    const database = await findDatabase({ uri: env['MONGODB_URI'], dataDir: join(dir, 'database'), say });
    stops.push(database.stop);
    const fleet = await startDemoFleet({ dir: join(dir, 'devices'), say });
    stops.push(() => fleet.stop());
    const feeds = await makeDemoFeeds(join(dir, 'feeds-of-the-demo'));
    const settings = demoSettings(fleet, feeds, await freePort(), dir);
    const base = await openBase(settings, inDatabase(database.uri, 'patchherd-demo'), makeLog('error'));
    stops.push(base.close);
    const workers = await startWorkers(settings, base);
    stops.push(workers.stop);
    const bot = await startBot(settings, base);
    stops.push(bot.stop);
    say('Scanning the devices');
    await scanFleet(workers.world, fleet.devices.length, new AbortController().signal);
    say('Reading the feeds');
    const { signal } = new AbortController();
    // The workers look for feeds, too.
    while (!(await syncDueFeeds(workers.world, feedJob(settings), signal))) await delay(100);
    await matchFleet(workers.world, signal);
    await everythingProposed(workers.world);
    await bot.tell(); // what is urgent comes before the digest
    await makeDigests(workers.world, 'now');
    await bot.tell();
    const news = setTimeout(() => void tellNews(workers.world, feeds, settings), newsMs).unref();
    stops.push(async () => clearTimeout(news));
    return { link: await linkOf(bot), mode: fleet.mode, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Long enough to look around first. */
const newsMs = 60_000;

/** One more CVE becomes known as exploited: the feed is read again, and a card that waits gets another priority. */
async function tellNews(world: WorkerWorld, feeds: DemoFeeds, settings: Settings): Promise<void> {
  try {
    await feeds.news();
    const url = settings.feeds.sources['kev']?.url ?? null;
    const wanted = await wantedCves(world, await fleetReleases(world));
    await syncFeed({ world, ...feedJob(settings) }, kev, { wanted, url });
  } catch (error) {
    world.log.error('demo.failed', { error: error instanceof Error ? error.stack : String(error) });
  }
}

const patienceMs = 30_000;

/** The workers scan at the same time: whoever is last, the cards are there before the link is shown. */
async function everythingProposed(world: WorkerWorld): Promise<void> {
  for (const started = Date.now(); Date.now() - started < patienceMs; await delay(100)) {
    if ((await world.applicabilities.count({ planned: false })) === 0) break;
  }
  await follow(
    world,
    (await world.patches.find({})).map(({ id }) => id),
  );
}

async function linkOf({ web }: Bot): Promise<string> {
  if (!web) throw new Error('demo.no-web');
  return web.loginLink(visitor);
}

function demoSettings(fleet: DemoFleet, { settings: feeds }: DemoFeeds, port: number, dataDir: string): Settings {
  const all = { cron: '0 0 * * *', zone: 'UTC', durationMinutes: 1440 };
  return readSettings(
    {
      tenant: 'demo',
      people: [
        {
          id: visitor,
          name: 'Riley',
          roles: ['admin', 'oncall'],
          zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
        },
        { id: 'sam', name: 'Sam', roles: ['approver', 'operator'], zone: 'UTC' },
      ],
      chat: { web: { port } },
      dataDir,
      feeds,
      credentials: [{ name: 'demo', kind: 'key', key: fleet.privateKey }],
      devices: fleet.devices.map(({ owner, ...device }) => ({
        ...device,
        credential: 'demo',
        ...(owner === null ? {} : { owner }),
      })),
      policies: [
        {
          id: 'demo',
          windows: [all],
          noticeMinutes: 1,
          concurrency: 4,
          errorBudget: 2,
          deferrals: { max: 3, deadlineDays: 7 },
        },
      ],
    },
    'the demo',
  );
}

/** The usual port when nobody has it, else any. */
function freePort(): Promise<number> {
  const probe = (port: number) =>
    new Promise<number | null>((resolve) => {
      const server = createServer().once('error', () => resolve(null));
      server.listen(port, '127.0.0.1', () => {
        const address = server.address();
        server.close(() => resolve(typeof address === 'object' && address ? address.port : null));
      });
    });
  return probe(usualPort).then(async (port) => port ?? (await probe(0)) ?? usualPort);
}
