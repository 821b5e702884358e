/** Which cards a record shows: its own message, replies in the thread, private messages. */
import type { Card } from '../domain/cards/card.ts';
import { line } from '../domain/cards/card.ts';
import { digestCard, movedCard } from '../domain/cards/digest-card.ts';
import { noticeCard } from '../domain/cards/notice-card.ts';
import { ownerCard } from '../domain/cards/owner-card.ts';
import { proposalCard } from '../domain/cards/proposal-card.ts';
import { urgedCards } from '../domain/cards/urged-card.ts';
import { workOrderCard } from '../domain/cards/work-order-card.ts';
import { contactFor, proposalView } from '../domain/flows/views.ts';
import type { Deployment } from '../domain/model/deployment.ts';
import type { DeploymentId, DigestId, ProposalId, RolloutId, WorkOrderId } from '../domain/model/ids.ts';
import type { NoticeId } from '../domain/model/notice.ts';
import type { Account } from '../domain/model/people.ts';
import type { Due, World } from '../domain/ports.ts';

/** `about` names the message for good: the same `about` is the same message. */
type Drawn = { readonly about: string; readonly card: Card };
/** A message that several records share, as a digest is: drawn when that is asked for. `changed`: it may have to be redrawn. */
export type Shared = { readonly about: string; readonly draw: () => Promise<Card>; readonly changed: boolean };
export type Shown = {
  readonly main: Drawn | null;
  /** In place of an own message: the one whose thread it is in. */
  readonly within?: Shared;
  readonly replies: readonly Drawn[];
  /** A reply in the thread of another message, when that one was sent. */
  readonly elsewhere?: { readonly under: Shared; readonly reply: Drawn };
  /** What the thread is about besides: lines are told apart by it. */
  readonly topic?: string;
  readonly direct: readonly (Drawn & { readonly account: Account })[];
};

const nothing: Shown = { main: null, replies: [], direct: [] };

/** What was read already: a hundred deployments of one rollout need its proposal once, ten decisions in a digest its message once. */
export type Read = {
  readonly proposals: Map<ProposalId, Promise<Shown>>;
  readonly digests: Map<DigestId, Promise<Card>>;
};
export const nothingRead = (): Read => ({ proposals: new Map(), digests: new Map() });

/** Reads the state and draws it. `read` may hold what was read for others that were due at the same time. */
export async function shownBy(world: World, { kind, id }: Due, read: Read = nothingRead()): Promise<Shown> {
  const proposalShown = (proposal: ProposalId): Promise<Shown> => {
    const shown = read.proposals.get(proposal) ?? drawProposal(world, proposal, read);
    read.proposals.set(proposal, shown);
    return shown;
  };
  if (kind === 'proposal') return proposalShown(id as ProposalId);
  if (kind === 'halt') return haltShown(world, id);
  if (kind === 'notice') return noticeShown(world, id as NoticeId);
  if (kind === 'digest') return digestShown(world, id as DigestId, read, proposalShown);
  if (kind === 'rollout') {
    const rollout = await world.rollouts.get(id as RolloutId);
    return rollout ? inItsThread(await proposalShown(rollout.proposal)) : nothing;
  }
  if (kind === 'workOrder') {
    const order = await world.workOrders.get(id as WorkOrderId);
    if (!order) return nothing;
    const shown = inItsThread(await proposalShown(order.proposal));
    const card = workOrderCard(order);
    const title = shown.topic ? `${shown.topic}: ${card.title}` : card.title;
    return { ...shown, replies: [...shown.replies, { about: `work-order:${id}`, card: { ...card, title } }] };
  }
  const deployment = await world.deployments.get(id as DeploymentId);
  if (!deployment) return nothing;
  return { ...inItsThread(await proposalShown(deployment.proposal)), direct: toOwner(world, deployment) };
}

/** A digest says what people decide, not how rollouts get on: these must not read all its proposals each time. */
const inItsThread = (shown: Shown): Shown =>
  shown.within ? { ...shown, within: { ...shown.within, changed: false } } : shown;

async function drawProposal(world: World, id: ProposalId, read: Read): Promise<Shown> {
  const view = await proposalView(world, id);
  if (!view || view.proposal.announcedAt === null) return nothing;
  const { inDigest, formerDigest, priority } = view.proposal;
  const drawn: Drawn = { about: `proposal:${id}`, card: proposalCard(view) };
  const name = `${view.patch.source} ${view.patch.version}`;
  const urged = urgedCards(view.proposal, view.patch).map((card, index) => ({ about: `urged:${id}:${index}`, card }));
  const digest = inDigest ? await world.digests.get(inDigest) : null;
  // A digest that is half-made brings its cards when it is whole.
  if (digest && !digest.complete) return nothing;
  if (digest)
    return { ...nothing, within: sharedDigest(world, digest.id, read), replies: [drawn, ...urged], topic: name };
  if (!formerDigest) return { ...nothing, main: drawn, replies: urged };
  const moved = { about: drawn.about, card: movedCard(name, priority.band) };
  const under = sharedDigest(world, formerDigest, read);
  return { ...nothing, main: drawn, replies: urged, elsewhere: { under, reply: moved } };
}

function sharedDigest(world: World, id: DigestId, { digests }: Read): Shared {
  const draw = (): Promise<Card> => {
    const card = digests.get(id) ?? drawDigest(world, id);
    digests.set(id, card);
    return card;
  };
  return { about: `digest:${id}`, draw, changed: true };
}

async function drawDigest(world: World, id: DigestId): Promise<Card> {
  const digest = await world.digests.get(id);
  if (!digest) throw new Error(`digest.missing: ${id}`);
  return digestCard(digest, await world.proposals.heads({ id: { in: digest.proposals } }, digest.proposals.length));
}

/** The message and the cards in its thread, the most urgent first. */
async function digestShown(
  world: World,
  id: DigestId,
  read: Read,
  proposalShown: (proposal: ProposalId) => Promise<Shown>,
): Promise<Shown> {
  const digest = await world.digests.get(id);
  if (!digest?.complete) return nothing;
  const within = sharedDigest(world, id, read);
  const shown = await Promise.all(digest.proposals.map(proposalShown));
  const mine = shown.filter((one) => one.within?.about === within.about);
  return { ...nothing, within, replies: mine.flatMap(({ replies }) => replies) };
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
