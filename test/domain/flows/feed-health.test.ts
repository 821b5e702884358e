import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { shownBy } from '../../../bot/shown.ts';
import type { Card } from '../../../domain/cards/card.ts';
import { tellFeedHealth } from '../../../domain/flows/feed-health.ts';
import { notify } from '../../../domain/flows/notice.ts';
import { own } from '../../../domain/flows/say.ts';
import { type FeedRule, type FeedState, healthOf, newFeed } from '../../../domain/model/feed.ts';
import type { NoticeId } from '../../../domain/model/notice.ts';
import { type FlowWorld, flowDatabase } from './world.ts';

const HOUR = 3_600_000;
const rule = (id: string, title: string): FeedRule => ({
  ...{ id, title, everyHours: 4, staleMs: 12 * HOUR, licence: 'CC0' },
  concerns: () => true,
});
const rules = [rule('kev', 'CISA KEV'), rule('epss', 'EPSS')];

let db: Awaited<ReturnType<typeof flowDatabase>>;
let world: FlowWorld;
beforeAll(async () => {
  db = await flowDatabase();
});
afterAll(() => db?.close());
beforeEach(async () => {
  await db.database.connection.collection('feeds').deleteMany({});
  world = db.world();
});

const at = (hoursAgo: number) => new Date(world.clock.now().getTime() - hoursAgo * HOUR);
const put = (id: string, state: Partial<FeedState>) => world.feeds.put({ ...newFeed(id), ...state });
const problem = (code: string) => ({ code, text: `CISA KEV: something is wrong (${code}).`, at: at(0) });
const look = () => tellFeedHealth(world, rules);
/** The cards that the channel would get, oldest first. */
async function told(): Promise<Card[]> {
  const due = (await world.store.outbox.due(100)).filter(({ kind }) => kind === 'notice');
  const cards = await Promise.all(due.map(async (one) => (await shownBy(world, one)).main?.card));
  for (const one of due) await world.store.outbox.done(one);
  return cards.flatMap((card) => card ?? []);
}
const words = (card: Card | undefined) =>
  card?.list?.items.map((item) =>
    typeof item === 'string' ? item : item.map((part) => (typeof part === 'string' ? part : '<time>')).join(''),
  );

describe('the health of a feed', () => {
  it.each<[string, Partial<FeedState> | null]>([
    ['waiting', null],
    ['waiting', {}],
    ['good', { checkedAt: new Date(0) }],
    ['good', { checkedAt: new Date(0), problem: { code: 'feed.unreachable', text: '', at: new Date(0) } }],
    ['broken', { checkedAt: new Date(0), problem: { code: 'feed.unreadable', text: '', at: new Date(0) } }],
    ['broken', { problem: { code: 'feed.unreachable', text: '', at: new Date(0) } }],
  ])('is %s for %j', (health, state) => {
    expect(healthOf(state && { ...newFeed('kev'), ...state }, HOUR, new Date(HOUR))).toBe(health);
  });
  it('is stale when its age is more than three times its own', () => {
    expect(healthOf({ ...newFeed('kev'), checkedAt: new Date(0) }, HOUR, new Date(HOUR + 1))).toBe('stale');
  });
});

describe('the channel', () => {
  it('hears nothing of feeds that are well, or that were not asked yet', async () => {
    await put('kev', { checkedAt: at(12) });
    await look();
    expect(await told()).toEqual([]);
  });
  it('hears once that a feed is broken, with what is wrong and when it was last read', async () => {
    await put('kev', { checkedAt: at(1), problem: problem('feed.unreadable') });
    await look();
    const [card, more] = await told();
    expect(more).toBeUndefined();
    expect(card).toMatchObject({ title: 'CISA KEV: no news', tone: 'warn', status: 'Not readable' });
    expect(words(card)).toEqual(['CISA KEV: something is wrong (feed.unreadable). Last read: <time>']);
    await look();
    await put('kev', { checkedAt: at(1), problem: problem('feed.shrunk'), told: true });
    await look();
    expect(await told()).toEqual([]);
  });
  it('hears of an unreachable source only when it is stale, and then once', async () => {
    await put('kev', { checkedAt: at(11), problem: problem('feed.unreachable') });
    await look();
    expect(await told()).toEqual([]);
    world.clock.set(new Date(world.clock.now().getTime() + 2 * HOUR));
    await look();
    await look();
    const cards = await told();
    expect(cards.map(({ status }) => status)).toEqual(['Out of date']);
    expect(words(cards[0])?.[0]).toContain('Out of date. Last read: <time>');
  });
  it('hears once that it works again, and of the next trouble anew', async () => {
    await put('kev', { checkedAt: at(20) });
    await look();
    expect(await told()).toHaveLength(1);
    await put('kev', { checkedAt: at(0), records: 1653, told: true });
    await look();
    await look();
    const [card, more] = await told();
    expect(more).toBeUndefined();
    expect(card).toMatchObject({ title: 'CISA KEV works again', tone: 'good' });
    expect(words(card)).toEqual(['CISA KEV: 1653 records, read <time>']);
    world.clock.set(new Date(world.clock.now().getTime() + 13 * HOUR));
    await look();
    expect(await told()).toHaveLength(1);
  });
  it('hears of several feeds in one message', async () => {
    await put('kev', { problem: problem('feed.unreachable') });
    await put('epss', { checkedAt: at(13) });
    await look();
    const [card, more] = await told();
    expect(more).toBeUndefined();
    expect(card?.title).toBe('2 feeds: no news');
    expect(words(card)).toEqual([
      'CISA KEV: something is wrong (feed.unreachable). Last read: never',
      'EPSS: it should be asked every 4 hours. Out of date. Last read: <time>',
    ]);
    expect((await world.feeds.all()).map(({ told: done }) => done)).toEqual([true, true]);
  });
  it('hears of a feed that is being read at the next look', async () => {
    await put('kev', { checkedAt: at(20) });
    const fence = (await world.claims.take('feed:kev', 'another', 60_000)) ?? 0;
    await look();
    expect(await told()).toEqual([]);
    await world.claims.release('feed:kev', fence);
    await look();
    expect(await told()).toHaveLength(1);
  });
  it('hears it once although the process dies before that is noted', async () => {
    await put('kev', { checkedAt: at(20) });
    const dying = { ...world, feeds: { ...world.feeds, put: async () => Promise.reject(new Error('killed')) } };
    await expect(tellFeedHealth(dying, rules)).rejects.toThrow('killed');
    await look();
    expect(await told()).toHaveLength(1);
    expect(await world.notices.count({})).toBe(1);
  });
  it('hears it once although two processes look at the same time', async () => {
    await put('kev', { checkedAt: at(20) });
    await Promise.all([look(), tellFeedHealth({ ...world, owner: 'another' }, rules)]);
    await look();
    expect(await world.notices.count({})).toBe(1);
  });
});

describe('a notice', () => {
  const say = (text: string) =>
    notify(
      world,
      { id: 'n-1' as NoticeId, about: 'patch:x', title: 'Retracted', tone: 'bad', status: 'Stop', text, items: null },
      own(world.clock.now(), 'patch.retracted', 'x'),
    );
  it('is one message: new words edit it, the same words do nothing', async () => {
    await say('One.');
    const first = (await world.store.outbox.due(10))[0];
    expect(first && (await shownBy(world, first)).main).toMatchObject({
      about: 'notice:n-1',
      card: { summary: 'One.' },
    });
    if (first) await world.store.outbox.done(first);
    await say('One.');
    expect(await world.store.outbox.due(10)).toEqual([]);
    await say('Two.');
    const second = (await world.store.outbox.due(10))[0];
    expect(second && (await shownBy(world, second)).main).toMatchObject({
      about: 'notice:n-1',
      card: { summary: 'Two.' },
    });
    expect((await world.store.audit.waiting(10)).map(({ event }) => event.what)).toEqual([
      'patch.retracted',
      'patch.retracted',
    ]);
  });
});
