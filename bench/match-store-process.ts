/** The measured worker: matches a fleet that lies in the database as its job does, and tells what it took. */
import { makeLog } from '../config/log.ts';
import { readSettings } from '../config/settings.ts';
import { matchDevice } from '../domain/flows/match.ts';
import type { WorkerWorld } from '../domain/ports.ts';
import { intelMatch } from '../workers/jobs/intel-match.ts';
import { openBase, workerWorld } from '../workers/main.ts';
import { changed, changedPackages, changes } from './match-data.ts';
import type { MatchAnswer } from './match-process.ts';
import { deviceOf, subjectOf } from './match-store-data.ts';

/** `tenant`: whose fleet of so many devices it is. */
export type StoreOrder = { readonly uri: string; readonly tenant: string; readonly devices: number };
export type StoreAnswer = Omit<MatchAnswer, 'firstMs'> & {
  /** A whole pass after one device has changed. */
  readonly againSeconds: number;
};

const seconds = async (work: () => Promise<unknown>): Promise<number> => {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
};

async function measure({ uri, tenant, devices }: StoreOrder): Promise<StoreAnswer> {
  const people = [{ id: 'ada', name: 'Ada', roles: ['admin'], zone: 'UTC' }];
  const settings = readSettings({ tenant, people, feeds: { enabled: false } }, 'the measurement');
  const base = await openBase(settings, uri, makeLog('warn'));
  const world = workerWorld(settings, base);
  const job = intelMatch(world);
  const pass = () => job.run(undefined, new AbortController().signal);
  const indexSeconds = await seconds(() => world.matchIndex());
  const passSeconds = await seconds(pass);
  const peakMib = process.resourceUsage().maxRSS / 1024; // in KiB on Linux (getrusage(2))
  globalThis.gc?.();
  const keptMib = process.memoryUsage().heapUsed / 2 ** 20;
  const findings = await foundBy(world, devices);
  const changedMs: number[] = [];
  for (let at = 0; at < changes; at += 1) changedMs.push(await scanned(world, (at * 7) % devices, at));
  await world.inventories.put(inventoryAfter(world, 0, changes));
  const againSeconds = await seconds(pass);
  await world.remote.close();
  await base.close();
  return { indexSeconds, passSeconds, againSeconds, changedMs, findings, peakMib, keptMib };
}

const inventoryAfter = ({ tenant }: WorkerWorld, number: number, change: number) => {
  const { packages } = changed(subjectOf(number), change, changedPackages);
  return { device: deviceOf(tenant, number).id, tenant, scannedAt: new Date(), packages };
};

/** Milliseconds of the matching after a scan that found other versions: of the matching alone. */
async function scanned(world: WorkerWorld, number: number, change: number): Promise<number> {
  const { id, exposure, facts } = deviceOf(world.tenant, number);
  const after = inventoryAfter(world, number, change);
  await world.inventories.put(after);
  return 1000 * (await seconds(() => matchDevice(world, { id, exposure, facts }, after.packages)));
}

async function foundBy({ tenant, findings }: WorkerWorld, devices: number): Promise<number> {
  let all = 0;
  for (let number = 0; number < devices; number += 1)
    all += (await findings.get(deviceOf(tenant, number).id))?.open.length ?? 0;
  return all;
}

process.on('message', (order: StoreOrder) => {
  measure(order)
    .then((answer) => process.send?.(answer, () => process.disconnect()))
    .catch((error: unknown) => {
      console.error(error);
      process.exit(1);
    });
});
