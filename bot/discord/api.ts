/** The one way to Discord's REST interface: what can go wrong there becomes a Failure here. */
import {
  RESTJSONErrorCodes as Codes,
  DiscordAPIError,
  HTTPError,
  RateLimitError,
  type REST,
  type RESTOptions,
} from 'discord.js';
import { Failure } from '../../domain/model/failure.ts';

/** One call of the client's REST connection, by its own method names. Paths come from `Routes`. */
export interface Api {
  call<T>(method: 'get' | 'post' | 'patch' | 'put', path: `/${string}`, body?: unknown): Promise<T>;
  /** False from the first refusal of the token on: the client has then forgotten it, and only a restart with a new one helps. */
  authorized(): boolean;
}

/** A wait that a send may sit out in the client's queue, in milliseconds; a longer one is the outbox's to plan. */
const patience = 5_000;

/**
 * `rejectOnRateLimit` for the client. An edit is a progress frame: a newer one follows, so it is dropped rather than queued. Answers to
 * people are not under `/channels` and always wait their turn.
 */
export const rejectOnRateLimit: Exclude<RESTOptions['rejectOnRateLimit'], string[] | null> = (limit) =>
  limit.route === '/channels/:id/messages/:id' ||
  (limit.route.startsWith('/channels') && Math.max(limit.timeToReset, limit.retryAfter) > patience);

/** True when Discord answered with one of these numbers (docs: "JSON error codes"). */
export const answered = (error: unknown, ...codes: number[]): boolean => {
  const cause = error instanceof Failure ? error.cause : error;
  return cause instanceof DiscordAPIError && codes.includes(Number(cause.code));
};

const unauthorized = (cause?: unknown): Failure =>
  new Failure(
    'chat.unauthorized',
    'Discord refuses the bot token: copy a new one from Bot > Token into the settings.',
    {
      cause,
    },
  );

function refusalOf(error: DiscordAPIError): Failure {
  if (error.status === 401) return unauthorized(error);
  if (answered(error, Codes.UnknownMessage)) {
    return new Failure('chat.gone', 'Somebody deleted this Discord message.', { cause: error });
  }
  if (
    answered(error, Codes.CannotSendMessagesToThisUser, Codes.CannotSendMessagesToThisUserDueToHavingNoMutualGuilds)
  ) {
    const sentence = 'This person takes no private messages from the bot in Discord.';
    return new Failure('chat.closed-inbox', sentence, { cause: error });
  }
  if (answered(error, Codes.OpeningDirectMessagesTooFast)) {
    const sentence = 'Discord wants private messages opened more slowly.';
    return new Failure('chat.rate-limited', sentence, { retryable: true, retryAfterMs: 60_000, cause: error });
  }
  const sentence = `Discord refused ${error.method} with ${error.code}: ${error.message}`;
  return new Failure('chat.refused', sentence, { cause: error });
}

/**
 * Takes what discord.js threw and gives the Failure that it stands for; anything that is not Discord's or the network's doing is a bug
 * and comes back as it is. Network errors carry a system code such as ETIMEDOUT or undici's UND_ERR_SOCKET, and may go away.
 */
export function failureOf(error: unknown): unknown {
  if (error instanceof Failure) return error;
  if (error instanceof DiscordAPIError) return refusalOf(error);
  if (error instanceof RateLimitError) {
    const retryAfterMs = Math.max(error.timeToReset, error.retryAfter);
    const sentence = `Discord asks to wait ${retryAfterMs} ms before the next message.`;
    return new Failure('chat.rate-limited', sentence, { retryable: true, retryAfterMs, cause: error });
  }
  if (error instanceof HTTPError) {
    const sentence = `Discord has trouble of its own (HTTP ${error.status}).`;
    return new Failure('chat.unreachable', sentence, { retryable: true, cause: error });
  }
  if (!(error instanceof Error)) return error;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  if (error.name !== 'AbortError' && !/^(E[A-Z]{3,}|EAI_\w+|UND_ERR_\w+)$/.test(code)) return error;
  return new Failure('chat.unreachable', `Discord cannot be reached (${code}).`, { retryable: true, cause: error });
}

/** Takes the client's REST connection; `onUnauthorized` is told once when the token dies. */
export function apiOver(rest: REST, onUnauthorized: () => void): Api {
  let authorized = true;
  return {
    authorized: () => authorized,
    async call<T>(method: 'get' | 'post' | 'patch' | 'put', path: `/${string}`, body?: unknown): Promise<T> {
      if (!authorized) throw unauthorized();
      try {
        // The answer's shape is Discord's promise for this route; checking it again would only restate discord-api-types.
        return (await rest[method](path, { body })) as T;
      } catch (error) {
        if (authorized && error instanceof DiscordAPIError && error.status === 401) {
          authorized = false;
          onUnauthorized();
        }
        throw failureOf(error);
      }
    },
  };
}
