import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { proposalCard } from '../../../domain/cards/proposal-card.ts';
import { approve, deny, postpone } from '../../../domain/flows/decide.ts';
import { matchFleet } from '../../../domain/flows/intel.ts';
import { follow, planFleet } from '../../../domain/flows/plan-device.ts';
import { proposePatch } from '../../../domain/flows/propose.ts';
import { scanDevice } from '../../../domain/flows/scan.ts';
import { scanFleet } from '../../../domain/flows/scan-fleet.ts';
import { addSideEffect, readTriage, readVerdict, triage } from '../../../domain/flows/triage.ts';
import { patchNamed, proposalView } from '../../../domain/flows/views.ts';
import type { PatchId } from '../../../domain/model/ids.ts';
import { type ApplicabilityState, applicabilityId, type TriageVerdict } from '../../../domain/model/patch.ts';
import type { Priority } from '../../../domain/model/priority.ts';
import type { Proposal } from '../../../domain/model/proposal.ts';
import { patch, proposal } from '../make.ts';
import { daily, outdated, setPatch, signal } from './intel-world.ts';
import { machines } from './machine.ts';
import {
  acme,
  addDevices,
  addRollout,
  deviceOn,
  events,
  type FlowWorld,
  flowDatabase,
  misses,
  riley,
  sam,
  silent,
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
const code = (answer: { ok: true } | { ok: false; error: { code: string } }) => (answer.ok ? null : answer.error.code);

/** An announced proposal of a patch that devices miss. */
async function announced(names: readonly string[] = ['web-1'], options: Parameters<typeof db.world>[0] = {}) {
  const world = db.world(options);
  await outdated(world, names);
  await proposePatch(world, acme);
  return world;
}
async function only(world: FlowWorld): Promise<Proposal> {
  const [found, ...others] = await world.proposals.find({});
  if (!found || others.length > 0) throw new Error(`${others.length + 1} proposals`);
  return found;
}
const states = async (world: FlowWorld): Promise<readonly ApplicabilityState[]> =>
  (await world.applicabilities.find({ patch: acme })).map(({ state }) => state);

describe('a verdict', () => {
  it('is kept with who gave it and why, shown on the card, and told in the thread once', async () => {
    const world = await announced();
    const before = await only(world);
    expect(await give(world, 'necessary', 'Exploited.')).toMatchObject({ ok: true, value: { goesOn: 0 } });
    expect(await world.patches.get(acme)).toMatchObject({
      verdict: { verdict: 'necessary', rationale: 'Exploited.', by: 'Sam', at: world.clock.now() },
    });
    const after = await only(world);
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
    const world = await announced();
    await give(world, 'desirable');
    const { rev } = (await world.patches.get(acme)) ?? { rev: 0 };
    await give(world, 'desirable');
    expect((await world.patches.get(acme))?.rev).toBe(rev);
    const keys = (await world.store.outbox.due(10)).flatMap(({ lines }) => lines.map(({ key }) => key));
    expect(new Set(keys).size).toBe(1);
  });

  it('needs a reason, and a patch that the catalog has', async () => {
    const world = await announced();
    expect(code(await give(world, 'necessary', ' \n '))).toBe('value.wrong');
    expect((await world.patches.get(acme))?.verdict).toBeNull();
    const other = 'debian:12/other=1' as PatchId;
    expect(code(await triage(world, other, { verdict: 'neutral', rationale }, sam))).toBe('patch.unknown');
  });
});

describe('a patch that triage calls undesirable', () => {
  it('ends what nobody has decided, as denied with the rationale, and is declined on every device', async () => {
    const world = await announced(['web-1', 'web-2']);
    await give(world, 'undesirable');
    const ended = await only(world);
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
    const open = await announced(['web-1'], { policies: [daily()] });
    expect((await only(open)).state).toBe('open');
    await give(open, 'undesirable');
    expect(await only(open)).toMatchObject({ state: 'denied', announcedAt: null });
    expect(await told(open)).toEqual([]);
    const away = await announced();
    const { id, rev } = await only(away);
    await postpone(away, { proposal: id, by: sam, seenRev: rev, hours: 24 });
    await give(away, 'undesirable');
    expect((await only(away)).state).toBe('denied');
  });

  it('leaves what a person or a rollback decided for a device, and what a device has', async () => {
    const world = await announced(['web-1']);
    const others = await addDevices(world, ['web-2', 'web-3', 'web-4']);
    for (const [index, state] of (['failed', 'installed', 'held'] as const).entries()) {
      const device = others[index];
      if (device) await misses(world, device, { state });
    }
    await give(world, 'undesirable');
    expect([...(await states(world))].sort()).toEqual(['declined', 'failed', 'held', 'installed']);
  });

  it('is not offered to a device that misses it later either', async () => {
    const world = await announced();
    await give(world, 'undesirable');
    const [late] = await addDevices(world, ['web-9']);
    if (late) await misses(world, late, { planned: true });
    await proposePatch(world, acme);
    expect(await states(world)).toEqual(['declined', 'declined']);
    expect((await only(world)).state).toBe('denied');
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
    const world = await announced();
    const { id, rev } = await only(world);
    await setPatch(world, acme, {
      verdict: { verdict: 'undesirable', rationale, by: 'Sam', at: world.clock.now() },
    });
    expect(await approve(world, { proposal: id, by: riley, seenRev: rev, schedule: null })).toEqual({
      ok: false,
      error: { code: 'patch.declined', by: 'Sam', reason: rationale },
    });
    // Whoever said so was killed here: the next matching draws the consequences.
    await matchFleet(world, signal);
    expect((await only(world)).state).toBe('denied');
    expect(await states(world)).toEqual(['declined']);
  });

  it('is offered again with another verdict, after its package manager was asked anew', async () => {
    const { remote, device } = await fleet.start('triaged');
    const world = db.world({ remote });
    await addDevices(world, ['triaged'], { ...device, facts: null });
    await scanFleet(world, 5, signal);
    const first = await only(world);
    await give(world, 'undesirable');
    const id = applicabilityId((await deviceOn(world, 'triaged')).id, acme);
    // A scan that reads everything again leaves the decision alone.
    await scanDevice(world, { ...(await deviceOn(world, 'triaged')), facts: null }, 'refresh-if-old');
    await follow(world, [acme, ...(await planFleet(world, 5, signal))]);
    expect(await world.applicabilities.get(id)).toMatchObject({ state: 'declined', because: `Sam: ${rationale}` });
    expect((await only(world)).state).toBe('denied');
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
    const world = await announced();
    const { id, rev } = await only(world);
    await deny(world, { proposal: id, by: sam, seenRev: rev, reason: 'No.' });
    await give(world, 'undesirable');
    await give(world, 'necessary');
    await proposePatch(world, acme);
    expect(await only(world)).toMatchObject({ state: 'denied', decided: { reason: 'No.' } });
  });
});

describe('where a verdict is required', () => {
  const normal: Priority = { ...proposal().priority, band: 'normal', score: 40 };
  /** An announced proposal in a tenant that wants verdicts. */
  async function strict(priority: Priority = normal) {
    const world = { ...db.world(), triageRequired: true };
    await outdated(world, ['web-1']);
    await proposePatch(world, acme);
    const made = await only(world);
    await world.proposals.save({ ...made, priority, rev: made.rev + 1 }, made.rev, silent);
    const { id, rev } = await only(world);
    return { world, ballot: { proposal: id, by: riley, seenRev: rev } };
  }
  const labels = async (world: FlowWorld) => {
    const view = await proposalView(world, (await only(world)).id);
    return view ? proposalCard(view).buttons.map(({ label }) => label) : [];
  };

  it('nothing above low is approved without one, at once or in a window, and the sentence says how', async () => {
    const { world, ballot } = await strict();
    for (const schedule of [null, 'now'] as const) {
      expect(await approve(world, { ...ballot, schedule })).toEqual({
        ok: false,
        error: { code: 'patch.no-verdict', patch: acme },
      });
    }
    expect(await world.rollouts.count({})).toBe(0);
    expect(await labels(world)).toEqual(['Triage', 'In 24 hours', 'Deny', 'Details']);
    await give(world, 'necessary', 'Exploited.');
    expect(await labels(world)).toEqual(['Approve', 'Approve, start now', 'In 24 hours', 'Deny', 'Details']);
    const { rev } = await only(world);
    expect(code(await approve(world, { ...ballot, seenRev: rev, schedule: null }))).toBeNull();
    expect(await world.rollouts.count({})).toBe(1);
  });

  it('what is low needs none', async () => {
    const { world, ballot } = await strict(proposal().priority);
    expect(await labels(world)).toContain('Approve');
    expect(code(await approve(world, { ...ballot, schedule: null }))).toBeNull();
  });

  it('everything can be denied or put away without one', async () => {
    const one = await strict();
    expect(code(await deny(one.world, { ...one.ballot, reason: 'No.' }))).toBeNull();
    const other = await strict();
    expect(code(await postpone(other.world, { ...other.ballot, hours: 24 }))).toBeNull();
  });

  it('whoever comes too late hears who decided, not that a verdict is missing', async () => {
    const { world, ballot } = await strict();
    await deny(world, { ...ballot, reason: 'No.' });
    expect(code(await approve(world, { ...ballot, schedule: null }))).toBe('proposal.decided');
  });
});

describe('a known side effect', () => {
  it('is shown on the card, told in its thread once, and added to those that are known', async () => {
    const world = await announced();
    const { planRev, rev } = await only(world);
    await addSideEffect(world, acme, 'The tray icon\nis gone.', sam);
    await addSideEffect(world, acme, 'The tray icon is gone.', riley);
    await addSideEffect(world, acme, 'Printing is slow.', riley);
    expect((await world.patches.get(acme))?.sideEffects).toMatchObject([
      { text: 'The tray icon is gone.', by: 'Sam' },
      { text: 'Printing is slow.', by: 'Riley' },
    ]);
    const now = await only(world);
    expect(now.planRev).toBe(planRev);
    expect(now.rev).toBeGreaterThan(rev);
    const view = await proposalView(world, now.id);
    expect(view && proposalCard(view).facts).toContainEqual({
      label: 'Side effects',
      value: 'The tray icon is gone.; Printing is slow.',
    });
    const lines = (await world.store.outbox.due(10)).flatMap(({ lines: some }) => some);
    expect(new Map(lines.map(({ key, card }) => [key, card.summary])).size).toBe(2);
    expect((await events(world, acme)).filter((what) => what === 'patch.side-effect-added')).toHaveLength(2);
  });

  it('reaches the thread of a rollout too, and not that of a proposal that was denied', async () => {
    const world = db.world();
    await addRollout(world, ['web-1']);
    const denied = proposal({ id: 'p-2', tenant: world.tenant, state: 'denied' });
    await world.proposals.insert(denied, silent);
    await addSideEffect(world, acme, 'Printing is slow.', sam);
    expect(await told(world)).toEqual(['Known side effect: Sam: Printing is slow.']);
    expect((await world.proposals.get(denied.id))?.rev).toBe(denied.rev);
  });

  it.each(['', ' \u202e '])('that says nothing is refused: %j', async (text) => {
    expect(code(await addSideEffect(await announced(), acme, text, sam))).toBe('value.wrong');
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
    expect(code(readVerdict('constructor'))).toBe('value.wrong');
  });
});

describe('the patch that somebody means', () => {
  it('is found by its id, by a proposal, by its package, and by its version', async () => {
    const world = await announced();
    const later = new Date('2026-11-24T12:00:00Z');
    const newer = patch({ id: 'debian:12/acme-agent=1.2', version: '1.2', firstSeen: later, tenant: world.tenant });
    await world.patches.insert(newer, silent);
    const { id } = await only(world);
    const version = async (typed: string) => {
      const found = await patchNamed(world, typed);
      return found.ok ? found.value.version : found.error.code;
    };
    expect(await version(acme)).toBe('1.1');
    expect(await version(id)).toBe('1.1');
    expect(await version('acme-agent')).toBe('1.2');
    expect(await version('acme-agent=1.1')).toBe('1.1');
    expect(await version('acme')).toBe('patch.unknown');
    const ubuntu = { id: 'ubuntu:24.04/acme-agent=1.2', platform: 'ubuntu:24.04', version: '1.2' };
    await world.patches.insert(patch({ ...ubuntu, tenant: world.tenant }), silent);
    expect(await patchNamed(world, 'acme-agent')).toEqual({
      ok: false,
      error: {
        code: 'patch.ambiguous',
        subject: 'acme-agent',
        ids: 'debian:12/acme-agent=1.2, ubuntu:24.04/acme-agent=1.2',
      },
    });
  });
});
