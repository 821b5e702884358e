/** Slack, wired: one workspace, one app, Socket Mode or signed HTTP. */
import { App, AuthorizationError, HTTPReceiver, type Receiver } from '@slack/bolt';
import type { Log, Messenger } from '../../domain/ports.ts';
import type { Desk } from '../handlers/press.ts';
import { APP_TOKEN, checkBotToken, checkToken, unauthorized } from './check.ts';
import { clientOptions, type SlackProxy, slackClients, type Wire, wireOf } from './clients.ts';
import { EVENTS_PATH, listenSigned } from './http.ts';
import { receive } from './receive.ts';
import { slackMessenger } from './send.ts';
import { keepConnected, socketReceiver, type Transport } from './socket.ts';

export type SlackOptions = {
  readonly botToken: string;
  /** Socket Mode, when given. */
  readonly appToken?: string;
  /** Signed HTTP, when there is no app token. */
  readonly signingSecret?: string;
  /** For signed HTTP. @default 3000 */
  readonly port?: number;
  /** For signed HTTP. @default 127.0.0.1, for a reverse proxy that ends TLS */
  readonly host?: string;
  /** The team id (T…) that this installation serves: payloads of every other team are refused. */
  readonly workspace: string;
  readonly desk: Desk;
  readonly log: Log;
  /** @default https://slack.com/api/ */
  readonly apiUrl?: string;
  /** Where Slack cannot be reached directly. */
  readonly proxy?: SlackProxy | null;
};

export type SlackChat = {
  readonly messenger: Messenger;
  /** Where signed requests are received; null in Socket Mode. */
  readonly url: string | null;
  /** True while clicks can arrive. */
  healthy(): boolean;
  /** Stops receiving. Answers under way are still sent. */
  stop(): Promise<void>;
};

/**
 * Starts Slack. Failures: `chat.unauthorized` (a token is missing, refused, or of another workspace; the sentence says which one and
 * where to find it), `chat.unreachable` and `chat.rate-limited` (retryable: start again later), `chat.refused`.
 * A port that is taken rejects with Node's error.
 */
export async function startSlack(options: SlackOptions): Promise<SlackChat> {
  const { botToken, workspace, desk, log, apiUrl, proxy } = options;
  const wire = wireOf(apiUrl, log, proxy);
  const { people, cards } = slackClients(botToken, wire);
  const bot = await checkBotToken(people, workspace);
  const identity = { botToken, botId: bot.bot_id ?? '', botUserId: bot.user_id ?? '', teamId: workspace };

  /** Listeners are registered before anything can arrive. `deferInitialization`: a constructor cannot report a bad token, init can. */
  async function build(receiver: Receiver): Promise<void> {
    const app = new App({
      receiver,
      logger: wire.logger,
      clientOptions: clientOptions(wire, 0),
      convoStore: false,
      deferInitialization: true,
      authorize: async ({ teamId }, body) => {
        const home = userTeam(body) ?? workspace;
        if (teamId === workspace && home === workspace) return identity;
        log.warn('slack.team-refused', { team: teamId, home });
        throw new Error('slack.other-team');
      },
    });
    app.error(async (error) => {
      if (error instanceof AuthorizationError) throw error; // which the receiver answers with 401
      log.error('slack.listener-failed', { error: String(error) });
    });
    receive(app, { desk, people, workspace, log, fetch: wire.fetch });
    await app.init();
  }

  const transport = await open(options, wire, build);
  return {
    messenger: slackMessenger(cards, identity.botId),
    url: transport.url,
    healthy: () => transport.up(),
    stop: () => transport.stop(),
  };
}

async function open(
  options: SlackOptions,
  wire: Wire,
  build: (receiver: Receiver) => Promise<void>,
): Promise<Transport> {
  const { appToken, signingSecret, log, proxy, host = '127.0.0.1', port = 3000 } = options;
  if (appToken !== undefined) {
    const receiver = await socketReceiver(appToken, wire, proxy);
    await build(receiver);
    return checkToken(APP_TOKEN, () => keepConnected(receiver, log));
  }
  if (signingSecret === undefined)
    throw unauthorized(`Slack needs an app token or a signing secret. Most need ${APP_TOKEN}.`);
  const receiver = new HTTPReceiver({ signingSecret, logger: wire.logger, endpoints: EVENTS_PATH });
  await build(receiver);
  return listenSigned(receiver, host, port, log);
}

/** A person of a connected workspace (Slack Connect) presses in our channel with the team id of theirs. */
function userTeam(body: unknown): string | undefined {
  const { user } = body as { user?: { team_id?: unknown } }; // Slack's payload, as the library received it
  return typeof user?.team_id === 'string' ? user.team_id : undefined;
}
