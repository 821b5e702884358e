/** Messenger over Slack: cards out, and found again by the key in their metadata. */
import type { webApi } from '@slack/bolt';
import type { Destination, MessageRef } from '../../domain/model/message.ts';
import type { Messenger } from '../../domain/ports.ts';
import { slackErrorName, slackFailure } from './failure.ts';
import { renderSlack } from './render.ts';

const EVENT_TYPE = 'patchherd_card';
/** How far back `find` reads: what a busy channel says in hours. Pages of 200, as Slack recommends at most. */
const PAGES = 5;
const PAGE = 200;
/** Errors that mean "this app may not read there", so that nobody can tell whether the message exists. */
const cannotTell = new Set([
  'missing_scope',
  'not_in_channel',
  'channel_not_found',
  'thread_not_found',
  'no_permission',
]);

type Place = { readonly channel: string; readonly thread?: string };
type Page = Pick<webApi.ConversationsHistoryResponse, 'messages' | 'response_metadata'>;

/** `client` must not retry by itself (a retried post is a second card). `botId` is our own: other apps' metadata is not trusted. */
export function slackMessenger(client: webApi.WebClient, botId: string): Messenger {
  const inboxes = new Map<string, string>();

  async function place(to: Destination): Promise<Place> {
    if (to.kind === 'channel') return { channel: to.channel };
    if (to.kind === 'thread') return { channel: to.of.channel, thread: to.of.message };
    const known = inboxes.get(to.user);
    if (known) return { channel: known };
    const opened = await client.conversations.open({ users: to.user });
    const channel = opened.channel?.id ?? to.user;
    inboxes.set(to.user, channel);
    return { channel };
  }

  return {
    platform: 'slack',
    post: (to, card, key) =>
      failing(async () => {
        const { channel, thread } = await place(to);
        const sent = await client.chat.postMessage({
          channel,
          ...renderSlack(card),
          ...(thread === undefined ? {} : { thread_ts: thread }),
          metadata: { event_type: EVENT_TYPE, event_payload: { key } },
          unfurl_links: false,
          unfurl_media: false,
        });
        return refOf(sent.channel ?? channel, sent.ts);
      }),
    edit: (ref, card) =>
      failing(async () => {
        // the metadata stays when it is left out; blocks must always come along: docs.slack.dev/reference/methods/chat.update
        await client.chat.update({ channel: ref.channel, ts: ref.message, ...renderSlack(card) });
      }),
    find: (to, key) =>
      failing(async () => {
        try {
          return await search(client, botId, await place(to), key);
        } catch (error) {
          if (cannotTell.has(slackErrorName(error) ?? '')) return null;
          throw error;
        }
      }),
  };
}

const refOf = (channel: string, ts: string | undefined): MessageRef => {
  if (ts === undefined) throw new Error('slack.no-ts: Slack stored a message without telling which');
  return { platform: 'slack', channel, message: ts };
};

async function failing<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw slackFailure(error);
  }
}

async function search(client: webApi.WebClient, botId: string, { channel, thread }: Place, key: string) {
  let cursor: string | undefined;
  for (let page = 0; page < PAGES; page += 1) {
    const where = { channel, limit: PAGE, include_all_metadata: true, ...(cursor ? { cursor } : {}) };
    const read: Page = await (thread === undefined
      ? client.conversations.history(where)
      : client.conversations.replies({ ...where, ts: thread }));
    const found = read.messages?.find((message) => message.bot_id === botId && keyOf(message.metadata) === key);
    if (found) return refOf(channel, found.ts);
    cursor = read.response_metadata?.next_cursor;
    if (!cursor) return null;
  }
  return null;
}

type Metadata = NonNullable<webApi.ConversationsHistoryResponse['messages']>[number]['metadata'];
const keyOf = (metadata: Metadata): unknown =>
  metadata?.event_type === EVENT_TYPE
    ? // the client's types leave the payload of other people's metadata open
      (metadata.event_payload as { key?: unknown } | undefined)?.key
    : undefined;
