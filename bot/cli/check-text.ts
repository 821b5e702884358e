/** What `patchherd check` prints: text for a terminal, or one JSON document whose shape stays. Pure. */
import { dueText, fixesOf } from '../../domain/cards/priority-facts.ts';
import { count } from '../../domain/cards/words.ts';
import type { Checked } from '../../domain/intel/checkup.ts';
import { type OfferState, offerStates } from '../../domain/intel/offered.ts';
import { threatOf } from '../../domain/intel/threat.ts';
import type { CveFacts } from '../../domain/model/cve.ts';
import type { Offline } from '../../workers/feeds/offline.ts';
import { wrap } from './render.ts';

export type CheckReport = {
  readonly release: string;
  readonly packages: number;
  readonly planned: boolean;
  readonly feeds: Offline['feeds'];
  readonly unread: Offline['unread'];
  readonly advisories: number;
  readonly cves: ReadonlyMap<string, CveFacts>;
  readonly patches: readonly Checked[];
  readonly at: Date;
};

const number = (many: number): string => many.toLocaleString('en');
const day = (at: Date): string => at.toISOString().slice(0, 10);

/** The whole report as text, most urgent first, with a summary at the end. */
export function checkText(report: CheckReport): string {
  const { release, packages, patches, cves } = report;
  const head = [`${release}: ${count(packages, 'package')} installed.`, ...feedLines(report)];
  const blocks = [head, ...patchBlocks(patches, cves), summaryLines(report)];
  return blocks.map((lines) => lines.join('\n')).join('\n\n');
}

/** A block for each patch of which advisories speak; the others, a line each, stand together. */
function patchBlocks(patches: readonly Checked[], cves: CheckReport['cves']): readonly (readonly string[])[] {
  const blocks: string[][] = [];
  let plain: string[] | null = null;
  for (const patch of patches) {
    if (patch.open.length > 0) {
      blocks.push([...patchLines(patch, cves)]);
      plain = null;
    } else if (plain) plain.push(titleOf(patch));
    else {
      plain = [titleOf(patch)];
      blocks.push(plain);
    }
  }
  return blocks;
}

function feedLines({ feeds, advisories }: CheckReport): readonly string[] {
  if (advisories === 0) return ['No advisory is known: nothing can be said of vulnerabilities.'];
  return feeds.map(({ title, records, at, dropped }) => {
    const lost = dropped > 0 ? `, ${number(dropped)} unreadable` : '';
    const said = `${number(records)} ${records === 1 ? 'record' : 'records'}`;
    return wrap(`${title}: ${said}${lost}, from files of ${day(at)}.`);
  });
}

function titleOf({ package: name, installed, offered, verdict, known, state, planned, priority }: Checked): string {
  const rank = priority ? `${priority.band} ${priority.score}`.padEnd(13) : ''.padEnd(13);
  const version = offered === null ? (installed ?? '') : `${installed ?? 'new'} -> ${offered}`;
  const others = offerStates.flatMap((other) => {
    const many = planned.filter((one) => one.state === other && other !== state).length;
    return many > 0 ? [`${many} ${other}`] : [];
  });
  return wrap(`${name} ${version} [${[known === 0 ? 'no advisory' : verdict, state, ...others].join(', ')}]`, rank);
}

function patchLines(patch: Checked, facts: ReadonlyMap<string, CveFacts>): readonly string[] {
  const { open, fixed, priority } = patch;
  const fact = (label: string, value: string): string => wrap(value, `  ${label.padEnd(9)}`);
  const threat = threatOf(
    open.map(({ advisory }) => advisory),
    facts,
    0,
  );
  const assumed = priority?.assumed ?? [];
  return [
    titleOf(patch),
    fact('Fixes', fixesOf(threat)),
    fact('Fixed in', `${fixed ?? 'no version yet'}${leftOpen(patch)}`),
    ...(priority ? [fact('Due', plain(dueText(priority))), fact('Sum', priority.why.slice(0, -1).join('; '))] : []),
    ...(assumed.length > 0 ? [fact('Assumed', assumed.join('; '))] : []),
  ];
}

/** What the version on offer does not mend. */
function leftOpen({ open, offered }: Checked): string {
  if (offered === null) return '';
  const left = open.filter(({ fixedByOffer }) => fixedByOffer === false).length;
  return left > 0 ? `; ${left} of ${open.length} stay open with the version on offer` : '';
}

const plain = (text: ReturnType<typeof dueText>): string =>
  typeof text === 'string'
    ? text
    : text.map((part) => (typeof part === 'string' ? part : day(new Date(part.at)))).join('');

function summaryLines({ patches, planned, unread, advisories }: CheckReport): readonly string[] {
  const of = (verdict: Checked['verdict']) =>
    patches.filter((patch) => patch.verdict === verdict && patch.open.length > 0);
  const vulnerable = of('vulnerable');
  const exploited = vulnerable.filter(({ cves }) => cves.some(({ kev }) => kev)).length;
  const offered = vulnerable.filter(({ state }) => state === 'missing').length;
  const changing: readonly OfferState[] = ['missing', 'new', 'removed'];
  const others = patches.filter(({ open, state }) => open.length === 0 && changing.includes(state)).length;
  const undecided = of('unknown').length;
  const known = [
    `${count(vulnerable.length, 'package is', 'packages are')} vulnerable, ${exploited} of them known to be exploited`,
    ...(undecided > 0 ? [`${undecided} cannot be decided`] : []),
    ...(planned ? [`the plan updates ${offered} of the vulnerable ones and changes ${others} others`] : []),
  ];
  const parts = advisories > 0 ? known : [`the plan changes ${count(others, 'package')}`];
  const lost =
    unread.length > 0
      ? ` ${count(unread.length, 'file')} of the feeds could not be read: what they say is missing.`
      : '';
  return [wrap(`Summary: ${parts.join('; ')}.${lost}`)];
}

/** The document of `--json`. `format` grows when a field changes its meaning or goes; fields may come. */
export function checkJson(report: CheckReport): unknown {
  const { release, packages, planned, feeds, unread, advisories, patches, at } = report;
  return {
    format: 1,
    release,
    at: at.toISOString(),
    packages,
    planned,
    advisories,
    feeds: feeds.map(({ at: read, ...feed }) => ({ ...feed, at: read.toISOString() })),
    unread,
    patches: patches.map(({ open, cves, priority, ...patch }) => ({
      ...patch,
      advisories: open.map(({ advisory, finding, fixedByOffer }) => ({
        id: advisory.id,
        feed: advisory.feed,
        title: advisory.title,
        severity: advisory.severity,
        vendorSeverity: advisory.vendorSeverity,
        cves: advisory.cves,
        package: finding.package,
        installed: finding.installed,
        fixed: finding.fixed,
        verdict: finding.verdict,
        requires: finding.requires,
        fixedByOffer,
      })),
      cves,
      priority: priority && { ...priority, dueAt: priority.dueAt?.toISOString() ?? null },
    })),
  };
}
