/** Which cards a record shows: its own message, replies in the thread, private messages. */
import type { Card } from '../domain/cards/card.ts';
import { line } from '../domain/cards/card.ts';
import { digestCard, movedCard } from '../domain/cards/digest-card.ts';
import { noticeCard } from '../domain/cards/notice-card.ts';
import { ownerCard } from '../domain/cards/owner-card.ts';
import { proposalCard } from '../domain/cards/proposal-card.ts';
import { workOrderCard } from '../domain/cards/work-order-card.ts';
import { contactFor, proposalView } from '../domain/flows/views.ts';
import type { Deployment } from '../domain/model/deployment.ts';
import type { Digest } from '../domain/model/digest.ts';
import type { DeploymentId, DigestId, ProposalId, RolloutId, WorkOrderId } from '../domain/model/ids.ts';
import type { NoticeId } from '../domain/model/notice.ts';
import type { Account } from '../domain/model/people.ts';
import type { Due, World } from '../domain/ports.ts';

/** `about` names the message for good: the same `about` is the same message. */
type Drawn = { readonly about: string; readonly card: Card };
export type Shown = {
  readonly main: Drawn | null;
  readonly replies: readonly Drawn[];
  /** A reply in the thread of another message, when that one was sent. */
  readonly elsewhere?: { readonly under: string; readonly reply: Drawn };
  /** What the thread is about besides: lines are told apart by it. */
  readonly topic?: string;
  readonly direct: readonly (Drawn & { readonly account: Account })[];
};

const nothing: Shown = { main: null, replies: [], direct: [] };

/** Proposals that were read already: a hundred deployments of one rollout need it once. */
export type Read = Map<ProposalId, Promise<Shown>>;

/** Reads the state and draws it. `read` may hold what was read for others that were due at the same time. */
export async function shownBy(world: World, { kind, id }: Due, read: Read = new Map()): Promise<Shown> {
  const proposalShown = (proposal: ProposalId): Promise<Shown> => {
    const shown = read.get(proposal) ?? drawProposal(world, proposal);
    read.set(proposal, shown);
    return shown;
  };
  if (kind === 'proposal') return proposalShown(id as ProposalId);
  if (kind === 'halt') return haltShown(world, id);
  if (kind === 'notice') return noticeShown(world, id as NoticeId);
  if (kind === 'digest') return digestShown(world, id as DigestId, proposalShown);
  if (kind === 'rollout') {
    const rollout = await world.rollouts.get(id as RolloutId);
    return rollout ? proposalShown(rollout.proposal) : nothing;
  }
  if (kind === 'workOrder') {
    const order = await world.workOrders.get(id as WorkOrderId);
    if (!order) return nothing;
    const shown = await proposalShown(order.proposal);
    const card = workOrderCard(order);
    const title = shown.topic ? `${shown.topic}: ${card.title}` : card.title;
    return { ...shown, replies: [...shown.replies, { about: `work-order:${id}`, card: { ...card, title } }] };
  }
  const deployment = await world.deployments.get(id as DeploymentId);
  if (!deployment) return nothing;
  return { ...(await proposalShown(deployment.proposal)), direct: toOwner(world, deployment) };
}

async function drawProposal(world: World, id: ProposalId): Promise<Shown> {
  const view = await proposalView(world, id);
  if (!view || view.proposal.announcedAt === null) return nothing;
  const { inDigest, formerDigest, priority } = view.proposal;
  const drawn: Drawn = { about: `proposal:${id}`, card: proposalCard(view) };
  const name = `${view.patch.source} ${view.patch.version}`;
  const digest = inDigest ? await world.digests.get(inDigest) : null;
  if (digest) return { ...nothing, main: mainOf(digest), replies: [drawn], topic: name };
  if (!formerDigest) return { ...nothing, main: drawn };
  const moved = { about: drawn.about, card: movedCard(name, priority.band) };
  return { ...nothing, main: drawn, elsewhere: { under: `digest:${formerDigest}`, reply: moved } };
}

const mainOf = (digest: Digest): Drawn => ({ about: `digest:${digest.id}`, card: digestCard(digest) });

/** The message and the cards in its thread, the most urgent first. */
async function digestShown(
  world: World,
  id: DigestId,
  proposalShown: (proposal: ProposalId) => Promise<Shown>,
): Promise<Shown> {
  const digest = await world.digests.get(id);
  if (!digest?.complete) return nothing;
  const main = mainOf(digest);
  const shown = await Promise.all(digest.proposals.map(proposalShown));
  const mine = shown.filter((one) => one.main?.about === main.about);
  return { ...nothing, main, replies: mine.flatMap(({ replies }) => replies) };
}

function toOwner(world: World, deployment: Deployment): Shown['direct'] {
  const owner = deployment.owner ? world.people.byId(deployment.owner) : undefined;
  const card = ownerCard(deployment, contactFor(world));
  return (owner?.accounts ?? []).map((account) => ({ about: `owner:${deployment.id}`, card, account }));
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

async function noticeShown(world: World, id: NoticeId): Promise<Shown> {
  const notice = await world.notices.get(id);
  return notice ? { ...nothing, main: { about: `notice:${id}`, card: noticeCard(notice) } } : nothing;
}
