/** How urgent a patch is on one device: the due date and the score, each with every reason and every assumption. Pure. */
import type { Advisory, Severity } from '../model/advisory.ts';
import { type CveFacts, unknownCve } from '../model/cve.ts';
import type { Device } from '../model/device.ts';
import type { Classification } from '../model/patch.ts';
import { type Band, bands, byUrgency, type Priority } from '../model/priority.ts';
import { impactOf } from './cvss.ts';
import { byDueClass, type DueDate, type DueRow, dayMs, daysOf, dueAt, dueRowOf } from './due.ts';
import { type Addend, bandOf, scoreOf, severityPoints, worstThreat } from './score.ts';
import { cvesOf, ratingOf, standing } from './threat.ts';

/** Days within which a tenant wants a severity fixed, where that is sooner than the table says. */
export type Tighten = Readonly<Partial<Record<Severity, number>>>;

export type PriorityInput = {
  /** What the patch fixes on this device. Empty = no feed knows it. */
  readonly advisories: readonly Advisory[];
  readonly cves: ReadonlyMap<string, CveFacts>;
  readonly device: Pick<Device, 'criticality' | 'exposure'>;
  /** Whether a livepatch covers all of it until the next reboot. */
  readonly livepatched: boolean;
  readonly classification: Classification;
  readonly firstSeen: Date;
  readonly tighten?: Tighten;
};

/**
 * Priority of a patch on one device. The score is (severity + threat) x criticality x exposure; the due date is that of the patch's
 * worst CVE by BOD 26-04 (facts on feeds, section 6). Where no advisory is known, the archive that offers the patch has to do.
 */
export function priorityFor(input: PriorityInput): Priority {
  const { device, classification, livepatched } = input;
  const advisories = standing(input.advisories);
  const cves = cvesOf(advisories, input.cves);
  const known = advisories.length > 0;
  const { addends, severity, unrated } = known ? rated(advisories, cves) : byOrigin(classification);
  const { score, why } = scoreOf(addends, device.criticality ?? 'normal', device.exposure ?? 'internet');
  const open = known || classification === 'security';
  const due = open && !livepatched ? dueOf(input, cves, severity) : notDue(open, cves);
  const floors = floorsOf({ band: bandOf(score), due: due.row, cves, undescribed: open && !known, livepatched });
  return {
    band: floors.band,
    score,
    due: due.due,
    dueAt: due.at,
    why: [...why, ...floors.why, due.text],
    assumed: [
      ...(device.exposure === null ? ['exposure internet: nobody has said'] : []),
      ...(device.criticality === null ? ['criticality normal: nobody has said'] : []),
      ...(unrated ? ['severity unrated: ranked like moderate'] : []),
      ...(open && !livepatched ? assumedOf(known, cves) : []),
    ],
    deciding: due.deciding,
  };
}

type Rated = { readonly addends: readonly Addend[]; readonly severity: Severity; readonly unrated: boolean };

function rated(advisories: readonly Advisory[], cves: readonly CveFacts[]): Rated {
  const { severity, text } = ratingOf(advisories, cves);
  const points = severityPoints[severity];
  const addends = [{ points, text: `severity ${text}: ${points}` }, ...worstThreat(cves)];
  return { addends, severity, unrated: severity === 'unrated' };
}

const origins: Record<Classification, Addend> = {
  security: { points: severityPoints.unrated, text: `security update, severity not rated: ${severityPoints.unrated}` },
  bugfix: { points: severityPoints.low, text: `not from a security archive: ${severityPoints.low}` },
  feature: { points: severityPoints.low, text: `feature update: ${severityPoints.low}` },
  unknown: { points: severityPoints.low, text: `archive unknown: ${severityPoints.low}` },
};

/** What the package manager alone can say: the kind of archive that offers the patch. */
const byOrigin = (classification: Classification): Rated => ({
  addends: [origins[classification], { points: 0, text: 'no advisory is known: threat 0' }],
  severity: 'unrated',
  unrated: classification === 'security',
});

type Judged = { readonly cve: CveFacts; readonly row: DueRow; readonly date: DueDate | null };

function judge(cve: CveFacts, exposed: boolean, firstSeen: Date): Judged {
  const row = dueRowOf({
    kev: cve.kev !== null,
    exposed,
    automatable: cve.ssvc?.automatable ?? false,
    impact: cve.ssvc?.impact ?? (cve.cvss && impactOf(cve.cvss.vector)) ?? 'partial',
  });
  return { cve, row, date: dueAt(row.due, firstSeen, cve.kev) };
}

const instant = ({ date }: Judged): number => date?.at.getTime() ?? Number.POSITIVE_INFINITY;
const byDate = (a: Judged, b: Judged): number => (instant(a) === instant(b) ? 0 : instant(a) - instant(b));
const byDue = (a: Judged, b: Judged): number =>
  byDueClass(a.row.due, b.row.due) || byDate(a, b) || (a.cve.id < b.cve.id ? -1 : 1);

type Due = {
  readonly due: Priority['due'];
  readonly at: Date | null;
  readonly row: DueRow | null;
  readonly deciding: string | null;
  readonly text: string;
};

const unnamed = unknownCve('');

/** The most urgent CVE decides. Its date is kept even when an older, less urgent one falls due before it. */
function dueOf({ device, firstSeen, tighten = {} }: PriorityInput, cves: readonly CveFacts[], severity: Severity): Due {
  const exposed = (device.exposure ?? 'internet') === 'internet';
  const judged = (cves.length > 0 ? cves : [unnamed]).map((cve) => judge(cve, exposed, firstSeen));
  const worst = [...judged].sort(byDue)[0] as Judged;
  const soonest = [...judged].sort(byDate)[0] as Judged;
  const own = tighten[severity];
  const tightened = own === undefined ? null : firstSeen.getTime() + own * dayMs;
  const at = Math.min(instant(soonest), tightened ?? Number.POSITIVE_INFINITY);
  const early = at < instant(worst) && at === instant(soonest) ? `; ${soonest.cve.id} falls due before that` : '';
  const tight = at < instant(soonest) ? `; tightened to ${own} days for ${severity}` : '';
  return {
    due: worst.row.due,
    at: Number.isFinite(at) ? new Date(at) : null,
    row: worst.row,
    deciding: worst.cve.id || null,
    text: `${dueText(worst)}${tight || early}`,
  };
}

function dueText({ cve: { kev }, row, date }: Judged): string {
  const days = daysOf(row.due);
  const triage = row.due === '3-days-triage' ? ', with a look for traces of an intruder' : '';
  const soon = days === null ? 'due in the next window' : `due in ${days} days${triage}`;
  const from = {
    'first-seen': '',
    'kev-added': `, counted from ${kev?.added} (KEV)`,
    'kev-due': `, by ${kev?.due} at the latest (KEV)`,
  }[date?.from ?? 'first-seen'];
  const facts = [
    row.kev ? 'exploited' : 'not exploited',
    row.exposed ? 'exposed' : 'not exposed',
    row.automatable ? 'automatable' : 'not automatable',
    `${row.impact} impact`,
  ];
  return `${soon}: ${facts.join(', ')} (BOD 26-04, row ${row.row})${from}`;
}

/** No table applies: nothing is at risk, or a livepatch holds until the reboot. */
const notDue = (open: boolean, cves: readonly CveFacts[]): Due => ({
  due: 'next-window',
  at: null,
  row: null,
  deciding: open ? (cves.find(({ kev }) => kev !== null)?.id ?? cves[0]?.id ?? null) : null,
  text: `due in the next window: ${open ? 'a livepatch covers it until the next reboot' : 'no security update'}`,
});

type Floored = { readonly band: Band; readonly why: readonly string[] };

function floorsOf(input: {
  readonly band: Band;
  readonly due: DueRow | null;
  readonly cves: readonly CveFacts[];
  readonly undescribed: boolean;
  readonly livepatched: boolean;
}): Floored {
  const { due, cves, undescribed, livepatched } = input;
  const exploited = cves.some(({ kev }) => kev !== null);
  const floors: readonly (readonly [boolean, Band, string])[] = [
    [undescribed, 'normal', 'floor: a security update that no advisory describes is never below normal'],
    [exploited, 'high', 'floor: known exploited is never below high'],
    [due !== null && daysOf(due.due) === 3, 'emergency', 'floor: due in 3 days is always an emergency'],
  ];
  let band = input.band;
  const why: string[] = [];
  for (const [applies, floor, text] of floors) {
    if (!applies || bands.indexOf(band) <= bands.indexOf(floor)) continue;
    band = floor;
    why.push(text);
  }
  if (!livepatched) return { band, why };
  const lower = bands[bands.indexOf(band) + 1] ?? 'low';
  return { band: lower, why: [...why, 'livepatched: one band lower'] };
}

const number = (many: number): string => many.toLocaleString('en');

function assumedOf(known: boolean, cves: readonly CveFacts[]): readonly string[] {
  if (cves.length === 0)
    return [`not exploited, not automatable, partial impact: ${known ? 'no CVE is named' : 'no advisory is known'}`];
  const silent = cves.filter(({ ssvc }) => ssvc === null);
  if (silent.length === 0) return [];
  const which = cves.length === 1 ? silent[0]?.id : `${number(silent.length)} of ${number(cves.length)} CVEs`;
  const total = silent.some(({ cvss }) => cvss !== null && impactOf(cvss.vector) === 'total');
  const impact = total ? 'impact total where CVSS says so (C:H, I:H, A:H), else partial' : 'impact partial';
  return [`no SSVC data for ${which}: taken as not automatable, ${impact}`];
}

/**
 * The priority of a patch for several devices: that of its worst device, with the due date of whichever device is due first. null
 * when there is no device.
 */
export function worstOf(priorities: readonly Priority[]): Priority | null {
  const when = ({ dueAt: at }: Priority): number => at?.getTime() ?? Number.POSITIVE_INFINITY;
  const worst = [...priorities].sort((a, b) => byUrgency(a, b) || byDueClass(a.due, b.due))[0];
  const first = [...priorities].sort(
    (a, b) => byDueClass(a.due, b.due) || (when(a) === when(b) ? 0 : when(a) - when(b)),
  )[0];
  if (!worst || !first || (first.due === worst.due && when(first) === when(worst))) return worst ?? null;
  const { due, dueAt: at, deciding, why } = first;
  return { ...worst, due, dueAt: at, deciding, why: [...worst.why.slice(0, -1), ...why.slice(-1)] };
}
