/** The verbs as Discord sees them: one `/patch` command with subcommands, and what somebody chose, back in the desk's words. */
import {
  type APIApplicationCommandBasicOption,
  type APIApplicationCommandSubcommandGroupOption,
  type APIApplicationCommandSubcommandOption,
  ApplicationCommandOptionType,
  ApplicationCommandType,
  type RESTPostAPIChatInputApplicationCommandsJSONBody,
} from 'discord.js';
import { Failure } from '../../domain/model/failure.ts';
import type { VerbHelp, VerbOption } from '../handlers/press.ts';
import { limits } from './limits.ts';
import { plain } from './text.ts';

export const commandName = 'patch';
/** Where verbs go for which the first level has no room. */
const overflow = 'more';

export type Command = {
  readonly body: RESTPostAPIChatInputApplicationCommandsJSONBody;
  /** The verb behind a subcommand: `list`, or `device list` for a subcommand of a group. */
  verbAt(path: string): VerbHelp | undefined;
};

type Level = ReadonlyMap<string, VerbHelp | ReadonlyMap<string, VerbHelp>>;

/**
 * Two levels of at most 25 names. `device list` is `list` in the group `device`. A plain verb that has a group's name, and the last plain
 * ones when there are more than 25 names, go to the group `more`: Discord allows neither.
 */
function arrange(verbs: readonly VerbHelp[]): Level {
  const groups = new Map<string, Map<string, VerbHelp>>();
  const put = (group: string, name: string, verb: VerbHelp) =>
    groups.set(group, (groups.get(group) ?? new Map<string, VerbHelp>()).set(name, verb));
  const single = verbs.filter(({ name }) => !name.includes(' '));
  for (const verb of verbs) {
    const [group = '', ...rest] = verb.name.split(' ');
    if (rest.length > 0) put(group, rest.join('-'), verb);
  }
  const taken = single.filter(({ name }) => groups.has(name));
  const free = single.filter((verb) => !taken.includes(verb));
  const fits = taken.length === 0 && free.length + groups.size <= limits.commandOptions;
  const kept = fits ? free : free.slice(0, Math.max(0, limits.commandOptions - 1 - groups.size));
  for (const verb of [...taken, ...free.slice(kept.length)]) put(overflow, verb.name, verb);
  return new Map<string, VerbHelp | Map<string, VerbHelp>>([
    ...kept.map((verb) => [verb.name, verb] as const),
    ...groups,
  ]);
}

const refuse = (sentence: string): never => {
  throw new Failure('chat.refused', sentence);
};

/** Discord's rule for names, with our sentence for who adds a verb. */
function checked(name: string): string {
  if (/^[-_\p{Ll}\p{N}]{1,32}$/u.test(name)) return name;
  return refuse(`Discord cannot offer "${name}": names are 1 to 32 lower-case letters, digits, - and _.`);
}

const optionBody = (option: VerbOption, required: boolean, most: number): APIApplicationCommandBasicOption => ({
  type: ApplicationCommandOptionType.String,
  name: checked(option.name),
  description: plain(option.description, most) || option.name,
  required,
  autocomplete: option.suggests,
});

function verbBody(name: string, verb: VerbHelp, most: number): APIApplicationCommandSubcommandOption {
  if (verb.options.length > limits.commandOptions) {
    refuse(`Discord allows ${limits.commandOptions} options, "${verb.name}" has ${verb.options.length}.`);
  }
  return {
    type: ApplicationCommandOptionType.Subcommand,
    name: checked(name),
    description: plain(verb.summary, most) || verb.name,
    // Discord wants required options first; the words are put back into the verb's own order when a command arrives.
    // The client does not send a command without its required options, so a verb that has a form requires none of Discord.
    options: [...verb.options]
      .sort((a, b) => Number(b.required) - Number(a.required))
      .map((one) => optionBody(one, one.required && verb.form === undefined, most)),
  };
}

function groupBody(name: string, verbs: ReadonlyMap<string, VerbHelp>, most: number) {
  if (verbs.size > limits.commandOptions) refuse(`Discord allows 25 verbs in a group, "${name}" has ${verbs.size}.`);
  const group: APIApplicationCommandSubcommandGroupOption = {
    type: ApplicationCommandOptionType.SubcommandGroup,
    name: checked(name),
    description: plain([...verbs.keys()].join(', '), most),
    options: [...verbs].map(([sub, verb]) => verbBody(sub, verb, most)),
  };
  return group;
}

type Named = {
  readonly name: string;
  readonly description?: string | undefined;
  readonly type?: number | undefined;
  readonly required?: boolean | undefined;
  readonly autocomplete?: boolean | undefined;
  readonly options?: readonly Named[] | undefined;
};

/** Characters that count against the command's total: every name and description. Source: "Create Global Application Command". */
function sizeOf(part: Named): number {
  const inner = (part.options ?? []).reduce((sum, option) => sum + sizeOf(option), 0);
  return part.name.length + (part.description ?? '').length + inner;
}

/**
 * Takes the desk's verbs and gives the `/patch` command. Descriptions are shortened evenly until the whole fits Discord's 4,000
 * characters. Failure `chat.refused` when names are not Discord's kind or there are too many of them.
 */
export function commandOf(verbs: readonly VerbHelp[]): Command {
  const level = arrange(verbs);
  if (level.size > limits.commandOptions) {
    refuse(`Discord allows ${limits.commandOptions} names below /${commandName}, the verbs need ${level.size}.`);
  }
  const bodyWith = (most: number): RESTPostAPIChatInputApplicationCommandsJSONBody => ({
    type: ApplicationCommandType.ChatInput,
    name: commandName,
    description: 'Patches, approvals and rollouts',
    options: [...level].map(([name, one]) =>
      'summary' in one ? verbBody(name, one, most) : groupBody(name, one, most),
    ),
  });
  const body = [limits.commandDescription, 70, 45, 30, 15]
    .map(bodyWith)
    .find((one) => sizeOf(one) <= limits.commandText);
  const byPath = new Map<string, VerbHelp>();
  for (const [name, one] of level) {
    if ('summary' in one) byPath.set(name, one);
    else for (const [sub, verb] of one) byPath.set(`${name} ${sub}`, verb);
  }
  return {
    body: body ?? refuse(`The verbs need more than the ${limits.commandText} characters that Discord allows.`),
    verbAt: (path) => byPath.get(path),
  };
}

/**
 * Takes a verb and what was filled in, by option name; gives the positional words, or the option that has to be filled in as well
 * because a later one was. A verb that has a form may have gaps: the form asks for them.
 */
export function wordsOf(verb: VerbHelp, filled: ReadonlyMap<string, string>): readonly string[] | { missing: string } {
  if (verb.form !== undefined) return verb.options.map(({ name }) => filled.get(name) ?? '');
  const last = verb.options.findLastIndex(({ name }) => filled.has(name));
  const words: string[] = [];
  for (const { name } of verb.options.slice(0, last + 1)) {
    const word = filled.get(name);
    if (word === undefined) return { missing: name };
    words.push(word);
  }
  return words;
}

/** What Discord keeps of a command and what we would send, in one comparable form: it adds fields and leaves out `false`. */
export function canonical({
  name,
  description,
  type,
  required = false,
  autocomplete = false,
  options = [],
}: Named): unknown {
  return { name, description, type, required, autocomplete, options: options.map(canonical) };
}
