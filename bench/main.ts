/** `npm run bench -- <name>`: measures one thing side by side with its target, and prints it. */
import { parseArgs } from 'node:util';
import { asJson, asTables, type Report } from './report.ts';

type Size = { readonly n: number; readonly runs: number };
type Bench = {
  readonly defaults: Size;
  /** Loaded when it is asked for: its libraries must not be in another one's memory. */
  load(): Promise<{ refusal(): Promise<string | null>; measure(size: Size): Promise<Report> }>;
};

const benches: Readonly<Record<string, Bench>> = {
  fleet: {
    defaults: { n: 100, runs: 3 },
    load: async () => {
      const { fleet, fleetRefusal } = await import('./fleet.ts');
      return { measure: fleet, refusal: fleetRefusal };
    },
  },
  memory: {
    defaults: { n: 300, runs: 1 },
    load: async () => {
      const { memory, memoryRefusal } = await import('./memory.ts');
      return { measure: memory, refusal: memoryRefusal };
    },
  },
  click: {
    defaults: { n: 200, runs: 1 },
    load: async () => {
      const { click } = await import('./click.ts');
      return { measure: click, refusal: async () => null };
    },
  },
  match: {
    defaults: { n: 10_000, runs: 1 },
    load: async () => {
      const { match } = await import('./match.ts');
      return { measure: match, refusal: async () => null };
    },
  },
  debsecan: {
    defaults: { n: 250, runs: 1 },
    load: async () => {
      const { debsecan, debsecanRefusal } = await import('./debsecan.ts');
      return { measure: debsecan, refusal: debsecanRefusal };
    },
  },
  answers: {
    defaults: { n: 50_000, runs: 100 },
    load: async () => {
      const { answers } = await import('./answers.ts');
      return { measure: answers, refusal: async () => null };
    },
  },
  ingest: {
    defaults: { n: 50_000, runs: 1 },
    load: async () => {
      const { ingest, ingestRefusal } = await import('./ingest.ts');
      return { measure: ingest, refusal: ingestRefusal };
    },
  },
};

const usage = `npm run bench -- <${Object.keys(benches).join(' | ')}> [--json] [--n N] [--runs R]`;

async function main(): Promise<void> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { json: { type: 'boolean', default: false }, n: { type: 'string' }, runs: { type: 'string' } },
  });
  const bench = benches[positionals[0] ?? ''];
  if (!bench || positionals.length > 1) throw new Error(usage);
  // The devices of a measurement are root-mode devices: asking for the measurement is asking for them.
  process.env['FLEET'] = 'root';
  const { refusal, measure } = await bench.load();
  const why = await refusal();
  if (why) throw new Error(`This cannot be measured here: ${why}`);
  const size = { n: amount(values.n, bench.defaults.n), runs: amount(values.runs, bench.defaults.runs) };
  const report = await measure(size);
  console.log(values.json ? asJson(report) : asTables(report));
}

function amount(written: string | undefined, fallback: number): number {
  if (written === undefined) return fallback;
  if (!/^[1-9]\d{0,4}$/.test(written)) throw new Error(`"${written}" is not a whole number above 0. ${usage}`);
  return Number(written);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
