import { afterEach, describe, expect, it, vi } from 'vitest';
import { checkDiscord, type DiscordAccess } from '../../../bot/discord/check.ts';
import { type Discord, startDiscord } from '../../../bot/discord/index.ts';
import { type FakeDiscord, type FakeOptions, startFakeDiscord, textOf } from '../../fakes/discord/index.ts';
import { approval } from './cards.ts';
import { answerOf, createDesk, createLog, startBot, type TestDesk } from './desk.ts';

let fake: FakeDiscord;
let bot: Discord | undefined;
let desk: TestDesk;
let log: ReturnType<typeof createLog>;

async function fakeWith(options: FakeOptions = {}): Promise<void> {
  fake = await startFakeDiscord(options);
  desk = createDesk();
  log = createLog();
}
async function connected(options: FakeOptions = {}): Promise<Discord> {
  await fakeWith(options);
  bot = await startBot(fake, desk, log);
  return bot;
}
async function postedCard({ messenger }: Discord) {
  const { message } = await messenger.post({ kind: 'channel', channel: fake.channel }, approval, 'a card');
  return fake.message(message);
}
const complaints = () => log.lines.filter(({ level }) => level !== 'info').map(({ event }) => event);

afterEach(async () => {
  await bot?.stop();
  bot = undefined;
  await fake.stop();
});

describe('the connection to Discord', () => {
  it('asks for the guild intent only, and is healthy', async () => {
    const { healthy } = await connected();
    expect(fake.gateway.control.intents).toBe(1);
    expect(healthy()).toBe(true);
  });

  it('that was cut comes back, and a press made meanwhile is answered', async () => {
    const { healthy } = await connected();
    const message = await postedCard(bot as Discord);
    fake.gateway.cut();
    const pressed = fake.human('ann').press(message, 'Approve');
    expect(textOf(await answerOf(pressed))).toBe('✅ Approved.');
    expect(desk.presses).toHaveLength(1);
    expect([fake.gateway.control.resumes, fake.gateway.control.identifies]).toEqual([1, 1]);
    await vi.waitFor(() => expect(healthy()).toBe(true));
  });

  it('comes back when Discord asks for it, and with a new session when the old one is forgotten', async () => {
    const { healthy } = await connected();
    fake.gateway.askToReconnect();
    await vi.waitFor(() => expect(fake.gateway.control.resumes).toBe(1), 10_000);
    fake.gateway.control.forgetSessions = true;
    fake.gateway.close(4009);
    await vi.waitFor(() => expect(fake.gateway.control.identifies).toBe(2), 10_000);
    await vi.waitFor(() => expect(healthy()).toBe(true), 10_000);
    await answerOf(fake.human('ann').press(await postedCard(bot as Discord), 'Approve'));
    expect(desk.presses).toHaveLength(1);
  });

  it('is kept alive by heartbeats', async () => {
    await connected({ heartbeatMs: 100 });
    await vi.waitFor(() => expect(fake.gateway.control.heartbeats).toBeGreaterThan(2), 5_000);
    expect(fake.gateway.control.identifies).toBe(1);
  });

  it('is unhealthy once Discord closed it for good', async () => {
    const { healthy } = await connected();
    fake.gateway.close(4004);
    await vi.waitFor(() => expect(complaints()).toContain('gateway.closed'), 10_000);
    expect(healthy()).toBe(false);
  });

  it('leaves nothing open after stop', async () => {
    const { stop } = await connected();
    await stop();
    await vi.waitFor(() => expect(fake.gateway.connections()).toBe(0));
  });
});

describe('a bot that cannot start', () => {
  const starting = (more: Partial<Parameters<typeof startDiscord>[0]> = {}) =>
    startDiscord({ botToken: fake.token, guild: fake.guild, desk, log, apiUrl: fake.apiUrl, ...more });

  it('says so when its token is refused', async () => {
    await fakeWith();
    await expect(starting({ botToken: 'another' })).rejects.toMatchObject({
      code: 'chat.unauthorized',
      retryable: false,
      message: expect.stringContaining('Bot > Token'),
    });
  });

  it('says so when only the gateway refuses its token', async () => {
    await fakeWith();
    fake.gateway.control.refuseWith = 4004;
    await expect(starting()).rejects.toMatchObject({ code: 'chat.unauthorized' });
  });

  it('says so when an intent is not granted', async () => {
    await fakeWith();
    fake.gateway.control.refuseWith = 4014;
    await expect(starting()).rejects.toMatchObject({ code: 'chat.refused', message: expect.stringContaining('4014') });
  });

  it('says so when it was never invited', async () => {
    await fakeWith();
    await expect(starting({ guild: '100000000000000666' })).rejects.toMatchObject({
      code: 'chat.refused',
      message: expect.stringContaining('100000000000000666'),
    });
  });

  it('may try again when nobody listens at that address', async () => {
    await fakeWith();
    const nobody = 'http://127.0.0.1:9/api'; // the discard port, where nothing listens
    await expect(starting({ apiUrl: nobody })).rejects.toMatchObject({ code: 'chat.unreachable', retryable: true });
  });
});

describe('settings that are checked before the start', () => {
  const checking = (more: Partial<DiscordAccess> = {}) =>
    checkDiscord({ botToken: fake.token, guild: fake.guild, channel: fake.channel, apiUrl: fake.apiUrl, ...more });

  it('are good when the bot sees the channel in that server', async () => {
    await fakeWith();
    await expect(checking()).resolves.toBeUndefined();
  });

  it.each([
    ['a wrong token', { botToken: 'another' }, 'chat.unauthorized'],
    ['a channel that is not there', { channel: '300000000000000666' }, 'chat.refused'],
    ['a channel of another server', { guild: '100000000000000666' }, 'chat.refused'],
    ['an address where nobody listens', { apiUrl: 'http://127.0.0.1:9/api' }, 'chat.unreachable'],
  ] as const)('are refused for %s', async (_, wrong, code) => {
    await fakeWith();
    await expect(checking(wrong)).rejects.toMatchObject({ code });
  });
});

describe('the commands', () => {
  it('are offered once, and again only when the verbs changed', async () => {
    const offers = () => fake.calls.filter(({ method }) => method === 'PUT').length;
    await (await connected()).stop();
    bot = await startBot(fake, desk, log);
    expect(offers()).toBe(1);
    await bot.stop();
    bot = await startBot(
      fake,
      { ...desk, verbs: [...desk.verbs, { name: 'status', summary: 'How it goes', options: [] }] },
      log,
    );
    expect(offers()).toBe(2);
    expect(fake.commands()[0]?.options?.map(({ name }) => name)).toEqual(['help', 'rollback', 'status', 'device']);
  });
});

describe('what must not end the bot', () => {
  it('a payload that discord.js cannot read: it is logged, and the next press is answered', async () => {
    await fakeWith();
    fake.gateway.control.application = { install_params: null };
    bot = await startBot(fake, desk, log);
    fake.gateway.dispatch('INTERACTION_CREATE', { type: 3 });
    await answerOf(fake.human('ann').press(await postedCard(bot), 'Approve'));
    expect(complaints()).toEqual(['gateway.unreadable', 'gateway.unreadable']);
  });

  it('an acknowledgement that comes too late: the person was told so, and the desk is not asked', async () => {
    await connected({ ackMs: 100 });
    const message = await postedCard(bot as Discord);
    fake.failNext('POST', /callback$/, { status: 404, body: { message: 'Unknown interaction', code: 10062 } });
    expect(await fake.human('ann').press(message, 'Approve')).toEqual({ kind: 'failed' });
    expect(desk.presses).toEqual([]);
    expect(complaints()).toEqual(['interaction.unanswered']);
    expect(JSON.stringify(log.lines)).not.toContain('/callback');
  });

  it('a decision that takes longer than the interaction lives: the work is done, the answer is lost, and that is logged', async () => {
    await connected({ tokenMs: -1 });
    await fake.human('ann').press(await postedCard(bot as Discord), 'Approve');
    await vi.waitFor(() => expect(complaints()).toEqual(['interaction.unanswered']));
    expect(desk.presses).toHaveLength(1);
    expect(fake.faults).toEqual([50027]);
    expect(bot?.healthy()).toBe(true);
  });

  it('a token that is refused while running: unhealthy for good, one alarm, and every send says why', async () => {
    const { messenger, healthy } = await connected();
    fake.failNext('POST', /messages$/, { status: 401, body: { message: '401: Unauthorized', code: 0 } });
    const to = { kind: 'channel', channel: fake.channel } as const;
    for (const key of ['one', 'two']) {
      await expect(messenger.post(to, approval, key)).rejects.toMatchObject({ code: 'chat.unauthorized' });
    }
    expect(healthy()).toBe(false);
    expect(complaints()).toEqual(['token.refused']);
  });

  it('stop waits for the answer that is under way', async () => {
    const { stop, messenger } = await connected();
    const message = await postedCard(bot as Discord);
    let decide: (reply: { ok: true; text: string }) => void = () => undefined;
    desk.reply = new Promise((resolve) => {
      decide = resolve;
    });
    const outcome = await fake.human('ann').press(message, 'Approve');
    const order: string[] = [];
    const stopped = stop().then(() => order.push('stopped'));
    const answered = answerOf(outcome).then((answer) => order.push(textOf(answer)));
    // Round trips, so that a stop that does not wait is over before the desk decides.
    for (const key of ['a', 'b', 'c']) await messenger.post({ kind: 'channel', channel: fake.channel }, approval, key);
    decide({ ok: true, text: 'Just in time.' });
    await Promise.all([stopped, answered]);
    expect(order).toEqual(['✅ Just in time.', 'stopped']);
  });
});
