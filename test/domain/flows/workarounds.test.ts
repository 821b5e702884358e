import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { proposalCard } from '../../../domain/cards/proposal-card.ts';
import { matchFleet } from '../../../domain/flows/intel.ts';
import { proposePatch } from '../../../domain/flows/propose.ts';
import { sweep } from '../../../domain/flows/sweep.ts';
import { proposalView } from '../../../domain/flows/views.ts';
import { addWorkaround, endWorkaround, expireWorkaround } from '../../../domain/flows/workarounds.ts';
import type { WorkaroundId } from '../../../domain/model/ids.ts';
import type { Person } from '../../../domain/model/people.ts';
import type { Workaround } from '../../../domain/model/workaround.ts';
import { plain } from '../cards/as-text.ts';
import { workaround } from '../make.ts';
import { advisory, feed, has, installed, knowing, outdated, signal } from './intel-world.ts';
import {
  acme,
  codeOf,
  deviceOn,
  events,
  type FlowWorld,
  flowDatabase,
  misses,
  onlyProposal,
  riley,
  sam,
  silent,
  told,
} from './world.ts';

let db: Awaited<ReturnType<typeof flowDatabase>>;
beforeAll(async () => {
  db = await flowDatabase();
});
afterAll(() => db.close());

const cve = 'CVE-2026-1001';
const closed = { subject: cve, until: '30d', text: 'Port 8080 is closed.' };

/** Devices that miss the fix of the CVE, matched, with a proposal. Advisories are shared by the worlds of a file. */
async function exposed(names: readonly string[] = ['web-1', 'web-2']): Promise<FlowWorld> {
  const world = knowing(db.world());
  await feed(world, 'debian-dsa', advisory({ cves: [cve] }));
  await outdated(world, names);
  await matchFleet(world, signal);
  await proposePatch(world, acme);
  return world;
}
async function added(world: FlowWorld, change: Partial<typeof closed> = {}, by: Person = sam): Promise<Workaround> {
  const answer = await addWorkaround(world, { ...closed, ...change }, by);
  if (!answer.ok) throw new Error(`refused: ${JSON.stringify(answer.error)}`);
  return answer.value;
}
/** What the card of the proposal says of workarounds. */
async function shown(world: FlowWorld): Promise<readonly string[]> {
  const view = await proposalView(world, (await onlyProposal(world)).id);
  const facts = view ? proposalCard(view).facts : [];
  return facts.filter(({ label }) => label.startsWith('Workaround')).map(({ value }) => plain(value));
}

describe('a workaround', () => {
  it('has who added it as its owner, ends by itself, and is on the cards of patches that fix its CVE', async () => {
    const world = await exposed();
    const before = await onlyProposal(world);
    const made = await added(world, { subject: cve.toLowerCase(), text: 'Port 8080\nis closed. proof: TICKET-12' });
    expect(made).toMatchObject({
      subject: cve,
      text: 'Port 8080 is closed.',
      proof: 'TICKET-12',
      owner: sam.id,
      by: 'Sam',
      state: 'active',
      expiresAt: new Date('2026-12-23T12:00:00Z'),
    });
    const text = 'Until 2026-12-23T12:00:00.000Z by Sam: Port 8080 is closed. (TICKET-12)';
    expect(await shown(world)).toEqual([text]);
    const after = await onlyProposal(world);
    expect(after.rev).toBeGreaterThan(before.rev);
    const lines = (await world.store.outbox.due(10)).flatMap((due) =>
      due.lines.map(({ card }) => plain(card.summary ?? '')),
    );
    expect(lines).toEqual([text]);
    expect(await events(world, made.id)).toEqual(['workaround.added']);
  });

  it('changes neither due date nor score: a mitigation is no fix', async () => {
    const world = await exposed();
    const before = await onlyProposal(world);
    await added(world);
    await matchFleet(world, signal);
    expect((await onlyProposal(world)).priority).toEqual(before.priority);
  });

  it('may be of a patch, and is then on its card, and on no other', async () => {
    const world = await exposed();
    const made = await added(world, { subject: 'acme-agent' });
    expect(made.subject).toBe(acme);
    expect(await shown(world)).toHaveLength(1);
    await endWorkaround(world, made.id, 'Not needed.', sam);
    await added(world, { subject: 'CVE-2026-9999' });
    expect(await shown(world)).toEqual([]);
  });

  it('is the one on a card that ends next; the others are a number', async () => {
    const world = await exposed();
    for (const days of [40, 10, 30, 20]) await added(world, { until: `${days}d`, text: `For ${days} days.` });
    expect(await shown(world)).toEqual(['Until 2026-12-03T12:00:00.000Z by Sam: For 10 days.; and 3 more']);
  });

  it('that is added twice is there once, and after its end it is a new one', async () => {
    const world = await exposed();
    const first = await added(world);
    expect(await addWorkaround(world, closed, sam)).toEqual({
      ok: false,
      error: { code: 'workaround.exists', id: first.id },
    });
    expect((await added(world, {}, riley)).id).not.toBe(first.id);
    await endWorkaround(world, first.id, 'It was in the way.', sam);
    const second = await added(world);
    expect(second).toMatchObject({ id: `${first.id}-2`, state: 'active' });
    expect(await world.workarounds.get(first.id)).toMatchObject({ state: 'ended' });
  });

  it.each([
    ['subject', { subject: 'nothing' }, 'patch.unknown'],
    ['subject that looks like a CVE', { subject: 'CVE-26-1' }, 'patch.unknown'],
    ['text', { text: ' ' }, 'value.wrong'],
    ['text before its proof', { text: 'proof: TICKET-1' }, 'value.wrong'],
    ['proof after the word', { text: 'Closed. proof: ' }, 'value.wrong'],
    ['text of 501 characters', { text: 'x'.repeat(501) }, 'value.wrong'],
  ])('without a good %s is refused, and nothing is kept', async (_, change, expected) => {
    const world = db.world();
    expect(codeOf(await addWorkaround(world, { ...closed, ...change }, sam))).toBe(expected);
    expect(await world.workarounds.count({})).toBe(0);
  });
});

describe('a workaround that a person ends', () => {
  it('leaves the card, and its thread says why', async () => {
    const world = await exposed();
    const { id } = await added(world);
    expect(await endWorkaround(world, id, 'The port\nis needed.', riley)).toMatchObject({
      ok: true,
      value: { state: 'ended', ended: { by: 'Riley', reason: 'The port is needed.' } },
    });
    expect(await shown(world)).toEqual([]);
    expect((await told(world)).at(-1)).toBe('Workaround ended: Port 8080 is closed. Why: The port is needed.');
    expect(await events(world, id)).toEqual(['workaround.added', 'workaround.ended']);
  });

  it('is ended once, with a reason, and only when there is one', async () => {
    const world = await exposed();
    const { id } = await added(world);
    expect(codeOf(await endWorkaround(world, id, '', sam))).toBe('value.wrong');
    await endWorkaround(world, id, 'Done.', sam);
    expect(codeOf(await endWorkaround(world, id, 'Done.', sam))).toBe('workaround.no-such-move');
    expect(codeOf(await endWorkaround(world, 'm-none' as WorkaroundId, 'Done.', sam))).toBe('workaround.unknown');
  });
});

describe('a workaround whose time is over', () => {
  it('is told in the channel once, with its owner and the devices that stand open, and leaves the card', async () => {
    const world = await exposed(['web-1', 'web-2', 'web-3']);
    await has(world, await deviceOn(world, 'web-3'), installed('1.1'));
    await matchFleet(world, signal);
    const { id } = await added(world, { until: '10d' });
    world.clock.set('2026-12-03T11:59:59Z');
    await sweep(world);
    expect(await world.notices.count({})).toBe(0);
    world.clock.set('2026-12-03T12:00:01Z');
    await sweep(world);
    await sweep(world);
    expect(await world.notices.find({})).toMatchObject([
      {
        title: `The workaround for ${cve} has expired`,
        status: 'Expired',
        rev: 1,
        text: 'Sam: Port 8080 is closed. Sam answers for it: add it again, or patch.',
        items: { title: 'Open devices', lines: ['web-1', 'web-2'], more: 0 },
      },
    ]);
    expect(await world.workarounds.get(id)).toMatchObject({ state: 'expired', ended: null });
    expect(await shown(world)).toEqual([]);
    expect(await told(world)).toContain('Workaround expired: Sam: Port 8080 is closed. Open: web-1, web-2.');
    expect([...(await events(world, id))].sort()).toEqual([
      'workaround.added',
      'workaround.expired',
      'workaround.expiry-told',
    ]);
  });

  it('names the devices of a patch that still need it, whatever keeps them from it', async () => {
    const world = db.world();
    const devices = await outdated(world, ['web-1', 'web-2', 'web-3', 'web-4']);
    const state = ['declined', 'installed', 'held', 'missing'];
    for (const [index, device] of devices.entries()) await misses(world, device, { state: state[index] });
    await added(world, { subject: acme, until: '1d' });
    world.clock.set('2026-11-25T12:00:00Z');
    await sweep(world);
    expect((await world.notices.find({}))[0]?.items?.lines).toEqual(['web-1', 'web-3', 'web-4']);
  });

  it('says that no device is open when all were patched', async () => {
    const world = db.world();
    await added(world, { subject: 'CVE-2026-7777', until: '1d' });
    world.clock.set('2026-11-25T12:00:00Z');
    await sweep(world);
    const [notice] = await world.notices.find({});
    expect(notice).toMatchObject({ text: 'Sam: Port 8080 is closed. No device is open to it.', items: null });
  });

  it('does not end in silence when the worker is killed after it was told, and is told once', async () => {
    const world = db.world();
    const { id } = await added(world, { subject: 'CVE-2026-7777', until: '1d' });
    world.clock.set('2026-11-25T12:00:00Z');
    const killed: FlowWorld = {
      ...world,
      workarounds: { ...world.workarounds, save: async () => Promise.reject(new Error('killed')) },
    };
    await sweep(killed);
    expect(await world.workarounds.get(id)).toMatchObject({ state: 'active' });
    await sweep(world);
    expect(await world.workarounds.get(id)).toMatchObject({ state: 'expired' });
    expect(await world.notices.find({})).toMatchObject([{ rev: 1 }]);
  });

  it('is not told when somebody has ended it', async () => {
    const world = db.world();
    const made = workaround({ tenant: world.tenant, state: 'ended', expiresAt: new Date('2026-11-01') });
    await world.workarounds.insert(made, silent);
    await sweep(world);
    await expireWorkaround(world, made);
    expect(await world.notices.count({})).toBe(0);
  });
});
