/** Reads what `why` tells of a device and its patches. */
import type { WhyDevice, WhyPatch } from '../cards/why-card.ts';
import { type BlockerKind, type Deployment, inFlight } from '../model/deployment.ts';
import type { Device } from '../model/device.ts';
import { type Applicability, type ApplicabilityState, applicabilityId, type Patch } from '../model/patch.ts';
import { type Policy, policyFor } from '../model/policy.ts';
import { type Proposal, undecided } from '../model/proposal.ts';
import type { ProposalHead, World } from '../ports.ts';
import { whatBlocks, windowNow } from './gate.ts';
import { patchesOf } from './look-up.ts';
import { type Priced, price } from './pricing.ts';
import { needsVerdict } from './verdict.ts';
import { type Situation, waitOf } from './wait.ts';

/** States in which something is left to be done. */
const openStates: readonly ApplicabilityState[] = [
  ...(['missing', 'pending-reboot', 'held', 'phased', 'kept-back'] as const),
  ...(['excepted', 'declined', 'failed', 'rolled-back', 'stale'] as const),
];
/** More open patches than a device has. */
const mostPatches = 2000;

/** Every open patch of a device, with the priority that it has there and the one thing that it waits for. */
export async function whyDevice(world: World, device: Device): Promise<WhyDevice> {
  const policy = policyFor(device, world.policies) ?? null;
  const missing = await world.applicabilities.find({ device: device.id, state: { in: openStates } }, mostPatches);
  const findings = await world.findings.get(device.id);
  const advisories = findings && new Set(findings.open.map(({ advisory }) => advisory)).size;
  if (missing.length === 0) return { device, policy, advisories, patches: [] };
  const ids = missing.map(({ patch }) => patch);
  const [patches, heads, deployments] = await Promise.all([
    world.patches.find({ id: { in: ids } }),
    world.proposals.heads({ patch: { in: ids } }),
    world.deployments.find({ device: device.id, patch: { in: ids } }),
  ]);
  const byPatch = new Map(missing.map((one) => [one.patch, one]));
  const known = patches.filter(({ supersededBy }) => supersededBy === null);
  const priced = await price(
    world,
    known.map((patch) => ({ patch, on: [{ device, transaction: byPatch.get(patch.id)?.transaction ?? [] }] })),
  );
  const all = known.flatMap((patch, at) => {
    const priority = priced[at]?.priority;
    const proposal = counting(heads.filter((head) => head.patch === patch.id && head.policy === policy?.id));
    const wait = waitOf({
      ...{ now: world.clock.now(), maxAgeMs: world.maxAgeMs, device, patch, policy, proposal, planned: null },
      applicability: byPatch.get(patch.id) ?? null,
      needsVerdict: proposal ? needsVerdict(world, proposal, patch) : false,
      deployment: newest(deployments.filter((one) => one.patch === patch.id)),
    });
    return priority && wait ? [{ patch, priority, wait }] : [];
  });
  return { device, policy, advisories, patches: all };
}

/** One that can still be decided, else the newest. */
function counting(heads: readonly ProposalHead[]): ProposalHead | null {
  const open = ({ state }: ProposalHead): number => Number(undecided.includes(state));
  const sorted = [...heads].sort((a, b) => open(a) - open(b) || a.createdAt.getTime() - b.createdAt.getTime());
  return sorted.at(-1) ?? null;
}

const newest = (all: readonly Deployment[]): Deployment | null =>
  [...all].sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime()).at(-1) ?? null;

/**
 * The patch that is meant by its id, or by its package, with a version if people say one: of several the one that this device still
 * misses, else the newest of its own platform. null = the catalog knows none.
 */
export async function patchOn(world: World, device: Device, typed: string): Promise<Patch | null> {
  const exact = await world.patches.get(typed as Patch['id']);
  if (exact) return exact;
  const found = await patchesOf(world, typed);
  if (found.length === 0) return null;
  const here = await world.applicabilities.find({
    id: { in: found.map(({ id }) => applicabilityId(device.id, id)) },
  });
  const rank = ({ id }: (typeof found)[number]): number => {
    const state = here.find(({ patch }) => patch === id)?.state;
    return state === undefined ? 0 : openStates.includes(state) ? 2 : 1;
  };
  const sorted = [...found].sort((a, b) => rank(a) - rank(b) || a.firstSeen.getTime() - b.firstSeen.getTime());
  const last = sorted.at(-1);
  return last ? world.patches.get(last.id) : null;
}

/** The chain from policy to window for one patch on one device, asked anew, and the device's own priority. */
export async function whyPatch(world: World, device: Device, patch: Patch): Promise<WhyPatch> {
  const policy = policyFor(device, world.policies) ?? null;
  const applicability = await world.applicabilities.get(applicabilityId(device.id, patch.id));
  const deployment = await freshly(world, newest(await world.deployments.find({ device: device.id, patch: patch.id })));
  const proposal = await proposalOf(world, patch, policy, deployment);
  const isOpen = applicability !== null && openStates.includes(applicability.state);
  const priced = isOpen ? await pricedFor(world, device, patch, applicability) : null;
  const situation: Situation = {
    ...{ now: world.clock.now(), maxAgeMs: world.maxAgeMs, device, patch, policy, applicability, proposal, deployment },
    planned: proposal?.plan.entries.some((entry) => entry.device === device.id) ?? null,
    needsVerdict: proposal ? needsVerdict(world, proposal, patch) : false,
  };
  return {
    ...{ device, patch, applicability, policy, proposal, deployment },
    window: policy && windowOf(world, policy),
    priority: priced?.priority ?? null,
    wait: waitOf(situation),
    fixes: priced?.fixes ?? [],
  };
}

/** Its own, while there is a deployment: a newer plan says nothing of what runs already. */
async function proposalOf(
  world: World,
  patch: Patch,
  policy: Policy | null,
  deployment: Deployment | null,
): Promise<Proposal | null> {
  const running = deployment && [...inFlight, 'waiting'].includes(deployment.state);
  if (running) return world.proposals.get(deployment.proposal);
  const head = policy && counting(await world.proposals.heads({ patch: patch.id, policy: policy.id }));
  return head ? world.proposals.get(head.id) : null;
}

/** Only a visit finds these: they hold until the next one. */
const foundByVisits: readonly BlockerKind[] = ['offline', 'prerequisite'];

/** What blocks it is asked now: the one on record is as old as the last try. */
async function freshly(world: World, deployment: Deployment | null): Promise<Deployment | null> {
  if (deployment?.state !== 'waiting') return deployment;
  const { blocker } = deployment;
  const found = blocker && foundByVisits.includes(blocker.kind) ? blocker : null;
  return { ...deployment, blocker: (await whatBlocks(world, deployment)) ?? found };
}

async function pricedFor(
  world: World,
  device: Device,
  patch: Patch,
  { transaction }: Applicability,
): Promise<Priced | null> {
  const [priced] = await price(world, [{ patch, on: [{ device, transaction }] }]);
  return priced ?? null;
}

function windowOf(world: World, policy: Policy): WhyPatch['window'] {
  const { open, next } = windowNow(world, policy, world.clock.now());
  const occurrence = open ?? next;
  return occurrence && { open: open !== null, start: occurrence.start, end: occurrence.end };
}
