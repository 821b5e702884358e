import { createServer } from 'node:http';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { checkSlack } from '../../../bot/slack/check.ts';
import { startSlack } from '../../../bot/slack/index.ts';
import { type FakeSlack, startFakeSlack } from '../../fakes/slack/index.ts';
import { recordingDesk, recordingLog } from './desk.ts';
import { ann, type Connected, connected, settings } from './start.ts';

const parts = () => ({ desk: recordingDesk(), log: recordingLog() });

describe('starting', () => {
  let slack: FakeSlack;
  beforeAll(async () => {
    slack = await startFakeSlack();
  });
  afterAll(() => slack.stop());

  it.each([
    ['a bot token that Slack does not know', { botToken: 'xoxb-no' }, /bot token.*OAuth & Permissions.*invalid_auth/],
    ['an app token that Slack does not know', { appToken: 'xapp-no' }, /app token.*App-Level Tokens.*invalid_auth/],
    ['a bot token in the place of the app token', { appToken: 'xoxb-T1' }, /app token.*not_allowed_token_type/],
    ['a token of another workspace', { workspace: 'T9' }, /workspace T1, not of T9/],
  ])('refuses %s, and says which one and where to find it', async (_, wrong, sentence) => {
    const starting = startSlack({ ...settings(slack, 'Socket Mode'), ...wrong, ...parts() });
    await expect(starting).rejects.toMatchObject({ code: 'chat.unauthorized', retryable: false });
    await expect(starting).rejects.toThrow(sentence);
    expect(slack.sockets()).toBe(0);
  });

  it('asks for one of the two ways of receiving', async () => {
    const { appToken, ...neither } = settings(slack, 'Socket Mode');
    await expect(startSlack({ ...neither, ...parts() })).rejects.toThrow(/app token or a signing secret/);
  });

  it('is a failure to try again when Slack is not there', async () => {
    slack.fail('auth.test', { kind: 'drop' }, 3);
    await expect(startSlack({ ...settings(slack, 'Socket Mode'), ...parts() })).rejects.toMatchObject({
      code: 'chat.unreachable',
      retryable: true,
    });
  });

  it('never writes a token into the log', async () => {
    const { desk, log } = parts();
    slack.fail('auth.test', { kind: 'status', status: 500, body: 'oops' }, 1);
    const chat = await startSlack({ ...settings(slack, 'Socket Mode'), desk, log });
    slack.fail('chat.postMessage', { kind: 'error', error: 'invalid_auth' });
    await chat.messenger
      .post({ kind: 'channel', channel: 'C1' }, { title: 't', tone: 'plain', status: 's', facts: [], buttons: [] }, 'k')
      .catch(() => undefined);
    expect(JSON.stringify(log.lines)).not.toMatch(/xoxb|xapp/);
    await chat.stop();
  });

  it('rejects when the port is taken', async () => {
    const squatter = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => squatter.once('listening', resolve));
    const address = squatter.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    await expect(startSlack({ ...settings(slack, 'signed HTTP'), port, ...parts() })).rejects.toMatchObject({
      code: 'EADDRINUSE',
    });
    await new Promise((resolve) => squatter.close(resolve));
  });
});

describe('a check before starting', () => {
  let slack: FakeSlack;
  beforeAll(async () => {
    slack = await startFakeSlack();
  });
  afterAll(() => slack.stop());
  const check = (wrong: object) => checkSlack({ ...settings(slack, 'Socket Mode'), channel: 'C1', ...wrong });

  it('is silent when tokens and channel are good, and posts nothing', async () => {
    await expect(check({})).resolves.toBeUndefined();
    expect(slack.seen('C1')).toEqual([]);
  });
  it.each([
    ['a dead bot token', { botToken: 'xoxb-no' }, 'chat.unauthorized', /bot token/],
    ['a dead app token', { appToken: 'xapp-no' }, 'chat.unauthorized', /app token/],
    ['a channel without the app', { channel: 'C2' }, 'chat.refused', /\/invite it/],
    ['a channel that does not exist', { channel: 'C404' }, 'chat.refused', /does not exist/],
  ])('names %s', async (_, wrong, code, sentence) => {
    await expect(check(wrong)).rejects.toMatchObject({ code, message: expect.stringMatching(sentence) });
  });
});

describe('a Socket Mode connection', () => {
  let app: Connected;
  beforeAll(async () => {
    app = await connected('Socket Mode');
  });
  afterAll(() => app.stop());
  const back = (within = 1000) =>
    vi.waitFor(() => expect([app.slack.sockets(), app.chat.healthy()]).toEqual([1, true]), {
      timeout: within,
      interval: 10,
    });
  const gone = () => vi.waitFor(() => expect(app.chat.healthy()).toBe(false), { timeout: 1000, interval: 1 });

  it.each([
    ['Slack asks for it', () => app.slack.askToReconnect()],
    ['the line is cut', () => app.slack.cutSockets()],
  ])('comes back within a second when %s, and clicks arrive again', async (_, lose) => {
    lose();
    await gone();
    await back();
    expect((await app.slack.slash(ann, 'list')).acked).toBe(true);
  });

  it('comes back after an outage that is longer than a few tries', async () => {
    app.slack.fail('apps.connections.open', { kind: 'status', status: 503 }, 3);
    app.slack.cutSockets();
    await gone();
    await back(5000);
    const failures = app.log.lines.filter((line) => line.event === 'slack.reconnect-failed');
    expect(failures.map((line) => line.fields['waitMs'])).toEqual([250, 500, 1000]);
    expect((await app.slack.slash(ann, 'list')).acked).toBe(true);
  });

  it('survives that its token is refused while it reconnects', async () => {
    app.slack.fail('apps.connections.open', { kind: 'error', error: 'invalid_auth' }, 2);
    app.slack.cutSockets();
    await gone();
    await back(5000);
  });

  it('stays closed after stop', async () => {
    const { chat, slack, stop } = await connected('Socket Mode');
    await chat.stop();
    expect(chat.healthy()).toBe(false);
    await vi.waitFor(() => expect(slack.sockets()).toBe(0));
    await stop();
  });

  it('stays closed when it is stopped in the middle of a reconnect', async () => {
    const { chat, slack } = await connected('Socket Mode');
    slack.fail('apps.connections.open', { kind: 'slow', ms: 200 });
    slack.cutSockets();
    await vi.waitFor(() => expect(slack.calls('apps.connections.open')).toHaveLength(2));
    await chat.stop();
    await vi.waitFor(() => expect([slack.connections(), slack.sockets()]).toEqual([2, 0]), 3000);
    expect(chat.healthy()).toBe(false);
    await slack.stop();
  });
});

it('signed HTTP is healthy until it is stopped', async () => {
  const { chat, stop } = await connected('signed HTTP');
  expect(chat.healthy()).toBe(true);
  await stop();
  expect(chat.healthy()).toBe(false);
});
