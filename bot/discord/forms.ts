/** The form of a verb as a Discord modal: drawn, read back, and written out again as a command, because a modal cannot answer a modal. Pure. */
import {
  type APILabelComponent,
  type APIModalInteractionResponseCallbackData,
  type APISelectMenuOption,
  ComponentType,
  TextInputStyle,
} from 'discord.js';
import { mustFill } from '../handlers/form.ts';
import type { OpenForm, VerbHelp, VerbOption } from '../handlers/press.ts';
import { commandName } from './commands.ts';
import { limits } from './limits.ts';
import { clip, plain } from './text.ts';

/** No button has this custom_id: theirs begin with an action, which has a dot. */
const mark = 'form';

/** Which verb a form is of, by the path of its subcommand, and the interaction that opened it. */
export type FormRef = { readonly path: string; readonly opening: string };

/** Reads a form's custom_id; null when it is the form of a button, or none of ours. */
export function readFormId(customId: string): FormRef | null {
  const { path, opening } = /^form\|(?<path>[^|]+)\|(?<opening>\d+)$/u.exec(customId)?.groups ?? {};
  return path && opening ? { path, opening } : null;
}

type Row = { readonly name: string; readonly options: readonly VerbOption[] };

/** The options in one field each, but for those that join the one before. A field is named after its first option. */
function rowsOf({ options }: VerbHelp): readonly Row[] {
  const rows: Row[] = [];
  for (const option of options) {
    const last = rows.at(-1);
    if (last && option.joins) rows[rows.length - 1] = { ...last, options: [...last.options, option] };
    else rows.push({ name: option.name, options: [option] });
  }
  return rows;
}

/** Draws a form with what is in its fields. */
export const renderForm = (
  { path, opening }: FormRef,
  { verb, values }: OpenForm,
): APIModalInteractionResponseCallbackData => ({
  custom_id: `${mark}|${path}|${opening}`,
  title: plain(verb.form ?? verb.name, limits.modalTitle),
  components: rowsOf(verb).map((row) => fieldOf(row, values)),
});

function fieldOf({ name, options }: Row, values: OpenForm['values']): APILabelComponent {
  const labels = options.map(({ label, name: own }, at) => (at > 0 ? (label ?? own).toLowerCase() : (label ?? own)));
  const descriptions = options.map(({ description }) => description).join(', ');
  const [first] = options;
  const choices = options.length === 1 ? first?.choices : undefined;
  const required = options.some(mustFill);
  const typed = clip(options.flatMap((option) => values[option.name] ?? []).join(' '), limits.modalTyped);
  return {
    type: ComponentType.Label,
    label: plain(labels.join(', '), limits.modalLabel),
    description: plain(
      options.length > 1 ? `${options.length} words: ${descriptions}` : descriptions,
      limits.modalDescription,
    ),
    component: choices
      ? { type: ComponentType.StringSelect, custom_id: name, required, options: optionsOf(choices, typed) }
      : {
          ...{ type: ComponentType.TextInput, custom_id: name, style: TextInputStyle.Short, required },
          ...{ max_length: limits.modalTyped, ...(typed ? { value: typed } : {}) },
        },
  };
}

const optionsOf = (choices: readonly string[], chosen: string): APISelectMenuOption[] =>
  choices
    .slice(0, limits.choices)
    .map((value) => ({ label: plain(value, limits.choice), value, ...(value === chosen ? { default: true } : {}) }));

/** Takes what was typed into each field, and gives it by option: in a field of several, one word each, the last one taking the rest. */
export function readFields(verb: VerbHelp, typedIn: (field: string) => string): Record<string, string> {
  const entries = rowsOf(verb).flatMap(({ name, options }) => {
    const typed = typedIn(name).trim();
    const words = options.length > 1 ? typed.split(/\s+/) : [typed];
    const last = options.length - 1;
    return options.map((option, at) => [option.name, at < last ? (words[at] ?? '') : words.slice(at).join(' ')]);
  });
  return Object.fromEntries(entries);
}

/** The command that says the same as a form, written as Discord's client writes commands. */
export function commandLine(path: string, { options }: VerbHelp, values: OpenForm['values']): string {
  const filled = options.flatMap(({ name }) => (values[name] ? [`${name}:${values[name]}`] : []));
  return [`/${commandName} ${path}`, ...filled].join(' ');
}
