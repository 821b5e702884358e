/** A digest on its way into chat: the real relay, drawings and web chat over real records. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeRelay } from '../../bot/relay.ts';
import { shownBy } from '../../bot/shown.ts';
import { webMessenger } from '../../bot/web/send.ts';
import { approve, deny } from '../../domain/flows/decide.ts';
import { makeDigests } from '../../domain/flows/digests.ts';
import { matchFleet } from '../../domain/flows/intel.ts';
import { proposePatch } from '../../domain/flows/propose.ts';
import type { PatchId } from '../../domain/model/ids.ts';
import type { ChatPlatform } from '../../domain/model/message.ts';
import { applicabilityId } from '../../domain/model/patch.ts';
import type { Proposal } from '../../domain/model/proposal.ts';
import { webMessages } from '../../workers/store/web-messages.ts';
import { advisory, daily, feed, kev, knowing, outdated, setPatch, signal } from '../domain/flows/intel-world.ts';
import {
  acme,
  deviceOn,
  type FlowWorld,
  flowDatabase,
  misses,
  sam,
  setDeployment,
  silent,
} from '../domain/flows/world.ts';
import { patch } from '../domain/make.ts';

const secure = 'debian:12/acme-tls=3.0-2' as PatchId;
let db: Awaited<ReturnType<typeof flowDatabase>>;
beforeAll(async () => {
  db = await flowDatabase();
});
afterAll(() => db.close());

let relays = 0;
/** A relay with one platform. `digestsRead`: how often it has read the proposals of a digest so far. */
function chat(world: FlowWorld, room = 'patching', platform: ChatPlatform = 'web') {
  const messages = webMessages(db.database.connection, world.tenant);
  const messenger = webMessenger({ messages, channels: [room], isPerson: async () => true, changed: () => {} });
  relays += 1;
  let reads = 0;
  const heads: typeof world.proposals.heads = (...wanted) => {
    reads += 1;
    return world.proposals.heads(...wanted);
  };
  const counting = { ...world, proposals: { ...world.proposals, heads } };
  const { outbox, posts } = world.store;
  const relay = makeRelay({
    outlets: [{ messenger: { ...messenger, platform }, channel: room }],
    ...{ outbox, posts, claims: world.claims, clock: world.clock, log: world.log, owner: `relay-${relays}` },
    shownBy: (due, read) => shownBy(counting, due, read),
  });
  return { relay, messages, room, digestsRead: () => reads };
}

/** What the channel shows: each message with the titles in its thread. */
async function shown({ messages, room }: ReturnType<typeof chat>) {
  const roots = await messages.list({ rooms: [room] }, 100);
  const replies = await messages.replies(
    roots.map(({ id }) => id),
    100,
  );
  return roots.map(({ id, card }) => ({
    title: card.title,
    card,
    thread: replies.filter(({ thread }) => thread === id).map((reply) => reply.card),
  }));
}

/** A bugfix and a security update of one device, of which nobody has heard. */
async function waiting() {
  const world = knowing(db.world({ policies: [daily()] }));
  await outdated(world, ['web-1']);
  const tls = { id: secure, source: 'acme-tls', version: '3.0-2', tenant: world.tenant } as const;
  await world.patches.insert(patch({ ...tls, classification: 'security', archive: 'security' }), silent);
  const device = await deviceOn(world, 'web-1');
  const transaction = [{ name: 'acme-tls', arch: 'all', from: '3.0-1', to: '3.0-2' }];
  await misses(world, device, { id: applicabilityId(device.id, secure), patch: secure, planned: true, transaction });
  await proposePatch(world, acme);
  await proposePatch(world, secure);
  return { world, web: chat(world) };
}
/** The same in a digest that was told. */
async function told() {
  const { world, web } = await waiting();
  await web.relay.tick();
  expect(await shown(web)).toEqual([]);
  world.clock.set('2026-11-23T12:00:16Z');
  await makeDigests(world);
  await web.relay.tick();
  return { world, web };
}
async function of(world: FlowWorld, id: PatchId): Promise<Proposal> {
  const [found] = await world.proposals.find({ patch: id });
  if (!found) throw new Error(`${id} is not proposed`);
  return found;
}

describe('a digest', () => {
  it('is one message, with the cards of its proposals and their buttons in its thread, the most urgent first', async () => {
    const { web } = await told();
    const [digest, ...others] = await shown(web);
    expect(others).toEqual([]);
    expect(digest?.title).toBe('2 patches for standard');
    expect(digest?.thread.map(({ title }) => title)).toEqual([
      'acme-tls 3.0-2: security update',
      'acme-agent 1.1: update',
    ]);
    for (const card of digest?.thread ?? []) expect(card.buttons.map(({ label }) => label)).toContain('Approve');
  });

  it('has the lines of its proposals in its thread, each with the name of the patch, and redraws their cards there', async () => {
    const { world, web } = await told();
    const { id, rev } = await of(world, acme);
    const approved = await approve(world, { proposal: id, by: sam, seenRev: rev, schedule: null });
    expect(approved).toMatchObject({ ok: true, value: { state: 'approved' } });
    const [rollout] = await world.rollouts.find({});
    if (!rollout) throw new Error('no rollout');
    const line = { title: 'Rollout paused', tone: 'warn', status: 'paused', facts: [], buttons: [] } as const;
    const paused = { ...rollout, state: 'paused' as const, because: 'too many errors', rev: rollout.rev + 1 };
    await world.rollouts.save(paused, rollout.rev, { events: [], lines: [{ key: 'x', card: line }] });
    await web.relay.tick();
    const all = await shown(web);
    expect(all).toHaveLength(1);
    expect(all[0]?.thread.map(({ title, status }) => `${title}, ${status}`)).toEqual([
      'acme-tls 3.0-2: security update, Waiting for approval',
      'acme-agent 1.1: update, Paused',
      'acme-agent 1.1: Rollout paused, paused',
    ]);
  });

  it('lets go what becomes urgent: its card is a message of its own, and its place in the thread says so', async () => {
    const { world, web } = await told();
    await feed(world, 'debian-dsa', advisory({ cves: ['CVE-2026-7001'] }));
    await kev(world, '2026-11-20', 'CVE-2026-7001');
    await matchFleet(world, signal);
    await web.relay.tick();
    const [digest, own, ...others] = await shown(web);
    expect(others).toEqual([]);
    expect(digest?.thread.map(({ title, status }) => `${title}, ${status}`)).toEqual([
      'acme-tls 3.0-2: security update, Waiting for approval',
      'acme-agent 1.1, Priority is now high',
    ]);
    expect(digest?.thread[1]?.buttons).toEqual([]);
    expect(own?.title).toBe('acme-agent 1.1: security update');
    expect(own?.thread.map(({ summary }) => summary)).toEqual([
      expect.stringMatching(/^Priority went from low \(5\) to high \(58\): CVE-2026-7001 is now known to be exploited/),
    ]);
    await feed(world, 'debian-dsa');
  });

  it('is redrawn with what still waits, and says in the end that all is decided', async () => {
    const { world, web } = await told();
    const { id, rev } = await of(world, secure);
    await approve(world, { proposal: id, by: sam, seenRev: rev, schedule: null });
    await web.relay.tick();
    const [half, ...others] = await shown(web);
    expect(others).toEqual([]);
    expect(half?.card).toMatchObject({
      title: '1 of 2 patches for standard still waits',
      tone: 'warn',
      facts: [
        { label: 'Priority low', value: '1' },
        { label: 'Approved', value: '1' },
      ],
      list: { items: [['acme-agent 1.1: low 5, 1 device, ', 'next window', expect.stringMatching(/^, p-/)]], more: 0 },
    });
    const last = await of(world, acme);
    await deny(world, { proposal: last.id, by: sam, seenRev: last.rev, reason: 'No.' });
    await web.relay.tick();
    const [whole] = await shown(web);
    expect(whole?.card).toMatchObject({ title: '2 patches for standard', tone: 'good', status: 'All decided' });
    expect(whole?.card.list).toBeUndefined();
  });

  it('is read once for all that was decided meanwhile, and not at all for what its rollouts do', async () => {
    const { world, web } = await told();
    for (const patch of [acme, secure]) {
      const { id, rev } = await of(world, patch);
      await approve(world, { proposal: id, by: sam, seenRev: rev, schedule: null });
    }
    await web.relay.tick();
    expect(web.digestsRead()).toBe(2); // as it was announced, and now
    await setDeployment(world, 'web-1', { state: 'preparing' });
    await web.relay.tick();
    expect(web.digestsRead()).toBe(2);
    expect((await shown(web))[0]?.thread.map(({ facts }) => facts)).toContainEqual(
      expect.arrayContaining([{ label: 'At work', value: '1' }]),
    );
  });

  it('is sent to a platform that comes later, before what its rollouts do', async () => {
    const { world, web } = await told();
    await web.relay.stop();
    const { id, rev } = await of(world, acme);
    await approve(world, { proposal: id, by: sam, seenRev: rev, schedule: null });
    for (const due of await world.store.outbox.due(100)) await world.store.outbox.done(due);
    await setDeployment(world, 'web-1', { state: 'preparing' });
    const later = chat(world, 'later', 'slack');
    await later.relay.tick();
    expect((await shown(later)).map(({ title, thread }) => [title, thread.length])).toEqual([
      ['1 of 2 patches for standard still waits', 1],
    ]);
  });

  it('that is half-made shows nothing, and comes whole', async () => {
    const { world, web } = await waiting();
    let saves = 0;
    const save: FlowWorld['proposals']['save'] = (...what) => {
      saves += 1;
      if (saves > 1) throw new Error('killed');
      return world.proposals.save(...what);
    };
    world.clock.set('2026-11-23T12:00:16Z');
    await expect(makeDigests({ ...world, proposals: { ...world.proposals, save } })).rejects.toThrow('killed');
    await web.relay.tick();
    expect(await shown(web)).toEqual([]);
    await makeDigests(world);
    await web.relay.tick();
    expect((await shown(web)).map(({ title, thread }) => [title, thread.length])).toEqual([
      ['2 patches for standard', 2],
    ]);
  });

  it('does not tell of a proposal that ended before anybody had heard of it', async () => {
    const world = db.world({ policies: [daily()] });
    const [web1] = await outdated(world, ['web-1']);
    await proposePatch(world, acme);
    if (web1) await misses(world, web1, { state: 'installed', transaction: [] });
    await proposePatch(world, acme);
    await setPatch(world, acme, { sideEffects: [] });
    const web = chat(world);
    await web.relay.tick();
    expect(await of(world, acme)).toMatchObject({ state: 'superseded' });
    expect(await shown(web)).toEqual([]);
    expect(await world.store.outbox.due(10)).toEqual([]);
  });
});
