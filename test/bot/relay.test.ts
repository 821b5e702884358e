import { describe, expect, it } from 'vitest';
import { makeRelay, type RelayParts } from '../../bot/relay.ts';
import type { Card } from '../../domain/cards/card.ts';
import { line } from '../../domain/cards/card.ts';
import { Failure } from '../../domain/model/failure.ts';
import type { TenantId } from '../../domain/model/ids.ts';
import type { Destination, MessageRef } from '../../domain/model/message.ts';
import type { Messenger } from '../../domain/ports.ts';
import type { TenantStore } from '../../workers/store/connect.ts';
import { newDatabase } from '../database.ts';
import { deployment, proposal } from '../domain/make.ts';

const database = newDatabase();
let tenants = 0;

/** A chat platform that keeps what it is sent; `before` runs in front of each post and may throw. */
function platform(before: (to: Destination, card: Card) => Promise<void> = async () => {}) {
  const sent: { to: Destination; title: string; key: string }[] = [];
  const messenger: Messenger = {
    platform: 'web',
    async post(to, card, key): Promise<MessageRef> {
      await before(to, card);
      sent.push({ to, title: card.title, key });
      return { platform: 'web', channel: 'patching', message: String(sent.length) };
    },
    edit: async () => {},
    // Too late for somebody who looks before the message has arrived, like a chat's own history.
    find: async () => null,
  };
  return { messenger, sent };
}

function relayOn(store: TenantStore, messenger: Messenger, change: Partial<RelayParts> = {}) {
  tenants += 1;
  return makeRelay({
    outlets: [{ messenger, channel: 'patching' }],
    outbox: store.outbox,
    posts: store.posts,
    claims: store.claims,
    clock: { now: () => new Date() },
    log: { info: () => {}, warn: () => {}, error: () => {} },
    owner: `relay-${tenants}`,
    shownBy: async ({ id }) => ({ main: { about: id, card: line(id, 'plain', 'new') }, replies: [], direct: [] }),
    ...change,
  });
}
const emptyStore = () => {
  tenants += 1;
  return database().tenant(`relay-${tenants}` as TenantId);
};
const tenantOf = () => `relay-${tenants}`;
async function proposals(store: TenantStore, ids: readonly string[]) {
  const tenant = tenantOf();
  for (const id of ids) await store.proposals.insert(proposal({ id, tenant }), { events: [] });
}

function signal(): { readonly fired: Promise<void>; fire(): void } {
  let fire = () => {};
  const fired = new Promise<void>((resolve) => {
    fire = resolve;
  });
  return { fired, fire: () => fire() };
}

describe('the relay', () => {
  it('sends nothing more once its claim has gone to another one, so that nothing is sent twice', async () => {
    const store = emptyStore();
    const tenant = tenantOf();
    await proposals(store, ['p-a', 'p-b', 'p-c']);
    // The first one sends something that takes longer than its lease. A second one takes over, and is in the middle of its second
    // message when the first one goes on.
    const [inTheMiddle, goOn] = [signal(), signal()];
    const second = platform(async () => {
      if (second.sent.length !== 1) return;
      inTheMiddle.fire();
      await goOn.fired;
    });
    let inTheAir: string | null = null;
    let ends: Promise<void> | undefined;
    const slow = platform(async (_, { title }) => {
      if (inTheAir !== null) return;
      inTheAir = title;
      await database()
        .connection.collection<{ _id: string }>('claims')
        .updateOne({ _id: `${tenant}/relay` }, { $set: { leaseUntil: new Date(0) } });
      ends = relayOn(store, second.messenger).tick();
      await inTheMiddle.fired;
    });
    await relayOn(store, slow.messenger).tick();
    goOn.fire();
    await ends;
    expect(slow.sent.map(({ title }) => title)).toEqual([inTheAir]);
    expect(second.sent.map(({ title }) => title).sort()).toEqual(['p-a', 'p-b', 'p-c']);
  });

  it('tells the others when one record cannot be drawn', async () => {
    const store = emptyStore();
    await proposals(store, ['p-a', 'p-b']);
    const { messenger, sent } = platform();
    const shownBy: RelayParts['shownBy'] = async ({ id }) => {
      if (id === 'p-a') throw new Error('poison');
      return { main: { about: id, card: line(id, 'plain', 'new') }, replies: [], direct: [] };
    };
    await relayOn(store, messenger, { shownBy }).tick();
    expect(sent.map(({ title }) => title)).toEqual(['p-b']);
    expect((await store.outbox.due(10)).map(({ id }) => id)).toEqual(['p-a']);
  });

  it('gets to everybody when more records than it tells at once wait for something that cannot be sent', async () => {
    const store = emptyStore();
    await proposals(
      store,
      Array.from({ length: 205 }, (_, index) => `p-${100 + index}`),
    );
    await proposals(store, ['p-zebra']);
    const { messenger, sent } = platform(async (_, { title }) => {
      if (title !== 'p-zebra') throw new Failure('chat.refused', 'No.');
    });
    await relayOn(store, messenger).tick();
    expect(sent.map(({ title }) => title)).toEqual(['p-zebra']);
  });

  it('does not ask again and again somebody who takes no private messages', async () => {
    const store = emptyStore();
    const tenant = tenantOf();
    await store.deployments.insert(deployment('web-1', { tenant }), { events: [] });
    let asked = 0;
    const { messenger } = platform(async ({ kind }) => {
      if (kind !== 'direct') return;
      asked += 1;
      throw new Failure('chat.closed-inbox', 'Takes no private messages.');
    });
    const card = line('for you', 'plain', 'new');
    const direct = [
      { about: 'owner:web-1', card, account: { platform: 'web' as const, workspace: 'x', user: 'olive' } },
    ];
    const relay = relayOn(store, messenger, { shownBy: async () => ({ main: null, replies: [], direct }) });
    await relay.tick();
    await relay.tick();
    expect(asked).toBe(1);
    expect(await store.outbox.due(10)).toEqual([]);
  });
});

describe('an outbox', () => {
  it('is not bothered by a write that changes nothing on a card', async () => {
    const store = emptyStore();
    const first = deployment('web-1', { tenant: tenantOf() });
    await store.deployments.insert(first, { events: [] });
    for (const due of await store.outbox.due(10)) await store.outbox.done(due);
    await store.deployments.save({ ...first, rev: 2 }, 1, { events: [], quiet: true });
    expect(await store.outbox.due(10)).toEqual([]);
    await store.deployments.save({ ...first, rev: 3 }, 2, { events: [] });
    expect(await store.outbox.due(10)).toHaveLength(1);
  });
});
