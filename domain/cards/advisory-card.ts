/** The card of one advisory, as every feed that knows it tells it, and of what the fleet has to do with it. */
import type { Advisory } from '../model/advisory.ts';
import { severities } from '../model/advisory.ts';
import type { CveFacts } from '../model/cve.ts';
import type { Card, Text, Tone } from './card.ts';
import {
  cvesText,
  devicesText,
  type Facts,
  type FeedAge,
  fact,
  feedText,
  joinedTexts,
  type OpenDevices,
  type PatchStanding,
  packagesText,
  patchLine,
  top,
} from './catalog-words.ts';
import { count } from './words.ts';

export type AdvisoryView = {
  /** The same id, from each feed that knows it. Never empty. */
  readonly advisories: readonly Advisory[];
  /** By KEV, then EPSS. */
  readonly cves: readonly CveFacts[];
  readonly open: OpenDevices;
  readonly patches: readonly PatchStanding[];
  readonly feeds: readonly FeedAge[];
};

const listed = 10;

/** Draws it. What a vendor wrote is text like any other: the platforms escape it. */
export function advisoryCard({ advisories, cves, open, patches, feeds }: AdvisoryView): Card {
  const first = advisories.find(({ title }) => title !== '') ?? advisories[0];
  const withdrawn = advisories.flatMap((one) => (one.withdrawn ? [one.withdrawn.getTime()] : []));
  const gone = withdrawn.length === advisories.length;
  return {
    title: `${first?.id}${first?.title ? `: ${first.title}` : ''}`,
    tone: toneOf(gone, open, cves),
    status: gone
      ? 'Withdrawn'
      : open.count > 0
        ? `${count(open.count, 'device')} open to it`
        : 'No device is open to it',
    ...(gone ? { summary: ['Its vendor took it back at ', { at: Math.max(...withdrawn) }, '.'] as Text } : {}),
    facts: [
      ...fact('Severity', severityText(advisories)),
      ...fact('CVEs', cvesText(cves)),
      ...fact('Devices', gone ? null : devicesText(open)),
      ...fixedFacts(advisories),
      ...fact('Says besides', besides(advisories)),
      ...fact('Published', published(advisories)),
      ...fact('References', [...new Set(advisories.flatMap(({ references }) => references))].slice(0, 3).join(' ')),
      ...fact('Known from', joinedTexts(feeds.map(feedText), '; ')),
    ],
    list: {
      title: 'Patches that fix it',
      items: patches.slice(0, listed).map(patchLine),
      more: Math.max(0, patches.length - listed),
    },
    ...(patches.length === 0 && open.count > 0
      ? { note: 'No patch of the catalog fixes it: no device is offered one.' }
      : {}),
    buttons: [],
  };
}

function toneOf(gone: boolean, { count: open }: OpenDevices, cves: readonly CveFacts[]): Tone {
  if (gone || open === 0) return 'plain';
  return cves.some(({ kev }) => kev) ? 'bad' : 'warn';
}

/** Our word, and each vendor's own, word for word. */
function severityText(advisories: readonly Advisory[]): string {
  const [worst] = [...advisories].sort((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity));
  const said = [...new Set(advisories.flatMap(({ vendorSeverity }) => vendorSeverity ?? []))];
  const own = worst?.severity ?? 'unrated';
  const words = own === 'unrated' ? 'unrated, ranked like moderate' : own;
  return said.length > 0 ? `${words} (vendor: ${said.join(', ')})` : words;
}

/** One row for each release: from which version on each package is fixed. Feeds that say the same are one. */
function fixedFacts(advisories: readonly Advisory[]): Facts {
  const releases = new Map<string, Map<string, string[]>>();
  for (const { affected } of advisories) {
    for (const { release, package: name, fixed, status, requires, module } of affected) {
      const version =
        fixed ?? { affected: 'no fix yet', 'not-affected': 'not affected', unknown: 'not decided' }[status];
      const how = [version, ...(module ? [`of ${module}`] : []), ...(requires ? ['with Ubuntu Pro'] : [])].join(' ');
      const versions = releases.get(release) ?? new Map<string, string[]>();
      releases.set(release, versions.set(how, [...(versions.get(how) ?? []), name]));
    }
  }
  const sorted = [...releases].sort(([a], [b]) => (a < b ? 1 : -1));
  const rows = sorted.slice(0, top).map(([release, versions]) => {
    const parts = [...versions].map(([how, packages]) => `${packagesText(packages)} ${how}`);
    const more = parts.length > 3 ? `; and ${count(parts.length - 3, 'more version')}` : '';
    return { label: `Fixed in ${release}`, value: `${parts.slice(0, 3).join('; ')}${more}` };
  });
  return sorted.length > top ? [...rows, { label: 'Fixed', value: `in ${sorted.length - top} releases more` }] : rows;
}

function besides(advisories: readonly Advisory[]): string {
  const kinds = new Set(advisories.map(({ kind }) => kind));
  return [
    ...(kinds.has('security') ? [] : [`no security update but ${[...kinds].join(', ')}`]),
    ...(advisories.some(({ reboot }) => reboot) ? ['needs a reboot'] : []),
    ...(advisories.some(({ livepatch }) => livepatch) ? ['fixed in the running kernel by livepatch'] : []),
  ].join('; ');
}

function published(advisories: readonly Advisory[]): Text | null {
  const dates = advisories.flatMap((one) => (one.published ? [one.published.getTime()] : []));
  return dates.length > 0 ? [{ at: Math.min(...dates) }] : null;
}
