/** What the fake Discord knows: people, channels, messages. Limits are checked here, where messages come in. */
import type { APIMessageComponent, APIMessageTopLevelComponent } from 'discord.js';
import { flatten, lintDiscord } from '../../../bot/discord/limits.ts';

export type FakeUser = { readonly id: string; readonly username: string; readonly bot?: true };
export type FakeChannel = {
  readonly id: string;
  /** Discord's numbers: 0 text channel, 1 private, 11 thread. */
  readonly type: 0 | 1 | 11;
  readonly name: string;
  readonly recipient?: string;
  readonly parent?: string;
  archived?: boolean;
};
export type FakeMessage = {
  readonly id: string;
  readonly channel: string;
  readonly author: FakeUser;
  readonly sentAt: number;
  readonly replyTo?: string | undefined;
  readonly nonce?: string | undefined;
  /** Set when only this user sees it. */
  readonly onlyFor?: string | undefined;
  content: string;
  flags: number;
  components: APIMessageTopLevelComponent[];
  editedAt?: number;
};
/** The part of a message body that clients send. */
export type Body = {
  content?: string | null;
  flags?: number;
  components?: APIMessageTopLevelComponent[];
  nonce?: string;
  enforce_nonce?: boolean;
  message_reference?: { message_id: string };
};

/** An answer with an error number, as Discord gives them. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: number;
  constructor(status: number, code: number, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}
export const unknownMessage = () => new Refusal(404, 10008, 'Unknown Message');
export const unknownChannel = () => new Refusal(404, 10003, 'Unknown Channel');

const discordEpoch = 1_420_070_400_000n;
let counter = 0n;
/** A new id: the time in its upper bits, as Discord makes them. */
export const snowflake = (at = Date.now()): string =>
  String(((BigInt(at) - discordEpoch) << 22n) | (counter++ & 0xfffn));

/** Numbers the components that came without an id, from 1, leaving out the ids that are taken. */
function numbered(components: readonly APIMessageComponent[]): void {
  const all = flatten(components);
  const taken = new Set(all.flatMap(({ id }) => (id === undefined ? [] : [id])));
  let next = 1;
  for (const one of all) {
    if (one.id !== undefined) continue;
    while (taken.has(next)) next += 1;
    one.id = next;
    taken.add(next);
  }
}

export type World = ReturnType<typeof createWorld>;

/** One server with one channel, the bot and three people. */
export function createWorld() {
  const guild = '100000000000000001';
  const application = '900000000000000009';
  const bot: FakeUser = { id: '900000000000000001', username: 'patchherd', bot: true };
  const people = {
    ann: { id: '200000000000000001', username: 'ann' },
    bob: { id: '200000000000000002', username: 'bob' },
    eve: { id: '200000000000000003', username: 'eve' },
  } satisfies Record<string, FakeUser>;
  const channels = new Map<string, FakeChannel>();
  const channel = '300000000000000001';
  channels.set(channel, { id: channel, type: 0, name: 'patching' });
  const messages = new Map<string, FakeMessage>();
  const closedInboxes = new Set<string>();

  function checked(body: Body): Body {
    const copy = structuredClone(body);
    const faults = lintDiscord(copy);
    if (faults.length > 0) throw new Refusal(400, 50035, `Invalid Form Body: ${faults.join('; ')}`);
    numbered(copy.components ?? []);
    return copy;
  }

  function add(to: string, body: Body, onlyFor?: string): FakeMessage {
    const place = channels.get(to);
    if (!place) throw unknownChannel();
    if (place.recipient && closedInboxes.has(place.recipient)) {
      throw new Refusal(403, 50007, 'Cannot send messages to this user');
    }
    const repeated = body.enforce_nonce && [...messages.values()].find(({ nonce }) => nonce === body.nonce);
    if (repeated) return repeated;
    const { content, flags, components, nonce, message_reference } = checked(body);
    const message: FakeMessage = {
      id: snowflake(),
      channel: to,
      author: bot,
      sentAt: Date.now(),
      replyTo: message_reference?.message_id,
      nonce,
      onlyFor,
      content: content ?? '',
      flags: flags ?? 0,
      components: components ?? [],
    };
    place.archived = false;
    messages.set(message.id, message);
    return message;
  }

  function change(message: FakeMessage, body: Body): FakeMessage {
    if (channels.get(message.channel)?.archived) throw new Refusal(400, 50083, 'Thread is archived');
    const { content, flags, components } = checked({ flags: message.flags, ...body });
    message.content = content ?? '';
    message.flags = (message.flags & 64) | ((flags ?? 0) & ~64);
    message.components = components ?? [];
    message.editedAt = Date.now();
    return message;
  }

  /** The message as the interface gives it. The nonce is not stored: it is in the answer to the send only. */
  const wire = (message: FakeMessage) => ({
    id: message.id,
    channel_id: message.channel,
    type: message.replyTo ? 19 : 0,
    content: message.content,
    flags: message.flags,
    components: message.components,
    author: { ...message.author, discriminator: '0', global_name: null, avatar: null },
    timestamp: new Date(message.sentAt).toISOString(),
    edited_timestamp: message.editedAt ? new Date(message.editedAt).toISOString() : null,
    tts: false,
    mention_everyone: false,
    mentions: [],
    mention_roles: [],
    attachments: [],
    embeds: [],
    pinned: false,
  });

  const inChannel = (id: string): FakeMessage[] =>
    [...messages.values()].filter((message) => message.channel === id && !message.onlyFor);

  return { guild, application, bot, people, channel, channels, messages, closedInboxes, add, change, wire, inChannel };
}
