import { beforeAll, describe, expect, it } from 'vitest';
import { line } from '../../../domain/cards/card.ts';
import { chainAudit, verifyAudit } from '../../../domain/flows/sweep.ts';
import { event, patchherd } from '../../../domain/model/audit.ts';
import type { TenantId } from '../../../domain/model/ids.ts';
import type { Said } from '../../../domain/ports.ts';
import { connect, type TenantStore } from '../../../workers/store/connect.ts';
import { migrate } from '../../../workers/store/migrations.ts';
import { freshDatabase, newDatabase } from '../../database.ts';
import { deployment, noon, proposal, workOrder } from '../../domain/make.ts';

const tenant = 'acme' as TenantId;
const silent: Said = { events: [] };
const said = (what: string, on: string): Said => ({ events: [event(noon, patchherd, what, on)] });
const database = newDatabase();
let store: TenantStore;
beforeAll(() => {
  store = database().tenant(tenant);
});

describe('a record store', () => {
  it('gives back what was put in, dates and nulls included', async () => {
    const put = proposal({ id: 'p-whole', decided: { by: 'Ann', at: noon, reason: null } });
    expect(await store.proposals.insert(put, silent)).toBe(true);
    expect(await store.proposals.get(put.id)).toEqual(put);
  });

  it('inserts an id once', async () => {
    const put = proposal({ id: 'p-once' });
    expect(await store.proposals.insert(put, silent)).toBe(true);
    expect(await store.proposals.insert({ ...put, state: 'denied' }, silent)).toBe(false);
    expect((await store.proposals.get(put.id))?.state).toBe('announced');
  });

  it('writes only over the revision that was seen', async () => {
    const put = proposal({ id: 'p-cas', rev: 1 });
    await store.proposals.insert(put, silent);
    const next = { ...put, rev: 2, state: 'denied' as const };
    const results = await Promise.all(Array.from({ length: 10 }, () => store.proposals.save(next, 1, silent)));
    expect(results.filter(Boolean)).toHaveLength(1);
    expect(await store.proposals.save({ ...put, rev: 2, state: 'approved' as const }, 1, silent)).toBe(false);
    expect((await store.proposals.get(put.id))?.state).toBe('denied');
  });

  it('finds by equality, by one of several, and by time', async () => {
    const at = (day: number) => new Date(Date.UTC(2026, 10, day));
    for (const day of [1, 2, 3])
      await store.deployments.insert(deployment(`find-${day}`, { rollout: 'r-find', nextAt: at(day) }), silent);
    const where = { rollout: deployment('x', { rollout: 'r-find' }).rollout };
    expect(await store.deployments.count(where)).toBe(3);
    expect((await store.deployments.find({ ...where, nextAt: { before: at(3) } })).map(({ name }) => name)).toEqual([
      'find-1',
      'find-2',
    ]);
    expect(await store.deployments.find({ ...where, state: { in: ['failed', 'stuck'] } })).toEqual([]);
    expect(await store.deployments.find({ ...where, state: { in: ['waiting', 'stuck'] } }, 2)).toHaveLength(2);
  });

  it('keeps tenants apart, even with equal ids', async () => {
    const other = database().tenant('other' as TenantId);
    await store.workOrders.insert(workOrder({ id: 'w-same' }), silent);
    expect(await other.workOrders.get(workOrder({ id: 'w-same' }).id)).toBeNull();
    expect(await other.workOrders.count({})).toBe(0);
    expect(await other.workOrders.insert({ ...workOrder({ id: 'w-same' }), tenant: 'other' as TenantId }, silent)).toBe(
      true,
    );
  });

  it('refuses a field that the schema does not know: that is a bug', async () => {
    const put = { ...proposal({ id: 'p-extra' }), colour: 'red' };
    await expect(store.proposals.insert(put, silent)).rejects.toThrow(/colour/);
  });
});

describe('the outbox', () => {
  it('has a changed record until it was drawn from its last revision, and each line until it was sent', async () => {
    const put = proposal({ id: 'p-out', rev: 1 });
    const told = { events: [], lines: [{ key: 'k1', card: line('one', 'good', 'ok') }] };
    await store.proposals.insert(put, told);
    const mine = async () => (await store.outbox.due(100)).filter(({ id }) => id === 'p-out');
    const [first] = await mine();
    expect(first).toMatchObject({ kind: 'proposal', rev: 1, lines: [{ key: 'k1' }] });
    await store.proposals.save({ ...put, rev: 2 }, 1, {
      events: [],
      lines: [{ key: 'k2', card: line('two', 'good', 'ok') }],
    });
    if (first) await store.outbox.done(first);
    const [second] = await mine();
    expect(second).toMatchObject({ rev: 2, lines: [{ key: 'k2' }] });
    if (second) await store.outbox.done(second);
    expect(await mine()).toEqual([]);
  });
});

describe('claims', () => {
  it('are held by one of many racers', async () => {
    for (let round = 1; round <= 20; round += 1) {
      const race = Array.from({ length: 10 }, (_, at) => store.claims.take(`race-${round}`, `w${at}`, 60_000));
      expect((await Promise.all(race)).filter((fence) => fence !== null)).toEqual([1]);
    }
  });

  it('come with a higher token after their time, and the old token is refused', async () => {
    const old = await store.claims.take('lapse', 'a', -1);
    const next = await store.claims.take('lapse', 'b', 60_000);
    expect(next).toBe((old ?? 0) + 1);
    expect(await store.claims.renew('lapse', old ?? 0, 60_000)).toBe(false);
    await store.claims.release('lapse', old ?? 0);
    expect(await store.claims.take('lapse', 'c', 60_000)).toBeNull();
    expect(await store.claims.renew('lapse', next ?? 0, 60_000)).toBe(true);
  });

  it('are free at once after a release', async () => {
    const fence = await store.claims.take('free', 'a', 60_000);
    await store.claims.release('free', fence ?? 0);
    expect(await store.claims.take('free', 'b', 60_000)).toBe((fence ?? 0) + 1);
  });
});

describe('the audit trail', () => {
  it('takes every event of every record once, in order, and can be verified', async () => {
    const own = database().tenant('audited' as TenantId);
    const put = { ...proposal({ id: 'p-audit', rev: 1 }), tenant: 'audited' as TenantId };
    await own.proposals.insert(put, said('proposal.announced', put.id));
    await own.proposals.save({ ...put, rev: 2 }, 1, said('proposal.approved', put.id));
    const world = { audit: own.audit, tenant: 'audited' as TenantId };
    await Promise.all([chainAudit(world), chainAudit(world)]);
    await chainAudit(world);
    const links = [];
    for await (const link of own.audit.all()) links.push(`${link.seq} ${link.event.what}`);
    expect(links.sort()).toEqual(['1 proposal.announced', '2 proposal.approved']);
    expect(await own.audit.waiting(100)).toEqual([]);
    expect(await verifyAudit(world)).toBeNull();
  });

  it('names the link that somebody changed in the database', async () => {
    const own = database().tenant('forged' as TenantId);
    const put = { ...proposal({ id: 'p-forged', rev: 1 }), tenant: 'forged' as TenantId };
    await own.proposals.insert(put, said('proposal.announced', put.id));
    await own.proposals.save({ ...put, rev: 2 }, 1, said('proposal.denied', put.id));
    const world = { audit: own.audit, tenant: 'forged' as TenantId };
    await chainAudit(world);
    await database()
      .connection.collection('audit')
      .updateOne({ tenant: 'forged', seq: 2 }, { $set: { 'event.what': 'proposal.approved' } });
    expect(await verifyAudit(world)).toBe(2);
  });
});

describe('the inbox', () => {
  it('lets one delivery through once and keeps its answer', async () => {
    expect(await store.inbox.claim('slack:1')).toBe(true);
    expect(await store.inbox.claim('slack:1')).toBe(false);
    expect(await store.inbox.answered('slack:1')).toBeNull();
    await store.inbox.answer('slack:1', { ok: true, text: 'Done.' });
    expect(await store.inbox.answered('slack:1')).toEqual({ ok: true, text: 'Done.' });
  });
});

describe('migrations', () => {
  it('may run twice', async () => {
    await migrate(database().connection);
    await expect(migrate(database().connection)).resolves.toBeUndefined();
  });

  it('refuse a database that a later patchherd wrote', async () => {
    const newer = await freshDatabase();
    const opened = await connect(newer.uri);
    await opened.connection
      .collection<{ _id: string }>('version')
      .updateOne({ _id: 'schema' }, { $set: { version: 99 } });
    await expect(connect(newer.uri)).rejects.toMatchObject({
      code: 'database.newer',
      message: expect.stringContaining('version 99'),
    });
    await opened.close();
    await newer.drop();
  });
});
