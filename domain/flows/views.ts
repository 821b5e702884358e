/** Reads what cards tell of. */
import type { ProposalView } from '../cards/proposal-card.ts';
import type { Refusal } from '../errors.ts';
import { isCve } from '../model/cve.ts';
import type { Device } from '../model/device.ts';
import type { PatchId, ProposalId } from '../model/ids.ts';
import type { Patch } from '../model/patch.ts';
import { onCall } from '../model/people.ts';
import { err, ok, type Result } from '../model/result.ts';
import type { Workaround } from '../model/workaround.ts';
import type { World } from '../ports.ts';
import { windowNow } from './gate.ts';
import { needsVerdict } from './verdict.ts';

/** What cards say of a device: a plan may have thousands. */
const shown = ['id', 'name', 'criticality'] as const;

/** Everything on the card of one proposal, or null when the proposal or its patch is gone. */
export async function proposalView(world: World, id: ProposalId): Promise<ProposalView | null> {
  const proposal = await world.proposals.get(id);
  const patch = proposal ? await world.patches.get(proposal.patch) : null;
  if (!proposal || !patch) return null;
  const rollout = proposal.rollout ? await world.rollouts.get(proposal.rollout) : null;
  const deployments = rollout ? await world.deployments.find({ rollout: rollout.id }) : [];
  const ids = proposal.plan.entries.map(({ device }) => device);
  const devices = ids.length > 0 ? await world.devices.pick({ id: { in: ids } }, shown, ids.length) : [];
  const policy = world.policies.find((one) => one.id === proposal.policy) ?? null;
  const next = policy ? windowNow(world, policy, world.clock.now()).next : null;
  const workarounds = await workaroundsFor(world, patch);
  const verdictFirst = needsVerdict(world, proposal, patch);
  return { proposal, patch, policy, devices, rollout, deployments, next, workarounds, needsVerdict: verdictFirst };
}

/** Active workarounds of a patch: its own, and those of CVEs that it fixes. */
async function workaroundsFor(world: World, { id, advisories }: Patch): Promise<readonly Workaround[]> {
  const active = await world.workarounds.find({ state: 'active' });
  // A kernel fixes thousands of CVEs: they are only read when there is one to look for.
  const known = active.some(({ subject }) => isCve(subject)) ? await world.advisories.byKey(advisories) : [];
  const fixed = new Set(known.flatMap(({ cves }) => cves));
  return active.filter(({ subject }) => subject === id || fixed.has(subject));
}

/**
 * The patch that somebody means: by its id, by a proposal of it as its card shows it, or by package, `=version` besides when they want
 * another than the newest. Refusals: `patch.unknown`; `patch.ambiguous` when several platforms have such a package.
 */
export async function patchNamed(world: World, typed: string): Promise<Result<Patch, Refusal>> {
  const exact = await world.patches.get(typed as PatchId);
  const proposal = exact ? null : await world.proposals.get(typed as ProposalId);
  const known = exact ?? (proposal ? await world.patches.get(proposal.patch) : null);
  if (known) return ok(known);
  const [source = '', version] = typed.split('=');
  const newest = new Map<string, Patch>();
  for (const patch of await world.patches.find({ source, ...(version === undefined ? {} : { version }) })) {
    const other = newest.get(patch.platform);
    if (!other || patch.firstSeen > other.firstSeen) newest.set(patch.platform, patch);
  }
  const [first, ...others] = newest.values();
  if (!first) return err({ code: 'patch.unknown', subject: typed });
  if (others.length === 0) return ok(first);
  return err({ code: 'patch.ambiguous', subject: typed, ids: [first, ...others].map(({ id }) => id).join(', ') });
}

/** Whom an owner should tell: the first person on call, else the first admin. */
export const contactFor = (world: World): string => onCall(world.people.all())?.name ?? 'your administrator';

/** A device by the name that people type. */
export const deviceByName = async (world: World, name: string): Promise<Device | undefined> =>
  (await world.devices.find({ name }))[0];
