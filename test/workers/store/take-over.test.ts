/** What a delivery does to the advisories that are stored, also when it breaks off or meets another one. */
import { describe, expect, it } from 'vitest';
import type { Advisory } from '../../../domain/model/advisory.ts';
import { day, newFeeds, nothing } from './advisory-feeds.ts';

const { newFeed, documents } = newFeeds();

describe('advisories that are gone', () => {
  it('are marked as withdrawn by a complete delivery without them, once, and kept', async () => {
    const { one, key, deliver, byId } = newFeed();
    await deliver([one('A'), one('B')]);
    expect(await deliver([one('A')], { complete: true })).toEqual({ ...nothing, withdrawn: [key('B')], same: 1 });
    expect((await byId('B'))?.withdrawn).toBeInstanceOf(Date);
    expect((await byId('A'))?.withdrawn).toBeNull();
    expect(await deliver([one('A')], { complete: true })).toEqual({ ...nothing, same: 1 });
  });

  it('stay when a delivery is not complete', async () => {
    const { one, deliver, byId } = newFeed();
    await deliver([one('A'), one('B')]);
    expect(await deliver([one('A')])).toMatchObject({ withdrawn: [] });
    expect((await byId('B'))?.withdrawn).toBeNull();
  });

  it('are marked when the feed says that they are gone, unless it delivers them as well', async () => {
    const { one, key, deliver, byId } = newFeed();
    await deliver([one('A'), one('B'), one('C')]);
    const taken = await deliver([one('C')], { gone: ['B', 'C', 'never-heard-of', 'B'] });
    expect(taken).toEqual({ ...nothing, withdrawn: [key('B')], same: 1 });
    expect(await byId('never-heard-of')).toBeUndefined();
    expect((await byId('C'))?.withdrawn).toBeNull();
  });

  it('are alive again when they are delivered again, as they were', async () => {
    const { one, key, deliver, byId } = newFeed();
    await deliver([one('A'), one('B')]);
    await deliver([one('A')], { complete: true });
    expect(await deliver([one('A'), one('B')], { complete: true })).toEqual({
      ...nothing,
      changed: [key('B')],
      same: 1,
    });
    expect(await byId('B')).toEqual(one('B'));
  });

  it('count as withdrawn when their vendor withdraws them, and not a second time when they vanish', async () => {
    const { one, key, deliver, byId } = newFeed();
    const withdrawn = day('2024-05-05');
    await deliver([one('A')]);
    expect(await deliver([one('A', { withdrawn })])).toEqual({ ...nothing, withdrawn: [key('A')], same: 0 });
    expect(await deliver([], { complete: true })).toEqual({ ...nothing, same: 0 });
    expect((await byId('A'))?.withdrawn).toEqual(withdrawn);
  });

  it('of another feed are not touched', async () => {
    const [mine, other] = [newFeed(), newFeed()];
    await other.deliver([other.one('B')]);
    await mine.deliver([mine.one('A')], { complete: true });
    expect((await other.byId('B'))?.withdrawn).toBeNull();
  });
});

describe('a delivery that breaks off', () => {
  const many = (one: ReturnType<typeof newFeed>['one']) => Array.from({ length: 1200 }, (_, at) => one(`M-${at}`));

  it('leaves what was written, withdraws nothing, and the next one mends it', async () => {
    const { feed, store, one, deliver, byId } = newFeed();
    await deliver([one('OLD')]);
    const before = await store.revision();
    async function* broken() {
      yield* many(one).slice(0, 1100);
      throw new Error('the wire broke');
    }
    await expect(store.takeOver(feed, broken(), true, [])).rejects.toThrow('the wire broke');
    expect(await store.revision()).toBeGreaterThan(before);
    expect((await byId('OLD'))?.withdrawn).toBeNull();
    const mended = await deliver(many(one), { complete: true });
    expect([mended.added.length, mended.same, mended.withdrawn.length]).toEqual([200, 1000, 1]);
  });

  it('is counted by the next one when its process died, even if that has nothing to write', async () => {
    const { feed, store, one, deliver } = newFeed();
    const first = many(one).slice(0, 1000);
    async function* dead() {
      yield* first;
      await new Promise(() => {}); // as good as killed: never goes on, never ends
    }
    const before = await store.revision();
    store.takeOver(feed, dead(), true, []).catch(() => undefined);
    await expect.poll(() => documents().countDocuments({ feed }), { timeout: 20_000 }).toBe(1000);
    expect(await store.revision()).toBe(before);
    expect(await deliver(first)).toMatchObject({ ...nothing, same: 1000 });
    expect(await store.revision()).toBeGreaterThan(before);
  });

  it('changes nothing when it breaks before the first write', async () => {
    const { feed, store } = newFeed();
    const before = await store.revision();
    async function* broken(): AsyncIterable<Advisory> {
      yield* [];
      throw new Error('nothing came');
    }
    await expect(store.takeOver(feed, broken(), true, [])).rejects.toThrow('nothing came');
    expect(await store.revision()).toBe(before);
  });
});

describe('two deliveries of one feed at once', () => {
  it('both succeed, and every advisory is there once', async () => {
    const { feed, store, one, deliver } = newFeed();
    const all = Array.from({ length: 300 }, (_, at) => one(`P-${at}`));
    await Promise.all(Array.from({ length: 4 }, () => deliver(all, { complete: true })));
    expect(await documents().countDocuments({ feed })).toBe(300);
    expect(await deliver(all, { complete: true })).toEqual({ ...nothing, same: 300 });
    expect(await store.byKey([`${feed}/P-7`])).toEqual([one('P-7')]);
  });

  it('do not withdraw what the other one has just brought back', async () => {
    const { feed, store, one, deliver, byId } = newFeed();
    await deliver([one('A'), one('B')]);
    // Reads what is stored, then waits until the other delivery has changed B.
    let goOn = () => {};
    const waiting = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    let hasRead = () => {};
    const read = new Promise<void>((resolve) => {
      hasRead = resolve;
    });
    async function* slow() {
      hasRead();
      await waiting;
      yield one('A');
    }
    const first = store.takeOver(feed, slow(), true, []);
    await read;
    await deliver([one('B', { title: 'revised' })]);
    goOn();
    await first;
    expect(await byId('B')).toEqual(one('B', { title: 'revised' }));
  });
});

describe('the revision of advisories', () => {
  it('grows with every change, and only then', async () => {
    const { store, one, deliver } = newFeed();
    const grown = async (work: () => Promise<unknown>) => {
      const before = await store.revision();
      await work();
      return (await store.revision()) > before;
    };
    expect(await grown(() => deliver([one('A'), one('B')]))).toBe(true);
    expect(await grown(() => deliver([one('A'), one('B')], { complete: true }))).toBe(false);
    expect(await grown(() => deliver([one('A', { title: 'new' })]))).toBe(true);
    expect(await grown(() => deliver([], { gone: ['A'] }))).toBe(true);
    expect(await grown(() => deliver([], { gone: ['A'] }))).toBe(false);
    expect(await grown(() => deliver([one('B')], { complete: true }))).toBe(false);
    expect(await grown(() => deliver([], { complete: true }))).toBe(true);
  });
});
