/** From applicability to proposals: one for each patch and policy, with a frozen plan. Runs after every scan that changed something. */

import { line } from '../cards/card.ts';
import { inFlight } from '../model/deployment.ts';
import type { Device } from '../model/device.ts';
import type { PatchId, ProposalId } from '../model/ids.ts';
import { type Applicability, isDeclined, type Patch } from '../model/patch.ts';
import { digestOf, type Plan, sha256 } from '../model/plan.ts';
import { type Policy, policyFor } from '../model/policy.ts';
import { moveProposal, type Proposal, replan, undecided } from '../model/proposal.ts';
import { ok } from '../model/result.ts';
import { livingRollouts } from '../model/rollout.ts';
import type { World } from '../ports.ts';
import { announced, atOnceCard } from './digests.ts';
import { learn, type Offered, type Priced, price } from './pricing.ts';
import { repriced } from './reprice.ts';
import { own, said, update } from './say.ts';
import { supersede } from './supersede.ts';
import { followVerdict } from './verdict.ts';

export type Candidate = { readonly device: Device; readonly applicability: Applicability };

/** Brings the proposals of one patch in line with what the last scans found. Safe to repeat and to run twice at once. */
export async function proposePatch(world: World, id: PatchId): Promise<void> {
  const patch = await world.patches.get(id);
  if (!patch) return;
  await followVerdict(world, patch);
  if (patch.blocked || patch.retracted) return;
  if ((await supersede(world, patch)) || isDeclined(patch)) return;
  for (const policy of world.policies) await proposeFor(world, patch, policy);
}

/**
 * Who would get the patch under a policy, by the newest scans, or would if it was not declined. Read again for each try of a write:
 * scans of other devices may have come in between, and a plan that lacks them must lose.
 */
export async function candidatesOf(world: World, patch: Patch, policy: Policy): Promise<readonly Candidate[]> {
  // In this order: a deployment that ends in between is busy still, or has marked its device already.
  const busy = await busyDevices(world, patch.id);
  const state = isDeclined(patch) ? 'declined' : 'missing';
  const missing = await world.applicabilities.find({ patch: patch.id, state });
  if (missing.length === 0) return [];
  const devices = await world.devices.find({ id: { in: missing.map(({ device }) => device) }, retired: false });
  const chosen = new Map(
    devices
      // A personal device is told, never pushed (product.md section 4).
      .filter(({ id, ownership }) => ownership === 'company' && !busy.has(id))
      .filter((device) => !isStale(world, device) && policyFor(device, world.policies) === policy)
      .map((device) => [device.id, device]),
  );
  return missing.flatMap((applicability) => {
    const device = chosen.get(applicability.device);
    // Not simulated yet: it joins when its plan is known.
    return device && applicability.transaction.length > 0 ? [{ device, applicability }] : [];
  });
}

/** Facts that are too old say nothing: such a device is neither offered a patch nor called up to date. */
const isStale = (world: World, { facts }: Device): boolean =>
  !facts || world.clock.now().getTime() - facts.scannedAt.getTime() > world.maxAgeMs;

/**
 * Devices that are taken care of already: by a living rollout of this patch, by an approval whose rollout is being made, by a
 * deployment that still works on them, such as a rollback, or by the person who has to find out what a stuck one has.
 */
async function busyDevices(world: World, patch: PatchId): Promise<ReadonlySet<Device['id']>> {
  const approved = await world.proposals.find({ patch, state: 'approved', rollout: null });
  const rollouts = await world.rollouts.find({ patch, state: { in: livingRollouts } });
  const ids = rollouts.map(({ id }) => id);
  const deployments = await Promise.all([
    ids.length > 0 ? world.deployments.find({ rollout: { in: ids } }) : [],
    world.deployments.find({ patch, state: { in: [...inFlight, 'stuck'] } }),
    world.deployments.find({ patch, settled: false }),
  ]);
  return new Set([...approved.flatMap(({ plan }) => plan.entries), ...deployments.flat()].map(({ device }) => device));
}

/** Every proposal of a patch under a policy, oldest first. */
export async function roundsOf(
  world: World,
  { patch, policy }: Pick<Proposal, 'patch' | 'policy'>,
): Promise<readonly Proposal[]> {
  const rounds = await world.proposals.find({ patch, policy });
  return [...rounds].sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime());
}

async function proposeFor(world: World, patch: Patch, policy: Policy): Promise<void> {
  const rounds = await roundsOf(world, { patch: patch.id, policy: policy.id });
  const latest = rounds.at(-1);
  // A denied patch stays denied for this policy until a newer version comes, or a person wants it back; what a verdict ended was about
  // all policies, and is over.
  if (latest?.state === 'denied' && !latest.decided?.declined && !latest.decided?.again) return;
  if (latest && (undecided.includes(latest.state) || latest.state === 'expired')) {
    await adjust(world, latest.id, patch, policy);
  } else {
    await offer(world, patch, policy, rounds.length + 1);
  }
}

function planFor(patch: Patch, policy: Policy, chosen: readonly Candidate[], schedule: Plan['schedule']): Plan {
  const entries = chosen.map(({ device, applicability: { transaction, undo } }) => ({
    device: device.id,
    transaction,
    undo,
  }));
  return {
    patch: patch.id,
    policy: policy.id,
    entries: entries.sort((a, b) => (a.device < b.device ? -1 : 1)),
    schedule,
    reboot: policy.reboot,
    conffiles: policy.conffiles,
  };
}

/** What is priced. */
export const offerOf = (patch: Patch, chosen: readonly Candidate[]): Offered => ({
  patch,
  on: chosen.map(({ device, applicability: { transaction } }) => ({ device, transaction })),
});

/** What the patch is worth to these devices; the catalog learns what it fixes there. */
async function prioritise(world: World, patch: Patch, chosen: readonly Candidate[]): Promise<Priced> {
  const [priced] = await price(world, [offerOf(patch, chosen)]);
  if (!priced) throw new Error(`price.nothing: ${patch.id}`);
  await learn(world, patch, priced.fixes);
  return priced;
}

async function offer(world: World, patch: Patch, policy: Policy, round: number): Promise<void> {
  const at = world.clock.now();
  const chosen = await candidatesOf(world, patch, policy);
  if (chosen.length === 0) return;
  const plan = planFor(patch, policy, chosen, 'next-window');
  const { priority, threat } = await prioritise(world, patch, chosen);
  const hash = await sha256(`${world.tenant}\n${policy.id}\n${patch.id}\n${round}`);
  const open: Proposal = {
    id: `p-${hash.slice(0, 10)}` as ProposalId,
    tenant: world.tenant,
    rev: 1,
    state: 'open',
    patch: patch.id,
    policy: policy.id,
    plan,
    digest: await digestOf(plan),
    planRev: 1,
    priority,
    threat,
    inDigest: null,
    formerDigest: null,
    announcedAt: null,
    votes: [],
    requestedBy: null,
    createdAt: at,
    expiresAt: new Date(at.getTime() + policy.expiresHours * 3_600_000),
    deferredUntil: null,
    decided: null,
    rollout: null,
    voided: null,
  };
  const made = (atOnceCard(policy, priority) ? announced(world, open) : null) ?? open;
  const details = { patch: patch.id, devices: chosen.length, digest: open.digest };
  const what = made.state === 'open' ? 'proposal.opened' : 'proposal.announced';
  // Somebody else was faster, perhaps without the devices that we saw.
  if (await world.proposals.insert(made, said(own(at, what, open.id, details)))) return;
  await adjust(world, open.id, patch, policy);
}

/** The device list or a version changed: votes are void and the card says so. With no device left the proposal ends. */
async function adjust(world: World, id: ProposalId, patch: Patch, policy: Policy): Promise<void> {
  const at = world.clock.now();
  await update(world.proposals, id, null, async (now) => {
    const chosen = await candidatesOf(world, patch, policy);
    if (chosen.length === 0) {
      const ended = moveProposal(now, 'supersede', { decided: null });
      if (!ended.ok) return ok({ next: now, said: { events: [] } });
      return ok({
        next: ended.value,
        said: said(own(at, 'proposal.superseded', now.id, { reason: 'no device needs it' })),
      });
    }
    const plan = planFor(patch, policy, chosen, now.plan.schedule);
    const planned = replan(now, plan, await digestOf(plan), difference(now.plan, plan));
    // Other devices or versions may be more urgent. New facts about the same ones are for the matching of the fleet to bring.
    if (planned === now) return ok({ next: now, said: { events: [] } });
    const { next, said: told } = repriced(world, now, planned, await prioritise(world, patch, chosen));
    const event = own(at, 'proposal.replanned', now.id, { before: now.digest, after: next.digest });
    const again = `${difference(now.plan, plan)} Look again before you decide.`;
    const card = line('The plan changed', 'warn', 'Votes are void', again);
    const lines = now.votes.length > 0 ? [{ key: `replan:${now.id}:${next.rev}`, card }] : [];
    return ok({ next, said: { events: [event, ...told.events], lines: [...lines, ...(told.lines ?? [])] } });
  });
}

function difference(before: Plan, after: Plan): string {
  const was = new Set(before.entries.map(({ device }) => device));
  const is = new Set(after.entries.map(({ device }) => device));
  const added = [...is].filter((device) => !was.has(device)).length;
  const gone = [...was].filter((device) => !is.has(device)).length;
  if (added + gone === 0) return 'Versions or the schedule changed.';
  return `Devices changed: ${added} added, ${gone} gone.`;
}
