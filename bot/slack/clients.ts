/** The connections to Slack's Web API: one to answer people, one for cards, so that neither waits for the other. */
import { type LogLevel, webApi } from '@slack/bolt';
import type { Log } from '../../domain/ports.ts';

/** Longer than Slack ever takes, shorter than a person waits. */
const TIMEOUT_MS = 10_000;
const RETRY_AFTER_SECONDS = '30';

/**
 * fetch with a time limit. A 429 that lacks Retry-After gets one, because the client answers such a one with an untyped error.
 */
export async function fetchSlack(url: string | URL | Request, init: RequestInit = {}): Promise<Response> {
  const response = await fetch(url, { ...init, signal: init.signal ?? AbortSignal.timeout(TIMEOUT_MS) });
  if (response.status !== 429 || response.headers.has('retry-after')) return response;
  const headers = new Headers(response.headers);
  headers.set('retry-after', RETRY_AFTER_SECONDS);
  return new Response(response.body, { status: 429, headers });
}

/**
 * Options for one client, never shared: two clients on one options object leak headers and retries into each other.
 * - A 429 is an error at once: the library's own wait would hold up every other call of that client.
 * - Absolute addresses are off, because the token would go along to them.
 */
export const clientOptions = (apiUrl: string | undefined, logger: webApi.Logger, retries: number) =>
  ({
    ...(apiUrl === undefined ? {} : { slackApiUrl: apiUrl }),
    logger,
    fetch: fetchSlack,
    timeout: TIMEOUT_MS,
    allowAbsoluteUrls: false,
    rejectRateLimitedCalls: true,
    retryConfig: { retries, minTimeout: 200, maxTimeout: 1000 },
  }) satisfies webApi.WebClientOptions;

/**
 * `people` answers clicks and retries for a moment. `cards` never retries: a connection that drops after Slack stored a message would
 * post it again, so the outbox looks first (Messenger.find).
 */
export const slackClients = (botToken: string, apiUrl: string | undefined, logger: webApi.Logger) => ({
  people: new webApi.WebClient(botToken, clientOptions(apiUrl, logger, 2)),
  cards: new webApi.WebClient(botToken, clientOptions(apiUrl, logger, 0)),
});

/** The libraries' own chatter into our log: what they warn of is worth keeping, the rest is not. They redact tokens themselves. */
export function slackLogger(log: Log): webApi.Logger {
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
