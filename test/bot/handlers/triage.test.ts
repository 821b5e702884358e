import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lintDiscord } from '../../../bot/discord/limits.ts';
import { renderCard as drawDiscord } from '../../../bot/discord/render.ts';
import { lintSlack } from '../../../bot/slack/limits.ts';
import { renderSlack } from '../../../bot/slack/render.ts';
import { proposalCard } from '../../../domain/cards/proposal-card.ts';
import { proposePatch } from '../../../domain/flows/propose.ts';
import { proposalView } from '../../../domain/flows/views.ts';
import { outdated } from '../../domain/flows/intel-world.ts';
import { acme, addRollout, type FlowWorld, flowDatabase, olive, riley, sam, silent } from '../../domain/flows/world.ts';
import { patch, person } from '../../domain/make.ts';
import { deskFor, linked } from './verbs.ts';

let db: Awaited<ReturnType<typeof flowDatabase>>;
beforeAll(async () => {
  db = await flowDatabase();
});
afterAll(() => db.close());

const ann = person('ann', ['approver']);
const people = [riley, sam, olive, ann].map(linked);

/** An announced proposal of acme-agent, and the desk. `required`: the tenant wants verdicts, and the patch is above low. */
async function announced(required = false) {
  const world: FlowWorld = { ...db.world({ people }), triageRequired: required };
  await outdated(world, ['web-1']);
  await proposePatch(world, acme);
  const [made] = await world.proposals.find({});
  if (!made) throw new Error('nothing is proposed');
  const priority = { ...made.priority, band: required ? ('high' as const) : made.priority.band };
  await world.proposals.save({ ...made, priority, rev: made.rev + 1 }, made.rev, silent);
  const card = async () => {
    const view = await proposalView(world, made.id);
    if (!view) throw new Error('no card');
    return proposalCard(view);
  };
  return { world, card, id: made.id, ...deskFor(world) };
}

describe('triage', () => {
  it('by command keeps verdict and rationale, and says what it means', async () => {
    const { world, say } = await announced();
    expect(await say(sam, 'triage acme-agent Necessary exploited and exposed')).toEqual({
      ok: true,
      text: 'acme-agent 1.1 is necessary.',
    });
    expect((await world.patches.get(acme))?.verdict).toMatchObject({
      verdict: 'necessary',
      rationale: 'exploited and exposed',
      by: 'Sam',
    });
    expect(await say(sam, 'triage acme-agent undesirable it breaks the printer')).toEqual({
      ok: true,
      text: 'acme-agent 1.1 is declined: no device is offered it any more.',
    });
    expect(await say(sam, `triage ${acme} neutral the printer is gone`)).toEqual({
      ok: true,
      text: 'acme-agent 1.1 is neutral. Devices are offered it again when its plan is simulated anew.',
    });
  });

  it('that declines says when a rollout goes on', async () => {
    const world = db.world({ people });
    await addRollout(world, ['web-1']);
    expect((await deskFor(world).say(sam, 'triage acme-agent undesirable no')).text).toBe(
      'acme-agent 1.1 is declined: no device is offered it any more. 1 rollout of it was approved before and goes on until somebody halts it.',
    );
  });

  it.each([
    ['triage acme-agent urgent now', 'verdict is "urgent": say one of necessary, desirable, neutral, undesirable.'],
    ['triage nothing neutral because', 'I do not know a patch named "nothing".'],
    [
      'triage acme-agent neutral',
      'triage needs rationale: Why: everybody reads it. Usage: triage <patch> <verdict> <rationale>',
    ],
  ])('"%s" is refused in a sentence, and nothing is kept', async (typed, text) => {
    const { world, say } = await announced();
    expect(await say(sam, typed)).toMatchObject({ ok: false, text });
    expect((await world.patches.get(acme))?.verdict).toBeNull();
  });

  it('names all that fit when several platforms have the package', async () => {
    const { world, say } = await announced();
    const other = patch({ id: 'ubuntu:24.04/acme-agent=1.1', platform: 'ubuntu:24.04', tenant: world.tenant });
    await world.patches.insert(other, silent);
    expect((await say(sam, 'triage acme-agent undesirable no')).text).toBe(
      'Several patches fit "acme-agent": debian:12/acme-agent=1.1, ubuntu:24.04/acme-agent=1.1. Name one of them.',
    );
    expect((await world.proposals.find({})).map(({ state }) => state)).toEqual(['announced']);
  });

  it('is for approvers, side effects are for operators', async () => {
    const { say } = await announced();
    expect((await say(olive, 'triage acme-agent neutral x')).text).toContain('role approver');
    expect((await say(ann, 'side-effect acme-agent x')).text).toContain('role operator');
  });

  it('suggests patches that wait, and the four verdicts', async () => {
    const { suggest } = await announced();
    expect(await suggest(sam, 'triage', 'patch', 'acme')).toEqual([acme]);
    expect(await suggest(sam, 'triage', 'patch', 'other')).toEqual([]);
    expect(await suggest(sam, 'triage', 'verdict', 'U')).toEqual(['undesirable']);
    expect(await suggest(sam, 'side-effect', 'patch', '')).toEqual([acme]);
  });
});

describe('the button "Triage"', () => {
  it('is on a card that waits for a verdict, in place of the approvals, and fits every platform', async () => {
    const { card } = await announced(true);
    const { buttons, facts } = await card();
    expect(buttons.map(({ label }) => label)).toEqual(['Triage', 'In 24 hours', 'Deny', 'Details']);
    expect(facts.find(({ label }) => label === 'Needs')?.value).toBe('a verdict, then 1 approval');
    expect(lintSlack(renderSlack(await card()))).toEqual([]);
    expect(lintDiscord(drawDiscord(await card()))).toEqual([]);
    expect(JSON.stringify(drawDiscord(await card()))).toContain('necessary: exploited');
  });

  it('takes "verdict: why", and then the card can be approved', async () => {
    const { world, card, press, id } = await announced(true);
    const [button] = (await card()).buttons;
    if (!button) throw new Error('no button');
    const typed = 'necessary: exploited: see TICKET-1';
    expect(await press(sam, button.action, button.subject, button.rev, typed)).toEqual({
      ok: true,
      text: 'acme-agent 1.1 is necessary.',
    });
    expect((await world.patches.get(acme))?.verdict?.rationale).toBe('exploited: see TICKET-1');
    const [approve] = (await card()).buttons;
    expect(approve?.action).toBe('proposal.approve');
    expect(await press(riley, 'proposal.approve', id, approve?.rev ?? 0)).toMatchObject({ ok: true });
  });

  it.each([undefined, '', 'necessary', 'exploited and exposed'])('refuses %j with what is right', async (typed) => {
    const { world, press, id } = await announced(true);
    const answer = await press(sam, 'patch.triage', id, 1, typed);
    expect(answer.ok).toBe(false);
    expect(answer.text).toContain('such as "necessary: exploited and exposed"');
    expect((await world.patches.get(acme))?.verdict).toBeNull();
  });

  it('is not needed to see that an approval without it is refused, with the way out', async () => {
    const { press, id, card } = await announced(true);
    const { rev } = (await card()).buttons[0] ?? { rev: 0 };
    expect(await press(riley, 'proposal.approve', id, rev)).toEqual({
      ok: false,
      text: `This patch needs a verdict first: press Triage on its card, or run triage ${acme} with necessary, desirable, neutral or undesirable, and why.`,
    });
    expect(await press(riley, 'proposal.deny', id, rev, 'No.')).toMatchObject({ ok: true });
  });
});

describe('side-effect', () => {
  it('notes what people know, and counts it', async () => {
    const { say, card } = await announced();
    expect(await say(sam, 'side-effect acme-agent The tray icon is gone.')).toEqual({
      ok: true,
      text: 'Noted: acme-agent 1.1 has 1 known side effect.',
    });
    expect((await say(sam, 'side-effect acme-agent Printing is slow.')).text).toContain('2 known side effects');
    expect((await card()).facts).toContainEqual({
      label: 'Side effects',
      value: 'The tray icon is gone.; Printing is slow.',
    });
  });
});
