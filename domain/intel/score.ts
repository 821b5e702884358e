/** The score of a patch on a device: 0 to 100, printed as a sum. It ranks; the due date says how soon. Pure. */
import type { Severity } from '../model/advisory.ts';
import type { CveFacts } from '../model/cve.ts';
import type { Criticality, Exposure } from '../model/device.ts';
import type { Band } from '../model/priority.ts';

/** One addend, with the sentence that people read. */
export type Addend = { readonly points: number; readonly text: string };

/** Unrated is shown as such and ranked like Moderate (facts on feeds, section 6). */
export const severityPoints: Record<Severity, number> = {
  critical: 40,
  important: 28,
  moderate: 14,
  unrated: 14,
  low: 5,
};

/** Probability of exploitation in 30 days: at least so much gives so many points. */
const epssSteps = [
  [0.5, 22],
  [0.1, 15],
  [0.01, 6],
] as const;
const points = { kev: 30, ransomware: 5, exploit: 8 } as const;

/**
 * What is known of attackers and one CVE. Evidence beats prediction: with KEV, EPSS does not count (FIRST's own advice). A public
 * exploit, as SSVC knows it, is worth 8 at least. An empty list = nothing counts.
 */
export function threatAddends({ id, kev, epss, ssvc }: CveFacts): readonly Addend[] {
  if (kev) {
    const known = { points: points.kev, text: `KEV since ${kev.added}, ${id}: ${points.kev}` };
    const ransom = { points: points.ransomware, text: `known in ransomware campaigns: ${points.ransomware}` };
    return kev.ransomware ? [known, ransom] : [known];
  }
  const predicted = epssSteps.find(([from]) => epss !== null && epss.score >= from)?.[1] ?? 0;
  const exploit = ssvc !== null && ssvc.exploitation !== 'none' ? points.exploit : 0;
  const seen = ssvc?.exploitation === 'active' ? 'exploited' : 'public exploit';
  if (exploit > predicted) return [{ points: exploit, text: `${seen} (SSVC), ${id}: ${exploit}` }];
  return predicted > 0 && epss ? [{ points: predicted, text: `EPSS ${percent(epss.score)}, ${id}: ${predicted}` }] : [];
}

/** `61.5 %`, `0.2 %`; never rounded up to certainty. EPSS has five digits. */
export const percent = (share: number): string => `${Math.floor(Math.round(share * 100_000) / 100) / 10} %`;

const sumOf = (addends: readonly Addend[]): number => addends.reduce((sum, addend) => sum + addend.points, 0);

const byEpss = (a: CveFacts, b: CveFacts): number =>
  (b.epss?.score ?? -1) - (a.epss?.score ?? -1) || (a.id < b.id ? -1 : 1);

/** The addends of the CVE with the most points; of equal ones the one with the higher EPSS, then the first by id. Never empty. */
export function worstThreat(cves: readonly CveFacts[]): readonly Addend[] {
  const [worst] = cves
    .map((cve) => ({ cve, addends: threatAddends(cve) }))
    .sort((a, b) => sumOf(b.addends) - sumOf(a.addends) || byEpss(a.cve, b.cve));
  if (worst && worst.addends.length > 0) return worst.addends;
  const { epss, id } = worst?.cve ?? { epss: null, id: '' };
  return [{ points: 0, text: epss ? `EPSS ${percent(epss.score)}, ${id}: 0` : 'nothing is known of attacks: 0' }];
}

/** In hundredths and tenths, so that a half is exactly a half. */
const criticalityFactor: Record<Criticality, number> = { mission: 125, high: 110, normal: 100, low: 75 };
const exposureFactor: Record<Exposure, number> = { internet: 12, internal: 10, isolated: 8 };

/** To the nearest whole number, a half to the even one: 62.5 is 62. */
function halfEven(value: number, unit: number): number {
  const [whole, rest] = [Math.floor(value / unit), value % unit];
  if (rest * 2 === unit) return whole + (whole % 2);
  return whole + (rest * 2 > unit ? 1 : 0);
}

/** (sum of addends) x criticality x exposure, at most 100, with every line of the sum. */
export function scoreOf(
  addends: readonly Addend[],
  criticality: Criticality,
  exposure: Exposure,
): { readonly score: number; readonly why: readonly string[] } {
  const [c, e] = [criticalityFactor[criticality], exposureFactor[exposure]];
  const full = halfEven(sumOf(addends) * c * e, 1000);
  const why = [
    ...addends.map(({ text }) => text),
    `x ${c / 100} criticality ${criticality}`,
    `x ${e / 10} exposure ${exposure}`,
    full > 100 ? `= ${full}, capped at 100` : `= ${full}`,
  ];
  return { score: Math.min(100, full), why };
}

export function bandOf(score: number): Band {
  if (score >= 80) return 'emergency';
  if (score >= 60) return 'high';
  return score >= 35 ? 'normal' : 'low';
}
