/** Presses and commands in no platform's words, and the desk that every platform hands them to. */
import type { Card } from '../../domain/cards/card.ts';
import { explain, type Refusal, type RefusalCode } from '../../domain/errors.ts';
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

/** What only the presser sees. `card` may have buttons of its own; `option` is the one that a no is about, when it is about one. */
export type Reply = { readonly ok: boolean; readonly text: string; readonly card?: Card; readonly option?: string };

/** The one entrance for every platform. Never throws: a bug becomes a Reply with a reference to quote. */
export interface Desk {
  press(press: PressIn): Promise<Reply>;
  command(command: CommandIn): Promise<Reply>;
  /**
   * The form to open instead of running this command, from memory: when its verb has one, a required word is missing ('' counts as
   * missing) and the person may use the verb. Else null: run it, and it is refused in a sentence.
   */
  form(command: CommandIn): OpenForm | null;
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
  /** Title of the form that a chat opens when somebody types the verb without its words. At most 24 characters: Slack cuts there. */
  readonly form?: string;
};
export type VerbOption = {
  readonly name: string;
  readonly description: string;
  readonly required: boolean;
  /** True when `suggest` knows values. */
  readonly suggests: boolean;
  /** The last option may take all the remaining words. */
  readonly rest?: boolean;
  /** In a form: the name of its field, at most 45 characters. @default the option's name */
  readonly label?: string;
  /** In a form: one of these, and nothing else. */
  readonly choices?: readonly string[];
  /** In a form: the word for a field that was left empty. Without it the field of a required option has to be filled in. */
  readonly blank?: string;
  /** In a form: neither this word nor the one before it holds a space, so both may share a field where there is room for few. */
  readonly joins?: boolean;
};

/** A form to draw. `values` are what its fields hold, by option; `refused` is the no that it comes back with. */
export type OpenForm = {
  readonly verb: VerbHelp;
  readonly values: Readonly<Record<string, string>>;
  readonly refused?: Reply;
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

/** Which word of a refusal names the option that it is about. */
const aboutOption: Partial<Record<RefusalCode, string>> = { 'value.wrong': 'name', 'verb.missing': 'option' };

/** A no, in the sentence that errors.ts has for it. */
export function refused(refusal: Refusal): Reply {
  const option = refusal[aboutOption[refusal.code] ?? ''];
  return { ok: false, text: explain(refusal), ...(option === undefined ? {} : { option: String(option) }) };
}
/** A yes, in one sentence. */
export const done = (text: string, card?: Card): Reply => (card ? { ok: true, text, card } : { ok: true, text });
