/** Whether Slack takes our tokens and lets us into the channel, in sentences that say what to do. */
import { webApi } from '@slack/bolt';
import { Failure } from '../../domain/model/failure.ts';
import type { Log } from '../../domain/ports.ts';
import { clientOptions, type SlackProxy, slackClients, wireOf } from './clients.ts';
import { slackErrorName, slackFailure } from './failure.ts';

const BOT_TOKEN =
  'the bot token: copy "Bot User OAuth Token" (xoxb-…) from OAuth & Permissions of the app, after installing it';
/** The app token, in words: which one and where to find it. */
export const APP_TOKEN =
  'the app token: create one (xapp-…) with the scope connections:write in Basic Information > App-Level Tokens';

/** A `chat.unauthorized` with its sentence. */
export const unauthorized = (sentence: string, cause?: unknown): Failure =>
  new Failure('chat.unauthorized', sentence, { cause });

/** Runs a call that a bad token fails: then the Failure is `chat.unauthorized` and says `which` token it was. Others as in failure.ts. */
export async function checkToken<T>(which: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    const failure = slackFailure(error);
    if (failure instanceof Failure && failure.code === 'chat.unauthorized') {
      throw unauthorized(`Slack refuses ${which} (Slack says ${slackErrorName(error)}).`, error);
    }
    throw failure;
  }
}

/** Who the bot token makes us. Failures: `chat.unauthorized`, also when it is the token of another workspace (team id). */
export async function checkBotToken(client: webApi.WebClient, workspace: string): Promise<webApi.AuthTestResponse> {
  const bot = await checkToken(BOT_TOKEN, () => client.auth.test());
  if (bot.team_id === workspace) return bot;
  throw unauthorized(
    `The bot token is of the workspace ${bot.team_id}, not of ${workspace}: set the workspace to the right one.`,
  );
}

export type SlackAccess = {
  readonly botToken: string;
  readonly appToken?: string | undefined;
  readonly workspace: string;
  readonly channel: string;
  /** @default https://slack.com/api/ */
  readonly apiUrl?: string;
  readonly proxy?: SlackProxy | null;
};

/**
 * Tries everything that sending and receiving need, and posts nothing. Failures as for startSlack; `chat.refused` when the app is not
 * in the channel. Without a history scope nobody can tell about the channel, which is no failure.
 */
export async function checkSlack(access: SlackAccess): Promise<void> {
  const { botToken, appToken, workspace, channel, apiUrl, proxy } = access;
  const wire = wireOf(apiUrl, silent, proxy);
  const { people } = slackClients(botToken, wire);
  await checkBotToken(people, workspace);
  if (appToken !== undefined) {
    const app = new webApi.WebClient(appToken, clientOptions(wire, 2));
    await checkToken(APP_TOKEN, () => app.apps.connections.open({}));
  }
  try {
    await people.conversations.history({ channel, limit: 1 });
  } catch (error) {
    if (slackErrorName(error) !== 'missing_scope') throw slackFailure(error);
  }
}

/** What goes wrong comes back as a Failure: saying it twice would bury the one line that helps. */
const silent: Log = { info() {}, warn() {}, error() {} };
