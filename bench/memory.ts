/** What the whole product weighs: bot, web chat and worker in one process, with a fleet of real devices. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { MongoClient } from 'mongodb';
import { type Fleet, startFleet } from '../test/fleet/fleet.ts';
import { rootModeRefusal } from '../test/fleet/root-devices.ts';
import { compile, compiled } from './compiled.ts';
import { benchDatabase } from './database.ts';
import { fleetSettings } from './fleet-settings.ts';
import { median, type Report } from './report.ts';

const targetMib = 200;
const patienceMs = 10 * 60_000;
type Weight = { readonly 'RSS MiB': number; readonly 'PSS MiB': number; readonly 'peak RSS MiB': number };

/** Why this cannot be measured here, or null. */
export const memoryRefusal = rootModeRefusal;

/** Measures with `n` devices. */
export async function memory({ n, runs }: { n: number; runs: number }): Promise<Report> {
  await compile();
  const dir = await mkdtemp(path.join(os.tmpdir(), 'patchherd-memory-'));
  const database = await benchDatabase();
  const devices = await startFleet({ count: n, mode: 'root' });
  const seen: Record<string, Weight[]> = {};
  const notes: string[] = [];
  try {
    for (let run = 1; run <= runs; run += 1) {
      const uri = await database.fresh('memory');
      const product = await startProduct(dir, devices, uri);
      try {
        const posted = await watch(product, devices, uri, (at, weight) => {
          seen[at] = [...(seen[at] ?? []), weight];
        });
        notes.push(`Run ${run}: ${posted} cards in chat. The database (${database.kind}) is not in these numbers.`);
      } finally {
        await stopped(product);
      }
    }
  } finally {
    await devices.stop();
    await database.stop();
    await rm(dir, { recursive: true, force: true });
  }
  const middle = (all: readonly Weight[], column: keyof Weight) => median(all.map((weight) => weight[column]));
  const medians = Object.fromEntries(
    Object.entries(seen).map(([at, all]) => [
      at,
      {
        'RSS MiB': middle(all, 'RSS MiB'),
        'PSS MiB': middle(all, 'PSS MiB'),
        'peak RSS MiB': middle(all, 'peak RSS MiB'),
      },
    ]),
  );
  const last = Object.values(medians).at(-1)?.['RSS MiB'] ?? Number.NaN;
  return {
    name: 'memory',
    ...{ N: n, runs, medians, notes },
    ratios: [{ name: 'RSS MiB after two full scans', is: last, target: targetMib }],
  };
}

async function startProduct(dir: string, fleet: Fleet, uri: string): Promise<ChildProcess> {
  const file = path.join(dir, 'settings.yaml');
  const settings = { ...fleetSettings(fleet, await freePort()), dataDir: dir, database: { uri } };
  await writeFile(file, JSON.stringify(settings), { mode: 0o600 }); // JSON is YAML
  return spawn(process.execPath, [compiled('bot/cli/main.js'), 'start', '--config', file], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

/** Weighs it after the start, after each of two full scans, and when chat shows everything. Gives the number of cards. */
async function watch(
  product: ChildProcess,
  fleet: Fleet,
  uri: string,
  weighed: (at: string, weight: Weight) => void,
): Promise<number> {
  const client = await MongoClient.connect(uri);
  const db = client.db();
  const until = async (what: string, there: () => Promise<boolean>) => {
    const patience = Date.now() + patienceMs;
    while (!(await there())) {
      if (product.exitCode !== null) throw new Error(`the product ended with ${product.exitCode}`);
      if (Date.now() > patience) throw new Error(`${what} takes too long`);
      await delay(200);
    }
  };
  const fullScanSince = (at: Date) => async () =>
    (await db.collection('inventories').countDocuments({ scannedAt: { $gt: at } })) === fleet.devices.length &&
    (await db.collection('devices').countDocuments({ 'facts.scannedAt': { $gt: at } })) === fleet.devices.length;
  const posts = () => db.collection('posts').countDocuments({ ref: { $ne: null } });
  const chatIsQuiet = async () =>
    (await posts()) > 0 && (await db.collection('proposals').countDocuments({ draw: true })) === 0;
  try {
    await until('the first scan', fullScanSince(new Date(0)));
    await until('posting the cards', chatIsQuiet);
    weighed('after the first full scan', await weigh(product));
    // A changed directory of the package manager's: the next scan of each device is a full one again.
    for (const device of fleet.devices) await fleet.exec(device, ['touch', '/etc/apt']);
    const second = new Date();
    const fleetScan = { name: 'fleet.scan', type: 'single' };
    await db.collection('agendaJobs').updateOne(fleetScan, { $set: { nextRunAt: second } });
    await until('the second scan', fullScanSince(second));
    await until('redrawing the cards', chatIsQuiet);
    weighed('after the second full scan', await weigh(product));
    return await posts();
  } finally {
    await client.close();
  }
}

/** proc(5): RSS counts shared pages in full, PSS this process's share of them; the peak is RSS's. */
async function weigh({ pid }: ChildProcess): Promise<Weight> {
  const [status, rollup] = await Promise.all(
    ['status', 'smaps_rollup'].map((file) => readFile(`/proc/${pid}/${file}`, 'utf8')),
  );
  const mib = (text: string | undefined, field: string) =>
    Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(text ?? '')?.[1]) / 1024;
  return { 'RSS MiB': mib(status, 'VmRSS'), 'PSS MiB': mib(rollup, 'Pss'), 'peak RSS MiB': mib(status, 'VmHWM') };
}

async function stopped(product: ChildProcess): Promise<void> {
  if (product.exitCode !== null) return;
  const ended = once(product, 'exit');
  product.kill('SIGTERM');
  await ended;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (typeof address !== 'object' || !address) throw new Error('no port is free');
  return address.port;
}
