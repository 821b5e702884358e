import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Bot, deskOf } from '../../bot/main.ts';
import { makeRelay } from '../../bot/relay.ts';
import { shownBy } from '../../bot/shown.ts';
import { startSlack } from '../../bot/slack/index.ts';
import { webMessenger } from '../../bot/web/send.ts';
import type { Base } from '../../workers/main.ts';
import { webMessages } from '../../workers/store/web-messages.ts';
import { type FakeSlack, startFakeSlack } from '../fakes/slack/index.ts';
import { plain } from './packages.ts';
import { buttonOf, refusal, startWorld, type TestWorld, until } from './world.ts';

describe.skipIf(refusal)('with two messengers of which one has a bad day', () => {
  let world: TestWorld;
  let slack: FakeSlack;
  beforeAll(async () => {
    slack = await startFakeSlack();
    world = await startWorld({ count: 2, startChat: (_, base) => chatOnBoth(base, slack) });
  }, 120_000);
  afterAll(async () => {
    await world?.stop();
    await slack?.stop();
  });

  it('in the end each card and each line is there once on both', async () => {
    const { devices } = world.fleet;
    await world.offer(devices, plain('acme-chatty', '1.0'), plain('acme-chatty', '1.1'));
    slack.fail('chat.postMessage', { kind: 'status', status: 500 });
    slack.fail('chat.postMessage', { kind: 'drop-after' });
    slack.fail('chat.update', { kind: 'status', status: 429, retryAfter: 1 }, 2);
    await world.scan();
    const proposal = await until('a proposal', () => world.proposal('acme-chatty'));
    const card = await world.card(proposal.id);
    await until('the card in Slack', async () => slack.seen('C1').length > 0);
    slack.fail('chat.postMessage', { kind: 'status', status: 429, retryAfter: 1 });
    slack.fail('chat.postMessage', { kind: 'drop-after' });
    slack.fail('chat.postMessage', { kind: 'drop' });
    await world.press('sam', buttonOf(card, 'proposal.approve'));
    for (const device of devices) await world.reaches(proposal.id, device, 'succeeded');

    await until('nothing to be left to tell', async () => (await world.store().outbox.due(1)).length === 0, 60);
    const inWeb = (await world.thread(proposal.id)).map(({ title }) => title);
    expect([...inWeb].sort()).toEqual(['Rollout completed', 'device-1', 'device-2']);
    const [root, ...more] = slack.seen('C1').filter(({ thread_ts }) => !thread_ts);
    expect(more).toEqual([]);
    expect(JSON.stringify(root?.blocks)).toContain('Completed');
    const replies = slack.seen('C1').filter(({ thread_ts }) => thread_ts === root?.ts);
    const keys = replies.map(({ metadata }) => JSON.stringify(metadata));
    expect(keys).toHaveLength(3);
    expect(new Set(keys).size).toBe(3);
    expect(slack.state.faults.filter(({ times }) => times > 0)).toEqual([]);
    expect((await world.card(proposal.id)).status).toBe('Completed');
  }, 120_000);
});

/** What startBot makes, but with a Slack that runs here: its address is no setting. */
async function chatOnBoth({ world, store, database, owner }: Base, slack: FakeSlack): Promise<Bot> {
  let nudge: () => void = () => {};
  const desk = deskOf({ world, store } as Base, () => nudge()); // all of it that a desk is made of
  const chat = await startSlack({
    botToken: 'xoxb-T1',
    appToken: 'xapp-T1',
    workspace: 'T1',
    apiUrl: slack.apiUrl,
    desk,
    log: world.log,
  });
  const web = webMessenger({
    messages: webMessages(database.connection, world.tenant),
    channels: ['patching'],
    isPerson: async () => true,
    changed: () => {},
  });
  const outlets = [
    { messenger: web, channel: 'patching' },
    { messenger: chat.messenger, channel: 'C1' },
  ];
  const { outbox, posts, claims } = store;
  const { clock, log } = world;
  const relay = makeRelay({ outlets, outbox, posts, claims, clock, log, owner, shownBy: (due) => shownBy(world, due) });
  nudge = relay.nudge;
  relay.start();
  return { desk, web: null, tell: relay.tick, stop: () => relay.stop().then(() => chat.stop()) };
}
