/** Finds what people name: a proposal, a patch, a package, an advisory or a CVE, and reads what its card tells. */
import type { AdvisoryView } from '../cards/advisory-card.ts';
import type { FeedAge } from '../cards/catalog-words.ts';
import type { CveView } from '../cards/cve-card.ts';
import type { PatchView } from '../cards/patch-card.ts';
import { count } from '../cards/words.ts';
import type { Refusal } from '../errors.ts';
import { byThreat, cvesOf } from '../intel/threat.ts';
import { type Advisory, advisoryKey } from '../model/advisory.ts';
import { isCve } from '../model/cve.ts';
import { nearest } from '../model/guess.ts';
import type { PatchId, ProposalId } from '../model/ids.ts';
import type { Patch } from '../model/patch.ts';
import { err, ok, type Result } from '../model/result.ts';
import { oneLine } from '../model/text.ts';
import type { World } from '../ports.ts';
import { newestHeads, openDevices, patchesFixing, standings } from './open-devices.ts';

export type Found =
  | { readonly kind: 'proposal'; readonly id: ProposalId }
  | { readonly kind: 'patch'; readonly view: PatchView }
  | { readonly kind: 'advisory'; readonly view: AdvisoryView }
  | { readonly kind: 'cve'; readonly view: CveView };

/** Advisories that are read for one CVE. */
const mostNaming = 100;
const mostPatches = 500;

/**
 * In this order: id of a proposal, id of a patch, CVE, advisory, package. Refusals: `cve.unknown` for a CVE that nobody has spoken of,
 * `catalog.unknown` for anything else that is not known, with a guess where one is near.
 */
export async function lookUp(world: World, typed: string): Promise<Result<Found, Refusal>> {
  const subject = typed.trim();
  const [proposal] = await world.proposals.pick({ id: { in: [subject as ProposalId] } }, ['id']);
  if (proposal) return ok({ kind: 'proposal', id: proposal.id });
  const patch = await world.patches.get(subject as PatchId);
  if (patch) return ok({ kind: 'patch', view: await patchView(world, patch) });
  if (isCve(subject.toUpperCase())) return findCve(world, subject.toUpperCase());
  const advisories = await advisoriesNamed(world, subject);
  if (advisories.length > 0) return ok({ kind: 'advisory', view: await advisoryView(world, advisories) });
  return (await findPackage(world, subject)) ?? err(await unknown(world, subject));
}

/** By the vendor's id, as it is written or in capitals: people write `usn-7270-1`. */
export async function advisoriesNamed(world: World, id: string): Promise<readonly Advisory[]> {
  const found = await world.advisories.named(id);
  return found.length > 0 || id === id.toUpperCase() ? found : world.advisories.named(id.toUpperCase());
}

/** A package has the card of its newest proposal, else that of its newest patch. `openssl=3.0.15` names one version of it. */
async function findPackage(world: World, subject: string): Promise<Result<Found, never> | null> {
  const patches = await patchesOf(world, subject);
  const proposal = await newestProposal(world, patches);
  if (proposal) return ok({ kind: 'proposal', id: proposal });
  const [last] = [...patches].sort((a, b) => b.firstSeen.getTime() - a.firstSeen.getTime());
  const patch = last ? await world.patches.get(last.id) : null;
  return patch ? ok({ kind: 'patch', view: await patchView(world, patch) }) : null;
}

/** The proposal that somebody means: by its id, or by a package, the newest. null = there is none. */
export async function proposalNamed(world: World, typed: string): Promise<ProposalId | null> {
  const exact = await world.proposals.pick({ id: { in: [typed as ProposalId] } }, ['id']);
  return exact[0]?.id ?? newestProposal(world, await patchesOf(world, typed));
}

async function newestProposal(world: World, patches: readonly Pick<Patch, 'id'>[]): Promise<ProposalId | null> {
  const heads = await newestHeads(
    world,
    patches.map(({ id }) => id),
  );
  const sorted = [...heads.values()].sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime());
  return sorted.at(-1)?.id ?? null;
}

/** The patches of a source package, or of one version of it. */
export function patchesOf(world: World, typed: string): Promise<readonly Pick<Patch, 'id' | 'firstSeen'>[]> {
  const [source = '', version] = typed.split('=');
  const where = { source, ...(version === undefined ? {} : { version }) };
  return world.patches.pick(where, ['id', 'firstSeen'], mostPatches);
}

async function patchView(world: World, patch: Patch): Promise<PatchView> {
  const states = ['missing', 'pending-reboot', 'installed', 'held', 'phased', 'failed', 'rolled-back'] as const;
  const counted = await Promise.all(
    states.map(async (state) => [state, await world.applicabilities.count({ patch: patch.id, state })] as const),
  );
  const [standing] = await standings(world, [patch]);
  const advisories = await world.advisories.byKey(patch.advisories.slice(0, mostNaming));
  const facts = await world.cves.get([...new Set(advisories.flatMap(({ cves }) => cves))]);
  return {
    patch,
    standing: standing ?? { patch, proposal: null, rollout: null },
    devices: counted.filter(([, number]) => number > 0),
    advisories,
    cves: [...cvesOf(advisories, facts)].sort(byThreat),
  };
}

async function advisoryView(world: World, advisories: readonly Advisory[]): Promise<AdvisoryView> {
  const keys = advisories.map(advisoryKey);
  const [facts, open, patches, feeds] = await Promise.all([
    world.cves.get([...new Set(advisories.flatMap(({ cves }) => cves))]),
    openDevices(world, keys),
    patchesFixing(world, keys),
    feedAges(world),
  ]);
  return {
    advisories,
    cves: [...cvesOf(advisories, facts)].sort(byThreat),
    open,
    patches,
    feeds: advisories.map(({ feed: id }) => feeds.find((one) => one.id === id) ?? { id, title: id, checkedAt: null }),
  };
}

async function findCve(world: World, id: string): Promise<Result<Found, Refusal>> {
  const [facts, naming, ages] = await Promise.all([
    world.cves.get([id]),
    world.advisories.naming(id, mostNaming + 1),
    feedAges(world),
  ]);
  const cve = facts.get(id);
  const told = cve && (cve.kev ?? cve.epss ?? cve.ssvc ?? cve.cvss);
  const oldest = oldestOf(ages);
  if (!cve || (!told && naming.length === 0)) return err({ code: 'cve.unknown', id, age: ageText(world, oldest) });
  const advisories = naming.slice(0, mostNaming);
  const keys = advisories.map(advisoryKey);
  const [open, patches] = await Promise.all([openDevices(world, keys), patchesFixing(world, keys)]);
  return ok({
    kind: 'cve',
    view: { cve, advisories, more: naming.length > mostNaming, open, patches, oldest },
  });
}

/** Every feed that is on, or was read once, with its age. */
async function feedAges({ feeds, feedRules }: World): Promise<readonly FeedAge[]> {
  const states = await feeds.all();
  return states.map(({ id, checkedAt }) => {
    return { id, title: feedRules.find((rule) => rule.id === id)?.title ?? id, checkedAt };
  });
}

const oldestOf = (ages: readonly FeedAge[]): FeedAge | null =>
  [...ages].filter(({ checkedAt }) => checkedAt).sort((a, b) => Number(a.checkedAt) - Number(b.checkedAt))[0] ?? null;

/** Sentences have no instants that a platform could draw: an age does without a zone. */
function ageText({ clock }: World, oldest: FeedAge | null): string {
  if (!oldest?.checkedAt) return 'But no feed was read yet, so that says nothing.';
  const hours = Math.floor((clock.now().getTime() - oldest.checkedAt.getTime()) / 3_600_000);
  const ago = hours < 48 ? count(hours, 'hour') : count(Math.floor(hours / 24), 'day');
  return `The oldest of them, ${oldest.title}, was read ${hours < 1 ? 'within the last hour' : `${ago} ago`}.`;
}

/** What it may have been meant to be: the nearest of what begins like it. */
async function unknown(world: World, subject: string): Promise<Refusal> {
  const shown = oneLine(subject).slice(0, 60);
  const guess = nearest(subject, await beginningLike(world, subject));
  const hint = guess ? `Did you mean ${guess}?` : `Run search ${shown} to look for parts of names.`;
  return { code: 'catalog.unknown', subject: shown, hint };
}

async function beginningLike(world: World, subject: string): Promise<readonly string[]> {
  const start = subject.slice(0, Math.max(2, Math.ceil(subject.length * 0.6)));
  if (/^cve-\d/i.test(subject)) return world.cves.beginning(subject.toUpperCase(), 1);
  const [patches, proposals, advisories] = await Promise.all([
    world.patches.pick({ source: { beginning: start } }, ['source'], 25),
    world.proposals.pick({ id: { beginning: start } }, ['id'], 25),
    subject.length < 5 ? [] : world.advisories.search(subject.slice(0, -1), 5),
  ]);
  return [...patches.map(({ source }) => source), ...proposals.map(({ id }) => id), ...advisories.map(({ id }) => id)];
}
