/** Reads what cards tell of. */
import type { ProposalView } from '../cards/proposal-card.ts';
import type { Device } from '../model/device.ts';
import type { ProposalId } from '../model/ids.ts';
import { onCall } from '../model/people.ts';
import type { World } from '../ports.ts';
import { windowNow } from './gate.ts';

/** Everything on the card of one proposal, or null when the proposal or its patch is gone. */
export async function proposalView(world: World, id: ProposalId): Promise<ProposalView | null> {
  const proposal = await world.proposals.get(id);
  const patch = proposal ? await world.patches.get(proposal.patch) : null;
  if (!proposal || !patch) return null;
  const rollout = proposal.rollout ? await world.rollouts.get(proposal.rollout) : null;
  const deployments = rollout ? await world.deployments.find({ rollout: rollout.id }) : [];
  const ids = proposal.plan.entries.map(({ device }) => device);
  const devices = ids.length > 0 ? await world.devices.find({ id: { in: ids } }) : [];
  const policy = world.policies.find((one) => one.id === proposal.policy) ?? null;
  const next = policy ? windowNow(world, policy, world.clock.now()).next : null;
  return { proposal, patch, policy, devices, rollout, deployments, next };
}

/** Whom an owner should tell: the first person on call, else the first admin. */
export const contactFor = (world: World): string => onCall(world.people.all())?.name ?? 'your administrator';

/** A device by the name that people type. */
export const deviceByName = async (world: World, name: string): Promise<Device | undefined> =>
  (await world.devices.find({ name }))[0];
