/** The one entrance for every platform: who is it, may they, was it done already, and an answer for each case. */
import { randomUUID } from 'node:crypto';
import { type Account, may, type Person, type Role } from '../../domain/model/people.ts';
import type { Inbox, Log, People } from '../../domain/ports.ts';
import {
  type CommandIn,
  type Desk,
  done,
  type PressHandler,
  type PressIn,
  type Reply,
  refused,
  type Verb,
} from './press.ts';

export type DeskParts = {
  readonly handlers: readonly PressHandler[];
  readonly verbs: readonly Verb[];
  readonly people: People;
  readonly inbox: Inbox;
  readonly log: Log;
  /** Something may have changed: cards should be redrawn now, not at the next tick. */
  readonly nudge: () => void;
};

/** How many completions Discord shows (facts on chat platforms, section 4). */
const mostSuggestions = 25;

/** Makes the desk. Its answers never throw: a bug becomes a sentence with a reference that is also in the log. */
export function makeDesk({ handlers, verbs, people, inbox, log, nudge }: DeskParts): Desk {
  const actions = new Map(handlers.map((handler) => [handler.action, handler]));
  const named = new Map(verbs.map((verb) => [verb.name, verb]));

  /** Runs `work` for a new delivery; a repeat gets the first one's answer. */
  async function once(delivery: string, what: string, work: () => Promise<Reply>): Promise<Reply> {
    try {
      if (!(await inbox.claim(delivery)))
        return ((await inbox.answered(delivery)) as Reply | null) ?? done('I am at it already.');
      const reply = await work();
      await inbox.answer(delivery, reply);
      nudge();
      return reply;
    } catch (error) {
      const reference = randomUUID().slice(0, 8);
      log.error('desk.failed', { what, reference, error: error instanceof Error ? error.stack : String(error) });
      const text = `Something went wrong on our side. Nothing is half done. Quote ${reference} to your admin.`;
      const reply: Reply = { ok: false, text };
      // So that a repeat is not told "at it already" for ever. Without a database there is nothing to keep it in.
      await inbox.answer(delivery, reply).catch(() => undefined);
      return reply;
    }
  }

  async function asPerson(account: Account, role: Role | null, work: (by: Person) => Promise<Reply>): Promise<Reply> {
    const { platform, user } = account;
    const [by, ...others] = people.byAccount(account);
    if (!by) return refused({ code: 'person.unknown', platform, user });
    if (others.length > 0) return refused({ code: 'person.ambiguous', platform });
    if (!may(by, role))
      return refused({ code: 'person.may-not', role: String(role), roles: by.roles.join(', ') || 'none' });
    return work(by);
  }

  return {
    verbs,
    press: (press: PressIn) =>
      once(press.delivery, press.action, async () => {
        const handler = actions.get(press.action);
        if (!handler) return refused({ code: 'card.unreadable' });
        const { subject, seenRev, answer = null } = press;
        return asPerson(press.account, handler.role, (by) => handler.handle({ by, subject, seenRev, answer }));
      }),
    command: (command: CommandIn) =>
      once(command.delivery, command.verb, async () => {
        const read = readCommand(named, command);
        if ('text' in read) return read;
        return asPerson(command.account, read.verb.role, (by) => read.verb.run({ by, options: read.options }));
      }),
    async suggest(account, verb, option, typed) {
      const [by, ...others] = people.byAccount(account);
      const wanted = named.get(verb);
      if (!by || others.length > 0 || !wanted || !may(by, wanted.role)) return [];
      const found = (await wanted.suggest?.(option, typed, by)) ?? [];
      return found.slice(0, mostSuggestions);
    },
  };
}

type Read = { readonly verb: Verb; readonly options: Readonly<Record<string, string>> };

/** Positional words to named options. A verb may be two words: `device list`. */
function readCommand(named: ReadonlyMap<string, Verb>, { verb: first, words: rest }: CommandIn): Read | Reply {
  const two = named.get(`${first} ${rest[0] ?? ''}`);
  const verb = two ?? named.get(first);
  const words = two ? rest.slice(1) : rest;
  if (!verb) return refused({ code: 'verb.unknown', verb: first, guess: nearest(first, [...named.keys()]) });
  const usage = usageOf(verb);
  const options: Record<string, string> = {};
  for (const [index, option] of verb.options.entries()) {
    const value = option.rest ? words.slice(index).join(' ') : (words[index] ?? '');
    if (value !== '') options[option.name] = value;
    else if (option.required) {
      return refused({
        code: 'verb.missing',
        verb: verb.name,
        option: option.name,
        description: option.description,
        usage,
      });
    }
  }
  const extra = verb.options.at(-1)?.rest ? undefined : words[verb.options.length];
  return extra === undefined ? { verb, options } : refused({ code: 'verb.too-many', verb: verb.name, extra, usage });
}

/** `rollback <device> <patch>`, optional ones in brackets. */
export const usageOf = ({ name, options }: Pick<Verb, 'name' | 'options'>): string =>
  [name, ...options.map((option) => (option.required ? `<${option.name}>` : `[${option.name}]`))].join(' ');

/** The known word that shares the most letter pairs with what was typed. */
function nearest(typed: string, known: readonly string[]): string {
  const pairs = (word: string) => new Set([...word].map((_, at) => word.slice(Math.max(0, at - 1), at + 1)));
  const wanted = pairs(typed);
  const score = (word: string) =>
    [...pairs(word)].filter((pair) => wanted.has(pair)).length / (word.length + typed.length);
  return [...known].sort((a, b) => score(b) - score(a))[0] ?? 'help';
}
