/** What a card says of urgency: how urgent, until when, why, what it fixes, and what was only assumed. */
import { percent } from '../intel/score.ts';
import { isCve } from '../model/cve.ts';
import type { Patch } from '../model/patch.ts';
import type { Priority } from '../model/priority.ts';
import type { Proposal, Threat } from '../model/proposal.ts';
import type { Card, Text } from './card.ts';
import { count } from './words.ts';

type Facts = Card['facts'];

const fact = (label: string, value: Text | null): Facts => (value === null || value === '' ? [] : [{ label, value }]);

/** The rows at the top of a proposal's card: short, because Details has every addend. */
export function urgencyFacts({ priority, threat, plan }: Proposal, patch: Patch): Facts {
  return [
    { label: 'Priority', value: `${priority.band}, ${priority.score} of 100` },
    { label: 'Due', value: dueText(priority) },
    ...fact('Why', reasonOf(threat, plan.entries.length)),
    ...fact('Fixes', fixesOf(threat)),
    ...fact('Severity', severityOf(threat)),
    ...fact('Assumed', priority.assumed.map(inputOf).join(', ')),
    ...catalogFacts(patch),
  ];
}

/** What the catalog knows of the patch besides: only what is there. */
export function catalogFacts({ thirdParty, sideEffects, verdict }: Patch): Facts {
  const effects = sideEffects.slice(0, 2).map(({ text }) => text);
  const others = sideEffects.length - effects.length;
  return [
    ...fact('Maker', thirdParty && `${thirdParty}, not the distribution`),
    ...fact('Side effects', `${effects.join('; ')}${others > 0 ? `; and ${others} more` : ''}`),
    ...fact('Verdict', verdict && `${verdict.verdict}, says ${verdict.by}: ${verdict.rationale}`),
  ];
}

const rulePrefix = 'due in ';

/** The date in the reader's zone and the rule that set it, which is the last reason; without a date only what it waits for. */
export function dueText({ due, dueAt, why }: Priority): Text {
  if (!dueAt) return 'In the next window';
  const last = why.at(-1) ?? '';
  const rule = last.startsWith(rulePrefix) ? last.slice(rulePrefix.length) : due.replaceAll('-', ' ');
  return [{ at: dueAt.getTime() }, ` (${rule})`];
}

/** Below it, a prediction is no reason of its own: 95 of 100 CVEs have less (facts on feeds, section 6). */
const likely = 0.1;

/** The deciding reason in one line; null when no advisory is known. */
function reasonOf({ cves, advisoryCount, severity, exposed }: Threat, devices: number): string | null {
  if (advisoryCount === 0) return null;
  const epss = Math.max(0, ...cves.map((cve) => cve.epss ?? 0));
  const rated = severity === 'unrated' ? 'not rated' : `rated ${severity}`;
  const chance = epss >= likely ? `probability of attacks within 30 days ${percent(epss)} (EPSS)` : null;
  const danger = cves.some(({ kev }) => kev) ? 'exploited now (KEV)' : (chance ?? `${rated}, no sign of attacks`);
  if (exposed === 0) return `${danger}, no device faces the internet`;
  return `${danger}, ${exposed} of ${count(devices, 'device')} ${exposed === 1 ? 'faces' : 'face'} the internet`;
}

const andMore = (shown: number, all: number): string =>
  all > shown ? ` and ${(all - shown).toLocaleString('en')} more` : '';

/**
 * `USN-7270-1; CVE-2023-44487 (exploited), CVE-2024-28182 and 2,013 more`. Trackers without bulletins call the CVE itself an advisory:
 * once is enough.
 */
export function fixesOf({ advisories, advisoryCount, cves, cveCount }: Threat): string {
  const bulletins = advisories.filter(({ id }) => !isCve(id)).map(({ id }) => id);
  const named = cves.map(({ id, kev, epss }) => {
    if (kev) return `${id} (exploited)`;
    return epss !== null && epss >= likely ? `${id} (EPSS ${percent(epss)})` : id;
  });
  return [
    ...(bulletins.length > 0 ? [`${bulletins.join(', ')}${andMore(advisories.length, advisoryCount)}`] : []),
    ...(named.length > 0 ? [`${named.join(', ')}${andMore(cves.length, cveCount)}`] : []),
  ].join('; ');
}

/** Our word and, where there is one, the vendor's own. null when no advisory is known. */
export function severityOf({ severity, vendorSeverity, advisoryCount }: Threat): string | null {
  if (advisoryCount === 0) return null;
  const said = vendorSeverity === null ? '' : ` (vendor: ${vendorSeverity})`;
  return `${severity}${said}${severity === 'unrated' ? ', ranked like moderate' : ''}`;
}

/** `exposure internet: nobody has said` → `exposure internet`. */
const inputOf = (assumed: string): string => assumed.split(':')[0] ?? assumed;

/** Who took the patch back, when and why. */
export const retractedText = ({ by, at, reason }: NonNullable<Patch['retracted']>): Text => [
  `Taken back by ${by} at `,
  { at: at.getTime() },
  `: nothing starts any more. Reason: ${reason}`,
];
