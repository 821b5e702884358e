/** The connections to Slack's Web API: one to answer people, one for cards, so that neither waits for the other. */
import { type LogLevel, type SocketModeReceiver, webApi } from '@slack/bolt';
import type { Log } from '../../domain/ports.ts';

/** Longer than Slack ever takes, shorter than a person waits. */
const TIMEOUT_MS = 10_000;
const RETRY_AFTER_SECONDS = '30';

/** What goes to Slack through a proxy: requests, and the connection of Socket Mode. */
export type SlackProxy = {
  readonly fetch: typeof fetch;
  dispatcher(): Promise<NonNullable<ConstructorParameters<typeof SocketModeReceiver>[0]['dispatcher']>>;
};
/** How Slack is reached. */
export type Wire = {
  readonly apiUrl: string | undefined;
  readonly logger: webApi.Logger;
  readonly fetch: typeof fetch;
};

/** The parts of a wire. `fetch` has a time limit, and a 429 that lacks Retry-After gets one: the client answers such a one with an untyped error. */
export function wireOf(apiUrl: string | undefined, log: Log, proxy: SlackProxy | null | undefined): Wire {
  const send = proxy?.fetch ?? fetch;
  return {
    apiUrl,
    logger: slackLogger(log),
    async fetch(url, init = {}) {
      const response = await send(url, { ...init, signal: init.signal ?? AbortSignal.timeout(TIMEOUT_MS) });
      if (response.status !== 429 || response.headers.has('retry-after')) return response;
      const headers = new Headers(response.headers);
      headers.set('retry-after', RETRY_AFTER_SECONDS);
      return new Response(response.body, { status: 429, headers });
    },
  };
}

/**
 * Options for one client, never shared: two clients on one options object leak headers and retries into each other.
 * - A 429 is an error at once: the library's own wait would hold up every other call of that client.
 * - Absolute addresses are off, because the token would go along to them.
 */
export const clientOptions = ({ apiUrl, logger, fetch }: Wire, retries: number) =>
  ({
    ...(apiUrl === undefined ? {} : { slackApiUrl: apiUrl }),
    logger,
    fetch,
    timeout: TIMEOUT_MS,
    allowAbsoluteUrls: false,
    rejectRateLimitedCalls: true,
    retryConfig: { retries, minTimeout: 200, maxTimeout: 1000 },
  }) satisfies webApi.WebClientOptions;

/**
 * `people` answers clicks and retries for a moment. `cards` never retries: a connection that drops after Slack stored a message would
 * post it again, so the outbox looks first (Messenger.find).
 */
export const slackClients = (botToken: string, wire: Wire) => ({
  people: new webApi.WebClient(botToken, clientOptions(wire, 2)),
  cards: new webApi.WebClient(botToken, clientOptions(wire, 0)),
});

/** The libraries' own chatter into our log: what they warn of is worth keeping, the rest is not. They redact tokens themselves. */
function slackLogger(log: Log): webApi.Logger {
  const say = (parts: unknown[]) => ({ said: parts.map(String).join(' ').slice(0, 500) });
  return {
    debug() {},
    info() {},
    warn: (...parts) => log.warn('slack.warned', say(parts)),
    error: (...parts) => log.error('slack.complained', say(parts)),
    setLevel() {},
    getLevel: () => 'warn' as LogLevel, // the level's own enum is a value of the library that we need nowhere else
    setName() {},
  };
}
