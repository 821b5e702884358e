/** The one entrance for every platform: who is it, may they, was it done already, and an answer for each case. */
import { randomUUID } from 'node:crypto';
import type { Refusal } from '../../domain/errors.ts';
import { type Account, may, type Person, type Role } from '../../domain/model/people.ts';
import { err, ok, type Result } from '../../domain/model/result.ts';
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
  type VerbOption,
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

  function whoIs(account: Account, role: Role | null): Result<Person, Refusal> {
    const { platform, user } = account;
    const [by, ...others] = people.byAccount(account);
    if (!by) return err({ code: 'person.unknown', platform, user });
    if (others.length > 0) return err({ code: 'person.ambiguous', platform });
    if (!may(by, role))
      return err({ code: 'person.may-not', role: String(role), roles: by.roles.join(', ') || 'none' });
    return ok(by);
  }

  return {
    verbs,
    press: (press: PressIn) =>
      once(press.delivery, press.action, async () => {
        const handler = actions.get(press.action);
        if (!handler) return refused({ code: 'card.unreadable' });
        const who = whoIs(press.account, handler.role);
        const { subject, seenRev, answer = null } = press;
        return who.ok ? handler.handle({ by: who.value, subject, seenRev, answer }) : refused(who.error);
      }),
    command: (command: CommandIn) =>
      once(command.delivery, command.verb, async () => {
        const call = callOf(named, command);
        if (!call) return refused(unknownVerb(command.verb, [...named.keys()]));
        const who = whoIs(command.account, call.verb.role);
        if (!who.ok) return refused(who.error); // who they are comes first: nobody fills in what they may not send
        const wrong = misfitOf(call);
        return wrong ? refused(wrong) : call.verb.run({ by: who.value, options: call.options });
      }),
    form(command) {
      const call = callOf(named, command);
      if (call?.verb.form === undefined || !missingIn(call)) return null;
      return whoIs(command.account, call.verb.role).ok ? { verb: call.verb, values: call.options } : null;
    },
    async suggest(account, verb, option, typed) {
      const wanted = named.get(verb);
      const who = wanted && whoIs(account, wanted.role);
      if (!who?.ok) return [];
      const found = (await wanted?.suggest?.(option, typed, who.value)) ?? [];
      return found.slice(0, mostSuggestions);
    },
  };
}

/** A verb with the words behind it, and the options that they fill. */
type Call = {
  readonly verb: Verb;
  readonly words: readonly string[];
  readonly options: Readonly<Record<string, string>>;
};

/** Positional words to named options; null when there is no such verb. A verb may be two words: `device list`. */
function callOf(named: ReadonlyMap<string, Verb>, { verb: first, words: rest }: CommandIn): Call | null {
  const two = named.get(`${first} ${rest[0] ?? ''}`);
  const verb = two ?? named.get(first);
  if (!verb) return null;
  const words = two ? rest.slice(1) : rest;
  const filled = verb.options.map(({ name, rest: all }, at) => [name, all ? words.slice(at).join(' ') : words[at]]);
  return { verb, words, options: Object.fromEntries(filled.filter(([, value]) => value)) };
}

const missingIn = ({ verb, options }: Call): VerbOption | undefined =>
  verb.options.find(({ name, required }) => required && options[name] === undefined);

/** Why a verb cannot run with these words, or null. */
function misfitOf(call: Call): Refusal | null {
  const { name: verb, options } = call.verb;
  const [usage, missing] = [usageOf(call.verb), missingIn(call)];
  if (missing) return { code: 'verb.missing', verb, option: missing.name, description: missing.description, usage };
  const extra = options.at(-1)?.rest ? undefined : call.words[options.length];
  return extra === undefined ? null : { code: 'verb.too-many', verb, extra, usage };
}

const unknownVerb = (verb: string, known: readonly string[]): Refusal => {
  return { code: 'verb.unknown', verb, guess: nearest(verb, known) };
};

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
