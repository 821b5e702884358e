/**
 * What the web chat is given: its options, and two stores to remember messages and sessions, each bound to one tenant.
 */
import type { Card } from '../../domain/cards/card.ts';
import type { PersonId, TenantId } from '../../domain/model/ids.ts';
import type { Person } from '../../domain/model/people.ts';
import type { Log } from '../../domain/ports.ts';
import type { Desk } from '../handlers/press.ts';

export type WebOptions = {
  /** Where to listen. Port 0 takes a free one. */
  readonly host: string;
  readonly port: number;
  /** What browsers call us when a proxy stands in front; with https, cookies become Secure. */
  readonly publicUrl?: string;
  readonly tenant: TenantId;
  readonly desk: Desk;
  readonly people: { byId(id: PersonId): Promise<Person | null> };
  readonly messages: WebMessages;
  readonly sessions: WebSessions;
  readonly log: Log;
  /** The channels that everybody of the tenant can read; the first one is where people arrive. */
  readonly channels: readonly string[];
  /** Whether the installation can do its work, for /health/ready. Absent = as soon as this server listens. */
  readonly ready?: () => Promise<boolean>;
};

/** One message of the web chat, as stored. */
export type WebMessage = {
  readonly id: string;
  /** Names the message for good: unique in its room and thread. */
  readonly key: string;
  /** A channel's name, or `@` and a person's id for private messages. */
  readonly room: string;
  /** The message that this one is a reply to; null = it stands in the room itself. */
  readonly thread: string | null;
  readonly card: Card;
  /** Whether the card waits for somebody's decision. */
  readonly waits: boolean;
  readonly at: Date;
  readonly editedAt: Date | null;
  /** Place in the order of posting, and number of the last change: both grow by at least one, tenant-wide. */
  readonly order: number;
  readonly seq: number;
};

export type WebDraft = Pick<WebMessage, 'key' | 'room' | 'thread' | 'card' | 'waits'>;

/** Messages by room, thread and change. Whatever it throws means "not stored". */
export interface WebMessages {
  /** Stores a message; a second one with the same room, thread and key changes nothing and gives the first. */
  add(draft: WebDraft): Promise<WebMessage>;
  /** Replaces the card; false when there is no such message. */
  redraw(id: string, card: Card, waits: boolean): Promise<boolean>;
  get(id: string): Promise<WebMessage | null>;
  byKey(room: string, thread: string | null, key: string): Promise<WebMessage | null>;
  /** The newest messages of these rooms, replies left out, oldest first; `before` is an `order`. */
  list(where: WebListing, limit: number): Promise<readonly WebMessage[]>;
  /** The newest replies to any of these messages, oldest first. */
  replies(to: readonly string[], limit: number): Promise<readonly WebMessage[]>;
  /** How many messages of these rooms wait for a decision. */
  waiting(rooms: readonly string[]): Promise<number>;
  /** What changed in these rooms after a `seq`, replies included, in the order of change. */
  changedSince(seq: number, rooms: readonly string[], limit: number): Promise<readonly WebMessage[]>;
  /** The `seq` of the last change; 0 when there was none yet. */
  lastChange(): Promise<number>;
}

export type WebListing = {
  readonly rooms: readonly string[];
  readonly before?: number;
  readonly onlyWaiting?: boolean;
};

/** One-time login links and the sessions made from them. Only digests of the tokens are stored. */
export interface WebSessions {
  /** Gives the token of a link that signs this person in once, within `ttlMs`. */
  issueLink(person: PersonId, ttlMs: number): Promise<string>;
  /** Whose link this is, without using it up; null = wrong, used or expired. */
  peek(link: string): Promise<PersonId | null>;
  /** Uses the link up and opens a session; of two at once one wins. null = wrong, used or expired. */
  redeem(link: string, ttlMs: number): Promise<{ readonly token: string; readonly person: PersonId } | null>;
  /** Whose session this is; null = no such session, or expired. */
  person(token: string): Promise<PersonId | null>;
  end(token: string): Promise<void>;
}
