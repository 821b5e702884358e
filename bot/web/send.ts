/** Messenger over the web chat's own store: sending is writing, and every open page is told. */
import type { Card } from '../../domain/cards/card.ts';
import { Failure } from '../../domain/model/failure.ts';
import type { PersonId } from '../../domain/model/ids.ts';
import type { Destination, MessageRef } from '../../domain/model/message.ts';
import type { Messenger } from '../../domain/ports.ts';
import type { WebMessage, WebMessages } from './ports.ts';

/** What sending needs to know of the installation. */
export type Sending = {
  readonly messages: WebMessages;
  readonly channels: readonly string[];
  readonly isPerson: (id: PersonId) => Promise<boolean>;
  /** Called after every change. */
  readonly changed: () => void;
};

/** The room of a person's private messages. */
export const directRoom = (person: PersonId | string): string => `@${person}`;

/**
 * The web chat as a Messenger. Failures: `chat.refused` (no such channel or person, or the thread's first message is gone), `chat.gone`
 * (edited message), `chat.unreachable` (the store failed: retryable). A second `post` with the same place and key gives the first message.
 */
export function webMessenger(sending: Sending): Messenger {
  const { messages, changed } = sending;
  return {
    platform: 'web',
    async post(to, card, key) {
      const place = await placeOf(to, sending);
      const message = await stored(messages.add({ ...place, key, card, waits: waits(card, place.room) }));
      changed();
      return refOf(message);
    },
    async edit(ref, card) {
      const redrawn = await stored(messages.redraw(ref.message, card, waits(card, ref.channel)));
      if (!redrawn) throw new Failure('chat.gone', `The web chat has no message ${ref.message}.`);
      changed();
    },
    async find(to, key) {
      const { room, thread } = await placeOf(to, sending);
      const message = await stored(messages.byKey(room, thread, key));
      return message && refOf(message);
    },
  };
}

const refOf = ({ room, id }: WebMessage): MessageRef => ({ platform: 'web', channel: room, message: id });

/** Where a message goes. A reply takes its room from the message it answers, so that a private thread stays private. */
async function placeOf(to: Destination, { messages, channels, isPerson }: Sending) {
  if (to.kind === 'channel') {
    if (channels.includes(to.channel)) return { room: to.channel, thread: null };
    const known = channels.join(', ');
    throw new Failure('chat.refused', `The web chat has no channel named "${to.channel}". It has: ${known}.`);
  }
  if (to.kind === 'direct') {
    // Web accounts carry person ids; who that is, is asked and not assumed.
    if (await isPerson(to.user as PersonId)) return { room: directRoom(to.user), thread: null };
    throw new Failure('chat.refused', `The web chat knows nobody with the id "${to.user}".`);
  }
  const root = await stored(messages.get(to.of.message));
  if (!root) throw new Failure('chat.refused', `The web chat has no message ${to.of.message} to reply to.`);
  return { room: root.room, thread: root.thread ?? root.id };
}

/**
 * A card waits for somebody when it offers anything but a `bad` button: those (halt, deny, roll back) are ways out that a card may
 * keep for ever, not questions, and neither is a closer look. A private card with any other button waits for its one reader.
 */
const waits = (card: Card, room: string): boolean =>
  card.buttons.some(({ tone, action }) => !action.endsWith('.details') && (tone !== 'bad' || room.startsWith('@')));

/** A store that throws has not stored: the outbox tries again later. */
async function stored<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    throw new Failure('chat.unreachable', 'The web chat cannot reach its messages.', { retryable: true, cause });
  }
}
