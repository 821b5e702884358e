/** What a CVSS vector and its score say in our words. Scores are computed where libraries may be used: in the feeds. */
import type { Severity } from '../model/advisory.ts';

/** Metrics of the damage to the product itself, by version, and the letter for "all of it" (the base metrics of CVSS 2.0 to 4.0). */
const v2 = { metrics: ['C', 'I', 'A'], all: 'C', values: /^[NPC]$/ };
const v3 = { metrics: ['C', 'I', 'A'], all: 'H', values: /^[NLH]$/ };
const v4 = { metrics: ['VC', 'VI', 'VA'], all: 'H', values: /^[NLH]$/ };
const damage = new Map([
  ['2.0', v2],
  ['3.0', v3],
  ['3.1', v3],
  ['4.0', v4],
]);

/**
 * SSVC's "technical impact" as far as CVSS can tell it: `total` when confidentiality, integrity and availability are all lost
 * completely, else `partial` (facts on feeds, section 6, for CVEs without SSVC). null when `vector` is no CVSS vector.
 */
export function impactOf(vector: string): 'total' | 'partial' | null {
  const version = /^CVSS:(\d\.\d)\//.exec(vector)?.[1] ?? '2.0';
  const known = damage.get(version);
  if (!known) return null;
  const parts = vector.split('/').map((part) => part.split(':'));
  const said = known.metrics.map((metric) => parts.find(([name]) => name === metric)?.[1] ?? '');
  if (!said.every((value) => known.values.test(value))) return null;
  return said.every((value) => value === known.all) ? 'total' : 'partial';
}

/** CVSS 3.1 and 4.0, "Qualitative Severity Rating Scale", in our words; 0 rates nothing. */
export function severityOfCvss(score: number): Severity {
  if (score >= 9) return 'critical';
  if (score >= 7) return 'important';
  if (score >= 4) return 'moderate';
  return score > 0 ? 'low' : 'unrated';
}
