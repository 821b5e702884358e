/** One-time links and sessions in a real database. */
import mongoose from 'mongoose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { WebSessions } from '../../../bot/web/ports.ts';
import type { PersonId, TenantId } from '../../../domain/model/ids.ts';
import { webSessionModel, webSessions } from '../../../workers/store/web-sessions.ts';
import { type FreshDatabase, freshDatabase } from '../../database.ts';

const minute = 60_000;
const ada = 'ada' as PersonId;
let database: FreshDatabase;
let connection: mongoose.Connection;
let sessions: WebSessions;
beforeAll(async () => {
  database = await freshDatabase();
  connection = await mongoose.createConnection(database.uri).asPromise();
  await webSessionModel(connection).createIndexes();
  sessions = webSessions(connection, 'acme' as TenantId);
});
afterAll(async () => {
  await connection.close();
  await database.drop();
});

describe('a one-time link', () => {
  it('opens one session, and none the second time', async () => {
    const link = await sessions.issueLink(ada, minute);
    const opened = await sessions.redeem(link, minute);
    expect(opened?.person).toBe(ada);
    expect(await sessions.person(opened?.token ?? '')).toBe(ada);
    expect(await sessions.redeem(link, minute)).toBeNull();
  });

  it('opens one session for ten who come at the same time', async () => {
    const link = await sessions.issueLink(ada, minute);
    const opened = await Promise.all(Array.from({ length: 10 }, () => sessions.redeem(link, minute)));
    expect(opened.filter((each) => each !== null)).toHaveLength(1);
  });

  it('can be looked at without being used up', async () => {
    const link = await sessions.issueLink(ada, minute);
    expect(await sessions.peek(link)).toBe(ada);
    expect(await sessions.peek(link)).toBe(ada);
    expect(await sessions.redeem(link, minute)).not.toBeNull();
    expect(await sessions.peek(link)).toBeNull();
  });

  it('is dead at its time, even before the database has forgotten it', async () => {
    const link = await sessions.issueLink(ada, 0);
    expect(await sessions.peek(link)).toBeNull();
    expect(await sessions.redeem(link, minute)).toBeNull();
  });

  it('is no session, a session is no link, and neither works for another tenant', async () => {
    const link = await sessions.issueLink(ada, minute);
    expect(await sessions.person(link)).toBeNull();
    const others = webSessions(connection, 'other' as TenantId);
    expect(await others.redeem(link, minute)).toBeNull();
    const opened = await sessions.redeem(link, minute);
    const token = opened?.token ?? '';
    expect(await sessions.redeem(token, minute)).toBeNull();
    expect(await others.person(token)).toBeNull();
    await others.end(token);
    expect(await sessions.person(token)).toBe(ada);
  });
});

describe('a session', () => {
  it('ends when it is ended, and at its time', async () => {
    const opened = await sessions.redeem(await sessions.issueLink(ada, minute), minute);
    await sessions.end(opened?.token ?? '');
    expect(await sessions.person(opened?.token ?? '')).toBeNull();
    const short = await sessions.redeem(await sessions.issueLink(ada, minute), 0);
    expect(await sessions.person(short?.token ?? '')).toBeNull();
  });

  it('leaves no token in the database that would open anything', async () => {
    const link = await sessions.issueLink(ada, minute);
    const opened = await sessions.redeem(await sessions.issueLink(ada, minute), minute);
    const stored = JSON.stringify(await webSessionModel(connection).find().lean());
    expect(stored).not.toContain(link);
    expect(stored).not.toContain(opened?.token ?? 'never');
  });
});
