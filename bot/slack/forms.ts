/** The form of a verb as a Slack modal: drawn, read back, and drawn again or marked when the desk said no. Pure. */
import type { types, ViewResponseAction, ViewStateValue } from '@slack/bolt';
import { mustFill, wrongField } from '../handlers/form.ts';
import type { OpenForm, VerbHelp, VerbOption } from '../handlers/press.ts';
import { limits } from './limits.ts';
import { type Filling, writeAsked } from './ref.ts';
import { plainText } from './text.ts';

/** callback_id of the form. The block_id and action_id of a field are the name of its option. */
const FORM = 'patchherd.form';

/** Draws a form with what is in its fields. The sentence of a no that belongs to no field stands on top. */
export function renderForm(form: OpenForm, filling: Filling): types.ModalView {
  const { verb, values, refused } = form;
  const onTop = refused && wrongField(form) === undefined ? refused.text : undefined;
  return {
    type: 'modal',
    callback_id: FORM,
    private_metadata: writeAsked(filling),
    title: plainText(verb.form ?? verb.name, limits.view.title),
    submit: plainText('Send', limits.view.title),
    close: plainText('Cancel', limits.view.title),
    blocks: [
      ...(onTop === undefined ? [] : [{ type: 'section', text: plainText(`⚠️ ${onTop}`, limits.section) } as const]),
      ...verb.options.map((option) => fieldOf(option, values[option.name])),
    ],
  };
}

function fieldOf(option: VerbOption, value: string | undefined): types.InputBlock {
  const { name, label = name, description } = option;
  return {
    type: 'input',
    block_id: name,
    label: plainText(label, limits.input.label),
    hint: plainText(description, limits.input.hint),
    optional: !mustFill(option),
    element: option.choices ? selectOf(name, option.choices, value) : textOf(name, value),
  };
}

const textOf = (name: string, value: string | undefined): types.PlainTextInput => ({
  ...{ type: 'plain_text_input', action_id: name, max_length: limits.input.typed },
  ...(value === undefined ? {} : { initial_value: value.slice(0, limits.input.typed) }),
});

/** Slack refuses a chosen option that is not, part by part, one of the options. */
function selectOf(name: string, choices: readonly string[], value: string | undefined): types.StaticSelect {
  const options = choices.slice(0, limits.select.options).map((choice) => ({
    text: plainText(choice, limits.select.text),
    value: choice,
  }));
  const chosen = options.find((one) => one.value === value);
  return { type: 'static_select', action_id: name, options, ...(chosen ? { initial_option: chosen } : {}) };
}

type Typed = Readonly<Record<string, Readonly<Record<string, ViewStateValue>>>>;

/** What the fields of a submitted form hold, by option. */
export function readFields({ options }: VerbHelp, typed: Typed): Record<string, string> {
  const fields = options.map(({ name }) => [name, typed[name]?.[name]] as const);
  return Object.fromEntries(fields.map(([name, field]) => [name, field?.value ?? field?.selected_option?.value ?? '']));
}

/** How Slack shows a no in the form that was sent, which keeps what was typed: beside its field, else on top. */
export function refuseForm(form: OpenForm, filling: Filling): ViewResponseAction {
  const field = wrongField(form);
  return field === undefined
    ? { response_action: 'update', view: renderForm(form, filling) }
    : { response_action: 'errors', errors: { [field]: form.refused?.text ?? '' } };
}
