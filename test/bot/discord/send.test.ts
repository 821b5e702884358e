import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Discord } from '../../../bot/discord/index.ts';
import type { Destination } from '../../../domain/model/message.ts';
import { buttonsOf, type FakeDiscord, startFakeDiscord, textOf } from '../../fakes/discord/index.ts';
import { approval, approved, running, threadLine } from './cards.ts';
import { createDesk, startBot } from './desk.ts';

let fake: FakeDiscord;
let bot: Discord;
let channel: Destination;

beforeAll(async () => {
  fake = await startFakeDiscord();
  bot = await startBot(fake, createDesk());
  channel = { kind: 'channel', channel: fake.channel };
});
afterAll(async () => {
  await bot?.stop();
  await fake?.stop();
});
beforeEach(() => fake.limit(null));

const messagesPath = /^\/channels\/\d+\/messages$/;

describe('a card sent to Discord', () => {
  it('arrives with its text and buttons, and pings nobody', async () => {
    const ref = await bot.messenger.post(channel, { ...approval, summary: '@everyone look' }, 'first');
    const message = fake.message(ref.message);
    expect(ref).toEqual({ platform: 'discord', channel: fake.channel, message: message.id });
    expect(textOf(message)).toContain('## openssl 3.0.17-1\\~deb12u2 → 3.0.17-1\\~deb12u3');
    expect(buttonsOf(message).map(({ label }) => label)).toEqual([
      'Approve',
      'Decline',
      'Ask again tomorrow',
      'Details',
    ]);
    expect(textOf(message)).toContain('@\u200beveryone look');
    expect(fake.calls.at(-1)?.body).toMatchObject({ allowed_mentions: { parse: [] }, enforce_nonce: true });
  });

  it('is redrawn in place, by bot token, as often as wanted', async () => {
    const ref = await bot.messenger.post(channel, approval, 'redrawn');
    await bot.messenger.edit(ref, approved);
    await bot.messenger.edit(ref, approved);
    const message = fake.message(ref.message);
    expect(textOf(message)).toContain('**Approved · 2 of 2**');
    expect(buttonsOf(message)).toEqual([]);
    expect(fake.calls.at(-1)).toMatchObject({ method: 'PATCH', authorization: `Bot ${fake.token}` });
  });

  it('that was deleted cannot be redrawn: chat.gone', async () => {
    const ref = await bot.messenger.post(channel, approval, 'deleted');
    fake.deleteMessage(ref.message);
    await expect(bot.messenger.edit(ref, approved)).rejects.toMatchObject({ code: 'chat.gone', retryable: false });
  });

  it('into a channel that does not exist is refused with what Discord said', async () => {
    const nowhere: Destination = { kind: 'channel', channel: '300000000000000666' };
    const sending = bot.messenger.post(nowhere, approval, 'nowhere');
    await expect(sending).rejects.toMatchObject({
      code: 'chat.refused',
      retryable: false,
      message: 'Discord refused POST with 10003: Unknown Channel',
    });
  });
});

describe('a message that may have been sent', () => {
  it('is found again by its key after the connection died behind it, and exists once', async () => {
    fake.failNext('POST', messagesPath, 'drop-after');
    const sending = bot.messenger.post(channel, approval, 'once');
    await expect(sending).rejects.toMatchObject({ code: 'chat.unreachable', retryable: true });
    const found = await bot.messenger.find(channel, 'once');
    expect(found).not.toBeNull();
    // Whoever does not look and sends again gets the first message: Discord remembers the nonce for some minutes.
    expect(await bot.messenger.post(channel, approval, 'once')).toEqual(found);
    const copies = fake
      .messages()
      .filter(({ nonce }) => nonce !== undefined && nonce === fake.message(found?.message ?? '').nonce);
    expect(copies).toHaveLength(1);
  });

  it('is not found when it never arrived', async () => {
    fake.failNext('POST', messagesPath, 'drop');
    await expect(bot.messenger.post(channel, approval, 'never')).rejects.toMatchObject({ code: 'chat.unreachable' });
    expect(await bot.messenger.find(channel, 'never')).toBeNull();
  });

  it('is found after edits as well, also by a bot that was started since', async () => {
    const ref = await bot.messenger.post(channel, approval, 'kept');
    await bot.stop();
    bot = await startBot(fake, createDesk());
    await bot.messenger.edit(ref, running);
    expect(await bot.messenger.find(channel, 'kept')).toEqual(ref);
    expect(await bot.messenger.find(channel, 'kep')).toBeNull();
  });
});

describe('a thread in Discord', () => {
  it('is started by the first post below a card, named after it, and used again', async () => {
    const of = await bot.messenger.post(channel, approval, 'parent');
    const first = await bot.messenger.post({ kind: 'thread', of }, threadLine, 'line 1');
    const second = await bot.messenger.post({ kind: 'thread', of }, threadLine, 'line 2');
    expect([first.channel, second.channel]).toEqual([of.message, of.message]);
    expect(fake.channels.get(of.message)).toMatchObject({ type: 11, name: approval.title, parent: fake.channel });
    expect(fake.calls.filter(({ path }) => path.endsWith('/threads'))).toHaveLength(1);
    expect(textOf(fake.message(first.message))).toBe('✅ **Succeeded** web\\_1\nInstalled and verified in 2 min 10 s.');
    expect(await bot.messenger.find({ kind: 'thread', of }, 'line 2')).toEqual(second);
  });

  it('that was folded away is unfolded to redraw a message in it', async () => {
    const of = await bot.messenger.post(channel, approval, 'folded');
    const ref = await bot.messenger.post({ kind: 'thread', of }, threadLine, 'folded line');
    const thread = fake.channels.get(of.message);
    if (thread) thread.archived = true;
    await bot.messenger.edit(ref, { ...threadLine, status: 'Rolled back' });
    expect(textOf(fake.message(ref.message))).toContain('**Rolled back**');
  });

  it('does not exist in private messages: the post answers the card instead', async () => {
    const direct: Destination = { kind: 'direct', user: fake.people.bob.id };
    const of = await bot.messenger.post(direct, approval, 'private parent');
    const ref = await bot.messenger.post({ kind: 'thread', of }, threadLine, 'private line');
    expect(ref.channel).toBe(of.channel);
    expect(fake.message(ref.message).replyTo).toBe(of.message);
    expect(await bot.messenger.find({ kind: 'thread', of }, 'private line')).toEqual(ref);
  });

  it('below a deleted card is refused', async () => {
    const of = await bot.messenger.post(channel, approval, 'gone parent');
    fake.deleteMessage(of.message);
    const sending = bot.messenger.post({ kind: 'thread', of }, threadLine, 'gone line');
    await expect(sending).rejects.toMatchObject({ code: 'chat.refused' });
  });
});

describe('a private message', () => {
  it('reaches one person', async () => {
    const ref = await bot.messenger.post({ kind: 'direct', user: fake.people.ann.id }, approval, 'for ann');
    expect(fake.channels.get(ref.channel)).toMatchObject({ type: 1, recipient: fake.people.ann.id });
    expect(await bot.messenger.find({ kind: 'direct', user: fake.people.ann.id }, 'for ann')).toEqual(ref);
  });

  it('to a closed inbox is chat.closed-inbox', async () => {
    fake.closeInbox(fake.people.eve.id);
    const sending = bot.messenger.post({ kind: 'direct', user: fake.people.eve.id }, approval, 'for eve');
    await expect(sending).rejects.toMatchObject({ code: 'chat.closed-inbox', retryable: false });
  });
});

describe('too many messages', () => {
  it('wait their turn when they are new, so that none is refused', async () => {
    fake.limit({ count: 2, ms: 400 });
    const before = fake.messages().length;
    await Promise.all([1, 2, 3, 4, 5].map((n) => bot.messenger.post(channel, threadLine, `burst ${n}`)));
    expect(fake.messages().length - before).toBe(5);
  });

  it('are given back at once when they are edits, with the time to wait', async () => {
    const ref = await bot.messenger.post(channel, running, 'progress');
    fake.limit({ count: 1, ms: 2000 });
    await bot.messenger.edit(ref, running);
    const refused = await bot.messenger.edit(ref, running).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'chat.rate-limited', retryable: true });
    expect(refused).toHaveProperty(
      'retryAfterMs',
      expect.toSatisfy((ms: number) => ms > 0 && ms < 2500),
    );
  });

  it('that Discord wants to hold back for a minute are given back as well', async () => {
    const headers = { 'retry-after': '60', 'x-ratelimit-scope': 'user' };
    fake.failNext('POST', messagesPath, {
      status: 429,
      body: { message: 'wait', retry_after: 60, global: false },
      headers,
    });
    const sending = bot.messenger.post(channel, threadLine, 'much later');
    await expect(sending).rejects.toMatchObject({
      code: 'chat.rate-limited',
      retryAfterMs: expect.toSatisfy((ms: number) => ms >= 60_000),
    });
  });
});

describe('trouble at Discord', () => {
  it.each([500, 502, 503])('answered with %i on every try is chat.unreachable', async (status) => {
    for (let n = 0; n < 4; n += 1) fake.failNext('POST', messagesPath, { status, body: {} });
    const sending = bot.messenger.post(channel, threadLine, `trouble ${status}`);
    await expect(sending).rejects.toMatchObject({ code: 'chat.unreachable', retryable: true });
  });

  it('that passes within the retries is not noticed', async () => {
    fake.failNext('POST', messagesPath, { status: 502, body: {} });
    await expect(bot.messenger.post(channel, threadLine, 'hiccup')).resolves.toHaveProperty('message');
  });

  it('never included a body that its OpenAPI document forbids', () => {
    if (!fake.documented) console.log('not checked against the OpenAPI document: ../shared/data/discord is not here');
    expect(fake.violations).toEqual([]);
  });
});
