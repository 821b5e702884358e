/** Presses and commands in no platform's words, and the desk that every platform hands them to. */
import type { Card } from '../../domain/cards/card.ts';
import { explain, type Refusal } from '../../domain/errors.ts';
import type { Account, Person, Role } from '../../domain/model/people.ts';

/** A press on a card's button, as a platform received it. */
export type PressIn = {
  readonly account: Account;
  /** The platform's own id of this delivery (Slack trigger id, Discord interaction id, web form nonce): acted on once. */
  readonly delivery: string;
  readonly action: string;
  readonly subject: string;
  readonly seenRev: number;
  /** What the person typed when the button `asks`. */
  readonly answer?: string;
};

/** A command. `words` are positional: `rollback web-1 acme-agent` is verb `rollback` and two words. */
export type CommandIn = {
  readonly account: Account;
  readonly delivery: string;
  readonly verb: string;
  readonly words: readonly string[];
};

/** What only the presser sees. `card` may have buttons of its own. */
export type Reply = { readonly ok: boolean; readonly text: string; readonly card?: Card };

/** The one entrance for every platform. Never throws: a bug becomes a Reply with a reference to quote. */
export interface Desk {
  press(press: PressIn): Promise<Reply>;
  command(command: CommandIn): Promise<Reply>;
  /** Completions for one option of a verb, at most 25, from memory or one indexed query: must answer within 300 ms. */
  suggest(account: Account, verb: string, option: string, typed: string): Promise<readonly string[]>;
  readonly verbs: readonly VerbHelp[];
}

/** What a platform needs to offer a verb: Discord registers these as subcommands, Slack and the shell print them. */
export type VerbHelp = {
  readonly name: string;
  /** At most 100 characters, no full stop. */
  readonly summary: string;
  readonly options: readonly VerbOption[];
};
export type VerbOption = {
  readonly name: string;
  readonly description: string;
  readonly required: boolean;
  /** True when `suggest` knows values. */
  readonly suggests: boolean;
  /** The last option may take all the remaining words. */
  readonly rest?: boolean;
};

/** What a handler is given: who, resolved and checked. */
export type Press = {
  readonly by: Person;
  readonly subject: string;
  readonly seenRev: number;
  readonly answer: string | null;
};

/** One button's meaning, the same on every platform. */
export interface PressHandler {
  readonly action: string;
  /** null = everybody who is known. */
  readonly role: Role | null;
  handle(press: Press): Promise<Reply>;
}

/** One command's meaning. `options` come in by name; missing required ones were refused before. */
export interface Verb extends VerbHelp {
  readonly role: Role | null;
  run(call: { by: Person; options: Readonly<Record<string, string>> }): Promise<Reply>;
  suggest?(option: string, typed: string, by: Person): Promise<readonly string[]>;
}

/** A no, in the sentence that errors.ts has for it. */
export const refused = (refusal: Refusal): Reply => ({ ok: false, text: explain(refusal) });
/** A yes, in one sentence. */
export const done = (text: string, card?: Card): Reply => (card ? { ok: true, text, card } : { ok: true, text });
