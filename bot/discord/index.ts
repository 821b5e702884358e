/** Discord, from token to Messenger: logs in, offers the commands, listens, and knows whether all of that still works. */
import { once } from 'node:events';
import {
  type APIApplication,
  type APIApplicationCommand,
  Client,
  Events,
  GatewayCloseCodes,
  GatewayIntentBits,
  Options,
  Routes,
  Status,
} from 'discord.js';
import { Failure } from '../../domain/model/failure.ts';
import type { Log, Messenger } from '../../domain/ports.ts';
import type { Desk } from '../handlers/press.ts';
import { type Api, apiOver, failureOf, rejectOnRateLimit } from './api.ts';
import { type Command, canonical, commandName, commandOf } from './commands.ts';
import { receive } from './receive.ts';
import { createMessenger } from './send.ts';

export type DiscordSettings = {
  readonly botToken: string;
  /** The id of the only server that is served. */
  readonly guild: string;
  readonly desk: Desk;
  readonly log: Log;
  /** Another address than Discord's, for tests: `http://127.0.0.1:port/api`. */
  readonly apiUrl?: string;
};

export type Discord = {
  readonly messenger: Messenger;
  /** False while the connection is being restored, and for good once the token was refused. */
  healthy(): boolean;
  /** Waits for answers under way, then closes the connection. */
  stop(): Promise<void>;
};

/** How long Discord may take from login to ready, in milliseconds. It takes under a second; a guild that is down adds up to 15 s. */
const readyWithin = 30_000;

function createClient(apiUrl: string | undefined): Client {
  return new Client({
    // Presses and commands need no intent; this one only tells which servers the bot is in.
    intents: [GatewayIntentBits.Guilds],
    // Cards are drawn from our own records: a cache of messages would only grow.
    makeCache: Options.cacheWithLimits({ ...Options.DefaultMakeCacheSettings, MessageManager: 0 }),
    rest: { rejectOnRateLimit, ...(apiUrl === undefined ? {} : { api: apiUrl }) },
  });
}

/**
 * A payload that discord.js cannot read throws inside its own event handler, and would end the process. There is no public hook, so the
 * one function that reads payloads is wrapped: the payload is lost, the connection and everything else goes on.
 */
function surviveUnreadable(client: Client, log: Log): void {
  // discord.js declares it private; the wrap keeps its signature and its result.
  const gateway = client.ws as unknown as { handlePacket(packet?: { t?: string }, shard?: unknown): boolean };
  const read = gateway.handlePacket.bind(gateway);
  gateway.handlePacket = (packet, shard) => {
    try {
      return read(packet, shard);
    } catch (error) {
      log.error('gateway.unreadable', { type: packet?.t, error });
      return false;
    }
  };
}

async function logIn(client: Client, token: string): Promise<void> {
  const giveUp = new AbortController();
  const timer = setTimeout(() => giveUp.abort(), readyWithin);
  let closed: number | undefined;
  client.once(Events.ShardDisconnect, ({ code }) => {
    closed = code;
    giveUp.abort();
  });
  try {
    const ready = once(client, Events.ClientReady, { signal: giveUp.signal });
    await Promise.all([client.login(token), ready]);
  } catch (error) {
    giveUp.abort();
    const refused = error instanceof Error && 'code' in error && error.code === 'TokenInvalid';
    if (refused || closed === GatewayCloseCodes.AuthenticationFailed) {
      const sentence = 'Discord refuses the bot token: copy a new one from Bot > Token into the settings.';
      throw new Failure('chat.unauthorized', sentence, { cause: error });
    }
    if (closed !== undefined)
      throw new Failure('chat.refused', `Discord closed the connection with ${closed}.`, { cause: error });
    throw failureOf(error);
  } finally {
    clearTimeout(timer);
  }
}

/** Offers the commands in this guild, where they appear at once. Only when they changed: Discord allows 200 new ones a day. */
async function offer(api: Api, application: string, guild: string, { body }: Command, log: Log): Promise<void> {
  const path = Routes.applicationGuildCommands(application, guild);
  const known = await api.call<APIApplicationCommand[]>('get', path);
  const [ours, theirs] = [[body], known].map((commands) => JSON.stringify(commands.map(canonical)));
  if (ours === theirs) return;
  await api.call('put', path, [body]);
  log.info('commands.offered', { command: commandName, guild });
}

/**
 * Connects to Discord and serves one guild. Failures: `chat.unauthorized` (the token), `chat.unreachable` (retryable), `chat.refused`
 * (the bot is not in this guild, or a verb is nothing that Discord can offer).
 */
export async function startDiscord({ botToken, guild, desk, log, apiUrl }: DiscordSettings): Promise<Discord> {
  const command = commandOf(desk.verbs);
  const client = createClient(apiUrl);
  surviveUnreadable(client, log);
  client.on(Events.Error, (error) => log.error('client.failed', { error }));
  client.on(Events.ShardError, (error) => log.warn('gateway.failed', { error }));
  const api = apiOver(client.rest, () => log.error('token.refused'));
  try {
    await logIn(client, botToken);
    client.on(Events.ShardDisconnect, ({ code }) => log.error('gateway.closed', { code }));
    if (!client.user || !client.guilds.cache.has(guild)) {
      throw new Failure(
        'chat.refused',
        `The bot is not in the Discord server ${guild}: open the invite link, see docs/discord.md.`,
      );
    }
    // Asked for, not taken from the gateway's READY: it is missing there when that payload was unreadable.
    const { id } = await api.call<APIApplication>('get', Routes.currentApplication());
    await offer(api, id, guild, command, log);
    const reception = receive(client, { guild, desk, log, command });
    return {
      messenger: createMessenger(api, client.user.id),
      healthy: () =>
        api.authorized() && client.isReady() && client.ws.shards.every(({ status }) => status === Status.Ready),
      async stop() {
        await reception.stop();
        await client.destroy();
      },
    };
  } catch (error) {
    await client.destroy();
    throw error;
  }
}
