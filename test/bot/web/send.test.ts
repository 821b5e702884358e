/** The web chat as a Messenger. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { webMessenger } from '../../../bot/web/send.ts';
import { line } from '../../../domain/cards/card.ts';
import { button, card, webSetting } from './setting.ts';

let setting: Awaited<ReturnType<typeof webSetting>>;
beforeAll(async () => {
  setting = await webSetting();
});
afterAll(() => setting.stop());
const channel = { kind: 'channel', channel: 'ops' } as const;

describe('the web messenger', () => {
  it('finds a message by its key, in its place only', async () => {
    const { messenger } = setting.web;
    const ref = await messenger.post(channel, card(), 'k1');
    expect(ref).toEqual({ platform: 'web', channel: 'ops', message: expect.any(String) });
    expect(await messenger.find(channel, 'k1')).toEqual(ref);
    expect(await messenger.find({ kind: 'channel', channel: 'patching' }, 'k1')).toBeNull();
    expect(await messenger.find({ kind: 'thread', of: ref }, 'k1')).toBeNull();
  });

  it('posts once per key, so that a crash between sending and recording doubles nothing', async () => {
    const { messenger } = setting.web;
    expect(await messenger.post(channel, card(), 'k2')).toEqual(
      await messenger.post(channel, card({ title: 'again' }), 'k2'),
    );
  });

  it('puts a reply to a reply into the same thread', async () => {
    const { messenger } = setting.web;
    const root = await messenger.post(channel, card(), 'k3');
    const reply = await messenger.post({ kind: 'thread', of: root }, line('a', 'plain', 'b'), 'k3-1');
    await messenger.post({ kind: 'thread', of: reply }, line('c', 'plain', 'd'), 'k3-2');
    expect((await setting.messages.replies([root.message], 9)).map(({ key }) => key)).toEqual(['k3-1', 'k3-2']);
  });

  it('redraws a message, as often as asked', async () => {
    const { messenger } = setting.web;
    const ref = await messenger.post(channel, card(), 'k4');
    const decided = card({ status: 'Approved', buttons: [] });
    for (const _ of [1, 2]) await messenger.edit(ref, decided);
    expect(await setting.messages.get(ref.message)).toMatchObject({ card: decided, waits: false });
  });

  it.each([
    ['an unknown channel', { kind: 'channel', channel: 'nowhere' }, 'chat.refused'],
    ['an unknown person', { kind: 'direct', user: 'nobody' }, 'chat.refused'],
    [
      'a thread of nothing',
      { kind: 'thread', of: { platform: 'web', channel: 'ops', message: 'gone' } },
      'chat.refused',
    ],
  ] as const)('refuses %s', async (_, to, code) => {
    await expect(setting.web.messenger.post(to, card(), 'k')).rejects.toMatchObject({ code, retryable: false });
  });

  it('says that a message is gone', async () => {
    const ref = { platform: 'web', channel: 'ops', message: 'gone' } as const;
    await expect(setting.web.messenger.edit(ref, card())).rejects.toMatchObject({ code: 'chat.gone' });
  });

  it('calls a store that throws unreachable, to be tried again', async () => {
    const down = { ...setting.messages, add: () => Promise.reject(new Error('no primary')) };
    const messenger = webMessenger({
      messages: down,
      channels: ['ops'],
      isPerson: async () => true,
      changed: () => {},
    });
    await expect(messenger.post(channel, card(), 'k')).rejects.toMatchObject({
      code: 'chat.unreachable',
      retryable: true,
    });
  });

  it.each([
    ['a primary button', 'ops', [button()], true],
    ['a neutral button', 'ops', [button({ tone: 'plain' })], true],
    ['only a closer look', 'ops', [button({ action: 'proposal.details', tone: 'plain' })], false],
    ['only a way out', 'ops', [button({ tone: 'bad', label: 'Halt' })], false],
    ['no button', 'ops', [], false],
    ['any button, in private', '@ada', [button({ tone: 'bad' })], true],
  ] as const)('counts a card with %s in %s as waiting accordingly', async (name, room, buttons, waits) => {
    const to = room === '@ada' ? ({ kind: 'direct', user: 'ada' } as const) : channel;
    const ref = await setting.web.messenger.post(to, card({ buttons: [...buttons] }), `waits-${name}`);
    expect((await setting.messages.get(ref.message))?.waits).toBe(waits);
  });
});
