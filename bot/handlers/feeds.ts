/** `feed list`: how old each source of patch intelligence is, because old silence is no good news. */
import type { Card, Text } from '../../domain/cards/card.ts';
import { count } from '../../domain/cards/words.ts';
import { fleetReleases } from '../../domain/flows/fleet-releases.ts';
import { type FeedRule, type FeedState, feedIds, healthOf } from '../../domain/model/feed.ts';
import type { World } from '../../domain/ports.ts';
import { done, type Verb } from './press.ts';

/** The verb `feed list`. */
export const feedVerbs = (world: World): readonly Verb[] => [
  {
    name: 'feed list',
    summary: 'Where patch intelligence comes from, how old each source is, and what is wrong with it',
    options: [],
    role: 'viewer',
    run: async () => done('Feeds', await listCard(world)),
  },
];

async function listCard(world: World): Promise<Card> {
  const releases = await fleetReleases(world);
  const states = new Map((await world.feeds.all()).map((state) => [state.id, state]));
  const now = world.clock.now();
  const used = world.feedRules.filter((rule) => rule.concerns(releases));
  const bad = used.filter(({ id, staleMs }) => isBad(states.get(id) ?? null, staleMs, now));
  const off = feedIds.filter((id) => !world.feedRules.some((rule) => rule.id === id));
  const idle = world.feedRules.filter((rule) => !rule.concerns(releases)).map(({ id }) => id);
  // Those that are off may have been imported by hand.
  const brought = off.flatMap((id) => states.get(id) ?? []);
  return {
    title: 'Feeds',
    tone: bad.length > 0 ? 'warn' : 'plain',
    status: bad.length > 0 ? `${count(bad.length, 'feed')} without news` : `${used.length} in use`,
    facts: [
      ...(idle.length > 0 ? [{ label: 'No device has use for', value: idle.join(', ') }] : []),
      ...(off.length > 0 ? [{ label: 'Off', value: off.join(', ') }] : []),
    ],
    list: {
      title: 'By name',
      items: [
        ...used.map((rule) => usedLine(rule, states.get(rule.id) ?? null, now)),
        ...brought.map((state): Text => [`${state.id}: off. `, ...content(state)]),
      ],
      more: 0,
    },
    buttons: [],
  };
}

const isBad = (state: FeedState | null, staleMs: number, now: Date): boolean =>
  ['stale', 'broken'].includes(healthOf(state, staleMs, now));

function usedLine({ id, title, staleMs, licence }: FeedRule, state: FeedState | null, now: Date): Text {
  const name = `${title} (${id}): `;
  if (!state) return `${name}not asked yet. ${licence}`;
  const problem = state.problem ? ` ${state.problem.text}` : '';
  const health = healthOf(state, staleMs, now) === 'stale' ? 'Out of date. ' : '';
  return [name, health, ...content(state), `.${problem} ${licence}`];
}

const content = ({ checkedAt, records, dropped }: FeedState): Exclude<Text, string> => [
  `${count(records, 'record')}, ${dropped > 0 ? `${dropped} unreadable, ` : ''}read `,
  checkedAt ? { at: checkedAt.getTime() } : 'never',
];
