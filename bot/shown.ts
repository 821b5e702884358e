/** Which cards a record shows: its own message, replies in the thread, private messages. */
import type { Card } from '../domain/cards/card.ts';
import { line } from '../domain/cards/card.ts';
import { ownerCard } from '../domain/cards/owner-card.ts';
import { proposalCard } from '../domain/cards/proposal-card.ts';
import { workOrderCard } from '../domain/cards/work-order-card.ts';
import { contactFor, proposalView } from '../domain/flows/views.ts';
import type { DeploymentId, ProposalId, RolloutId, WorkOrderId } from '../domain/model/ids.ts';
import type { Account } from '../domain/model/people.ts';
import type { Due, World } from '../domain/ports.ts';

/** `about` names the message for good: the same `about` is the same message. */
type Drawn = { readonly about: string; readonly card: Card };
export type Shown = {
  readonly main: Drawn | null;
  readonly replies: readonly Drawn[];
  readonly direct: readonly (Drawn & { readonly account: Account })[];
};

const nothing: Shown = { main: null, replies: [], direct: [] };

/** Reads the state and draws it. */
export async function shownBy(world: World, { kind, id }: Due): Promise<Shown> {
  if (kind === 'proposal') return proposalShown(world, id as ProposalId);
  if (kind === 'halt') return haltShown(world, id);
  if (kind === 'rollout') {
    const rollout = await world.rollouts.get(id as RolloutId);
    return rollout ? proposalShown(world, rollout.proposal) : nothing;
  }
  if (kind === 'workOrder') {
    const order = await world.workOrders.get(id as WorkOrderId);
    if (!order) return nothing;
    const replies = [{ about: `work-order:${id}`, card: workOrderCard(order) }];
    return { ...(await proposalShown(world, order.proposal)), replies };
  }
  return deploymentShown(world, id as DeploymentId);
}

async function proposalShown(world: World, id: ProposalId): Promise<Shown> {
  const view = await proposalView(world, id);
  if (!view || view.proposal.state === 'open') return nothing;
  return { ...nothing, main: { about: `proposal:${id}`, card: proposalCard(view) } };
}

async function deploymentShown(world: World, id: DeploymentId): Promise<Shown> {
  const deployment = await world.deployments.get(id);
  if (!deployment) return nothing;
  const owner = deployment.owner ? world.people.byId(deployment.owner) : undefined;
  const card = ownerCard(deployment, contactFor(world));
  const direct = (owner?.accounts ?? []).map((account) => ({ about: `owner:${id}`, card, account }));
  return { ...(await proposalShown(world, deployment.proposal)), direct };
}

/** Halts are told in the channel, each closing and lifting of the latch as a message of its own. */
async function haltShown(world: World, id: string): Promise<Shown> {
  const halt = await world.halts.get(id);
  if (!halt) return nothing;
  const what = halt.scope.kind === 'all' ? 'everything' : `one ${halt.scope.kind}`;
  const card = halt.active
    ? line(`${halt.by} halted ${what}`, 'bad', 'Nothing new starts', [{ at: halt.at.getTime() }, `. ${halt.id}`])
    : line(`The halt of ${what} was lifted`, 'good', 'Devices start again', halt.id);
  return { ...nothing, main: { about: `halt:${id}:${halt.rev}`, card } };
}
