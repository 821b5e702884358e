/** The bot process, wired: the desk, the platforms that have tokens, the web chat, and the relay that tells them. */
import { throughProxy } from '../config/proxy.ts';
import type { Settings } from '../config/settings.ts';
import type { Messenger } from '../domain/ports.ts';
import type { Base } from '../workers/main.ts';
import { webMessages } from '../workers/store/web-messages.ts';
import { webSessions } from '../workers/store/web-sessions.ts';
import { makeDesk } from './handlers/desk.ts';
import { handlersFor, verbsFor } from './handlers/index.ts';
import type { Desk } from './handlers/press.ts';
import { makeRelay, type Outlet } from './relay.ts';
import { shownBy } from './shown.ts';
import type { Web } from './web/index.ts';

export type Bot = {
  readonly desk: Desk;
  /** null when the settings name other platforms and no web chat. */
  readonly web: Web | null;
  /** Draws what is due now, instead of at the next tick. */
  tell(): Promise<void>;
  stop(): Promise<void>;
};
type Platform = { readonly messenger: Messenger; stop(): Promise<void>; healthy(): boolean };

/** The desk without any platform: the shell uses it as it is. */
export const deskOf = (base: Base, nudge: () => void = () => undefined): Desk =>
  makeDesk({
    handlers: handlersFor(base.world),
    verbs: verbsFor(base.world),
    people: base.world.people,
    inbox: base.store.inbox,
    log: base.world.log,
    nudge,
  });

/** Starts everything that people see. Failures: `chat.unauthorized` and `web.address` when a platform cannot start. */
export async function startBot(settings: Settings, base: Base): Promise<Bot> {
  const { world, store, owner } = base;
  let nudge: () => void = () => undefined;
  const desk = deskOf(base, () => nudge());
  const web = await startWebChat(settings, base, desk);
  const platforms = await startPlatforms(settings, base, desk);
  const { slack, discord, web: webSettings } = settings.chat;
  const outlets: Outlet[] = [
    ...(web && webSettings ? [{ messenger: web.messenger, channel: webSettings.channel }] : []),
    ...(platforms.slack && slack ? [{ messenger: platforms.slack.messenger, channel: slack.channel }] : []),
    ...(platforms.discord && discord ? [{ messenger: platforms.discord.messenger, channel: discord.channel }] : []),
  ];
  const relay = makeRelay({
    outlets,
    outbox: store.outbox,
    posts: store.posts,
    claims: store.claims,
    clock: world.clock,
    log: world.log,
    owner,
    shownBy: (due, read) => shownBy(world, due, read),
  });
  nudge = relay.nudge;
  relay.start();
  return {
    desk,
    web,
    tell: relay.tick,
    async stop() {
      await relay.stop();
      await Promise.all([platforms.slack?.stop(), platforms.discord?.stop(), web?.stop()]);
    },
  };
}

async function startWebChat(settings: Settings, { world, database }: Base, desk: Desk): Promise<Web | null> {
  if (!settings.chat.web) return null;
  const { channel, ...web } = settings.chat.web;
  const { startWeb } = await import('./web/index.ts'); // the shell, which needs the desk only, does not load it
  return startWeb({
    ...present(web),
    tenant: world.tenant,
    desk,
    people: { byId: async (id) => world.people.byId(id) ?? null },
    messages: webMessages(database.connection, world.tenant),
    sessions: webSessions(database.connection, world.tenant),
    log: world.log,
    channels: [channel],
    ready: async () => (await database.clockSkewMs()) !== null,
  });
}

/** Loaded only when a token is set: their libraries are most of the memory. */
async function startPlatforms(
  settings: Settings,
  { world }: Base,
  desk: Desk,
): Promise<{ slack: Platform | null; discord: Platform | null }> {
  const { slack, discord } = settings.chat;
  const parts = { desk, log: world.log };
  const proxy = throughProxy(settings.proxy);
  return {
    slack: slack ? await (await import('./slack/index.ts')).startSlack({ ...present(slack), ...parts, proxy }) : null,
    discord: discord
      ? await (await import('./discord/index.ts')).startDiscord({ ...present(discord), ...parts })
      : null,
  };
}

/** The same options without those that are undefined: absent and undefined are not the same to exact optional types. */
const present = <T extends object>(options: T): { [K in keyof T]: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as never; // exactly that type
