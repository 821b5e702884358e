/** Advisories that people enter, for vendors without a feed: the verbs `add`, which has a form, and `remove-advisory`. */
import { enterAdvisory, removeAdvisory } from '../../domain/flows/manual-entry.ts';
import { severities } from '../../domain/model/advisory.ts';
import type { World } from '../../domain/ports.ts';
import { done, type Reply, refused, type Verb, type VerbOption } from './press.ts';

const option = (name: string, description: string, more: Partial<VerbOption> = {}): VerbOption => ({
  ...{ name, description, required: true, suggests: false },
  ...more,
});

/** The verbs. */
export const patchEntryVerbs = (world: World): readonly Verb[] => [
  {
    name: 'add',
    summary: 'Add an advisory of a vendor that has no feed',
    form: 'Add an advisory',
    options: [
      option('id', 'Its name, such as ACME-2026-1', { label: 'Name' }),
      option('release', 'Such as debian:12', { label: 'Release' }),
      option('package', 'Name of the package', { label: 'Package', joins: true }),
      option('fixed', 'The first version without the fault', { label: 'First good version', joins: true }),
      option('severity', severities.join(', '), { label: 'Severity', suggests: true, choices: severities }),
      option('cves', 'Separated by commas; - for none', { label: 'CVEs', blank: '-' }),
      option('title', 'What it is about', { label: 'Title', rest: true }),
    ],
    role: 'operator',
    async run({ by, options }): Promise<Reply> {
      const { id = '', release = '', package: name = '', fixed = '', severity = '', cves = '', title = '' } = options;
      const entered = await enterAdvisory(world, { id, release, package: name, fixed, severity, cves, title }, by);
      if (!entered.ok) return refused(entered.error);
      const { advisory, release: on, inFleet } = entered.value;
      const nobody = inFleet ? '' : ` No device has ${on} at the moment.`;
      return done(`${advisory.id} is in the catalog. Devices are matched with it now.${nobody}`);
    },
    suggest: async (_, typed) => severities.filter((one) => one.startsWith(typed.toLowerCase())),
  },
  {
    name: 'remove-advisory',
    summary: 'Take back an advisory that a person added',
    options: [
      option('id', 'Its name, such as ACME-2026-1'),
      option('reason', 'Why: everybody reads it', { rest: true }),
    ],
    role: 'operator',
    async run({ by, options }): Promise<Reply> {
      const removed = await removeAdvisory(world, options['id'] ?? '', options['reason'] ?? '', by);
      if (!removed.ok) return refused(removed.error);
      return done(`${removed.value.id} is removed. Devices are matched without it now.`);
    },
  },
];
