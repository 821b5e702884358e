/** The measured worker: a fresh process with the product's own world, which scans when it is told to. */
import { makeLog } from '../config/log.ts';
import { deviceSeeds } from '../config/records.ts';
import { readSettings } from '../config/settings.ts';
import { enrol } from '../domain/flows/enrol.ts';
import { follow, planFleet } from '../domain/flows/plan-device.ts';
import { visitFleet } from '../domain/flows/scan-fleet.ts';
import { type Base, openBase, workerWorld } from '../workers/main.ts';

/** `settings` as in a settings file. */
export type Order = { readonly open: { readonly settings: unknown; readonly uri: string } } | 'scan' | 'plan' | 'close';
/** `cpuSeconds` of this process: since its start in `ready`, during the work in `worked`. `devices`: on how many it succeeded. */
export type Answer =
  | { readonly kind: 'ready'; readonly cpuSeconds: number }
  | {
      readonly kind: 'worked';
      readonly devices: number;
      readonly wallSeconds: number;
      readonly cpuSeconds: number;
      readonly rssMib: number;
    };

let scan: () => Promise<number>;
let plan: () => Promise<number>;
let close: () => Promise<void>;

async function open(raw: unknown, uri: string): Promise<void> {
  const settings = readSettings(raw, 'the measurement');
  const base: Base = await openBase(settings, uri, makeLog('warn'));
  const world = workerWorld(settings, base);
  await enrol(world, deviceSeeds(settings));
  const [atOnce, { signal }] = [settings.scan.concurrency, new AbortController()];
  scan = async () => (await visitFleet(world, atOnce, signal)).scanned;
  plan = async () => {
    await follow(world, await planFleet(world, atOnce, signal));
    const left = await world.applicabilities.find({ planned: false });
    return settings.devices.length - new Set(left.map(({ device }) => device)).size;
  };
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
  } else if (order === 'scan' || order === 'plan') {
    const [started, before] = [performance.now(), process.cpuUsage()];
    const devices = await (order === 'scan' ? scan() : plan());
    const wallSeconds = (performance.now() - started) / 1000;
    const cpuSeconds = seconds(process.cpuUsage(before));
    tell({ kind: 'worked', devices, wallSeconds, cpuSeconds, rssMib: process.memoryUsage.rss() / 2 ** 20 });
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
