/** How long it takes to match a fleet with 50,000 advisories, how much memory, and how both grow. */
import { compile, measuredBy } from './compiled.ts';
import { advisoryCount } from './match-data.ts';
import type { MatchAnswer, MatchOrder } from './match-process.ts';
import { matchStored } from './match-store.ts';
import type { StoreAnswer } from './match-store-process.ts';
import { median, percentile, type Report } from './report.ts';

const targets = { passSeconds: 20, peakMib: 600, changedMs: 5, growth: 1.3 };

/**
 * Measures fleets of `n`, of three tenths and of one tenth of it, each in a process of its own, and `n` with no version in common; the two
 * smaller ones through the database as well, where a fleet has to be stored first and takes minutes.
 */
export async function match({ n, runs }: { n: number; runs: number }): Promise<Report> {
  await compile();
  const sizes = [Math.ceil(n / 10), Math.ceil((n * 3) / 10), n];
  const orders: readonly MatchOrder[] = [
    ...sizes.map((devices) => ({ devices, distinct: false })),
    { devices: n, distinct: true },
  ];
  const answers = new Map<MatchOrder, MatchAnswer[]>(orders.map((order) => [order, []]));
  for (let run = 1; run <= runs; run += 1)
    for (const [order, all] of answers) all.push(await measuredBy('bench/match-process.js', order));
  const rows = [...answers].map(([order, all]) => [rowName(order), medians(order.devices, all)] as const);
  const stored = await matchStored(sizes.slice(0, 2), runs);
  const storedRows = [...stored.bySize].map(
    ([devices, all]) => [`${devices} devices, database`, medians(devices, all)] as const,
  );
  const [small, , whole] = rows.map(([, row]) => row);
  const [smallStored, largeStored] = storedRows.map(([, row]) => row);
  if (!small || !whole || !smallStored || !largeStored) throw new Error('a size is missing');
  return {
    name: 'match',
    ...{ N: n, runs, medians: Object.fromEntries([...rows, ...storedRows]) },
    ratios: [
      { name: `full pass of ${n}, s`, is: whole['pass s'], target: targets.passSeconds },
      { name: `peak RSS of ${n}, MiB`, is: whole['peak RSS MiB'], target: targets.peakMib },
      { name: 'one changed device, ms', is: whole['changed ms'], target: targets.changedMs },
      {
        name: `time per device, ${n} : ${sizes[0]}`,
        is: whole['device ms'] / small['device ms'],
        target: targets.growth,
      },
      {
        name: `the same through the database, ${sizes[1]} : ${sizes[0]}`,
        is: largeStored['device ms'] / smallStored['device ms'],
        target: targets.growth,
      },
    ],
    notes: [
      `${advisoryCount} advisories of 5 releases; 500 packages a device, of each about 8 versions in the fleet.`,
      'Devices are made one at a time from a seed; making them is in the memory, not in the times. The index is built once.',
      '"kept": heap in use after the pass, garbage aside. Node lets garbage grow to several times as much before it looks for it.',
      '"no version in common" has no target: it shows what a pass costs when nothing that was found out can be used again.',
      '"first": the first device of all, nothing is remembered yet. "changed": 5 of its packages have versions never seen before.',
      `"database": the job intel.match on what lies in ${stored.kind}: nothing is matched before; "again": the job once more, one device changed; "changed": matching and writing after a scan.`,
    ],
  };
}

const rowName = ({ devices, distinct }: MatchOrder): string =>
  `${devices} devices${distinct ? ', no version in common' : ''}`;

function medians(devices: number, all: readonly (MatchAnswer | StoreAnswer)[]) {
  const middle = (value: (one: MatchAnswer | StoreAnswer) => number): number => median(all.map(value));
  return {
    'index s': middle(({ indexSeconds }) => indexSeconds),
    'pass s': middle(({ passSeconds }) => passSeconds),
    'device ms': middle(({ passSeconds }) => (passSeconds * 1000) / devices),
    'again s': middle((one) => ('againSeconds' in one ? one.againSeconds : Number.NaN)),
    'peak RSS MiB': middle(({ peakMib }) => peakMib),
    'kept MiB': middle(({ keptMib }) => keptMib),
    'first ms': middle((one) => ('firstMs' in one ? one.firstMs : Number.NaN)),
    'changed ms': middle(({ changedMs }) => median(changedMs)),
    'changed p99 ms': middle(({ changedMs }) => percentile(changedMs, 0.99)),
    'findings a device': middle(({ findings }) => findings / devices),
  };
}
