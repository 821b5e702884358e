import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Reply } from '../../../bot/handlers/press.ts';
import { buttonsOf, type Message, type View } from '../../fakes/slack/index.ts';
import { approval, deploying } from './cards.ts';
import { ann, bob, type Connected, connected, ways } from './start.ts';

describe.each(ways)('pressing and typing over %s', (way) => {
  let app: Connected;
  let card: Message;
  beforeAll(async () => {
    app = await connected(way);
  });
  beforeEach(async () => {
    app.desk.presses.length = 0;
    app.desk.commands.length = 0;
    app.slack.state.messages.length = 0;
    app.slack.state.views.clear();
    app.desk.answer = async () => ({ ok: true, text: 'Your vote counts: 1 of 2.' });
    await app.messenger.post({ kind: 'channel', channel: 'C1' }, approval, 'k1');
    card = lastOf(app.slack.seen('C1'));
  });
  afterAll(() => app.stop());

  const lastOf = <T>(list: readonly T[]): T => {
    const last = list.at(-1);
    if (last === undefined) throw new Error('nothing there');
    return last;
  };
  const whispered = (user: string, text: string) =>
    vi.waitFor(() => {
      const last = lastOf(app.slack.whispers(user));
      expect(last.text).toContain(text);
      return last;
    });
  const openedForm = (): Promise<View> => vi.waitFor(() => lastOf([...app.slack.state.views.values()]));

  it('hands a press to the desk once, with who pressed what on which revision', async () => {
    const delivery = await app.slack.click(ann, card, 'proposal.approve');
    expect(delivery?.acked).toBe(true);
    await whispered('U1', 'Your vote counts: 1 of 2.');
    expect(app.desk.presses).toEqual([
      {
        account: { platform: 'slack', workspace: 'T1', user: 'U1' },
        delivery: expect.stringMatching(/./),
        action: 'proposal.approve',
        subject: 'p-7f3k',
        seenRev: 3,
      },
    ]);
    expect(app.slack.whispers('U2')).toEqual([]);
  });

  it('answers with a card whose buttons work', async () => {
    app.desk.answer = async (): Promise<Reply> => ({ ok: true, text: 'One rollout runs.', card: deploying });
    await app.slack.slash(bob, 'status');
    const answer = await whispered('U2', 'One rollout runs.');
    await app.slack.click(bob, answer, 'halt.rollout');
    await vi.waitFor(() =>
      expect(app.desk.presses).toMatchObject([{ action: 'halt.rollout', subject: 'r-52', seenRev: 9 }]),
    );
  });

  it('asks "are you sure" before a press that needs it, and a no goes nowhere', async () => {
    const [approve] = buttonsOf(card);
    expect(approve?.confirm?.text.text).toBe('Install openssl on 12 devices in the next window?');
    expect(await app.slack.click(ann, card, 'proposal.approve', { confirm: 'no' })).toBeNull();
    expect(app.desk.presses).toEqual([]);
  });

  it('asks for a line of text in a form, and passes it on with the press', async () => {
    await app.slack.click(ann, card, 'proposal.deny');
    const form = await openedForm();
    expect(form.title?.text).toBe('Deny this patch');
    expect(app.desk.presses).toEqual([]);
    const sent = await app.slack.submit(ann, form, { answer: ' breaks the old VPN ' });
    expect(sent.acked).toBe(true);
    await whispered('U1', 'Your vote counts');
    expect(app.desk.presses).toMatchObject([
      { action: 'proposal.deny', seenRev: 3, answer: 'breaks the old VPN', delivery: form.id },
    ]);
  });

  it('keeps the form open with the reason when the phrase is wrong', async () => {
    await app.messenger.post({ kind: 'channel', channel: 'C1' }, deploying, 'k2');
    await app.slack.click(ann, lastOf(app.slack.seen('C1')), 'rollout.roll-back');
    const form = await openedForm();
    const wrong = await app.slack.submit(ann, form, { answer: 'r-53' });
    expect(wrong.body).toEqual({
      response_action: 'errors',
      errors: { answer: 'That was not the phrase. Type exactly: r-52' },
    });
    expect(app.desk.presses).toEqual([]);
    await app.slack.submit(ann, form, { answer: 'r-52' });
    await vi.waitFor(() => expect(app.desk.presses).toMatchObject([{ action: 'rollout.roll-back', answer: 'r-52' }]));
  });

  it('says so when the form could not be opened', async () => {
    app.slack.fail('views.open', { kind: 'error', error: 'expired_trigger_id' });
    await app.slack.click(bob, card, 'proposal.deny');
    await whispered('U2', 'press the button again');
    expect(app.desk.presses).toEqual([]);
  });

  it('splits a command at spaces, keeps quoted ones, and undoes what Slack escapes', async () => {
    const typed = await app.slack.slash(ann, '  Rollback web-1 “acme agent”  a&b<c ');
    expect(typed).toMatchObject({ acked: true, body: expect.not.objectContaining({ text: expect.anything() }) });
    await whispered('U1', 'Your vote counts');
    expect(app.desk.commands).toMatchObject([{ verb: 'rollback', words: ['web-1', 'acme agent', 'a&b<c'] }]);
  });

  it('takes an empty command as help, and any name the command was given', async () => {
    await app.slack.slash(ann, '   ', { command: '/patchherd' });
    await vi.waitFor(() => expect(app.desk.commands).toMatchObject([{ verb: 'help', words: [] }]));
  });

  it('acks in time and answers later when the desk takes longer than Slack waits', async () => {
    app.desk.answer = async () => {
      await new Promise((resolve) => setTimeout(resolve, 600)); // twice what this fake Slack waits
      return { ok: true, text: 'Took a while.' };
    };
    const delivery = await app.slack.click(ann, card, 'proposal.approve');
    expect(delivery?.acked).toBe(true);
    await whispered('U1', 'Took a while.');
  });

  it('lets the desk judge an action that it does not know', async () => {
    app.desk.answer = async () => ({ ok: false, text: 'I cannot read this button.' });
    await app.messenger.post(
      { kind: 'channel', channel: 'C1' },
      { ...approval, buttons: [{ action: 'no.such', subject: 's', rev: 1, label: 'Hm', tone: 'plain' }] },
      'k3',
    );
    await app.slack.click(ann, lastOf(app.slack.seen('C1')), 'no.such');
    await whispered('U1', '⚠️ I cannot read this button.');
    expect(app.desk.presses).toMatchObject([{ action: 'no.such' }]);
  });

  it('refuses a button that another version drew, without asking the desk', async () => {
    const [stale] = card.blocks.filter((block) => block.type === 'actions');
    const first = stale?.elements?.[0];
    if (first && 'value' in first) first.value = 'old format';
    await app.slack.click(ann, card, 'proposal.approve');
    await whispered('U1', 'it is from another version');
    expect(app.desk.presses).toEqual([]);
  });

  it('gives a delivery that comes twice the same id, so that the desk can act once', async () => {
    const delivery = await app.slack.click(ann, card, 'proposal.approve');
    await delivery?.again();
    await vi.waitFor(() => expect(app.desk.presses).toHaveLength(2));
    expect(app.desk.presses[0]?.delivery).toBe(app.desk.presses[1]?.delivery);
    const other = await app.slack.click(ann, card, 'proposal.approve');
    expect(other?.acked).toBe(true);
    await vi.waitFor(() => expect(app.desk.presses).toHaveLength(3));
    expect(app.desk.presses[2]?.delivery).not.toBe(app.desk.presses[0]?.delivery);
  });

  it('falls back to an ephemeral message when the response_url is gone', async () => {
    app.slack.fail('response_url', { kind: 'status', status: 404 });
    const before = app.slack.calls('chat.postEphemeral').length;
    await app.slack.click(ann, card, 'proposal.approve');
    await vi.waitFor(() => expect(app.slack.calls('chat.postEphemeral')).toHaveLength(before + 1));
    await whispered('U1', 'Your vote counts');
  });

  it('logs an answer that it can deliver nowhere', async () => {
    app.slack.fail('response_url', { kind: 'status', status: 500 });
    app.slack.fail('chat.postEphemeral', { kind: 'error', error: 'user_not_in_channel' });
    await app.slack.click(ann, card, 'proposal.approve');
    await vi.waitFor(() =>
      expect(app.log.lines).toContainEqual(expect.objectContaining({ event: 'slack.answer-lost' })),
    );
  });

  it('shows how to start on the Home tab', async () => {
    expect((await app.slack.openHome(ann)).acked).toBe(true);
    const home = await vi.waitFor(() => lastOf([...app.slack.state.homes.values()]));
    expect(JSON.stringify(home.blocks)).toContain('slack: T1/U1');
    expect(JSON.stringify(home.blocks)).toContain('What is open');
  });

  it('acks what it does not offer, so that nobody waits for an error', async () => {
    const shortcut = await app.slack.interactive(ann, { type: 'shortcut', callback_id: 'other' });
    expect(shortcut.acked).toBe(true);
    const form = await app.slack.interactive(ann, {
      type: 'view_submission',
      view: { id: 'V0', type: 'modal', callback_id: 'other', private_metadata: '', state: { values: {} } },
    });
    expect(form.body).toMatchObject({ response_action: 'errors' });
    expect(app.desk.presses).toEqual([]);
  });

  it('refuses and logs a press from another workspace, and from a guest of a connected one', async () => {
    const payload = {
      type: 'block_actions',
      container: { channel_id: 'C1' },
      actions: [{ type: 'button', action_id: 'proposal.approve', value: 'p-7f3k@3' }],
    };
    await app.slack.interactive(ann, { ...payload, team: { id: 'T9' }, user: { id: 'U9', team_id: 'T9' } });
    await app.slack.interactive(ann, { ...payload, user: { id: 'U9', team_id: 'T9' } });
    await vi.waitFor(() =>
      expect(app.log.lines.filter((line) => line.event === 'slack.team-refused').map((line) => line.fields)).toEqual([
        { team: 'T9', home: 'T9' },
        { team: 'T1', home: 'T9' },
      ]),
    );
    expect(app.desk.presses).toEqual([]);
  });
});

describe('signed HTTP', () => {
  let app: Connected;
  beforeAll(async () => {
    app = await connected('signed HTTP');
  });
  afterAll(() => app.stop());

  it.each([
    ['a forged signature', { secret: 'guessed' }],
    ['a timestamp that is 400 s old', { skewSeconds: -400 }],
    ['a timestamp 4,000 s in the future', { skewSeconds: 4000 }],
  ])('refuses %s with 401 and tells the desk nothing', async (_, tamper) => {
    expect(await app.slack.slash(ann, 'halt', tamper)).toMatchObject({ acked: false, status: 401 });
    expect(app.desk.commands).toEqual([]);
  });

  it('takes a clock that is four minutes off', async () => {
    expect((await app.slack.slash(ann, 'list', { skewSeconds: 240 })).status).toBe(200);
  });
  it('answers other paths and methods with 404', async () => {
    const url = app.chat.url ?? '';
    expect((await fetch(url)).status).toBe(404);
    expect((await fetch(url.replace('/slack/events', '/'), { method: 'POST' })).status).toBe(404);
  });
});

it('acks within the real three seconds when the desk needs longer', async () => {
  const app = await connected('signed HTTP', { ackMs: 3000 });
  app.desk.answer = async () => {
    await new Promise((resolve) => setTimeout(resolve, 3400));
    return { ok: true, text: 'Here at last.' };
  };
  const delivery = await app.slack.slash(ann, 'scan web-1');
  expect(delivery).toMatchObject({ acked: true, status: 200 });
  await vi.waitFor(() => expect(app.slack.whispers('U1').at(-1)?.text).toBe('Here at last.'), 6000);
  await app.stop();
});
