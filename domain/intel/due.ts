/** When a CVE has to be fixed on a device: CISA BOD 26-04's 16-row table, and the day that it leads to. Pure. */
import type { Kev, Ssvc } from '../model/cve.ts';
import { type DueClass, dueClasses } from '../model/priority.ts';

/** The four facts that the table asks for. Three come from the CVE; `exposed` is the device's own. */
export type DueFacts = {
  readonly kev: boolean;
  readonly exposed: boolean;
  readonly automatable: boolean;
  readonly impact: Ssvc['impact'];
};
/** `row` counts from 0, as CISA's own table does (cisa:DT_BOD2604:1.0.0). */
export type DueRow = DueFacts & { readonly row: number; readonly due: DueClass };

const [no, yes] = [false, true];
/** KEV, publicly exposed, automatable, technical impact, outcome: in the order of the published table. */
const table = [
  [no, no, no, 'partial', 'next-window'],
  [yes, no, no, 'partial', '14-days'],
  [no, yes, no, 'partial', '60-days'],
  [no, no, yes, 'partial', '60-days'],
  [no, no, no, 'total', 'next-window'],
  [yes, yes, no, 'partial', '14-days'],
  [yes, no, yes, 'partial', '14-days'],
  [no, yes, yes, 'partial', '14-days'],
  [yes, no, no, 'total', '14-days'],
  [no, yes, no, 'total', '14-days'],
  [no, no, yes, 'total', '60-days'],
  [yes, yes, yes, 'partial', '3-days'],
  [yes, yes, no, 'total', '3-days-triage'],
  [yes, no, yes, 'total', '3-days-triage'],
  [no, yes, yes, 'total', '3-days'],
  [yes, yes, yes, 'total', '3-days-triage'],
] as const satisfies readonly (readonly [boolean, boolean, boolean, Ssvc['impact'], DueClass])[];

export const dueRows: readonly DueRow[] = table.map(([kev, exposed, automatable, impact, due], row) => ({
  row,
  kev,
  exposed,
  automatable,
  impact,
  due,
}));

const keyOf = ({ kev, exposed, automatable, impact }: DueFacts): string =>
  [kev, exposed, automatable, impact].join(' ');
const byFacts: ReadonlyMap<string, DueRow> = new Map(dueRows.map((row) => [keyOf(row), row]));

/** The row of these facts. There is one for each of the 16 combinations. */
export function dueRowOf(facts: DueFacts): DueRow {
  const row = byFacts.get(keyOf(facts));
  if (!row) throw new Error(`BOD 26-04 has no row for ${keyOf(facts)}`);
  return row;
}

const days: Record<DueClass, number | null> = {
  '3-days-triage': 3,
  '3-days': 3,
  '14-days': 14,
  '60-days': 60,
  'next-window': null,
};

/** Calendar days; null for `next-window`. */
export const daysOf = (due: DueClass): number | null => days[due];

/** Below 0 when `a` is more urgent. */
export const byDueClass = (a: DueClass, b: DueClass): number => dueClasses.indexOf(a) - dueClasses.indexOf(b);

export const dayMs = 24 * 3_600_000;
/** CISA's days have no zone: its catalogue is published in UTC. A day counts from its start and ends with its last second. */
const startOf = (day: string): number => Date.parse(`${day}T00:00:00Z`);
const endOf = (day: string): number => startOf(day) + dayMs - 1000;

/** The instant, and what it counts from: the first sight of the patch, the day on which KEV took the CVE up, or KEV's own due date. */
export type DueDate = { readonly at: Date; readonly from: 'first-seen' | 'kev-added' | 'kev-due' };

/**
 * The instant of a due date. Days count from the first sight of the patch or, when `kev` decides, from the day that the CVE was added
 * to KEV, whichever is later: nobody can be late before both are known. KEV's own due date is an upper bound when it lies
 * after the first sight. `kev` is null when the CVE is not in KEV. Gives null for `next-window`.
 */
export function dueAt(due: DueClass, firstSeen: Date, kev: Kev | null): DueDate | null {
  const span = daysOf(due);
  if (span === null) return null;
  const seen = firstSeen.getTime();
  const [added, bound] = kev ? [startOf(kev.added), endOf(kev.due)] : [seen, seen];
  const counted = Math.max(seen, added) + span * dayMs;
  if (bound > seen && bound < counted) return { at: new Date(bound), from: 'kev-due' };
  return { at: new Date(counted), from: added > seen ? 'kev-added' : 'first-seen' };
}
