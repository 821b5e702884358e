/** The web chat's messages in a real database. */
import mongoose from 'mongoose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { WebMessages } from '../../../bot/web/ports.ts';
import { line } from '../../../domain/cards/card.ts';
import type { TenantId } from '../../../domain/model/ids.ts';
import { webMessageModel, webMessages } from '../../../workers/store/web-messages.ts';
import { type FreshDatabase, freshDatabase } from '../../database.ts';

let database: FreshDatabase;
let connection: mongoose.Connection;
const of = (tenant: string): WebMessages => webMessages(connection, tenant as TenantId);
beforeAll(async () => {
  database = await freshDatabase();
  connection = await mongoose.createConnection(database.uri).asPromise();
  await webMessageModel(connection).createIndexes();
});
afterAll(async () => {
  await connection.close();
  await database.drop();
});

const draft = (key: string, more: { room?: string; thread?: string | null; waits?: boolean } = {}) => ({
  key,
  room: 'ops',
  thread: null,
  waits: false,
  card: line(`card ${key}`, 'plain', 'done', ['at ', { at: 5 }]),
  ...more,
});

describe('the web chat’s messages', () => {
  it('come back as they were put in', async () => {
    const messages = of('whole');
    const added = await messages.add(draft('a'));
    expect(added).toMatchObject({ ...draft('a'), editedAt: null, order: 1, seq: 1 });
    expect(await messages.get(added.id)).toEqual(added);
    expect(await messages.byKey('ops', null, 'a')).toEqual(added);
    expect(await messages.byKey('other', null, 'a')).toBeNull();
  });

  it('are stored once per key, by however many at the same time', async () => {
    const messages = of('once');
    const added = await Promise.all(Array.from({ length: 10 }, () => messages.add(draft('same'))));
    expect(new Set(added.map(({ id }) => id)).size).toBe(1);
    expect(await messages.list({ rooms: ['ops'] }, 50)).toHaveLength(1);
  });

  it('are listed oldest first, newest kept, replies apart', async () => {
    const messages = of('listed');
    const first = await messages.add(draft('1'));
    for (const key of ['2', '3', '4']) await messages.add(draft(key, { waits: key === '2' }));
    for (const key of ['r1', 'r2', 'r3']) await messages.add(draft(key, { thread: first.id }));
    const keys = (all: readonly { key: string }[]) => all.map(({ key }) => key);
    const newest = await messages.list({ rooms: ['ops'] }, 2);
    expect(keys(newest)).toEqual(['3', '4']);
    expect(keys(await messages.list({ rooms: ['ops'], before: newest[0]?.order ?? 0 }, 9))).toEqual(['1', '2']);
    expect(keys(await messages.list({ rooms: ['ops'], onlyWaiting: true }, 9))).toEqual(['2']);
    expect(keys(await messages.replies([first.id], 2))).toEqual(['r2', 'r3']);
    expect(await messages.waiting(['ops'])).toBe(1);
    expect(await messages.waiting(['elsewhere'])).toBe(0);
  });

  it('tell what changed since, edits included, within the rooms asked for', async () => {
    const messages = of('changes');
    const edited = await messages.add(draft('1', { waits: true }));
    await messages.add(draft('2'));
    await messages.add(draft('3', { room: '@ada' }));
    const since = await messages.lastChange();
    expect(await messages.redraw(edited.id, line('new', 'good', 'Approved'), false)).toBe(true);
    const [change, ...more] = await messages.changedSince(since, ['ops'], 10);
    expect(more).toEqual([]);
    expect(change).toMatchObject({ id: edited.id, order: edited.order, waits: false, card: { title: 'new' } });
    expect(change?.seq).toBeGreaterThan(since);
    expect(change?.editedAt).toBeInstanceOf(Date);
    expect(await messages.changedSince(0, ['@ada'], 10)).toHaveLength(1);
  });

  it('cannot be redrawn when they are not there', async () => {
    expect(await of('gone').redraw('nothing', line('a', 'plain', 'b'), false)).toBe(false);
  });

  it('give a number of their own to every change, however many at the same time', async () => {
    const messages = of('numbers');
    await Promise.all(Array.from({ length: 20 }, (_, index) => messages.add(draft(`k${index}`))));
    const changes = await messages.changedSince(0, ['ops'], 50);
    expect(new Set(changes.map(({ seq }) => seq)).size).toBe(20);
    expect(await messages.lastChange()).toBe(20);
  });

  it('belong to one tenant', async () => {
    const [theirs, ours] = [of('them'), of('us')];
    const secret = await theirs.add(draft('secret', { waits: true }));
    expect(await ours.get(secret.id)).toBeNull();
    expect(await ours.byKey('ops', null, 'secret')).toBeNull();
    expect(await ours.list({ rooms: ['ops'] }, 9)).toEqual([]);
    expect(await ours.replies([secret.id], 9)).toEqual([]);
    expect(await ours.changedSince(0, ['ops'], 9)).toEqual([]);
    expect(await ours.waiting(['ops'])).toBe(0);
    expect(await ours.lastChange()).toBe(0);
    expect(await ours.redraw(secret.id, secret.card, false)).toBe(false);
  });
});
