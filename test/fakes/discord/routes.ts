/** The fake's routes: what each request does to the world, and what Discord would answer. */
import type { Interactions } from './interactions.ts';
import {
  type Body,
  type FakeMessage,
  Refusal,
  snowflake,
  unknownChannel,
  unknownMessage,
  type World,
} from './world.ts';

export type Command = { readonly name: string; readonly description: string; readonly options?: CommandOption[] };
export type CommandOption = {
  readonly type: number;
  readonly name: string;
  readonly description: string;
  readonly required?: boolean;
  readonly autocomplete?: boolean;
  readonly options?: CommandOption[];
};
export type RestState = {
  commands: (Command & { id: string })[];
  limit: { count: number; ms: number } | null;
  tooMany: number;
};
type Asked = { readonly args: readonly string[]; readonly body: unknown; readonly query: URLSearchParams };
/** An answer of undefined is a 204. Bodies are casts on purpose: Discord's own document checks them beside this. */
export type Route = readonly [method: string, path: RegExp, answer: (asked: Asked) => unknown];

function setupRoutes(world: World, state: RestState, socketUrl: () => string): Route[] {
  const commands = /^\/applications\/\d+\/guilds\/(\d+)\/commands$/;
  const session_start_limit = { total: 1000, remaining: 999, reset_after: 1, max_concurrency: 1 };
  return [
    ['GET', /^\/gateway\/bot$/, () => ({ url: socketUrl(), shards: 1, session_start_limit })],
    ['GET', /^\/applications\/@me$/, () => ({ id: world.application, name: 'patchherd' })],
    ['GET', commands, () => state.commands],
    [
      'PUT',
      commands,
      ({ args, body }) => {
        if (args[0] !== world.guild) throw new Refusal(403, 50001, 'Missing Access');
        state.commands = (body as Command[]).map((one) => ({ ...one, id: snowflake(), nsfw: false }));
        return state.commands;
      },
    ],
  ];
}

function messageRoutes(world: World): Route[] {
  const many = /^\/channels\/(\d+)\/messages$/;
  const single = /^\/channels\/(\d+)\/messages\/(\d+)$/;

  function messageOf([channel = '', id = '']: readonly string[]): FakeMessage {
    if (!world.channels.has(channel)) throw unknownChannel();
    const message = world.messages.get(id);
    if (message?.channel !== channel || message.onlyFor) throw unknownMessage();
    return message;
  }

  function listed({ args: [channel = ''], query }: Asked) {
    if (!world.channels.has(channel)) throw unknownChannel();
    const newest = world.inChannel(channel).reverse();
    return newest.slice(0, Number(query.get('limit') ?? 50)).map(world.wire);
  }

  function posted({ args: [channel = ''], body }: Asked) {
    const message = world.add(channel, body as Body);
    return { ...world.wire(message), nonce: message.nonce };
  }

  return [
    ['GET', many, listed],
    ['POST', many, posted],
    ['GET', single, ({ args }) => world.wire(messageOf(args))],
    ['PATCH', single, ({ args, body }) => world.wire(world.change(messageOf(args), body as Body))],
    ['POST', /^\/channels\/(\d+)\/messages\/(\d+)\/threads$/, ({ args, body }) => threadBelow(messageOf(args), body)],
  ];

  function threadBelow({ id, channel }: FakeMessage, body: unknown) {
    const { name } = body as { name: string };
    if (world.channels.get(channel)?.type !== 0) {
      throw new Refusal(400, 50024, 'Cannot execute action on this channel type');
    }
    if (world.channels.has(id)) throw new Refusal(400, 160004, 'A thread has already been created for this message');
    world.channels.set(id, { id, type: 11, name, parent: channel });
    return { id, type: 11, parent_id: channel, name };
  }
}

function channelRoutes(world: World): Route[] {
  function openInbox({ body }: Asked) {
    const { recipient_id: recipient } = body as { recipient_id: string };
    const id = `4${recipient.slice(1)}`;
    if (!world.channels.has(id)) world.channels.set(id, { id, type: 1, name: 'private', recipient });
    return { id, type: 1, recipients: [{ id: recipient }] };
  }

  function fold({ args: [id = ''], body }: Asked) {
    const channel = world.channels.get(id);
    if (!channel) throw unknownChannel();
    channel.archived = (body as { archived: boolean }).archived;
    return { id, type: channel.type };
  }

  function described({ args: [id = ''] }: Asked) {
    const channel = world.channels.get(id);
    if (!channel) throw unknownChannel();
    return { id, type: channel.type, name: channel.name, ...(channel.type === 1 ? {} : { guild_id: world.guild }) };
  }

  return [
    ['POST', /^\/users\/@me\/channels$/, openInbox],
    ['GET', /^\/channels\/(\d+)$/, described],
    ['PATCH', /^\/channels\/(\d+)$/, fold],
  ];
}

function interactionRoutes(world: World, interactions: Interactions): Route[] {
  function acknowledged({ args: [token = ''], body, query }: Asked) {
    const { id, type, original } = interactions.callback(token, body as Parameters<Interactions['callback']>[1]);
    if (query.get('with_response') !== 'true') return undefined;
    const resource = original && { type: 4, message: world.wire(original) };
    return { interaction: { id, type, response_message_id: original?.id }, resource };
  }

  const original = (method: string): Route => [
    method,
    /^\/webhooks\/\d+\/(\w+)\/messages\/@original$/,
    ({ args: [token = ''], body }) => {
      const message = interactions.original(token, method, (body ?? {}) as Body);
      return method === 'DELETE' || !message ? undefined : world.wire(message);
    },
  ];

  return [
    ['POST', /^\/interactions\/\d+\/(\w+)\/callback$/, acknowledged],
    ...['GET', 'PATCH', 'DELETE'].map(original),
    [
      'POST',
      /^\/webhooks\/\d+\/(\w+)$/,
      ({ args: [token = ''], body }) => world.wire(interactions.followUp(token, body as Body)),
    ],
  ];
}

/** Every route, in no particular order: no two match the same request. */
export const createRoutes = (
  world: World,
  interactions: Interactions,
  state: RestState,
  socketUrl: () => string,
): readonly Route[] => [
  ...setupRoutes(world, state, socketUrl),
  ...messageRoutes(world),
  ...channelRoutes(world),
  ...interactionRoutes(world, interactions),
];
