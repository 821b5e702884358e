import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decideHandlers } from '../../../bot/handlers/decide.ts';
import { retractVerbs } from '../../../bot/handlers/retract.ts';
import { proposePatch } from '../../../domain/flows/propose.ts';
import { daily, has, installed, outdated } from '../../domain/flows/intel-world.ts';
import { acme, deviceOn, type FlowWorld, flowDatabase, riley, sam } from '../../domain/flows/world.ts';

let db: Awaited<ReturnType<typeof flowDatabase>>;
beforeAll(async () => {
  db = await flowDatabase();
});
afterAll(() => db.close());

const say = (world: FlowWorld, verb: string, options: Readonly<Record<string, string>>) => {
  const found = retractVerbs(world).find(({ name }) => name === verb);
  if (!found) throw new Error(`no verb ${verb}`);
  return found.run({ by: riley, options });
};

describe('retract and unretract', () => {
  it('take the newest patch of a package back, name who has it, and offer it again', async () => {
    const world = db.world();
    await outdated(world, ['web-1', 'web-2']);
    await has(world, await deviceOn(world, 'web-2'), installed('1.1'));
    const taken = await say(world, 'retract', { patch: 'acme-agent', reason: 'It breaks logins.' });
    expect(taken).toMatchObject({
      ok: true,
      text: 'acme-agent 1.1 is taken back.',
      card: { summary: 'Installed on web-2.' },
    });
    expect(await world.patches.get(acme)).toMatchObject({ retracted: { reason: 'It breaks logins.', by: 'Riley' } });
    const lifted = await say(world, 'unretract', { patch: acme });
    expect(lifted).toEqual({ ok: true, text: 'acme-agent 1.1 is offered again.' });
    expect(await say(world, 'unretract', { patch: acme })).toEqual({
      ok: false,
      text: 'acme-agent 1.1 was not taken back.',
    });
  });

  it('refuse a patch that nobody knows, in a sentence that names it', async () => {
    for (const verb of ['retract', 'unretract']) {
      const no = await say(db.world(), verb, { patch: 'nothing', reason: 'x' });
      expect(no).toMatchObject({ ok: false, text: expect.stringContaining('nothing') });
    }
  });

  it('are for people who may run things, and for admins', () => {
    const roles = Object.fromEntries(retractVerbs(db.world()).map(({ name, role }) => [name, role]));
    expect(roles).toEqual({ retract: 'operator', unretract: 'admin' });
  });
});

describe('"Announce now" on a card that waits for its digest', () => {
  it('brings the card into the channel, once', async () => {
    const world = db.world({ policies: [daily()] });
    await outdated(world, ['web-1']);
    await proposePatch(world, acme);
    const [open] = await world.proposals.find({});
    if (!open) throw new Error('nothing is proposed');
    const button = decideHandlers(world).find(({ action }) => action === 'proposal.announce');
    const press = { by: sam, subject: open.id, seenRev: open.rev, answer: null };
    expect(await button?.handle(press)).toEqual({ ok: true, text: 'Announced: its card is in the channel.' });
    expect(await button?.handle(press)).toEqual({
      ok: false,
      text: 'That is no longer possible: this proposal is announced.',
    });
  });
});
