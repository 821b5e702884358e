/** A modal in the hands of a person: what the client lets them send, and what it does with the answer. */
import { lintSlack } from '../../../bot/slack/limits.ts';
import { type Block, type Field, type State, type View, withIds } from './state.ts';

const inputsOf = ({ blocks }: View): Block[] => blocks.filter(({ type }) => type === 'input');

/**
 * The state of the fields when `values` (by block_id) were typed over what the form came with. The client sends nothing that is too
 * long, left out, or not among the choices.
 */
export function filledIn(view: View, values: Record<string, string>) {
  const inputs = inputsOf(view);
  for (const id of Object.keys(values)) {
    if (!inputs.some((input) => input.block_id === id)) throw new Error(`fake Slack: the form has no field ${id}`);
  }
  const filled = inputs.map(({ block_id: id = '', element, optional = false }) => {
    if (!element) throw new Error(`fake Slack: ${id} has no field`);
    const value = values[id] ?? element.initial_option?.value ?? element.initial_value ?? '';
    if (value === '' && !optional) throw new Error(`fake Slack: the client does not send ${id} empty`);
    return [id, { [element.action_id ?? '']: fieldState(element, value) }] as const;
  });
  return { values: Object.fromEntries(filled) };
}

function fieldState({ type, options = [], max_length: most = 3000 }: Field, value: string) {
  if (type !== 'static_select') {
    if (value.length > most) throw new Error(`fake Slack: the field takes ${most} characters`);
    return { type, value: value || null };
  }
  const chosen = options.find((one) => one.value === value) ?? null;
  if (value !== '' && !chosen) throw new Error(`fake Slack: there is no "${value}" to choose`);
  return { type, selected_option: chosen };
}

/**
 * What the client does with the ack of a form: closes it, keeps it open with sentences beside its fields, or shows another view in its
 * place. Source: docs.slack.dev/surfaces/modals, "Updating and pushing modal views" and "Displaying errors in views".
 */
export function afterSubmit(state: State, view: View, body: unknown): void {
  const {
    response_action: action,
    errors = {},
    view: next,
  } = (body || {}) as {
    response_action?: string;
    errors?: Record<string, string>;
    view?: View;
  }; // the ack's shape, as the documentation has it
  if (action === undefined) return void state.views.delete(view.id);
  if (action === 'errors') {
    const strange = Object.keys(errors).filter((id) => !inputsOf(view).some((input) => input.block_id === id));
    if (strange.length > 0) throw new Error(`fake Slack: errors for ${strange}, which the form does not have`);
    return;
  }
  if (action !== 'update' || !next) throw new Error(`fake Slack: unknown response_action ${action}`);
  const faults = lintSlack(next);
  if (faults.length > 0) throw new Error(`fake Slack: ${faults.join('; ')}`);
  state.views.set(view.id, { ...next, id: view.id, blocks: withIds(state, next.blocks) });
}
