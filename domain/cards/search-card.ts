/** What `search` answers: everything that has the words, by kind, each with the command that shows more of it. */
import type { Advisory } from '../model/advisory.ts';
import type { CveFacts } from '../model/cve.ts';
import type { Device } from '../model/device.ts';
import type { Card } from './card.ts';
import { cveInShort, type PatchStanding, standingOf } from './catalog-words.ts';
import { count } from './words.ts';

/** The first of each kind; `more`: kinds of which there are others. */
export type SearchView = {
  readonly text: string;
  readonly patches: readonly PatchStanding[];
  readonly advisories: readonly Advisory[];
  readonly cves: readonly CveFacts[];
  readonly devices: readonly Pick<Device, 'name' | 'retired'>[];
  /** Packages that the advisories and patches name. */
  readonly packages: readonly string[];
  readonly more: readonly Kind[];
};
export const kinds = ['patches', 'advisories', 'CVEs', 'devices', 'packages'] as const;
export type Kind = (typeof kinds)[number];
const singular: Record<Kind, string> = {
  ...{ patches: 'patch', advisories: 'advisory', CVEs: 'CVE', devices: 'device', packages: 'package' },
};

/** Draws it. */
export function searchCard(view: SearchView): Card {
  const { text, patches, advisories, cves, devices, packages, more } = view;
  const items = [
    ...patches.map((one) => {
      const { source, version, platform, id } = one.patch;
      return `Patch ${source} ${version} (${platform}), ${standingOf(one)}: show ${one.proposal?.id ?? id}`;
    }),
    ...advisories.map(({ id, title, severity }) => {
      return `Advisory, ${severity}: show ${id}${title === '' ? '' : `. ${title}`}`;
    }),
    ...cves.map((cve) => `${cveInShort(cve)}: show ${cve.id}`),
    ...devices.map(({ name, retired }) => `Device ${name}${retired ? ', retired' : ''}: why ${name}`),
    ...packages.map((name) => `Package ${name}: show ${name}`),
  ];
  const numbers: Record<Kind, number> = {
    ...{ patches: patches.length, advisories: advisories.length, CVEs: cves.length },
    ...{ devices: devices.length, packages: packages.length },
  };
  const found = kinds.flatMap((kind) =>
    numbers[kind] > 0
      ? [more.includes(kind) ? `more than ${numbers[kind]} ${kind}` : count(numbers[kind], singular[kind], kind)]
      : [],
  );
  return {
    title: `Search: ${text}`,
    tone: 'plain',
    status: found.join(', ') || 'Nothing has these words',
    ...(found.length === 0 ? { summary: 'I looked for patches, advisories, CVEs, devices and packages.' } : {}),
    facts: [],
    list: { title: 'Found', items, more: 0 },
    ...(more.length > 0
      ? { note: `There are more ${more.join(' and ')} than these: another word makes it fewer.` }
      : {}),
    buttons: [],
  };
}
