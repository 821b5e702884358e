/** Every way a call to Slack can fail → one Failure. The only place that knows Slack's error names. */
import { webApi } from '@slack/bolt';
import { Failure, failureIn } from '../../domain/model/failure.ts';

/** Slack names these in the error reference of each method (docs.slack.dev/reference/methods/chat.postMessage#errors). */
const deadToken = new Set([
  'invalid_auth',
  'not_authed',
  'account_inactive',
  'token_revoked',
  'token_expired',
  'not_allowed_token_type',
  'org_login_required',
  'user_removed_from_team',
  'team_disabled',
]);
const slackIsIll = new Set([
  'internal_error',
  'fatal_error',
  'service_unavailable',
  'request_timeout',
  'team_added_to_org',
]);
const tooFast = new Set(['ratelimited', 'rate_limited', 'message_limit_exceeded']);
const closedInbox = new Set([
  'messages_tab_disabled',
  'cannot_dm_bot',
  'user_disabled',
  'user_not_found',
  'user_not_visible',
]);

const hints: Record<string, string> = {
  channel_not_found: 'The channel does not exist, or is private and the app was not invited: /invite the app there.',
  not_in_channel: 'The app is not in that channel: /invite it there.',
  is_archived: 'That channel is archived.',
};

/** The library's error as a Failure (codes: see Messenger in domain/ports.ts); anything that is not Slack's comes back as it is: a bug. */
export function slackFailure(error: unknown): unknown {
  if (error instanceof webApi.WebAPIRateLimitedError) {
    return new Failure('chat.rate-limited', `Slack asks to wait ${error.retryAfter} s.`, {
      retryable: true,
      retryAfterMs: error.retryAfter * 1000,
      cause: error,
    });
  }
  if (error instanceof webApi.WebAPIHTTPError) return unreachable(`it answered HTTP ${error.statusCode}`, error);
  if (error instanceof webApi.WebAPIRequestError) {
    const own = failureIn(error.original); // a proxy's
    return unreachable(own ? own.message.slice(0, -1) : error.original.message, error);
  }
  if (error instanceof webApi.WebAPIPlatformError) return platformFailure(error);
  return error;
}

const unreachable = (why: string, cause: unknown): Failure =>
  new Failure('chat.unreachable', `Slack cannot be reached: ${why}.`, { retryable: true, cause });

function platformFailure(error: webApi.WebAPIPlatformError): Failure {
  const why = error.data.error;
  const refuse = (code: string, sentence: string) => new Failure(code, sentence, { cause: error });
  if (deadToken.has(why)) return refuse('chat.unauthorized', `Slack does not accept the token (${why}).`);
  if (why === 'message_not_found') return refuse('chat.gone', 'Somebody deleted this message in Slack.');
  if (closedInbox.has(why))
    return refuse('chat.closed-inbox', `This person takes no private messages in Slack (${why}).`);
  if (tooFast.has(why)) {
    const retryAfterMs = (error.data.response_metadata?.retryAfter ?? 30) * 1000;
    return new Failure('chat.rate-limited', 'Slack asks to slow down.', {
      retryable: true,
      retryAfterMs,
      cause: error,
    });
  }
  // a proxy's page with status 200 arrives here as its whole text: real names are short and lower case
  if (slackIsIll.has(why) || !/^[a-z_.-]{1,80}$/.test(why))
    return unreachable(`it answered ${why.slice(0, 80)}`, error);
  const { needed } = error.data as { needed?: unknown }; // sent with missing_scope, absent from the client's types
  const details = error.data.response_metadata?.messages?.join(' ') ?? '';
  const scope =
    typeof needed === 'string' ? `The app needs the scope ${needed}: add it and install the app again.` : '';
  const words = [`Slack refused (${why}).`, hints[why] ?? '', scope, details].filter((part) => part !== '');
  return refuse('chat.refused', words.join(' '));
}

/** The error name that Slack gave, when it is a "no" from Slack and not a broken wire. */
export const slackErrorName = (error: unknown): string | null =>
  error instanceof webApi.WebAPIPlatformError ? error.data.error : null;
