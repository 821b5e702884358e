import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { byDueClass, daysOf, dueAt, dueRowOf, dueRows } from '../../../domain/intel/due.ts';
import { cisaWords } from './recorded.ts';

const data = path.resolve('../shared/data/ssvc/cisa_bod_26_04_1_0_0');
const recorded = existsSync(`${data}.csv`);
if (!recorded) console.log(`skipped: the recorded table is not at ${data}`);

/** Rows = KEV and exposed, columns = automatable and impact, as the directive prints them. */
const printed = [
  ['no', 'no', 'next-window', 'next-window', '60-days', '60-days'],
  ['no', 'yes', '60-days', '14-days', '14-days', '3-days'],
  ['yes', 'no', '14-days', '14-days', '14-days', '3-days-triage'],
  ['yes', 'yes', '14-days', '3-days-triage', '3-days', '3-days-triage'],
] as const;
const columns = [
  [false, 'partial'],
  [false, 'total'],
  [true, 'partial'],
  [true, 'total'],
] as const;
const cells = printed.flatMap(([kev, exposed, ...dues]) =>
  dues.map((due, at) => ({
    kev: kev === 'yes',
    exposed: exposed === 'yes',
    automatable: columns[at]?.[0] ?? false,
    impact: columns[at]?.[1] ?? ('partial' as const),
    due,
  })),
);

describe('the table of BOD 26-04', () => {
  it.each(cells)('KEV $kev, exposed $exposed, automatable $automatable, impact $impact: $due', ({ due, ...facts }) => {
    expect(dueRowOf(facts).due).toBe(due);
  });

  it('has each of the 16 combinations once', () => {
    expect(new Set(cells.map((cell) => JSON.stringify({ ...cell, due: '' }))).size).toBe(16);
    expect(dueRows.map(({ row }) => row)).toEqual(Array.from({ length: 16 }, (_, row) => row));
  });

  it.skipIf(!recorded)('is the published one, row by row (CSV)', () => {
    const [, ...lines] = readFileSync(`${data}.csv`, 'utf8').trim().split(/\r?\n/);
    const published = lines.map((line) => {
      const [row, kev, exposed, automatable, impact, due = ''] = line.split(',');
      return [Number(row), kev === 'yes', exposed === 'yes', automatable === 'yes', impact, due];
    });
    expect(
      dueRows.map(({ due, row, kev, exposed, automatable, impact }) => [
        row,
        kev,
        exposed,
        automatable,
        impact,
        cisaWords[due],
      ]),
    ).toEqual(published);
  });

  it.skipIf(!recorded)('is the published one, by keys (JSON)', () => {
    const { mapping } = JSON.parse(readFileSync(`${data}.json`, 'utf8')) as { mapping: Record<string, string>[] };
    const keys = { '3DF': '3-days-triage', '3D': '3-days', '14D': '14-days', '60D': '60-days', FSU: 'next-window' };
    const due = mapping.map(
      (row) =>
        dueRowOf({
          kev: row['cisa:KEV:1.0.0'] === 'Y',
          exposed: row['cisa:PE:1.0.0'] === 'Y',
          automatable: row['ssvc:A:2.0.0'] === 'Y',
          impact: row['ssvc:TI:1.0.0'] === 'T' ? 'total' : 'partial',
        }).due,
    );
    expect(due).toHaveLength(16);
    expect(due).toEqual(mapping.map((row) => keys[row['cisa:BOD2604:1.0.0'] as keyof typeof keys]));
  });
});

describe('a due date', () => {
  const seen = new Date('2026-11-23T12:00:00Z');
  const kev = { added: '2026-11-20', due: '2026-11-26', ransomware: false };

  it('counts days from the first sight', () => {
    expect(dueAt('14-days', seen, null)).toEqual({ at: new Date('2026-12-07T12:00:00Z'), from: 'first-seen' });
  });

  it('is none for the next window', () => {
    expect([dueAt('next-window', seen, null), dueAt('next-window', seen, kev)]).toEqual([null, null]);
  });

  it('counts from the day that KEV took the CVE up, when that is later', () => {
    const late = { added: '2026-12-01', due: '2026-12-31', ransomware: false };
    expect(dueAt('3-days', seen, late)).toEqual({ at: new Date('2026-12-04T00:00:00Z'), from: 'kev-added' });
  });

  it('is KEV’s own when that comes first and lies after the first sight', () => {
    expect(dueAt('14-days', seen, kev)).toEqual({ at: new Date('2026-11-26T23:59:59Z'), from: 'kev-due' });
  });

  it('is not KEV’s own when that was over before the patch was seen: nobody is late from the start', () => {
    const old = { added: '2023-10-10', due: '2023-10-31', ransomware: false };
    expect(dueAt('14-days', seen, old)).toEqual({ at: new Date('2026-12-07T12:00:00Z'), from: 'first-seen' });
  });

  it('puts classes in order of urgency', () => {
    const classes = ['next-window', '14-days', '3-days', '60-days', '3-days-triage'] as const;
    expect([...classes].sort(byDueClass).map(daysOf)).toEqual([3, 3, 14, 60, null]);
  });
});
