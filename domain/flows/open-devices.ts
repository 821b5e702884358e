/** Which devices are open to something, in numbers; and the patches of the catalog that end it. Reads what is needed, never everything. */
import type { OpenDevices, PatchInShort, PatchStanding } from '../cards/catalog-words.ts';
import type { PatchId } from '../model/ids.ts';
import { undecided } from '../model/proposal.ts';
import type { ProposalHead, World } from '../ports.ts';

/** Devices named in an answer; the others are a number. */
const named = 5;
/** More patches than anybody reads in one answer. */
const mostPatches = 50;

/** Devices that are open to one of these advisories (by `advisoryKey`), as the last matching found. */
export async function openDevices(world: World, advisories: readonly string[]): Promise<OpenDevices> {
  if (advisories.length === 0) return { count: 0, byExposure: new Map(), names: [] };
  const [byExposure, ids] = await Promise.all([
    world.findings.byExposure(advisories),
    world.findings.devicesOpenTo(advisories, named),
  ]);
  const first = ids.length === 0 ? [] : await world.devices.pick({ id: { in: ids } }, ['name']);
  const count = [...byExposure.values()].reduce((sum, one) => sum + one, 0);
  return { count, byExposure, names: first.map(({ name }) => name).sort() };
}

/** What lists say of a patch. */
export const shortFields = [
  ...(['id', 'platform', 'source', 'version'] as const),
  ...(['retracted', 'blocked', 'verdict', 'supersededBy'] as const),
] as const;

/** Patches that fix one of these advisories on some device, those that people can still decide about first. */
export async function patchesFixing(world: World, advisories: readonly string[]): Promise<readonly PatchStanding[]> {
  if (advisories.length === 0) return [];
  const found = await world.patches.pick({ advisories: { holding: advisories } }, shortFields, mostPatches);
  return standings(world, found);
}

/** How far people are with each of these patches. */
export async function standings(world: World, patches: readonly PatchInShort[]): Promise<readonly PatchStanding[]> {
  const heads = await newestHeads(
    world,
    patches.map(({ id }) => id),
  );
  const rollouts = new Map((await rolloutsOf(world, [...heads.values()])).map(({ id, state }) => [id, state] as const));
  const all = patches.map((patch): PatchStanding => {
    const head = heads.get(patch.id);
    const rollout = head?.rollout ? (rollouts.get(head.rollout) ?? null) : null;
    return { patch, proposal: head ? { id: head.id, state: head.state } : null, rollout };
  });
  const rank = ({ patch, proposal }: PatchStanding): number =>
    patch.retracted || patch.supersededBy ? 2 : proposal && undecided.includes(proposal.state) ? 0 : 1;
  return all.sort((a, b) => rank(a) - rank(b) || (a.patch.id < b.patch.id ? -1 : 1));
}

/** The proposal of each patch that counts: one that can still be decided, else the newest. */
export async function newestHeads(
  world: World,
  patches: readonly PatchId[],
): Promise<ReadonlyMap<PatchId, ProposalHead>> {
  if (patches.length === 0) return new Map();
  const heads = await world.proposals.heads({ patch: { in: patches } });
  const open = ({ state }: ProposalHead): number => Number(undecided.includes(state));
  const sorted = [...heads].sort((a, b) => open(a) - open(b) || a.createdAt.getTime() - b.createdAt.getTime());
  return new Map(sorted.map((head) => [head.patch, head]));
}

async function rolloutsOf(world: World, heads: readonly ProposalHead[]) {
  const ids = heads.flatMap(({ rollout }) => rollout ?? []);
  return ids.length === 0 ? [] : world.rollouts.pick({ id: { in: ids } }, ['id', 'state']);
}
