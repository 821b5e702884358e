/** Says in the channel, once for each feed, that it is stale or broken, and once that it works again. Old silence is never good news. */
import { type FeedHealth, type FeedRule, type FeedState, healthOf } from '../model/feed.ts';
import type { NoticeId, NoticeText } from '../model/notice.ts';
import { sha256 } from '../model/plan.ts';
import type { WorkerWorld } from '../ports.ts';
import { notify } from './notice.ts';
import { own } from './say.ts';

type Facts = Pick<WorkerWorld, 'notices' | 'feeds' | 'claims' | 'owner' | 'tenant' | 'clock'>;
type Seen = { readonly rule: FeedRule; readonly state: FeedState; readonly health: FeedHealth };
type Held = Seen & { readonly fence: number };

const leaseMs = 10_000;

/**
 * Looks at the feeds of these rules: those that are on and that the fleet has use for. What changed since it was last told makes one
 * message for all that went wrong and one for all that work again. A feed that is being read just now is told at the next look.
 */
export async function tellFeedHealth(world: Facts, rules: readonly FeedRule[]): Promise<void> {
  const held = await hold(world, await changed(world, rules));
  try {
    await tell(
      world,
      held.filter(({ state }) => !state.told),
      trouble,
    );
    await tell(
      world,
      held.filter(({ state }) => state.told),
      recovery,
    );
  } finally {
    for (const { rule, fence } of held) await world.claims.release(claimOf(rule), fence);
  }
}

const claimOf = ({ id }: FeedRule): string => `feed:${id}`;
const isBad = (health: FeedHealth): boolean => health === 'stale' || health === 'broken';

async function changed({ feeds, clock }: Facts, rules: readonly FeedRule[]): Promise<readonly Seen[]> {
  const states = new Map((await feeds.all()).map((state) => [state.id, state]));
  return rules.flatMap((rule) => {
    const state = states.get(rule.id);
    const health = healthOf(state ?? null, rule.staleMs, clock.now());
    return state && health !== 'waiting' && isBad(health) !== state.told ? [{ rule, state, health }] : [];
  });
}

/** Only who holds a feed's claim writes its state. What was read before that is read again. */
async function hold(world: Facts, seen: readonly Seen[]): Promise<readonly Held[]> {
  const held: Held[] = [];
  for (const { rule } of seen) {
    const fence = await world.claims.take(claimOf(rule), world.owner, leaseMs);
    if (fence === null) continue;
    const [now] = await changed(world, [rule]);
    if (now) held.push({ ...now, fence });
    else await world.claims.release(claimOf(rule), fence);
  }
  return held;
}

type Words = { readonly title: string; readonly tone: 'good' | 'warn'; readonly status: string; readonly text: string };

/** The id follows from what is told: after a crash between message and record, it is the same message. */
async function tell(
  world: Facts,
  held: readonly Held[],
  words: (held: readonly Held[]) => Words & { readonly line: (one: Held) => NoticeText; readonly event: string },
): Promise<void> {
  if (held.length === 0) return;
  const { line, event, ...rest } = words(held);
  const since = held.map(({ rule, state }) => `${rule.id}@${state.checkedAt?.getTime() ?? 0}`);
  const id = `feeds-${(await sha256([event, ...since.sort()].join())).slice(0, 12)}` as NoticeId;
  const items = { title: 'Feeds', lines: held.map(line), more: 0 };
  const ids = held.map(({ rule }) => rule.id).join(', ');
  await notify(world, { ...rest, id, about: 'feeds', items }, own(world.clock.now(), event, id, { feeds: ids }));
  for (const { state } of held) await world.feeds.put({ ...state, told: !state.told });
}

function trouble(held: readonly Held[]): ReturnType<Parameters<typeof tell>[2]> {
  const only = held.length === 1 ? held[0] : undefined;
  return {
    title: only ? `${only.rule.title}: no news` : `${held.length} feeds: no news`,
    tone: 'warn',
    status: held.every(({ health }) => health === 'stale') ? 'Out of date' : 'Not readable',
    text: 'That nothing new comes from there does not mean that there is nothing: the last good data stays in use and gets older.',
    event: 'feed.trouble-told',
    line: ({ rule, state, health }) => [
      ...(state.problem ? [state.problem.text] : [`${rule.title}: it should be asked every ${rule.everyHours} hours.`]),
      health === 'stale' ? ' Out of date. Last read: ' : ' Last read: ',
      state.checkedAt ? { at: state.checkedAt.getTime() } : 'never',
    ],
  };
}

function recovery(held: readonly Held[]): ReturnType<Parameters<typeof tell>[2]> {
  const only = held.length === 1 ? held[0] : undefined;
  return {
    title: only ? `${only.rule.title} works again` : `${held.length} feeds work again`,
    tone: 'good',
    status: 'Up to date',
    text: 'What came meanwhile has been taken over.',
    event: 'feed.recovery-told',
    line: ({ rule, state }) => [
      `${rule.title}: ${state.records} records, read `,
      { at: state.checkedAt?.getTime() ?? 0 },
    ],
  };
}
