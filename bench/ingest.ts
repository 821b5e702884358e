/** How long real feeds take into the database, and how long people wait for an answer when it is full. */
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { atOnce } from '../domain/flows/at-once.ts';
import type { TenantId } from '../domain/model/ids.ts';
import { seeded } from '../test/random.ts';
import { epss } from '../workers/feeds/epss.ts';
import type { Feed, Wanted } from '../workers/feeds/feed.ts';
import { kev } from '../workers/feeds/kev.ts';
import { osvAlmalinux } from '../workers/feeds/osv.ts';
import { importFile, type SyncParts } from '../workers/feeds/sync.ts';
import { connect, type TenantStore } from '../workers/store/connect.ts';
import { benchDatabase } from './database.ts';
import { type Head, headOf, madeAdvisories, madeAdvisory, madeFeed, madeFindings } from './made-advisories.ts';
import { median, percentile, type Ratio, type Report } from './report.ts';

const data = path.resolve('../shared/data');
const files = {
  almalinux: path.join(data, 'rpm/almalinux9-osv.2026-08-21.tar.xz'),
  kev: path.join(data, 'kev/known_exploited_vulnerabilities.2026-06-30.json.gz'),
  epss: path.join(data, 'epss/epss_scores-2026-06-28.csv.gz'),
};
const tenant = 'bench' as TenantId;
const devicesPerAdvisory = 0.2;
const findingsPerDevice = 150;
const asked = 200;
const shown = 20;
const targets = { almalinuxMs: 5000, epssMs: 2000, queryMs: 300 };

/** Why this cannot be measured here; null when it can. */
export async function ingestRefusal(): Promise<string | null> {
  const missing = Object.values(files).find((file) => !existsSync(file));
  return missing ? `it needs recorded feeds, and ${path.relative('.', missing)} is not there.` : null;
}

/** Milliseconds, by what was measured. */
type Times = Map<string, number[]>;

/** Takes the recorded feeds over twice, `runs` times; then asks a database with `n` advisories and a fifth of it devices. */
export async function ingest({ n, runs }: { n: number; runs: number }): Promise<Report> {
  const times: Times = new Map();
  const database = await benchDatabase();
  let writtenAgain = 0;
  const notes: string[] = [];
  try {
    for (let run = 1; run <= runs; run += 1) {
      const real = await withStore(await database.fresh(`feeds-${run}`), (store) => ingestRecorded(store, times));
      writtenAgain = Math.max(writtenAgain, real.changedAgain);
      if (run === 1) notes.push(...real.notes);
    }
    await withStore(await database.fresh('queries'), (store) => askMany(store, n, times));
  } finally {
    await database.stop();
  }
  return report({ n, runs, times, writtenAgain, notes: [...notes, `Database: ${database.kind}.`] });
}

async function withStore<T>(uri: string, work: (store: TenantStore) => Promise<T>): Promise<T> {
  const database = await connect(uri);
  try {
    return await work(database.tenant(tenant));
  } finally {
    await database.close();
  }
}

async function timed<T>(times: Times, row: string, work: () => Promise<T>): Promise<T> {
  const started = performance.now();
  const result = await work();
  times.set(row, [...(times.get(row) ?? []), performance.now() - started]);
  return result;
}

async function ingestRecorded(store: TenantStore, times: Times) {
  const dataDir = await mkdtemp(path.join(os.tmpdir(), 'patchherd-ingest-'));
  const nothing = () => {};
  const parts: SyncParts = {
    world: {
      ...store,
      owner: 'bench',
      queue: { deployment: async () => {}, scan: async () => {}, fleet: async () => {}, intel: async () => {} },
      clock: { now: () => new Date() },
      log: { info: nothing, warn: nothing, error: nothing },
    },
    dataDir,
    version: 'bench',
  };
  const take = async (feed: Feed, file: string, wanted: Wanted) => {
    const synced = await importFile(parts, feed, file, { wanted });
    if (synced.kind !== 'taken') throw new Error(`${feed.title} was not taken over: ${JSON.stringify(synced)}`);
    return synced.tally;
  };
  const all: Wanted = { releases: new Set(['almalinux:9']), cve: () => true };
  const [first, again] = ['first', 'again, the same'];
  const changed: number[] = [];
  try {
    const alma = await timed(times, rows.almalinux(first), () => take(osvAlmalinux, files.almalinux, all));
    changed.push((await timed(times, rows.almalinux(again), () => take(osvAlmalinux, files.almalinux, all))).changed);
    const known = await timed(times, rows.kev(first), () => take(kev, files.kev, all));
    changed.push((await timed(times, rows.kev(again), () => take(kev, files.kev, all))).changed);
    const named = new Set([...(await store.advisories.cves()), ...(await cvesOf(kev, files.kev, all))]);
    const wanted: Wanted = { ...all, cve: (id) => named.has(id) };
    const rated = await timed(times, rows.epss(first), () => take(epss, files.epss, wanted));
    changed.push((await timed(times, rows.epss(again), () => take(epss, files.epss, wanted))).changed);
    return {
      changedAgain: changed.reduce((sum, one) => sum + one, 0),
      notes: [
        `AlmaLinux 9: ${alma.records} advisories, ${alma.dropped} dropped. KEV: ${known.records} CVEs.`,
        `EPSS: ${rated.records} rows are of the ${named.size} CVEs that one of the two names; the other rows are passed over.`,
      ],
    };
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}

const rows = {
  almalinux: (time: string) => `AlmaLinux 9, ${time}`,
  kev: (time: string) => `KEV, ${time}`,
  epss: (time: string) => `EPSS, ${time}`,
};

async function cvesOf(feed: Feed, file: string, wanted: Wanted): Promise<readonly string[]> {
  const ids: string[] = [];
  for await (const item of feed.read(file, wanted)) if (item.kind === 'cve') ids.push(item.saying.id);
  return ids;
}

/** Fills the database and asks it what people ask, one question after the other. */
async function askMany(store: TenantStore, n: number, times: Times): Promise<void> {
  const heads: Head[] = [];
  async function* all() {
    for (const one of madeAdvisories(n)) {
      heads.push(headOf(one));
      yield one;
    }
  }
  await timed(times, `${n} advisories, first`, () => store.advisories.takeOver(madeFeed, all(), true, []));
  const devices = Array.from({ length: Math.ceil(n * devicesPerAdvisory) }, (_, device) => device);
  const { signal } = new AbortController();
  await timed(times, `findings of ${devices.length} devices`, () =>
    atOnce(devices, 8, signal, (one) => store.findings.put(madeFindings(tenant, one, findingsPerDevice, heads))),
  );
  const chance = seeded(1);
  const some = () => madeAdvisory(Math.floor(chance() * n));
  const key = () => heads[Math.floor(chance() ** 3 * heads.length)]?.advisory ?? '';
  const keys = () => Array.from({ length: 1 + Math.floor(chance() * 10) }, key);
  /** From the rarest to what every title has. */
  const texts = () => {
    const { id, title, affected } = some();
    const name = affected.at(-1)?.package ?? '';
    return [id, title, name, name.slice(0, 6), name.slice(0, 3), 'security', 'critical security update', 'nothing'];
  };
  for (let at = 0; at < asked; at += 1) {
    const [one, text = ''] = [some(), texts()[at % 8]];
    const questions: readonly (readonly [string, () => Promise<unknown>])[] = [
      ['named', () => store.advisories.named(one.id)],
      ['naming', () => store.advisories.naming(one.cves[0] ?? '', shown)],
      ['search', () => store.advisories.search(text, shown)],
      ['openTo', () => store.findings.openTo(keys(), shown)],
      ['count', () => store.findings.count(keys())],
    ];
    for (const [row, ask] of questions) await timed(times, queryRow(row), ask);
  }
}

const queryRow = (query: string): string => `query: ${query}`;

type Measured = {
  readonly n: number;
  readonly runs: number;
  readonly times: Times;
  readonly writtenAgain: number;
  readonly notes: readonly string[];
};

function report({ n, runs, times, writtenAgain, notes }: Measured): Report {
  const all = [...times];
  const middle = (row: string) => median(times.get(row) ?? []);
  const queries = all.filter(([row]) => row.startsWith(queryRow('')));
  const ratios: readonly Ratio[] = [
    { name: 'AlmaLinux 9, all advisories, ms', is: middle(rows.almalinux('first')), target: targets.almalinuxMs },
    { name: 'EPSS, all rows, ms', is: middle(rows.epss('first')), target: targets.epssMs },
    { name: 'written when the same comes again', is: writtenAgain, target: 0 },
    ...queries.map(([row, took]) => ({ name: `${row}, p99 ms`, is: percentile(took, 0.99), target: targets.queryMs })),
  ];
  return {
    name: 'ingest',
    ...{ N: n, runs, ratios },
    medians: Object.fromEntries(
      all.map(([row, took]) => [
        row,
        { 'p50 ms': median(took), 'p99 ms': percentile(took, 0.99), 'slowest ms': Math.max(...took) },
      ]),
    ),
    notes: [
      ...notes,
      `Queries: ${asked} of each, one after the other, with ${n} advisories and ${Math.ceil(n * devicesPerAdvisory)} devices of ${findingsPerDevice} findings.`,
      'Searches: ids, whole titles, packages, beginnings of six and of three letters, words that every title has, words that none has.',
    ],
  };
}
