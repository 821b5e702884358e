import { MessageFlags } from 'discord.js';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Discord } from '../../../bot/discord/index.ts';
import { buttonsOf, type FakeDiscord, type FakeMessage, startFakeDiscord, textOf } from '../../fakes/discord/index.ts';
import { approval, running } from './cards.ts';
import { answerOf, createDesk, createLog, formOf, startBot } from './desk.ts';

const [desk, log] = [createDesk(), createLog()];
let fake: FakeDiscord;
let bot: Discord;

beforeAll(async () => {
  fake = await startFakeDiscord();
  bot = await startBot(fake, desk, log);
});
afterAll(async () => {
  await bot?.stop();
  await fake?.stop();
});
beforeEach(() => {
  for (const list of [desk.presses, desk.commands, desk.suggestions]) list.length = 0;
  desk.reply = { ok: true, text: 'Approved.' };
});

let posted = 0;
async function post(card = approval): Promise<FakeMessage> {
  posted += 1;
  const { message } = await bot.messenger.post({ kind: 'channel', channel: fake.channel }, card, `receive-${posted}`);
  return fake.message(message);
}

describe('a press in Discord', () => {
  it('reaches the desk once, with who, what and the revision that the card was drawn from', async () => {
    await answerOf(fake.human('ann').press(await post(), 'Approve'));
    expect(desk.presses).toEqual([
      {
        account: { platform: 'discord', workspace: fake.guild, user: fake.people.ann.id },
        delivery: expect.stringMatching(/^\d+$/),
        action: 'proposal.approve',
        subject: 'p-4f2a',
        seenRev: 3,
      },
    ]);
  });

  it('is answered to the presser only', async () => {
    desk.reply = { ok: false, text: 'Already approved by *Bob*.' };
    const answer = await answerOf(fake.human('ann').press(await post(), 'Approve'));
    expect(answer.onlyFor).toBe(fake.people.ann.id);
    expect(answer.flags & MessageFlags.Loading).toBe(0);
    expect(textOf(answer)).toBe('⚠️ Already approved by \\*Bob\\*.');
    expect(() => fake.human('bob').press(answer, 'Approve')).toThrow('bob does not see this message');
  });

  it('may be answered with a card whose buttons work', async () => {
    desk.reply = { ok: true, text: 'Here it is.', card: approval };
    const answer = await answerOf(fake.human('ann').press(await post(), 'Details'));
    expect(buttonsOf(answer).map(({ label }) => label)).toEqual([
      'Approve',
      'Decline',
      'Ask again tomorrow',
      'Details',
    ]);
    await answerOf(fake.human('ann').press(answer, 'Approve'));
    expect(desk.presses.map(({ action }) => action)).toEqual(['proposal.show', 'proposal.approve']);
  });

  it('is acknowledged before the desk has decided, however long that takes', async () => {
    let decide: (reply: { ok: true; text: string }) => void = () => undefined;
    desk.reply = new Promise((resolve) => {
      decide = resolve;
    });
    const outcome = await fake.human('ann').press(await post(), 'Approve');
    expect(outcome.kind).toBe('answer'); // the person sees "thinking": acknowledged, while the desk still waits for `decide`
    decide({ ok: true, text: 'Decided at last.' });
    expect(textOf(await answerOf(outcome))).toBe('✅ Decided at last.');
  });

  it('that both people make at the same time gets two answers and no second acknowledgement', async () => {
    const message = await post();
    const answers = await Promise.all(
      ['ann' as const, 'bob' as const].map((name) => answerOf(fake.human(name).press(message, 'Approve'))),
    );
    expect(answers.map(({ onlyFor }) => onlyFor)).toEqual([fake.people.ann.id, fake.people.bob.id]);
    expect(fake.faults).toEqual([]);
  });

  it('on a button that another version made is refused in words', async () => {
    const message = await post();
    const [button] = buttonsOf(message);
    if (button) button.custom_id = 'approve:17';
    const answer = await answerOf(fake.human('ann').press(message, 'Approve'));
    expect(textOf(answer)).toContain('it is from another version');
    expect(desk.presses).toEqual([]);
  });

  it('from another server is refused, and the desk never hears of it', async () => {
    const message = await post();
    const answer = await answerOf(fake.human('eve', '100000000000000666').press(message, 'Approve'));
    expect(textOf(answer)).toBe('This bot works for another server.');
    expect(await fake.human('eve', '100000000000000666').type('patch device show', 'name', 'w')).toEqual([]);
    expect([desk.presses, desk.suggestions]).toEqual([[], []]);
  });

  it('in a private message counts for the configured server', async () => {
    const { message } = await bot.messenger.post(
      { kind: 'direct', user: fake.people.bob.id },
      approval,
      'private press',
    );
    await answerOf(fake.human('bob').press(fake.message(message), 'Approve'));
    expect(desk.presses[0]?.account).toEqual({ platform: 'discord', workspace: fake.guild, user: fake.people.bob.id });
  });
});

describe('a button that asks', () => {
  it('opens a form, and hands over what was typed', async () => {
    const form = await formOf(fake.human('bob').press(await post(), 'Decline'));
    expect(form.form).toMatchObject({ title: 'Decline openssl', components: [{ label: 'Why?' }] });
    expect(desk.presses).toEqual([]);
    await answerOf(fake.human('bob').submit(form, 'Vendor *withdrew* it'));
    expect(desk.presses).toMatchObject([
      { action: 'proposal.deny', subject: 'p-4f2a', seenRev: 3, answer: 'Vendor *withdrew* it' },
    ]);
  });

  it('goes on with exactly its phrase, and with nothing else', async () => {
    const form = await formOf(fake.human('ann').press(await post(running), 'Roll back'));
    expect(form.form.components[0]).toMatchObject({ description: 'Type exactly: roll back r-91c0' });
    const wrong = await answerOf(fake.human('ann').submit(form, 'roll back'));
    expect(textOf(wrong)).toBe('⚠️ That was not the phrase. Type exactly: roll back r-91c0');
    expect(desk.presses).toEqual([]);
    await answerOf(fake.human('ann').submit(form, ' roll back r-91c0 '));
    expect(desk.presses).toMatchObject([{ action: 'rollout.roll-back', seenRev: 14, answer: 'roll back r-91c0' }]);
  });

  it('for a yes shows its sentence to the presser only, and acts on the second press', async () => {
    const question = await answerOf(fake.human('ann').press(await post(running), 'Pause'));
    expect(question.onlyFor).toBe(fake.people.ann.id);
    expect(textOf(question)).toContain('Devices that are installing finish; no other one starts.');
    expect(desk.presses).toEqual([]);
    await answerOf(fake.human('ann').press(question, 'Pause'));
    expect(desk.presses).toMatchObject([{ action: 'rollout.pause', subject: 'r-91c0', seenRev: 14 }]);
    expect(desk.presses[0]).not.toHaveProperty('answer');
  });

  it('still knows its question after the bot was started anew', async () => {
    const message = await post(running);
    await bot.stop();
    bot = await startBot(fake, desk, log);
    expect((await formOf(fake.human('ann').press(message, 'Roll back'))).form.title).toBe('Roll back 6 devices');
  });
});

describe('a command in Discord', () => {
  it('arrives as the verb and its words, also when the verb has two words', async () => {
    await answerOf(fake.human('ann').command('patch device show', { name: 'web-1' }));
    await answerOf(
      fake.human('ann').command('patch rollback', { reason: 'it broke the shop', device: 'web-1', patch: 'openssl' }),
    );
    await answerOf(fake.human('ann').command('patch help'));
    const account = { platform: 'discord', workspace: fake.guild, user: fake.people.ann.id };
    expect(desk.commands).toEqual([
      { account, delivery: expect.any(String), verb: 'device show', words: ['web-1'] },
      { account, delivery: expect.any(String), verb: 'rollback', words: ['web-1', 'openssl', 'it broke the shop'] },
      { account, delivery: expect.any(String), verb: 'help', words: [] },
    ]);
  });

  it('with a gap between its options is refused, because words have no names', async () => {
    const answer = await answerOf(
      fake.human('ann').command('patch rollback', { device: 'web-1', reason: 'it broke the shop' }),
    );
    expect(textOf(answer)).toBe('⚠️ Fill in patch as well: rollback reads its options in order.');
    expect(desk.commands).toEqual([]);
  });

  it('is completed from the desk, without what would not come back whole', async () => {
    expect(await fake.human('ann').type('patch device show', 'name', 'web')).toEqual(['web-1', 'web-2']);
    expect(desk.suggestions).toMatchObject([{ verb: 'device show', option: 'name', typed: 'web' }]);
  });

  it('is cut to what one message holds, with a sign that it was', async () => {
    desk.reply = { ok: true, text: 'device_'.repeat(2000) };
    const text = textOf(await answerOf(fake.human('ann').command('patch device list')));
    expect(text.length).toBeLessThanOrEqual(4000);
    expect(text.endsWith('…')).toBe(true);
  });
});

describe('everything above', () => {
  it('obeyed Discord: no late or second answer, nothing that its OpenAPI document forbids, no warning', () => {
    if (!fake.documented) console.log('not checked against the OpenAPI document: ../shared/data/discord is not here');
    const complaints = log.lines.filter(({ level }) => level !== 'info');
    const found = { faults: fake.faults, violations: fake.violations, complaints };
    expect(found).toEqual({ faults: [], violations: [], complaints: [] });
  });
});
