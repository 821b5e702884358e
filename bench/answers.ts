/** How long people wait for an answer from a full catalog: list, show, why, search and completions, through the desk. */
import { randomUUID } from 'node:crypto';
import { makeDesk } from '../bot/handlers/desk.ts';
import { verbsFor } from '../bot/handlers/index.ts';
import type { Desk } from '../bot/handlers/press.ts';
import { calendar } from '../config/cron.ts';
import { directory } from '../domain/model/directory.ts';
import type { TenantId } from '../domain/model/ids.ts';
import type { Person } from '../domain/model/people.ts';
import type { World } from '../domain/ports.ts';
import * as make from '../test/domain/make.ts';
import { seeded } from '../test/random.ts';
import { connect, type TenantStore } from '../workers/store/connect.ts';
import { type Catalog, fillCatalog, type Sizes } from './answers-data.ts';
import { benchDatabase } from './database.ts';
import { madeAdvisory } from './made-advisories.ts';
import { median, percentile, type Report } from './report.ts';

const tenant = 'bench' as TenantId;
const targetMs = 300;
const account = { platform: 'web', workspace: 'bench', user: 'vi' } as const;
const person: Person = { ...make.person('vi', ['viewer']), tenant, accounts: [account] };

/** `n` advisories, a fifth of it devices, a hundredth of it open proposals; each question `runs` times. */
export async function answers({ n, runs }: { n: number; runs: number }): Promise<Report> {
  const sizes: Sizes = {
    ...{ advisories: n, devices: Math.ceil(n / 5), proposals: Math.ceil(n / 100), each: Math.ceil(n / 125) },
    ...{ findings: 150, packages: 500 },
  };
  const database = await benchDatabase();
  try {
    const opened = await connect(await database.fresh('answers'));
    const store = opened.tenant(tenant);
    const catalog = await fillCatalog(store, tenant, sizes);
    const asked = await askAll(store, catalog, n, runs);
    await opened.close();
    return report(asked, { n, runs, sizes, kind: database.kind });
  } finally {
    await database.stop();
  }
}

const nothing = (): void => {};
const log = { info: nothing, warn: nothing, error: (event: string, fields?: object) => console.error(event, fields) };

/** The desk of the bot on a full database. */
export function deskOn(store: TenantStore): Desk {
  const people = directory([person]);
  const world: World = {
    ...store,
    ...{ tenant, clock: { now: () => make.noon }, calendar: calendar(), log, people, policies: [make.policy()] },
    queue: { deployment: async () => {}, scan: async () => {}, fleet: async () => {}, intel: async () => {} },
    ...{ maxAgeMs: 24 * 3_600_000, tighten: {}, triageRequired: false, feedRules: [] },
  };
  return makeDesk({ handlers: [], verbs: verbsFor(world), people, inbox: store.inbox, log, nudge: nothing });
}

/** Milliseconds, by question. */
type Times = ReadonlyMap<string, readonly number[]>;

/** The same questions in every run: about things of which there is much, little and nothing. */
export async function askAll(store: TenantStore, catalog: Catalog, n: number, runs: number): Promise<Times> {
  const desk = deskOn(store);
  const times = new Map<string, number[]>();
  const chance = seeded(3);
  for (let run = 0; run < runs; run += 1) {
    for (const [row, ask] of questionsFor(desk, catalog, n, chance)) {
      const started = performance.now();
      await ask();
      times.set(row, [...(times.get(row) ?? []), performance.now() - started]);
    }
  }
  return times;
}

type Question = readonly [row: string, ask: () => Promise<unknown>];

function questionsFor(desk: Desk, { devices, proposals, heads }: Catalog, n: number, chance: () => number) {
  const some = <T>(all: readonly T[]): T => all[Math.floor(chance() * all.length)] as T; // never empty
  const one = madeAdvisory(Math.floor(chance() * n));
  const proposal = some(proposals);
  const source = proposal.patch.slice(proposal.patch.indexOf('/') + 1).split('=')[0] ?? '';
  const wide = some(heads.slice(0, 5)).advisory.split('/')[1] ?? '';
  // Those whose inventory was written.
  const { name } = devices[50 * Math.floor((chance() * devices.length) / 50)] ?? some(devices);
  const ask = (row: string, verb: string, ...words: readonly string[]): Question => [
    row,
    async () => {
      const reply = await desk.command({ account, delivery: randomUUID(), verb, words });
      if (reply.text.includes('Something went wrong')) throw new Error(`${verb} ${words.join(' ')}: ${reply.text}`);
    },
  ];
  return [
    ask('list', 'list'),
    ask('list high', 'list', 'high'),
    ask('list <words>', 'list', source.slice(0, 5)),
    ask('show <proposal>', 'show', proposal.id),
    ask('show <package>', 'show', source),
    ask('show <patch>', 'show', proposal.patch),
    ask('show <advisory>', 'show', one.id),
    ask('show <advisory of most devices>', 'show', wide),
    ask('show <CVE>', 'show', one.cves[0] ?? ''),
    ask('show <unknown>', 'show', `${source}x`),
    ask('show <unknown CVE>', 'show', 'CVE-2031-12345'),
    ask('why <device>', 'why', name),
    ask('why <device> <package>', 'why', name, source),
    ask('why <device> <advisory>', 'why', name, wide),
    ask('why <device> <CVE>', 'why', name, one.cves[0] ?? ''),
    ask('why <unknown>', 'why', 'hots-1'),
    ask('search <package>', 'search', source),
    ask('search <three letters>', 'search', source.slice(0, 3)),
    ask('search <what every title has>', 'search', 'security', 'update'),
    ask('search <advisory>', 'search', one.id),
    ask('search <CVE>', 'search', one.cves[0] ?? ''),
    ask('search <device>', 'search', name),
    ask('search <nothing>', 'search', 'zzyzx'),
    ...(['show', 'why'] as const).map((verb): Question => {
      const typed = verb === 'show' ? source.slice(0, 3) : name.slice(0, 6);
      return [`complete ${verb}`, () => desk.suggest(account, verb, verb === 'show' ? 'subject' : 'device', typed)];
    }),
  ];
}

function report(times: Times, about: { n: number; runs: number; sizes: Sizes; kind: string }): Report {
  const { n, runs, sizes, kind } = about;
  return {
    name: 'answers',
    ...{ N: n, runs },
    medians: Object.fromEntries(
      [...times].map(([row, took]) => [
        row,
        { 'p50 ms': median(took), 'p99 ms': percentile(took, 0.99), 'slowest ms': Math.max(...took) },
      ]),
    ),
    ratios: [...times].map(([row, took]) => ({ name: `${row}, p99 ms`, is: percentile(took, 0.99), target: targetMs })),
    notes: [
      `${sizes.advisories} advisories, ${sizes.devices} devices of ${sizes.findings} findings, ${sizes.proposals} open proposals of ${sizes.each} devices.`,
      `Through the desk, one after the other, each about something else in every run. Database: ${kind}.`,
    ],
  };
}
