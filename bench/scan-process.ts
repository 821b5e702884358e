/** The measured worker: a fresh process with the product's own world, which scans when it is told to. */
import { makeLog } from '../config/log.ts';
import { deviceSeeds } from '../config/records.ts';
import { readSettings } from '../config/settings.ts';
import { enrol } from '../domain/flows/enrol.ts';
import { type FleetScan, scanFleet } from '../domain/flows/scan-fleet.ts';
import { type Base, openBase, workerWorld } from '../workers/main.ts';

/** `settings` as in a settings file. */
export type Order = { readonly open: { readonly settings: unknown; readonly uri: string } } | 'scan' | 'close';
/** `cpuSeconds` of this process: since its start in `ready`, during the scan in `scanned`. */
export type Answer =
  | { readonly kind: 'ready'; readonly cpuSeconds: number }
  | (FleetScan & {
      readonly kind: 'scanned';
      readonly wallSeconds: number;
      readonly cpuSeconds: number;
      readonly rssMib: number;
    });

let scan: () => Promise<FleetScan>;
let close: () => Promise<void>;

async function open(raw: unknown, uri: string): Promise<void> {
  const settings = readSettings(raw, 'the measurement');
  const base: Base = await openBase(settings, uri, makeLog('warn'));
  const world = workerWorld(settings, base);
  await enrol(world, deviceSeeds(settings));
  scan = () => scanFleet(world, settings.scan.concurrency, new AbortController().signal);
  close = async () => {
    await world.remote.close();
    await base.close();
  };
}

const tell = (answer: Answer): void => void process.send?.(answer);
const seconds = ({ user, system }: NodeJS.CpuUsage): number => (user + system) / 1e6;

async function obey(order: Order): Promise<void> {
  if (order === 'close') {
    await close();
    process.disconnect();
  } else if (order === 'scan') {
    const [started, before] = [performance.now(), process.cpuUsage()];
    const found = await scan();
    const wallSeconds = (performance.now() - started) / 1000;
    const cpuSeconds = seconds(process.cpuUsage(before));
    tell({ kind: 'scanned', ...found, wallSeconds, cpuSeconds, rssMib: process.memoryUsage.rss() / 2 ** 20 });
  } else {
    await open(order.open.settings, order.open.uri);
    tell({ kind: 'ready', cpuSeconds: seconds(process.cpuUsage()) });
  }
}

process.on('message', (order: Order) => {
  obey(order).catch((error: unknown) => {
    console.error(error);
    process.exit(1);
  });
});
