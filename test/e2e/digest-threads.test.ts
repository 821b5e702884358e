/** Digests in Slack and Discord, through their real clients: the message, its thread, presses there, and a bot that starts again. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDiscord } from '../../bot/discord/index.ts';
import { makeDesk } from '../../bot/handlers/desk.ts';
import { handlersFor, verbsFor } from '../../bot/handlers/index.ts';
import { makeRelay } from '../../bot/relay.ts';
import { shownBy } from '../../bot/shown.ts';
import { startSlack } from '../../bot/slack/index.ts';
import { approve, deny } from '../../domain/flows/decide.ts';
import { makeDigests } from '../../domain/flows/digests.ts';
import { matchFleet } from '../../domain/flows/intel.ts';
import { proposePatch } from '../../domain/flows/propose.ts';
import type { PatchId } from '../../domain/model/ids.ts';
import type { Proposal } from '../../domain/model/proposal.ts';
import {
  advisory,
  daily,
  feed,
  has,
  installed,
  kev,
  knowing,
  offer,
  outdated,
  signal,
} from '../domain/flows/intel-world.ts';
import { acme, deviceOn, type FlowWorld, flowDatabase, riley, sam } from '../domain/flows/world.ts';
import { type FakeDiscord, type FakeMessage, startFakeDiscord, textOf } from '../fakes/discord/index.ts';
import { buttonsOf, type FakeSlack, type Message, startFakeSlack } from '../fakes/slack/index.ts';

const [tls, web] = ['debian:12/acme-tls=2.0', 'debian:12/acme-web=2.0'] as [PatchId, PatchId];
const others = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => `debian:12/acme-${name}=2.0` as PatchId);
const ann = { team: 'T1', user: 'U1' };
const quietly = { info: () => {}, warn: () => {}, error: () => {} };

let db: Awaited<ReturnType<typeof flowDatabase>>;
let slack: FakeSlack;
let discord: FakeDiscord;
let world: FlowWorld;
let bot: Awaited<ReturnType<typeof startChat>>;
beforeAll(async () => {
  [db, slack, discord] = await Promise.all([flowDatabase(), startFakeSlack({ ackMs: 3000 }), startFakeDiscord()]);
  const accounts = [
    { platform: 'slack', workspace: 'T1', user: 'U1' },
    { platform: 'discord', workspace: discord.guild, user: discord.people.ann.id },
  ] as const;
  world = knowing(db.world({ policies: [daily()], people: [{ ...sam, accounts }, riley] }));
  bot = await startChat();
});
afterAll(async () => {
  await bot?.stop();
  await Promise.all([slack?.stop(), discord?.stop(), db?.close()]);
});

/** What startBot makes of these two, but with a Slack and a Discord that run here, and the clock of the test. */
async function startChat() {
  let nudge: () => void = () => {};
  const { outbox, posts, inbox } = world.store;
  const { clock, claims, people } = world;
  const parts = { handlers: handlersFor(world), verbs: verbsFor(world), people, inbox, log: quietly };
  const desk = makeDesk({ ...parts, nudge: () => nudge() });
  const slackApp = { botToken: 'xoxb-T1', appToken: 'xapp-T1', workspace: 'T1', apiUrl: slack.apiUrl };
  const { token: botToken, guild, apiUrl } = discord;
  const inSlack = await startSlack({ ...slackApp, desk, log: quietly });
  const inDiscord = await startDiscord({ botToken, guild, apiUrl, desk, log: quietly });
  const outlets = [
    { messenger: inSlack.messenger, channel: 'C1' },
    { messenger: inDiscord.messenger, channel: discord.channel },
  ];
  const relay = makeRelay({
    ...{ outlets, outbox, posts, claims, clock, log: quietly, owner: 'bot' },
    shownBy: (due, read) => shownBy(world, due, read),
  });
  nudge = relay.nudge;
  return {
    relay,
    async stop() {
      await relay.stop();
      await Promise.all([inSlack.stop(), inDiscord.stop()]);
    },
  };
}

/** Platforms count edits: some seconds later, everything that waited is told. */
async function later(): Promise<void> {
  world.clock.set(new Date(world.clock.now().getTime() + 10_000));
  await bot.relay.tick();
}
async function of(patch: PatchId): Promise<Proposal> {
  const [found] = await world.proposals.find({ patch });
  if (!found) throw new Error(`${patch} is not proposed`);
  return found;
}
async function approved(patch: PatchId): Promise<void> {
  const { id, rev } = await of(patch);
  expect(await approve(world, { proposal: id, by: riley, seenRev: rev, schedule: null })).toMatchObject({ ok: true });
}
/** The channel, and the thread of its first message, on both platforms as one text for each message. */
const told = ({ text, blocks }: Message): string => `${text} ${JSON.stringify(blocks)}`;
const roots = () => slack.seen('C1').filter(({ thread_ts }) => !thread_ts);
const replies = () => slack.seen('C1').filter(({ thread_ts }) => thread_ts === roots()[0]?.ts);
const discordThread = (): FakeMessage[] => discord.messages(discord.messages()[0]?.id);
const shown = () => ({
  slack: { channel: roots().map(told), thread: replies().map(told) },
  discord: { channel: discord.messages().map(textOf), thread: discordThread().map(textOf) },
});
/** How often the digest's message was edited so far: in Slack, in Discord. */
const edits = (): readonly [number, number] => [
  slack.calls('chat.update').filter(({ args }) => args['ts'] === roots()[0]?.ts).length,
  discord.calls.filter(({ method, path }) => method === 'PATCH' && path.endsWith(`/${discord.messages()[0]?.id}`))
    .length,
];
const titled = <T>(all: readonly T[], text: (one: T) => string, title: string): T => {
  const found = all.find((one) => text(one).includes(title));
  if (!found) throw new Error(`no message "${title}" among ${all.map(text).join('\n')}`);
  return found;
};

describe('a digest in Slack and Discord', () => {
  it('is one message on both, with the cards in its thread', async () => {
    await outdated(world, ['web-1']);
    await kev(world, '2026-11-20');
    await proposePatch(world, acme);
    for (const name of ['tls', 'web', 'a', 'b', 'c', 'd', 'e', 'f']) await offer(world, `acme-${name}`);
    world.clock.set('2026-11-23T12:00:16Z');
    await makeDigests(world);
    await bot.relay.tick();
    for (const { channel, thread } of Object.values(shown())) {
      expect(channel).toEqual([expect.stringContaining('9 patches for standard')]);
      expect(thread).toHaveLength(9);
      expect(thread.every((card) => card.includes('Waiting for approval'))).toBe(true);
    }
  });

  it('takes presses in its thread, and says how many still wait', async () => {
    world.clock.set('2026-11-23T12:01:00Z');
    await slack.click(ann, titled(replies(), told, 'acme-web 2.0'), 'proposal.approve');
    await expect.poll(() => shown().discord.channel[0]).toContain('8 of 9 patches for standard still wait');
    await expect.poll(() => slack.whispers('U1').at(-1)?.text).toContain('Approved');
    expect(await of(web)).toMatchObject({ state: 'approved', votes: [{ person: 'sam' }] });
    world.clock.set('2026-11-23T12:02:00Z');
    const person = discord.human('ann');
    const form = await person.press(titled(discordThread(), textOf, 'acme-tls 2.0'), 'Deny');
    if (form.kind !== 'form') throw new Error(`the person sees ${form.kind}`);
    await person.submit(form, 'It breaks the printer.');
    for (const platform of ['slack', 'discord'] as const) {
      await expect.poll(() => shown()[platform].channel[0]).toContain('7 of 9 patches for standard still wait');
    }
    expect(await of(tls)).toMatchObject({ state: 'denied', decided: { reason: 'It breaks the printer.' } });
    await expect.poll(() => told(titled(replies(), told, 'acme-tls 2.0'))).toContain('Reason: It breaks the printer.');
  });

  it('is edited once for what is decided at the same time, and not more often than platforms like', async () => {
    await later();
    const before = edits();
    const [one, two, three, four] = others as [PatchId, PatchId, PatchId, PatchId];
    world.clock.set('2026-11-23T12:10:00Z');
    for (const patch of [one, two, three]) await approved(patch);
    await bot.relay.tick();
    expect(edits()).toEqual([before[0] + 1, before[1] + 1]);
    await approved(four);
    await bot.relay.tick();
    expect(edits()).toEqual([before[0] + 1, before[1] + 1]);
    await later();
    expect(edits()).toEqual([before[0] + 2, before[1] + 2]);
    for (const { channel } of Object.values(shown()))
      expect(channel[0]).toContain('3 of 9 patches for standard still wait');
  });

  it('lets go what becomes urgent for a card of its own in the channel', async () => {
    await feed(world, 'debian-dsa', advisory({ cves: ['CVE-2026-8001'] }));
    await kev(world, '2026-11-22', 'CVE-2026-8001');
    await matchFleet(world, signal);
    await later();
    for (const { channel, thread } of Object.values(shown())) {
      expect(channel).toHaveLength(2);
      expect(channel[0]).toContain('2 of 9 patches for standard still wait');
      expect(channel[0]).toContain('Urgent by now, own card');
      expect(channel[1]).toContain('acme-agent 1.1: security update');
      expect(titled(thread, (text) => text, 'acme-agent 1.1')).toContain('Priority is now high');
    }
  });

  it('hears in its thread that a denied patch is exploited by now, and a press there proposes it again', async () => {
    const affected = { package: 'acme-tls', fixed: '2.0' };
    const tlsToo = advisory({ id: 'DSA-2-1', cves: ['CVE-2026-8002'], affected });
    await has(world, await deviceOn(world, 'web-1'), installed('1.0'), installed('1.0', 'acme-tls'));
    await feed(world, 'debian-dsa', advisory({ cves: ['CVE-2026-8001'] }), tlsToo);
    await kev(world, '2026-11-22', 'CVE-2026-8001', 'CVE-2026-8002');
    await matchFleet(world, signal);
    await later();
    const question = 'CVE-2026-8002 is now known to be exploited (KEV, 2026-11-22)';
    for (const { channel, thread } of Object.values(shown())) {
      expect(channel).toHaveLength(2);
      expect(thread.filter((text) => text.includes('acme-tls 2.0: denied, and urgent by now'))).toHaveLength(1);
    }
    const asked = titled(replies(), told, 'denied, and urgent by now');
    expect(told(asked)).toContain(question);
    await slack.click(ann, asked, 'proposal.again');
    await expect.poll(() => slack.whispers('U1').at(-1)?.text).toContain('Proposed again');
    await later();
    for (const { channel } of Object.values(shown())) {
      expect(channel).toHaveLength(3);
      expect(channel[2]).toContain('acme-tls 2.0');
      expect(channel[2]).toContain('Waiting for approval');
    }
    const answered = titled(replies(), told, 'denied, and urgent by now');
    expect(told(answered)).toContain('Proposed again by Sam');
    expect(buttonsOf(answered)).toEqual([]);
  });

  it('is told once, whatever a bot that starts again has to draw anew', async () => {
    await later();
    const before = shown();
    await bot.stop();
    bot = await startChat();
    for (const one of await world.proposals.find({}))
      await world.proposals.save({ ...one, rev: one.rev + 1 }, one.rev, { events: [] });
    for (const one of await world.digests.find({}))
      await world.digests.save({ ...one, rev: one.rev + 1 }, one.rev, { events: [] });
    await bot.relay.tick();
    await later();
    expect(await world.store.outbox.due(10)).toEqual([]);
    const count = ({ slack: inSlack, discord: inDiscord }: ReturnType<typeof shown>) =>
      [inSlack, inDiscord].map(({ channel, thread }) => [channel.length, thread.length]);
    expect(count(shown())).toEqual(count(before));
    expect(discord.violations).toEqual([]);
  });

  it('says in the end that all is decided', async () => {
    for (const patch of others.slice(4)) {
      const { id, rev } = await of(patch);
      await deny(world, { proposal: id, by: riley, seenRev: rev, reason: 'No.' });
    }
    await approved(acme);
    await later();
    for (const { channel } of Object.values(shown())) {
      expect(channel[0]).toContain('9 patches for standard');
      expect(channel[0]).toContain('All decided');
    }
  });
});
