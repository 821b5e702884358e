/** An installation with many proposals on three chat platforms: our real bot and database, the fakes of Slack and Discord. */
import { setTimeout as delay } from 'node:timers/promises';
import { startDiscord } from '../bot/discord/index.ts';
import { deskOf } from '../bot/main.ts';
import { makeRelay } from '../bot/relay.ts';
import { shownBy } from '../bot/shown.ts';
import { startSlack } from '../bot/slack/index.ts';
import { startWeb } from '../bot/web/index.ts';
import { makeLog } from '../config/log.ts';
import { readSettings } from '../config/settings.ts';
import { proposePatch } from '../domain/flows/propose.ts';
import { directory } from '../domain/model/directory.ts';
import type { Applicability, Patch } from '../domain/model/patch.ts';
import type { Person } from '../domain/model/people.ts';
import type { World } from '../domain/ports.ts';
import * as make from '../test/domain/make.ts';
import { type FakeDiscord, startFakeDiscord } from '../test/fakes/discord/index.ts';
import { type FakeSlack, startFakeSlack } from '../test/fakes/slack/index.ts';
import { type Base, openBase } from '../workers/main.ts';
import { webMessages } from '../workers/store/web-messages.ts';
import { webSessions } from '../workers/store/web-sessions.ts';
import { fleetSettings } from './fleet-settings.ts';

export type Office = {
  readonly world: World;
  readonly slack: FakeSlack;
  readonly discord: FakeDiscord;
  readonly web: Awaited<ReturnType<typeof startWeb>>;
  /** The only person; has an account everywhere. */
  readonly person: Person;
  /** Waits until nothing is left to say in chat. */
  quiet(): Promise<void>;
  stop(): Promise<void>;
};

/** As the fake Slack has them; the settings' schema would not take names that are so short, so they do not go through it. */
const [team, slackUser, slackChannel, webChannel] = ['T1', 'U1', 'C1', 'patching'];
export const slackPlace = { by: { team, user: slackUser }, channel: slackChannel };
export const webRoom = `/c/${webChannel}`;

/** Starts everything on an empty database and resolves when every proposal is posted on every platform. */
export async function openOffice(uri: string, proposals: number, devices: number): Promise<Office> {
  const raw = { ...fleetSettings({ devices: [], privateKey: '' }, 8484), tenant: 'acme', credentials: [] };
  const opened = await openBase(readSettings(raw, 'the measurement'), uri, makeLog('error'));
  const slack = await startFakeSlack({ ackMs: 3000, teams: [team] });
  const discord = await startFakeDiscord();
  const account = (platform: 'slack' | 'discord' | 'web', workspace: string, user: string) => ({
    platform,
    workspace,
    user,
  });
  const ada = make.person('ada', ['admin', 'approver']);
  const accounts = [
    account('slack', team, slackUser),
    account('discord', discord.guild, discord.people.ann.id),
    account('web', opened.world.tenant, ada.id),
  ];
  const person: Person = { ...ada, accounts };
  const base: Base = { ...opened, world: { ...opened.world, people: directory([person]) } };
  const chat = await startChat(base, slack, discord);
  await fill(base.world, proposals, devices);
  await chat.posted(proposals * 3);
  return {
    ...{ world: base.world, slack, discord, web: chat.web, person },
    quiet: () => chat.posted(0),
    async stop() {
      await chat.stop();
      await Promise.all([slack.stop(), discord.stop()]);
      await base.close();
    },
  };
}

async function startChat(base: Base, slack: FakeSlack, discord: FakeDiscord) {
  const { world, store, database, owner } = base;
  let nudge = (): void => {};
  const desk = deskOf(base, () => nudge());
  const parts = { desk, log: world.log };
  const byId = async (id: string) => world.people.byId(id) ?? null;
  const web = await startWeb({
    ...{ ...parts, host: '127.0.0.1', port: 0, tenant: world.tenant, channels: [webChannel], people: { byId } },
    messages: webMessages(database.connection, world.tenant),
    sessions: webSessions(database.connection, world.tenant),
  });
  const tokens = { botToken: `xoxb-${team}`, appToken: `xapp-${team}` };
  const inSlack = await startSlack({ ...parts, ...tokens, workspace: team, apiUrl: slack.apiUrl });
  const { token: botToken, guild, apiUrl } = discord;
  const inDiscord = await startDiscord({ ...parts, botToken, guild, apiUrl });
  const outlets = [
    { messenger: web.messenger, channel: webChannel },
    { messenger: inSlack.messenger, channel: slackChannel },
    { messenger: inDiscord.messenger, channel: discord.channel },
  ];
  const { outbox, posts, claims } = store;
  const { clock, log } = world;
  const relay = makeRelay({ outlets, outbox, posts, claims, clock, log, owner, shownBy: (due) => shownBy(world, due) });
  nudge = relay.nudge;
  relay.start();
  return {
    web,
    /** Waits until so many messages were sent and nothing is due. */
    async posted(messages: number): Promise<void> {
      const sent = () => database.connection.collection('posts').countDocuments({ ref: { $ne: null } });
      while ((await sent()) < messages || (await outbox.due(1)).length > 0) await delay(100);
    },
    async stop() {
      await relay.stop();
      await Promise.all([web.stop(), inSlack.stop(), inDiscord.stop()]);
    },
  };
}

/** As scans would have left it: so many patches, each missing on the same devices, each with its proposal. */
async function fill(world: World, proposals: number, devices: number): Promise<void> {
  const all = Array.from({ length: devices }, (_, at) =>
    make.device(`web-${at}`, { facts: make.facts({ scannedAt: new Date() }) }),
  );
  for (const device of all) await world.devices.insert(device, { events: [] });
  for (let at = 1; at <= proposals; at += 1) {
    const source = `acme-agent-${at}`;
    const patch: Patch = make.patch({ id: `debian:12/${source}=1.1`, source });
    await world.patches.insert(patch, { events: [] });
    for (const device of all) {
      const missing: Applicability = {
        ...{ id: `${device.id}/${patch.id}`, tenant: world.tenant, rev: 1, device: device.id, patch: patch.id },
        ...{ state: 'missing', undo: 'downgrade', because: null, at: new Date(), planned: true },
        wants: [{ name: `${source}:amd64`, version: '1.1' }],
        transaction: [{ name: source, arch: 'amd64', from: '1.0', to: '1.1' }],
      };
      await world.applicabilities.insert(missing, { events: [] });
    }
    await proposePatch(world, patch.id);
  }
}
