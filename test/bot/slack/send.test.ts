import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startSlack } from '../../../bot/slack/index.ts';
import type { Failure } from '../../../domain/model/failure.ts';
import type { Destination } from '../../../domain/model/message.ts';
import type { Fault } from '../../fakes/slack/state.ts';
import { approval, decided, threadLine } from './cards.ts';
import { recordingDesk, recordingLog } from './desk.ts';
import { type Connected, connected, settings } from './start.ts';

const c1: Destination = { kind: 'channel', channel: 'C1' };
const failureOf = async (call: Promise<unknown>): Promise<Failure> =>
  call.then(
    () => {
      throw new Error('did not fail');
    },
    (failure) => failure,
  );

describe('sending to Slack', () => {
  let app: Connected;
  beforeAll(async () => {
    app = await connected('signed HTTP');
  });
  afterEach(() => {
    app.slack.state.messages.length = 0;
    app.slack.state.faults.length = 0;
  });
  afterAll(() => app.stop());

  it('posts a card that carries its key, without link previews', async () => {
    const ref = await app.messenger.post(c1, approval, 'proposal/p-7f3k');
    const [message] = app.slack.seen('C1');
    expect(ref).toEqual({ platform: 'slack', channel: 'C1', message: message?.ts });
    expect(message?.metadata).toEqual({ event_type: 'patchherd_card', event_payload: { key: 'proposal/p-7f3k' } });
    expect(app.slack.calls('chat.postMessage').at(-1)?.args).toMatchObject({
      unfurl_links: 'false',
      unfurl_media: 'false',
    });
  });

  it('edits it in place, twice if need be, and it can still be found', async () => {
    const ref = await app.messenger.post(c1, approval, 'k');
    await app.messenger.edit(ref, decided);
    await app.messenger.edit(ref, decided);
    const seen = app.slack.seen('C1');
    expect(seen).toHaveLength(1);
    expect(seen[0]?.blocks.map((block) => block.type)).not.toContain('actions');
    expect(await app.messenger.find(c1, 'k')).toEqual(ref);
  });

  it('puts lines into the thread of a message and finds them there, not in the channel', async () => {
    const of = await app.messenger.post(c1, approval, 'k');
    const ref = await app.messenger.post({ kind: 'thread', of }, threadLine, 'k/1');
    expect(app.slack.seen('C1').at(-1)?.thread_ts).toBe(of.message);
    expect(await app.messenger.find({ kind: 'thread', of }, 'k/1')).toEqual(ref);
    expect(await app.messenger.find(c1, 'k/1')).toBeNull();
  });

  it('writes to one person in private', async () => {
    const ref = await app.messenger.post({ kind: 'direct', user: 'U2' }, approval, 'k');
    expect(ref.channel).toBe('DU2');
    await app.messenger.post({ kind: 'direct', user: 'U2' }, threadLine, 'k2');
    expect(app.slack.seen('DU2')).toHaveLength(2);
    expect(await app.messenger.find({ kind: 'direct', user: 'U2' }, 'k')).toEqual(ref);
  });

  it('finds a message behind a page of newer ones', async () => {
    const ref = await app.messenger.post(c1, approval, 'old');
    const [first] = app.slack.seen('C1');
    if (!first) throw new Error('posted above');
    for (let n = 0; n < 250; n += 1) app.slack.state.messages.push({ ...first, ts: `9.${n}`, metadata: {} });
    expect(await app.messenger.find(c1, 'old')).toEqual(ref);
    expect(await app.messenger.find(c1, 'never sent')).toBeNull();
  });

  it('does not believe metadata that another app wrote', async () => {
    await app.messenger.post(c1, approval, 'k');
    const [message] = app.slack.seen('C1');
    if (message) message.bot_id = 'B-other';
    expect(await app.messenger.find(c1, 'k')).toBeNull();
  });

  it('cannot tell what was sent when it may not read there', async () => {
    await app.messenger.post(c1, approval, 'k');
    app.slack.state.teams.get('T1')?.scopes.delete('channels:history');
    expect(await app.messenger.find(c1, 'k')).toBeNull();
    app.slack.state.teams.get('T1')?.scopes.add('channels:history');
    expect(await app.messenger.find({ kind: 'channel', channel: 'C404' }, 'k')).toBeNull();
  });

  it('leaves exactly one card when the line drops after Slack stored it', async () => {
    app.slack.fail('chat.postMessage', { kind: 'drop-after' });
    const failure = await failureOf(app.messenger.post(c1, approval, 'k'));
    expect(failure).toMatchObject({ code: 'chat.unreachable', retryable: true });
    const found = await app.messenger.find(c1, 'k');
    expect(app.slack.seen('C1')).toHaveLength(1);
    expect(found?.message).toBe(app.slack.seen('C1')[0]?.ts);
  });

  it.each<[string, Fault, object]>([
    [
      '429',
      { kind: 'status', status: 429, retryAfter: 7 },
      { code: 'chat.rate-limited', retryable: true, retryAfterMs: 7000 },
    ],
    [
      '429 without a time',
      { kind: 'status', status: 429 },
      { code: 'chat.rate-limited', retryable: true, retryAfterMs: 30_000 },
    ],
    [
      'ratelimited',
      { kind: 'error', error: 'ratelimited' },
      { code: 'chat.rate-limited', retryable: true, retryAfterMs: 30_000 },
    ],
    ['503', { kind: 'status', status: 503 }, { code: 'chat.unreachable', retryable: true }],
    ['a cut line', { kind: 'drop' }, { code: 'chat.unreachable', retryable: true }],
    [
      'a proxy page with status 200',
      { kind: 'status', status: 200, body: '<html>Log in</html>' },
      { code: 'chat.unreachable', retryable: true },
    ],
    ['fatal_error', { kind: 'error', error: 'fatal_error' }, { code: 'chat.unreachable', retryable: true }],
    ['token_revoked', { kind: 'error', error: 'token_revoked' }, { code: 'chat.unauthorized', retryable: false }],
    [
      'messages_tab_disabled',
      { kind: 'error', error: 'messages_tab_disabled' },
      { code: 'chat.closed-inbox', retryable: false },
    ],
    ['is_archived', { kind: 'error', error: 'is_archived' }, { code: 'chat.refused', retryable: false }],
  ])('tells what %s means, and calls once only', async (_, fault, expected) => {
    const before = app.slack.calls('chat.postMessage').length;
    app.slack.fail('chat.postMessage', fault);
    expect(await failureOf(app.messenger.post(c1, approval, 'k'))).toMatchObject(expected);
    expect(app.slack.calls('chat.postMessage')).toHaveLength(before + 1);
  });

  it('names the scope that is missing', async () => {
    app.slack.fail('chat.postMessage', { kind: 'error', error: 'missing_scope', more: { needed: 'chat:write' } });
    const { code, message } = await failureOf(app.messenger.post(c1, approval, 'k'));
    expect([code, message]).toEqual([
      'chat.refused',
      'Slack refused (missing_scope). The app needs the scope chat:write: add it and install the app again.',
    ]);
  });

  it.each<[string, Destination, string, RegExp]>([
    ['a channel without the app', { kind: 'channel', channel: 'C2' }, 'chat.refused', /\/invite/],
    ['a channel that does not exist', { kind: 'channel', channel: 'C404' }, 'chat.refused', /does not exist/],
    ['a person who is not there', { kind: 'direct', user: 'U404' }, 'chat.closed-inbox', /private messages/],
  ])('says why it cannot post to %s', async (_, to, code, sentence) => {
    const failure = await failureOf(app.messenger.post(to, approval, 'k'));
    expect(failure).toMatchObject({ code, retryable: false, message: expect.stringMatching(sentence) });
  });

  it('knows a closed inbox', async () => {
    app.slack.state.teams.get('T1')?.closedInboxes.push('U3');
    const failure = await failureOf(app.messenger.post({ kind: 'direct', user: 'U3' }, approval, 'k'));
    expect(failure).toMatchObject({ code: 'chat.closed-inbox' });
  });

  it('says when somebody deleted the message that it should edit', async () => {
    const ref = await app.messenger.post(c1, approval, 'k');
    const [message] = app.slack.seen('C1');
    if (message) app.slack.remove(message);
    expect(await failureOf(app.messenger.edit(ref, decided))).toMatchObject({ code: 'chat.gone', retryable: false });
  });

  it('does not make a click wait while cards are rate limited', async () => {
    const [ref] = await Promise.all([app.messenger.post(c1, approval, 'k')]);
    app.slack.fail('chat.update', { kind: 'status', status: 429, retryAfter: 60 }, 5);
    const edits = Array.from({ length: 5 }, () => failureOf(app.messenger.edit(ref, decided)));
    const [message] = app.slack.seen('C1');
    if (!message) throw new Error('posted above');
    await app.slack.click({ team: 'T1', user: 'U1' }, message, 'proposal.deny');
    expect((await Promise.all(edits)).map((failure) => failure.retryAfterMs)).toEqual(Array(5).fill(60_000));
    expect(app.slack.calls('views.open')).toHaveLength(1);
  });
});

describe('two workspaces', () => {
  it('never mix their tokens', async () => {
    const one = await connected('signed HTTP', { teams: ['T1', 'T2'] });
    const other = await startSlack({
      ...settings(one.slack, 'signed HTTP'),
      botToken: 'xoxb-T2',
      workspace: 'T2',
      desk: recordingDesk(),
      log: recordingLog(),
    });
    await Promise.all([one.messenger.post(c1, approval, 'a'), other.messenger.post(c1, approval, 'b')]);
    expect(one.slack.seen('C1').map((message) => [message.bot_id, message.metadata])).toEqual(
      expect.arrayContaining([
        ['BT1', expect.objectContaining({ event_payload: { key: 'a' } })],
        ['BT2', expect.objectContaining({ event_payload: { key: 'b' } })],
      ]),
    );
    await other.stop();
    await one.stop();
  });
});
