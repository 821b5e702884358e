/** Messenger over Discord: channels, threads and private messages. Edits go by bot token, because interaction tokens die in 15 minutes. */
import { createHash } from 'node:crypto';
import {
  type APIChannel,
  type APIMessage,
  type APIMessageComponent,
  RESTJSONErrorCodes as Codes,
  ComponentType,
  type RESTPostAPIChannelMessageJSONBody,
  type RESTPostAPIChannelMessagesThreadsJSONBody,
  Routes,
} from 'discord.js';
import type { Card } from '../../domain/cards/card.ts';
import { Failure } from '../../domain/model/failure.ts';
import type { Destination, MessageRef } from '../../domain/model/message.ts';
import type { Messenger } from '../../domain/ports.ts';
import { type Api, answered } from './api.ts';
import { ids } from './asks.ts';
import { flatten, limits } from './limits.ts';
import { markOf, renderCard } from './render.ts';
import { plain, undraw } from './text.ts';

/** Discord's largest page; a message that was sent just before a crash is among the newest. */
const page = 100;
/** How many messages' marks are remembered, so that an edit needs no look first. */
const remembered = 1000;
/** Minutes without a post until Discord folds a thread away: a week, its longest. A post unfolds it again. */
const foldAfter = 10_080;

type Sent = { readonly id: string; readonly channel: string };

const markIn = (components: readonly APIMessageComponent[] = []): number | undefined =>
  flatten(components).find(({ id }) => id !== undefined && id >= ids.firstMark)?.id;

/** The parent card's title, which its thread is named after. */
function threadName({ components = [] }: APIMessage): string {
  const header = flatten(components).find(({ type }) => type === ComponentType.TextDisplay);
  const lines = header && 'content' in header ? header.content.split('\n') : [];
  const title = lines.find((line) => line.startsWith('## '))?.slice(3) ?? lines[0] ?? '';
  return plain(undraw(title.replaceAll('**', '')), limits.threadName) || 'Details';
}

/** Starts the thread of a message. False where threads cannot be: private messages, and messages inside a thread. */
async function startThread(api: Api, { channel, message }: MessageRef): Promise<boolean> {
  const parent = await api.call<APIMessage>('get', Routes.channelMessage(channel, message)).catch((error: unknown) => {
    if (!answered(error, Codes.UnknownMessage)) throw error;
    const sentence = 'The message that this belongs to was deleted, and it never had a thread.';
    throw new Failure('chat.refused', sentence, { cause: error });
  });
  const body: RESTPostAPIChannelMessagesThreadsJSONBody = {
    name: threadName(parent),
    auto_archive_duration: foldAfter,
  };
  try {
    await api.call('post', Routes.threads(channel, message), body);
    return true;
  } catch (error) {
    if (answered(error, Codes.ThreadAlreadyCreatedForMessage)) return true;
    if (answered(error, Codes.CannotExecuteActionOnThisChannelType)) return false;
    throw error;
  }
}

/** Posts below a message. A thread that was started from a message has that message's id, so there is nothing to look up. */
async function postBelow(api: Api, of: MessageRef, body: RESTPostAPIChannelMessageJSONBody): Promise<Sent> {
  const post = async (channel: string, what = body): Promise<Sent> => ({
    id: (await api.call<APIMessage>('post', Routes.channelMessages(channel), what)).id,
    channel,
  });
  try {
    return await post(of.message);
  } catch (error) {
    if (!answered(error, Codes.UnknownChannel)) throw error;
  }
  if (await startThread(api, of)) return post(of.message);
  return post(of.channel, { ...body, message_reference: { message_id: of.message, fail_if_not_exists: false } });
}

/** The marks of messages that were sent or looked at, newest last. */
type Marks = Map<string, number | undefined>;

function remember(marks: Marks, message: string, mark: number | undefined): void {
  const oldest = marks.keys().next();
  if (marks.size >= remembered && !oldest.done) marks.delete(oldest.value);
  marks.set(message, mark);
}

const refTo = ({ id, channel }: Sent): MessageRef => ({ platform: 'discord', channel, message: id });

/** Gives the one private channel with this person; Discord opens it on the first call. */
const inboxOf = async (api: Api, user: string): Promise<string> =>
  (await api.call<APIChannel>('post', Routes.userChannels(), { recipient_id: user })).id;

async function send(api: Api, to: Destination, body: RESTPostAPIChannelMessageJSONBody): Promise<Sent> {
  if (to.kind === 'thread') return postBelow(api, to.of, body);
  const channel = to.kind === 'direct' ? await inboxOf(api, to.user) : to.channel;
  const { id } = await api.call<APIMessage>('post', Routes.channelMessages(channel), body);
  return { id, channel };
}

async function redraw(api: Api, marks: Marks, { channel, message }: MessageRef, card: Card): Promise<void> {
  const path = Routes.channelMessage(channel, message);
  // The caller no longer has the key; its mark is in the message and has to survive the edit.
  if (!marks.has(message)) remember(marks, message, markIn((await api.call<APIMessage>('get', path)).components));
  const body = renderCard(card, marks.get(message));
  try {
    await api.call('patch', path, body);
  } catch (error) {
    if (!answered(error, Codes.InvalidActionOnArchivedThread)) throw error;
    await api.call('patch', Routes.channel(channel), { archived: false });
    await api.call('patch', path, body);
  }
}

/** Looks through the newest messages; trusts those of `author` only. */
async function findIn(api: Api, channel: string, author: string, mark: number): Promise<MessageRef | null> {
  const path = `${Routes.channelMessages(channel)}?limit=${page}` as const;
  const recent = await api.call<APIMessage[]>('get', path).catch((error: unknown) => {
    if (answered(error, Codes.UnknownChannel)) return [];
    throw error;
  });
  const found = recent.find((message) => message.author.id === author && markIn(message.components) === mark);
  return found ? refTo({ id: found.id, channel }) : null;
}

/**
 * The Messenger for one bot, whose own user id is `botUser`. `find` sees the newest 100 messages of a channel. Failures as the port
 * says, classified in api.ts.
 */
export function createMessenger(api: Api, botUser: string): Messenger {
  const marks: Marks = new Map();
  return {
    platform: 'discord',
    async post(to, card, key) {
      const mark = markOf(key);
      const nonce = createHash('sha256').update(key).digest('hex').slice(0, limits.nonce);
      const sent = await send(api, to, { ...renderCard(card, mark), nonce, enforce_nonce: true });
      remember(marks, sent.id, mark);
      return refTo(sent);
    },
    edit: (ref, card) => redraw(api, marks, ref, card),
    async find(to, key) {
      const mark = markOf(key);
      if (to.kind === 'channel') return findIn(api, to.channel, botUser, mark);
      if (to.kind === 'direct') return findIn(api, await inboxOf(api, to.user), botUser, mark);
      return (await findIn(api, to.of.message, botUser, mark)) ?? findIn(api, to.of.channel, botUser, mark);
    },
  };
}
