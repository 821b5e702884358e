/** What a fake Slack remembers: workspaces, messages, forms, one-use tickets, and every call that was made. */
import { randomUUID } from 'node:crypto';

export type Json = { [key: string]: unknown };
export type Element = {
  type: string;
  action_id?: string;
  value?: string;
  style?: string;
  text?: { text: string };
  accessibility_label?: string;
  confirm?: { title: { text: string }; text: { text: string }; confirm: { text: string }; deny: { text: string } };
};
export type TextObject = { type: string; text: string };
export type Choice = { text: TextObject; value: string };
/** The field of an input block. */
export type Field = {
  type: string;
  action_id?: string;
  max_length?: number;
  initial_value?: string;
  options?: Choice[];
  initial_option?: Choice;
};
export type Block = {
  type: string;
  block_id?: string;
  text?: TextObject;
  fields?: TextObject[];
  elements?: (Element | TextObject)[];
  label?: TextObject;
  hint?: TextObject;
  optional?: boolean;
  element?: Field;
};
export type Message = {
  ts: string;
  channel: string;
  bot_id: string;
  text: string;
  blocks: Block[];
  thread_ts?: string;
  metadata?: Json;
  edited?: boolean;
  /** The only person who sees it. */
  onlyFor?: string;
};
export type View = Json & {
  id: string;
  type: string;
  callback_id?: string;
  private_metadata?: string;
  title?: TextObject;
  blocks: Block[];
};
export type Channel = { id: string; kind: 'public' | 'private' | 'im'; member: boolean; user?: string };
export type Team = {
  id: string;
  botToken: string;
  appToken: string;
  botId: string;
  users: string[];
  closedInboxes: string[];
  channels: Channel[];
  scopes: Set<string>;
  ticket?: string;
};
export type Call = { method: string; args: Json; at: number };
/** What goes wrong with the next calls of a method. `drop` cuts the line before storing, `drop-after` after it; `slow` answers late but well. */
export type Fault =
  | { kind: 'status'; status: number; retryAfter?: number; body?: string }
  | { kind: 'error'; error: string; more?: Json }
  | { kind: 'slow'; ms: number }
  | { kind: 'drop' }
  | { kind: 'drop-after' };
export type Trigger = { at: number; used: boolean };
export type Hook = { team: string; channel: string; user: string; left: number; until: number };

export const allScopes = ['chat:write', 'commands', 'im:write', 'channels:history', 'groups:history', 'im:history'];

export function newState() {
  let counter = 0;
  return {
    teams: new Map<string, Team>(),
    /** In the order of posting, ephemeral ones included. */
    messages: [] as Message[],
    views: new Map<string, View>(),
    homes: new Map<string, View>(),
    triggers: new Map<string, Trigger>(),
    hooks: new Map<string, Hook>(),
    calls: [] as Call[],
    faults: [] as { method: string; times: number; fault: Fault }[],
    next: () => {
      counter += 1;
      return counter;
    },
    /** A message's id: seconds and a running number, as in the real one. */
    ts() {
      return `${Math.floor(Date.now() / 1000)}.${String(this.next()).padStart(6, '0')}`;
    },
    /** Good for one form within three seconds. */
    trigger() {
      const id = `${Date.now()}.${this.next()}.${randomUUID().slice(0, 8)}`;
      this.triggers.set(id, { at: Date.now(), used: false });
      return id;
    },
    /** Five answers within half an hour. */
    hook(where: { team: string; channel: string; user: string }) {
      const id = randomUUID();
      this.hooks.set(id, { ...where, left: 5, until: Date.now() + 30 * 60_000 });
      return id;
    },
  };
}
export type State = ReturnType<typeof newState>;

/** Slack gives every block an id when it stores a message. */
export const withIds = (state: State, blocks: Block[] | undefined): Block[] =>
  (blocks ?? []).map((block) => ({ block_id: `b${state.next()}`, ...block }));

export const inboxOf = (team: Team, user: string): Channel => {
  const open = team.channels.find((channel) => channel.kind === 'im' && channel.user === user);
  if (open) return open;
  const opened: Channel = { id: `D${user}`, kind: 'im', member: true, user };
  team.channels.push(opened);
  return opened;
};
