/** Questions to the catalog: what waits, what is this, why is it so here, what is there with this name. */
import { advisoryCard } from '../../domain/cards/advisory-card.ts';
import { cveCard } from '../../domain/cards/cve-card.ts';
import { listCard } from '../../domain/cards/list-card.ts';
import { patchCard } from '../../domain/cards/patch-card.ts';
import { proposalCard } from '../../domain/cards/proposal-card.ts';
import { searchCard } from '../../domain/cards/search-card.ts';
import { whyAdvisoryCard } from '../../domain/cards/why-advisory-card.ts';
import { whyDeviceCard, whyPatchCard } from '../../domain/cards/why-card.ts';
import type { Refusal } from '../../domain/errors.ts';
import { lookUp } from '../../domain/flows/look-up.ts';
import { search } from '../../domain/flows/search.ts';
import { deviceByName, proposalView } from '../../domain/flows/views.ts';
import { waitingFor } from '../../domain/flows/waiting.ts';
import { patchOn, whyDevice, whyPatch } from '../../domain/flows/why.ts';
import { whyAdvisory } from '../../domain/flows/why-advisory.ts';
import { nearest } from '../../domain/model/guess.ts';
import { bands } from '../../domain/model/priority.ts';
import { undecided } from '../../domain/model/proposal.ts';
import { oneLine } from '../../domain/model/text.ts';
import type { World } from '../../domain/ports.ts';
import { done, type Reply, refused, type Verb } from './press.ts';

const mostSuggestions = 25;

/** The verbs `list`, `show`, `why` and `search`. */
export const catalogVerbs = (world: World): readonly Verb[] => [
  {
    name: 'list',
    summary: 'What waits for people, most urgent first',
    options: [
      {
        name: 'what',
        description: 'A band, a policy, or a part of a name',
        required: false,
        suggests: true,
        rest: true,
      },
    ],
    role: 'viewer',
    run: async ({ options }) => list(world, options['what']),
    suggest: async (_, typed) =>
      [...bands, ...world.policies.map(({ id }) => id)].filter((one) => one.startsWith(typed.toLowerCase())),
  },
  {
    name: 'show',
    summary: 'A proposal with its buttons, a patch, an advisory or a CVE',
    options: [{ name: 'subject', description: 'An id, or a package name', required: true, suggests: true }],
    role: 'viewer',
    run: ({ options }) => show(world, options['subject'] ?? ''),
    suggest: async (_, typed) => subjects(world, typed),
  },
  {
    name: 'why',
    summary: 'What a device waits for, or why it has, lacks or does not need something',
    options: [
      { name: 'device', description: 'Name of the device', required: true, suggests: true },
      { name: 'subject', description: 'A patch, an advisory or a CVE', required: false, suggests: true },
    ],
    role: 'viewer',
    run: ({ options }) => why(world, options['device'] ?? '', options['subject']),
    suggest: async (option, typed) => (option === 'device' ? deviceNames(world, typed) : subjects(world, typed)),
  },
  {
    name: 'search',
    summary: 'Patches, advisories, CVEs, devices and packages by words',
    options: [{ name: 'text', description: 'One word or more', required: true, suggests: false, rest: true }],
    role: 'viewer',
    async run({ options }): Promise<Reply> {
      const card = searchCard(await search(world, options['text'] ?? ''));
      return done(card.title, card);
    },
  },
];

async function list(world: World, what: string | undefined): Promise<Reply> {
  const wanted = oneLine(what ?? '') || null;
  const card = listCard(await waitingFor(world, wanted), wanted);
  return done(card.title, card);
}

async function show(world: World, subject: string): Promise<Reply> {
  const found = await lookUp(world, subject);
  if (!found.ok) return refused(found.error);
  const { value } = found;
  if (value.kind === 'advisory') return done('Here it is.', advisoryCard(value.view));
  if (value.kind === 'cve') return done('Here it is.', cveCard(value.view));
  if (value.kind === 'patch') return done('Here it is.', patchCard(value.view));
  const view = await proposalView(world, value.id);
  return view ? done('Here it is.', proposalCard(view)) : refused({ code: 'proposal.unknown', subject });
}

async function why(world: World, name: string, subject: string | undefined): Promise<Reply> {
  const device = await deviceByName(world, name);
  if (!device) return refused(await unknownDevice(world, name));
  if (subject === undefined) {
    const card = whyDeviceCard(await whyDevice(world, device));
    return done(card.title, card);
  }
  const patch = await patchOn(world, device, subject);
  if (patch) {
    const card = whyPatchCard(await whyPatch(world, device, patch));
    return done(card.title, card);
  }
  const found = await whyAdvisory(world, device, subject);
  if (!found.ok) return refused(found.error);
  if (!found.value) return refused(await unknownSubject(world, device.name, subject));
  const card = whyAdvisoryCard(found.value);
  return done(card.title, card);
}

async function unknownDevice(world: World, typed: string): Promise<Refusal> {
  const name = oneLine(typed).slice(0, 60);
  const lengths = [Math.ceil(typed.length / 2), 2, 1];
  const alike = await Promise.all(lengths.map((length) => deviceNames(world, typed.slice(0, length))));
  const guess = nearest(typed, alike.flat());
  return guess ? { code: 'device.guess', name, guess } : { code: 'device.unknown', name };
}

/** A CVE or an advisory that is known, but of which no entry was found, is not unknown. */
async function unknownSubject(world: World, device: string, subject: string): Promise<Refusal> {
  const known = await lookUp(world, subject);
  if (!known.ok && known.error.code === 'cve.unknown') return known.error;
  const hint = known.ok
    ? `No advisory of the releases that are read here names it: show ${oneLine(subject).slice(0, 60)} tells what is known.`
    : String(known.error['hint'] ?? '');
  return { code: 'why.unknown', device, subject: oneLine(subject).slice(0, 60), hint };
}

async function deviceNames(world: World, typed: string): Promise<readonly string[]> {
  const found = await world.devices.pick({ name: { beginning: typed }, retired: false }, ['name'], mostSuggestions);
  return found.map(({ name }) => name);
}

/** Ids of proposals, and packages: one query by index for whichever it looks like. */
async function subjects(world: World, typed: string): Promise<readonly string[]> {
  if (/^cve-/i.test(typed)) return world.cves.beginning(typed.toUpperCase(), mostSuggestions);
  if (/^p-[0-9a-f]*$/.test(typed)) {
    const ids = await world.proposals.pick({ id: { beginning: typed } }, ['id'], mostSuggestions);
    return ids.map(({ id }) => id);
  }
  const where = typed === '' ? {} : { source: { beginning: typed } };
  const patches = await world.patches.pick(where, ['source'], mostSuggestions);
  return [...new Set(patches.map(({ source }) => source))];
}

/** Ids of proposals that can still be decided, for the verbs that change one. */
export async function openIds(world: World, typed: string): Promise<readonly string[]> {
  const where = { id: { beginning: typed }, state: { in: undecided } };
  return (await world.proposals.pick(where, ['id'], mostSuggestions)).map(({ id }) => id);
}
