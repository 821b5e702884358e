/** A full scan of a fleet of real devices, by us and by other tools, run by run in turn. */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { readSettings } from '../config/settings.ts';
import { type Fleet, startFleet } from '../test/fleet/fleet.ts';
import { rootModeRefusal } from '../test/fleet/root-devices.ts';
import { compile } from './compiled.ts';
import { busySeconds, type Counter, childrenOf, counted, processes, treesOf } from './cpu.ts';
import { type BenchDatabase, benchDatabase } from './database.ts';
import { fleetSettings } from './fleet-settings.ts';
import { type Medians, median, type Report } from './report.ts';
import { type Rival, rivals, rivalsRefusal } from './rivals.ts';
import { type Scanner, startScanner } from './scanner.ts';
import { inOneLogin, visitsOfScan } from './visits.ts';

/** Columns of the table. `foreign` is CPU time of whatever else ran on this machine: when it is not small, walls mean little. */
type Sample = {
  readonly 'wall s': number;
  readonly 'client CPU s': number;
  readonly 'devices CPU s': number;
  readonly 'database CPU s': number;
  readonly 'foreign CPU s': number;
};
type Timed = { readonly wallSeconds: number; readonly cpuSeconds: number };
type Samples = Map<string, Sample[]>;
const [cold, planned, warm] = ['patchherd, cold scan', 'patchherd, plans and proposals', 'patchherd, warm scan'];
const sameWork = 'same scan';

/** Why this cannot be measured here, or null. */
export async function fleetRefusal(): Promise<string | null> {
  return (await rootModeRefusal()) ?? rivalsRefusal();
}

/** Measures. Throws when a run of ours fails on a device: such a number would be a lie. */
export async function fleet({ n, runs }: { n: number; runs: number }): Promise<Report> {
  await compile();
  const dir = await mkdtemp(path.join(os.tmpdir(), 'patchherd-rivals-'));
  const database = await benchDatabase();
  const { started: devices, counter } = await counted(() => startFleet({ count: n, mode: 'root' }));
  try {
    const settings = fleetSettings(devices, 8484);
    const checked = readSettings(settings, 'the measurement');
    const visits = await visitsOfScan(checked, await database.fresh('rehearsal'));
    const scripts = [{ name: sameWork, text: inOneLogin(visits), ends: visits.length }];
    const { privateKey } = devices;
    const atOnce = checked.scan.concurrency;
    const others = await rivals({ dir, devices: devices.devices, privateKey, atOnce, scripts });
    const bench = new Bench(database, devices, counter);
    for (let run = 1; run <= runs; run += 1) {
      console.error(`run ${run} of ${runs}`);
      await bench.ours(settings);
      if (!process.env['NORIVALS']) for (const rival of others) await bench.theirs(rival);
    }
    return { name: 'fleet', N: n, runs, ...bench.outcome(visits.length, database.kind) };
  } finally {
    await devices.stop();
    counter.close();
    await database.stop();
    await rm(dir, { recursive: true, force: true });
  }
}

class Bench {
  readonly #database: BenchDatabase;
  readonly #fleet: Fleet;
  readonly #onFleet: Counter;
  readonly #samples: Samples = new Map();
  readonly #notes: string[] = [];
  readonly #starts: number[] = [];
  /** Processes of all devices when nobody is logged in. */
  readonly #atRest: number;

  constructor(database: BenchDatabase, fleet: Fleet, onFleet: Counter) {
    this.#database = database;
    this.#fleet = fleet;
    this.#onFleet = onFleet;
    this.#atRest = this.#onDevices();
  }

  async ours(settings: unknown): Promise<void> {
    const scanner = await startScanner(settings, await this.#database.fresh('patchherd'));
    this.#starts.push(scanner.startSeconds);
    await this.#measure(cold, () => this.#work(scanner, 'scan'));
    await this.#measure(planned, () => this.#work(scanner, 'plan'));
    await this.#measure(warm, () => this.#work(scanner, 'scan'));
    await scanner.close();
    await this.#quiet();
  }

  async theirs({ name, run }: Rival): Promise<void> {
    const { succeeded } = await this.#measure(name, run);
    const all = this.#fleet.devices.length;
    if (succeeded !== all) this.#notes.push(`INVALID: ${name} succeeded on ${succeeded} of ${all} devices.`);
    await this.#quiet();
  }

  async #work(scanner: Scanner, order: 'scan' | 'plan'): Promise<Timed> {
    const worked = await scanner.work(order);
    const all = this.#fleet.devices.length;
    if (worked.devices !== all) throw new Error(`our ${order} succeeded on ${worked.devices} of ${all} devices`);
    return worked;
  }

  async #measure<T extends Timed>(name: string, work: () => Promise<T>): Promise<T> {
    const before = this.#used();
    const found = await work();
    const after = this.#used();
    const devices = after.devices - before.devices;
    const database = after.database - before.database;
    const sample = {
      'wall s': found.wallSeconds,
      'client CPU s': found.cpuSeconds,
      'devices CPU s': devices,
      'database CPU s': database,
      'foreign CPU s': after.busy - before.busy - devices - database - found.cpuSeconds,
    };
    this.#samples.set(name, [...(this.#samples.get(name) ?? []), sample]);
    return found;
  }

  #used() {
    return { devices: this.#onFleet.seconds(), database: this.#database.cpuSeconds(), busy: busySeconds() };
  }

  #onDevices(): number {
    const all = processes();
    return treesOf(all, devicesIn(all)).length;
  }

  /** Waits until the devices have ended all sessions, so that no run pays for the one before. */
  async #quiet(): Promise<void> {
    for (let tries = 0; this.#onDevices() > this.#atRest; tries += 1) {
      if (tries > 200) throw new Error('sessions of the last run do not end');
      await delay(50);
    }
  }

  outcome(visits: number, database: string): Pick<Report, 'medians' | 'ratios' | 'notes'> {
    const medians = Object.fromEntries([...this.#samples].map(([name, samples]) => [name, middle(samples)]));
    const start = median(this.#starts).toFixed(2);
    const notes = [
      `A cold scan records facts, inventory and applicability of all devices (visits: ${visits}); warm finds nothing changed.`,
      'Plans and proposals: each device then simulates each of its updates over the kept connection. pssh and Ansible do not.',
      `patchherd is compiled; its start (${start} CPU s: loading, database, enrolment) is not counted. Database: ${database}.`,
      ...noisy(medians),
      ...this.#notes,
    ];
    return { medians, ratios: ratiosOf(medians), notes };
  }
}

/** Every device is a child of ours that made its namespaces. */
const devicesIn = (all: ReturnType<typeof processes>): readonly number[] =>
  childrenOf(all, process.pid).filter((pid) => all.get(pid)?.name === 'unshare');

function middle(samples: readonly Sample[]): Sample {
  const columns = Object.keys(samples[0] ?? {}) as (keyof Sample)[]; // a sample has these keys and no others
  return Object.fromEntries(columns.map((one) => [one, median(samples.map((sample) => sample[one]))])) as Sample;
}

/** Above this share of foreign CPU time a wall says more about the machine than about the tool. */
const quietShare = 0.15;

function noisy(medians: Readonly<Record<string, Sample>>): readonly string[] {
  const rows = Object.entries(medians).filter(([, sample]) => {
    const own = sample['client CPU s'] + sample['devices CPU s'] + sample['database CPU s'];
    return sample['foreign CPU s'] > quietShare * own;
  });
  if (rows.length === 0) return [];
  const names = rows.map(([name]) => name).join('; ');
  return [`NOISY, wall ratios prove nothing: other work took more than ${quietShare * 100} % CPU beside: ${names}.`];
}

function ratiosOf(medians: Medians): Report['ratios'] {
  const of = (row: string, column: keyof Sample = 'wall s') => medians[row]?.[column] ?? Number.NaN;
  const limit = (of(cold, 'client CPU s') + of(cold, 'devices CPU s')) / os.availableParallelism();
  const pssh = `pssh, ${sameWork}`;
  return [
    { name: `cold wall / ${pssh}`, is: of(cold) / of(pssh), target: 0.6 },
    { name: 'cold wall / ansible command', is: of(cold) / of('ansible command'), target: 0.3 },
    { name: 'cold wall / ansible apt', is: of(cold) / of('ansible apt'), target: 0.15 },
    { name: 'cold wall / limit (client + devices CPU, all cores)', is: of(cold) / limit, target: 1.8 },
    {
      name: `cold client CPU / ${pssh}`,
      is: of(cold, 'client CPU s') / of(pssh, 'client CPU s'),
      target: 0.25,
    },
    { name: 'warm wall / cold wall', is: of(warm) / of(cold), target: 0.4 },
  ];
}
