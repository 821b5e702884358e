/** Interactions of the fake: what people do in the client, the three seconds to acknowledge it, and the answers. */
import { randomBytes } from 'node:crypto';
import {
  InteractionResponseType as Answer,
  type APIModalInteractionResponseCallbackData,
  InteractionType,
  MessageFlags,
} from 'discord.js';
import { lintModal } from '../../../bot/discord/limits.ts';
import type { Gateway } from './gateway.ts';
import { type Body, type FakeMessage, type FakeUser, Refusal, snowflake, unknownMessage, type World } from './world.ts';

/** What the person sees. `failed`: the client shows "This interaction failed", because nobody acknowledged in time. */
export type Outcome =
  | { readonly kind: 'failed' }
  /** `message` resolves when the answer is there: for a deferred one, when it was filled in. */
  | { readonly kind: 'answer'; readonly message: Promise<FakeMessage> }
  | { readonly kind: 'form'; readonly form: APIModalInteractionResponseCallbackData; readonly from: FakeMessage | null }
  | { readonly kind: 'choices'; readonly choices: readonly { name: string; value: string }[] }
  | { readonly kind: 'updated' };

type Callback = { type: number; data?: Body & { choices?: { name: string; value: string }[] } };
type Open = {
  readonly id: string;
  readonly token: string;
  readonly type: InteractionType;
  readonly at: number;
  readonly user: FakeUser;
  readonly channel: string;
  readonly from: FakeMessage | null;
  state: 'waiting' | 'failed' | 'answered';
  original: FakeMessage | null;
  deferred: boolean;
  readonly settle: (outcome: Outcome) => void;
  readonly filled: (message: FakeMessage) => void;
  readonly whenFilled: Promise<FakeMessage>;
};

export type Begin = {
  readonly user: FakeUser;
  readonly type: InteractionType;
  readonly data: object;
  readonly channel: string;
  readonly from?: FakeMessage | null;
  /** Another server than the fake's own, to see it refused. */
  readonly guild?: string;
};

export type Interactions = ReturnType<typeof createInteractions>;

/** `ackMs`: time to acknowledge (Discord: 3,000). `tokenMs`: how long the answer may be changed (Discord: 15 minutes). */
export function createInteractions(
  world: World,
  gateway: Gateway,
  { ackMs, tokenMs }: { ackMs: number; tokenMs: number },
) {
  const open = new Map<string, Open>();
  /** Answers that came twice (40060) or too late (10062, 50027): a correct bot has none. */
  const faults: number[] = [];
  const fault = (status: number, code: number, text: string): Refusal => {
    faults.push(code);
    return new Refusal(status, code, text);
  };

  /** Sends an interaction to the bot and resolves with what the person sees. */
  function begin({ user, type, data, channel, from = null, guild = world.guild }: Begin): Promise<Outcome> {
    const [id, token] = [snowflake(), randomBytes(12).toString('hex')];
    const { promise, resolve } = deferred<Outcome>();
    const filling = deferred<FakeMessage>();
    const timer = setTimeout(() => {
      one.state = 'failed';
      resolve({ kind: 'failed' });
    }, ackMs);
    const one: Open = {
      ...{ id, token, type, user, channel, from, at: Date.now(), state: 'waiting', original: null, deferred: false },
      settle(outcome) {
        clearTimeout(timer);
        one.state = 'answered';
        resolve(outcome);
      },
      filled: filling.resolve,
      whenFilled: filling.promise,
    };
    open.set(token, one);
    const place = world.channels.get(channel);
    const account = { ...user, discriminator: '0', global_name: null, avatar: null };
    const member = {
      user: account,
      roles: [],
      joined_at: new Date(0).toISOString(),
      deaf: false,
      mute: false,
      flags: 0,
      permissions: '0',
    };
    gateway.dispatch('INTERACTION_CREATE', {
      ...{ id, token, type, data, version: 1, application_id: world.application, channel_id: channel },
      ...(from ? { message: world.wire(from) } : {}),
      ...{ locale: 'en-US', app_permissions: '0', entitlements: [], authorizing_integration_owners: { 0: guild } },
      ...(place?.type === 1
        ? { user: account, context: 1, channel: { id: channel, type: 1, recipients: [account] } }
        : {
            guild_id: guild,
            member,
            context: 0,
            channel: { id: channel, type: place?.type ?? 0, guild_id: guild, name: 'patching' },
          }),
    });
    return promise;
  }

  function message(one: Open, { data }: Callback): void {
    const onlyFor = (data?.flags ?? 0) & MessageFlags.Ephemeral ? one.user.id : undefined;
    one.original = world.add(one.channel, data ?? {}, onlyFor);
    one.filled(one.original);
    one.settle({ kind: 'answer', message: one.whenFilled });
  }

  function postpone(one: Open, { data }: Callback): void {
    const flags = (data?.flags ?? 0) | MessageFlags.Loading;
    one.deferred = true;
    one.original = world.add(
      one.channel,
      { content: '…', flags },
      flags & MessageFlags.Ephemeral ? one.user.id : undefined,
    );
    one.settle({ kind: 'answer', message: one.whenFilled });
  }

  function form(one: Open, data: APIModalInteractionResponseCallbackData): void {
    const broken = lintModal(data);
    if (one.type === InteractionType.ModalSubmit) broken.push('a form cannot answer a form');
    if (broken.length > 0) throw new Refusal(400, 50035, `Invalid Form Body: ${broken.join('; ')}`);
    one.settle({ kind: 'form', form: data, from: one.from });
  }

  /** POST /interactions/{id}/{token}/callback */
  function callback(
    token: string,
    body: Callback,
  ): { id: string; type: InteractionType; original: FakeMessage | null } {
    const one = open.get(token);
    if (!one || one.state === 'failed') throw fault(404, 10062, 'Unknown interaction');
    if (one.state === 'answered') throw fault(400, 40060, 'Interaction has already been acknowledged.');
    const fits =
      (one.type === InteractionType.ApplicationCommandAutocomplete) ===
      (body.type === Answer.ApplicationCommandAutocompleteResult);
    if (!fits)
      throw new Refusal(
        400,
        50035,
        `Invalid Form Body: an interaction of type ${one.type} cannot be answered with ${body.type}`,
      );
    if (body.type === Answer.ChannelMessageWithSource) message(one, body);
    else if (body.type === Answer.DeferredChannelMessageWithSource) postpone(one, body);
    else if (body.type === Answer.DeferredMessageUpdate || body.type === Answer.UpdateMessage) {
      if (!one.from) throw new Refusal(400, 50035, 'Invalid Form Body: there is no message to update');
      one.original = body.type === Answer.UpdateMessage ? world.change(one.from, body.data ?? {}) : one.from;
      one.settle({ kind: 'updated' });
    } else if (body.type === Answer.ApplicationCommandAutocompleteResult) {
      one.settle({ kind: 'choices', choices: body.data?.choices ?? [] });
    } else if (body.type === Answer.Modal) {
      // The body of a callback of this type is a form: Discord's union has no tag inside `data`.
      form(one, body.data as unknown as APIModalInteractionResponseCallbackData);
    } else throw new Refusal(400, 50035, `Invalid Form Body: unknown callback ${body.type}`);
    return { id: one.id, type: one.type, original: one.original };
  }

  function living(token: string): Open {
    const one = open.get(token);
    if (one?.state !== 'answered') throw new Refusal(404, 10015, 'Unknown Webhook');
    if (Date.now() - one.at > tokenMs) throw fault(401, 50027, 'Invalid Webhook Token');
    return one;
  }

  /** GET, PATCH and DELETE /webhooks/{application}/{token}/messages/@original */
  function original(token: string, method: string, body: Body): FakeMessage | null {
    const one = living(token);
    if (!one.original || !world.messages.has(one.original.id)) throw unknownMessage();
    if (method === 'DELETE') world.messages.delete(one.original.id);
    if (method === 'PATCH') {
      world.change(one.original, { ...body, flags: (body.flags ?? one.original.flags) & ~MessageFlags.Loading });
      one.filled(one.original);
    }
    return one.original;
  }

  /** POST /webhooks/{application}/{token}: a further answer. */
  function followUp(token: string, body: Body): FakeMessage {
    const one = living(token);
    return world.add(one.channel, body, (body.flags ?? 0) & MessageFlags.Ephemeral ? one.user.id : undefined);
  }

  return { begin, callback, original, followUp, faults };
}

function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let settle: (value: T) => void = () => undefined;
  const promise = new Promise<T>((resolve) => {
    settle = resolve;
  });
  return { promise, resolve: (value) => settle(value) };
}
