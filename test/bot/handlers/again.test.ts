import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lintDiscord } from '../../../bot/discord/limits.ts';
import { renderCard as drawDiscord } from '../../../bot/discord/render.ts';
import { shownBy } from '../../../bot/shown.ts';
import { lintSlack } from '../../../bot/slack/limits.ts';
import { renderSlack } from '../../../bot/slack/render.ts';
import { proposePatch } from '../../../domain/flows/propose.ts';
import { triage } from '../../../domain/flows/triage.ts';
import { first, listed, proposed, tell, urgent } from '../../domain/flows/denied.ts';
import { daily, offer } from '../../domain/flows/intel-world.ts';
import { acme, deviceOn, flowDatabase, misses, olive, riley, sam } from '../../domain/flows/world.ts';
import { deskFor, linked } from './verbs.ts';

let db: Awaited<ReturnType<typeof flowDatabase>>;
beforeAll(async () => {
  db = await flowDatabase();
});
afterAll(() => db.close());

/** A patch that Sam denied, or declined, and whose CVE is exploited by now, with what its thread says of that. */
async function asked(how: 'denied' | 'declined', change: object = {}) {
  const { world, cve } = await (how === 'denied' ? urgent : proposed)(db, {
    people: [riley, sam, olive].map(linked),
    ...change,
  });
  if (how === 'declined') {
    await triage(world, acme, { verdict: 'undesirable', rationale: 'It breaks the printer.' }, sam);
    await listed(world, '2026-11-22', cve);
  }
  const { id, rev } = await first(world);
  const replies = async () =>
    (await shownBy(world, { kind: 'proposal', id, rev, lines: [] })).replies.map(({ card }) => card);
  const [question] = await replies();
  const [button] = question?.buttons ?? [];
  if (!question || !button) throw new Error('nobody is asked');
  return { world, cve, replies, question, button, ...deskFor(world) };
}

describe('the question about a denied patch that is urgent by now', () => {
  it('says who denied it when, and what has changed, with one button; it fits every platform', async () => {
    const { question, cve } = await asked('denied');
    expect(question).toMatchObject({
      title: 'acme-agent 1.1: denied, and urgent by now',
      tone: 'bad',
      status: 'Priority would be high',
      summary: [
        'acme-agent 1.1 was denied by Sam at ',
        { at: Date.parse('2026-11-23T12:10:00Z') },
        `; ${cve} is now known to be exploited (KEV, 2026-11-22): priority would be high (58). Propose it again?`,
      ],
      buttons: [{ action: 'proposal.again', label: 'Propose again', tone: 'good' }],
    });
    expect(lintSlack(renderSlack(question))).toEqual([]);
    expect(lintDiscord(drawDiscord(question))).toEqual([]);
  });

  it('is answered by an approver, and then says who did', async () => {
    const { press, button, replies, world } = await asked('denied');
    const { action, subject, rev } = button;
    expect((await press(olive, action, subject, rev)).text).toContain('role approver');
    expect(await press(sam, action, subject, rev)).toEqual({
      ok: true,
      text: 'Proposed again with a plan of now. Its card is in the channel. Nothing is approved by it.',
    });
    expect(await replies()).toMatchObject([{ status: 'Proposed again by Sam', tone: 'plain', buttons: [] }]);
    const again = await press(riley, action, subject, rev);
    expect(again.text).toMatch(/^It was proposed again already: p-[0-9a-f]+ is announced\.$/);
    expect(await world.proposals.count({})).toBe(2);
  });

  it('names the way out while the verdict stands that declined it', async () => {
    const { press, question, button } = await asked('declined');
    expect(question.title).toBe('acme-agent 1.1: declined, and urgent by now');
    expect(await press(sam, button.action, button.subject, button.rev)).toEqual({
      ok: false,
      text: `This patch is declined: Sam called it undesirable. It breaks the printer. Another verdict lifts that: run triage ${acme} with necessary, desirable or neutral, and why.`,
    });
  });

  it('asks once, the last time, when it became urgent more than once', async () => {
    const { world, replies, cve } = await asked('denied');
    await listed(world, '2026-11-20');
    await listed(world, '2026-11-23', cve);
    expect((await replies()).map(({ buttons }) => buttons.length)).toEqual([0, 1]);
  });

  it('asks no longer when a newer version is offered instead', async () => {
    const { world, replies } = await asked('denied');
    await tell(world);
    const newer = await offer(world, 'acme-agent');
    await misses(world, await deviceOn(world, 'web-1'), { state: 'not-applicable', transaction: [] });
    await proposePatch(world, acme);
    expect((await world.patches.get(acme))?.supersededBy).toBe(newer);
    expect(await replies()).toMatchObject([{ status: 'Replaced by acme-agent 2.0', tone: 'plain', buttons: [] }]);
    const { id } = await first(world);
    expect(await world.store.outbox.due(10)).toContainEqual(expect.objectContaining({ kind: 'proposal', id }));
  });

  it('has a card to stand below, also of a patch that was declined before it was announced', async () => {
    const { world } = await asked('declined', { policies: [daily()] });
    const [due] = (await world.store.outbox.due(10)).filter(({ kind }) => kind === 'proposal');
    const shown = due && (await shownBy(world, due));
    expect(shown?.main?.card).toMatchObject({ title: 'acme-agent 1.1: security update', status: 'Denied' });
    expect(shown?.replies).toHaveLength(1);
  });
});
