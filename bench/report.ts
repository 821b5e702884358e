/** What a measurement found, how it compares with its targets, and how both are printed. */
import os from 'node:os';

/** `target` is the most that is wanted. */
export type Ratio = { readonly name: string; readonly is: number; readonly target: number };
/** One row for each thing that was measured, one number for each column; the medians over the runs. */
export type Medians = Readonly<Record<string, Readonly<Record<string, number>>>>;
export type Report = {
  readonly name: string;
  readonly N: number;
  readonly runs: number;
  readonly medians: Medians;
  readonly ratios: readonly Ratio[];
  /** Sentences that a reader of the numbers needs, such as runs that do not count. */
  readonly notes: readonly string[];
};

/** The middle value, or the mean of the two in the middle; NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(half) - 1], sorted[Math.floor(half)]];
  return low === undefined || high === undefined ? Number.NaN : (low + high) / 2;
}

/** The smallest value that at least `share` (0 to 1) of the values do not exceed: nearest rank. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

const machine = () => ({ cores: os.availableParallelism(), node: process.version });
const rounded = (value: number) => Number(value.toPrecision(3));

/** One line of JSON. A number that could not be measured is null. */
export function asJson({ name, N, runs, medians, ratios, notes }: Report): string {
  const short = (_key: string, value: unknown) => (typeof value === 'number' ? rounded(value) : value);
  return JSON.stringify({ name, N, runs, medians, ratios, notes, machine: machine() }, short);
}

/** Tables for a terminal. */
export function asTables({ name, N, runs, medians, ratios, notes }: Report): string {
  const { cores, node } = machine();
  const columns = Object.keys(Object.values(medians)[0] ?? {});
  const rows = Object.entries(medians).map(([row, values]) => [row, ...columns.map((one) => shown(values[one]))]);
  const judged = ratios.map(({ name: what, is, target }) => [
    what,
    shown(is),
    `<= ${target}`,
    is <= target ? 'ok' : 'MISSED',
  ]);
  return [
    `${name}: N = ${N}, medians of ${runs} runs, ${cores} cores, Node ${node}`,
    '',
    table([['', ...columns], ...rows]),
    '',
    table([['', 'is', 'target', ''], ...judged]),
    ...(notes.length > 0 ? ['', ...notes] : []),
  ].join('\n');
}

const shown = (value: number | undefined): string =>
  value === undefined || Number.isNaN(value) ? '-' : value >= 100 ? value.toFixed(0) : value.toFixed(2);

function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const cell = (text: string, column: number) =>
    column === 0 ? text.padEnd(widths[0] ?? 0) : text.padStart(widths[column] ?? 0);
  return rows.map((row) => row.map(cell).join('  ').trimEnd()).join('\n');
}
