import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { proposalCard } from '../../../domain/cards/proposal-card.ts';
import { approve, deny, postpone } from '../../../domain/flows/decide.ts';
import { matchFleet } from '../../../domain/flows/intel.ts';
import { follow, planFleet } from '../../../domain/flows/plan-device.ts';
import { proposePatch } from '../../../domain/flows/propose.ts';
import { scanDevice } from '../../../domain/flows/scan.ts';
import { scanFleet } from '../../../domain/flows/scan-fleet.ts';
import { readTriage, readVerdict, triage } from '../../../domain/flows/triage.ts';
import { proposalView } from '../../../domain/flows/views.ts';
import type { PatchId } from '../../../domain/model/ids.ts';
import { type ApplicabilityState, applicabilityId, type TriageVerdict } from '../../../domain/model/patch.ts';
import { announced, daily, setPatch, signal } from './intel-world.ts';
import { machines } from './machine.ts';
import {
  acme,
  addDevices,
  addRollout,
  codeOf,
  deviceOn,
  events,
  type FlowWorld,
  flowDatabase,
  misses,
  onlyProposal,
  riley,
  sam,
  told,
} from './world.ts';

let db: Awaited<ReturnType<typeof flowDatabase>>;
let fleet: Awaited<ReturnType<typeof machines>>;
beforeAll(async () => {
  [db, fleet] = await Promise.all([flowDatabase(), machines()]);
});
afterAll(async () => {
  await fleet.close();
  await db.close();
});

const rationale = 'It breaks the printer.';
const give = (world: FlowWorld, verdict: TriageVerdict, why = rationale, by = sam) =>
  triage(world, acme, { verdict, rationale: why }, by);

const states = async (world: FlowWorld): Promise<readonly ApplicabilityState[]> =>
  (await world.applicabilities.find({ patch: acme })).map(({ state }) => state);

describe('a verdict', () => {
  it('is kept with who gave it and why, shown on the card, and told in the thread once', async () => {
    const world = await announced(db.world());
    const before = await onlyProposal(world);
    expect(await give(world, 'necessary', 'Exploited.')).toMatchObject({ ok: true, value: { goesOn: 0 } });
    expect(await world.patches.get(acme)).toMatchObject({
      verdict: { verdict: 'necessary', rationale: 'Exploited.', by: 'Sam', at: world.clock.now() },
    });
    const after = await onlyProposal(world);
    expect(after).toMatchObject({ state: 'announced', planRev: before.planRev, votes: before.votes });
    expect(after.rev).toBeGreaterThan(before.rev);
    const view = await proposalView(world, after.id);
    expect(view && proposalCard(view).facts).toContainEqual({
      label: 'Verdict',
      value: 'necessary, says Sam: Exploited.',
    });
    expect(await told(world)).toEqual(['Verdict: Sam: Exploited.']);
    expect(await events(world, acme)).toContain('patch.triaged');
  });

  it('that is given again in the same words changes nothing: an answer may have got lost', async () => {
    const world = await announced(db.world());
    await give(world, 'desirable');
    const { rev } = (await world.patches.get(acme)) ?? { rev: 0 };
    await give(world, 'desirable');
    expect((await world.patches.get(acme))?.rev).toBe(rev);
    const keys = (await world.store.outbox.due(10)).flatMap(({ lines }) => lines.map(({ key }) => key));
    expect(new Set(keys).size).toBe(1);
  });

  it('needs a reason, and a patch that the catalog has', async () => {
    const world = await announced(db.world());
    expect(codeOf(await give(world, 'necessary', ' \n '))).toBe('value.wrong');
    expect((await world.patches.get(acme))?.verdict).toBeNull();
    const other = 'debian:12/other=1' as PatchId;
    expect(codeOf(await triage(world, other, { verdict: 'neutral', rationale }, sam))).toBe('patch.unknown');
  });
});

describe('a patch that triage calls undesirable', () => {
  it('ends what nobody has decided, as denied with the rationale, and is declined on every device', async () => {
    const world = await announced(db.world(), ['web-1', 'web-2']);
    await give(world, 'undesirable');
    const ended = await onlyProposal(world);
    expect(ended).toMatchObject({
      state: 'denied',
      decided: { by: 'Sam', reason: rationale, at: world.clock.now(), declined: true },
    });
    expect(await states(world)).toEqual(['declined', 'declined']);
    expect(await world.applicabilities.find({})).toMatchObject([
      { because: `Sam: ${rationale}`, planned: true },
      { because: `Sam: ${rationale}` },
    ]);
    expect(await told(world)).toEqual([`Patch declined: Sam: ${rationale}`]);
    expect(await events(world, ended.id)).toContain('proposal.denied');
  });

  it('ends one that waits for its digest or was put away, too, and nobody hears of what they never heard of', async () => {
    const open = await announced(db.world({ policies: [daily()] }));
    expect((await onlyProposal(open)).state).toBe('open');
    await give(open, 'undesirable');
    expect(await onlyProposal(open)).toMatchObject({ state: 'denied', announcedAt: null });
    expect(await told(open)).toEqual([]);
    const away = await announced(db.world());
    const { id, rev } = await onlyProposal(away);
    await postpone(away, { proposal: id, by: sam, seenRev: rev, hours: 24 });
    await give(away, 'undesirable');
    expect((await onlyProposal(away)).state).toBe('denied');
  });

  it('leaves what a person or a rollback decided for a device, and what a device has', async () => {
    const world = await announced(db.world());
    const others = await addDevices(world, ['web-2', 'web-3', 'web-4']);
    for (const [index, state] of (['failed', 'installed', 'held'] as const).entries()) {
      const device = others[index];
      if (device) await misses(world, device, { state });
    }
    await give(world, 'undesirable');
    expect([...(await states(world))].sort()).toEqual(['declined', 'failed', 'held', 'installed']);
  });

  it('is not offered to a device that misses it later either', async () => {
    const world = await announced(db.world());
    await give(world, 'undesirable');
    const [late] = await addDevices(world, ['web-9']);
    if (late) await misses(world, late, { planned: true });
    await proposePatch(world, acme);
    expect(await states(world)).toEqual(['declined', 'declined']);
    expect((await onlyProposal(world)).state).toBe('denied');
  });

  it('goes on where it was approved before, and the answer says how often', async () => {
    const world = db.world();
    const { proposal: approved } = await addRollout(world, ['web-1']);
    expect(await give(world, 'undesirable')).toMatchObject({ ok: true, value: { goesOn: 1 } });
    expect(await world.rollouts.find({})).toMatchObject([{ state: 'deploying' }]);
    expect((await world.proposals.get(approved.id))?.state).toBe('approved');
    expect(await told(world)).toEqual([`Verdict: Sam: ${rationale}`]);
  });

  it('cannot be approved by somebody who is faster than its consequences', async () => {
    const world = await announced(db.world());
    const { id, rev } = await onlyProposal(world);
    await setPatch(world, acme, {
      verdict: { verdict: 'undesirable', rationale, by: 'Sam', at: world.clock.now() },
    });
    expect(await approve(world, { proposal: id, by: riley, seenRev: rev, schedule: null })).toEqual({
      ok: false,
      error: { code: 'patch.declined', by: 'Sam', reason: rationale, patch: acme },
    });
    // Whoever said so was killed here: the next matching draws the consequences.
    await matchFleet(world, signal);
    expect((await onlyProposal(world)).state).toBe('denied');
    expect(await states(world)).toEqual(['declined']);
  });

  it('is offered again with another verdict, after its package manager was asked anew', async () => {
    const { remote, device } = await fleet.start('triaged');
    const world = db.world({ remote });
    await addDevices(world, ['triaged'], { ...device, facts: null });
    await scanFleet(world, 5, signal);
    const first = await onlyProposal(world);
    await give(world, 'undesirable');
    const id = applicabilityId((await deviceOn(world, 'triaged')).id, acme);
    // A scan that reads everything again leaves the decision alone.
    await scanDevice(world, { ...(await deviceOn(world, 'triaged')), facts: null }, 'refresh-if-old');
    await follow(world, [acme, ...(await planFleet(world, 5, signal))]);
    expect(await world.applicabilities.get(id)).toMatchObject({ state: 'declined', because: `Sam: ${rationale}` });
    expect((await onlyProposal(world)).state).toBe('denied');
    world.clock.set('2026-11-23T13:00:00Z');
    await give(world, 'neutral', 'The printer is gone.', riley);
    expect(await world.applicabilities.get(id)).toMatchObject({ state: 'missing', planned: false, transaction: [] });
    expect(await world.proposals.count({ state: 'announced' })).toBe(0);
    await follow(world, await planFleet(world, 5, signal));
    expect(await world.applicabilities.get(id)).toMatchObject({ state: 'missing', planned: true, because: null });
    const again = await world.proposals.find({ state: 'announced' });
    expect(again).toMatchObject([{ patch: acme, plan: { entries: first.plan.entries } }]);
    expect(again[0]?.id).not.toBe(first.id);
  });

  it('is not offered again where people denied it by their votes', async () => {
    const world = await announced(db.world());
    const { id, rev } = await onlyProposal(world);
    await deny(world, { proposal: id, by: sam, seenRev: rev, reason: 'No.' });
    await give(world, 'undesirable');
    await give(world, 'necessary');
    await proposePatch(world, acme);
    expect(await onlyProposal(world)).toMatchObject({ state: 'denied', decided: { reason: 'No.' } });
  });
});

describe('a verdict as people type it', () => {
  it.each([
    ['necessary: exploited and exposed', 'necessary', 'exploited and exposed'],
    ['  Undesirable :breaks printing: see TICKET-1 ', 'undesirable', 'breaks printing: see TICKET-1'],
  ])('"%s" is read', (typed, verdict, why) => {
    expect(readTriage(typed)).toEqual({ ok: true, value: { verdict, rationale: why } });
  });

  it.each(['', 'necessary', 'necessary:', 'necessary: ', ': because', 'exploited and exposed', 'must: exploited'])(
    '"%s" is refused with what is right',
    (typed) => {
      const read = readTriage(typed);
      expect(read).toMatchObject({ ok: false, error: { code: 'value.wrong' } });
      expect(!read.ok && read.error['rule']).toContain('necessary, desirable, neutral, undesirable');
    },
  );

  it('is one of four words, in any case', () => {
    expect(readVerdict('NEUTRAL')).toEqual({ ok: true, value: 'neutral' });
    expect(codeOf(readVerdict('constructor'))).toBe('value.wrong');
  });
});
