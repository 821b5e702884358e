/** Discord's numbers, and a lint that names every place where a message or a form breaks them. */
import {
  type APIComponentInLabel,
  type APIMessageComponent,
  type APIMessageTopLevelComponent,
  type APIModalInteractionResponseCallbackData,
  ComponentType,
} from 'discord.js';

/** From Discord's OpenAPI document (sizes of one field) and its component reference (totals); the tighter one where they differ. */
export const limits = {
  /** Every component of a message counts, also the nested ones. */
  components: 40,
  /** All text displays of a message together. */
  text: 4000,
  buttonsPerRow: 5,
  label: 80,
  customId: 100,
  modalTitle: 45,
  modalLabel: 45,
  modalDescription: 100,
  modalPlaceholder: 100,
  /** Top-level components of a form. The component reference says 5, the OpenAPI document 40. */
  modalComponents: 5,
  /** What Discord lets a text field hold, and what ours do: a line. */
  modalInput: 4000,
  modalTyped: 400,
  commandDescription: 100,
  commandOptions: 25,
  /** Names, descriptions and choices of one command together: 4,000 in the older documentation, 8,000 in the newer. */
  commandText: 4000,
  choices: 25,
  choice: 100,
  threadName: 100,
  nonce: 25,
} as const;

/** The part of a message body that the lint reads. */
export type LintedMessage = {
  readonly flags?: number | null | undefined;
  readonly content?: string | null | undefined;
  readonly components?: readonly APIMessageTopLevelComponent[] | null | undefined;
};

/** Every component of a message, outermost first; buttons come after their row. */
export function flatten(components: readonly APIMessageComponent[]): APIMessageComponent[] {
  return components.flatMap((component) => {
    const inner = 'components' in component ? component.components : [];
    const beside = 'accessory' in component && component.accessory ? [component.accessory] : [];
    return [component, ...flatten([...inner, ...beside])];
  });
}

const twice = (values: readonly unknown[]): unknown[] => values.filter((value, at) => values.indexOf(value) !== at);

/** A sentence when `text` is given and empty, or longer than `most`. */
function sized(name: string, text: string | undefined, most: number): string[] {
  const fits = text === undefined || (text.trim().length > 0 && text.length <= most);
  return fits ? [] : [`${name} has ${text.trim().length} characters: 1 to ${most} are allowed`];
}

function lintOne(component: APIMessageComponent): string[] {
  if (component.type === ComponentType.ActionRow) {
    const { length } = component.components;
    return length >= 1 && length <= limits.buttonsPerRow ? [] : [`row has ${length} buttons: 1 to 5 are allowed`];
  }
  if (component.type === ComponentType.Container && component.components.length === 0) return ['container is empty'];
  return [
    ...('content' in component ? sized('text display', component.content, limits.text) : []),
    ...('custom_id' in component ? sized('custom_id', component.custom_id, limits.customId) : []),
    ...('label' in component ? sized('label', component.label, limits.label) : []),
  ];
}

/**
 * Takes a message body of components v2 (flag 32768) and gives one sentence per broken limit, none when Discord would take it.
 * Source: Discord's component reference and OpenAPI document.
 */
export function lintDiscord(message: LintedMessage): string[] {
  const all = flatten(message.components ?? []);
  const faults = all.flatMap(lintOne);
  const text = all.reduce((sum, one) => sum + ('content' in one ? one.content.length : 0), 0);
  if (all.length > limits.components) faults.push(`${all.length} components: ${limits.components} are allowed`);
  if (text > limits.text) faults.push(`${text} characters of text: ${limits.text} are allowed`);
  if (all.length === 0 && !message.content) faults.push('the message is empty');
  const v2 = ((message.flags ?? 0) & 32768) !== 0;
  if (v2 && message.content) faults.push('content is not allowed beside components v2');
  if (!v2 && all.some(({ type }) => type >= ComponentType.Section)) faults.push('components v2 need flag 32768');
  for (const id of twice(all.flatMap((one) => ('custom_id' in one ? [one.custom_id] : [])))) {
    faults.push(`custom_id ${id} is used twice`);
  }
  for (const id of twice(all.flatMap((one) => (one.id === undefined ? [] : [one.id])))) {
    faults.push(`component id ${id} is used twice`);
  }
  return faults;
}

/** Takes a form and gives one sentence per broken limit. Source: Discord's OpenAPI document. */
export function lintModal(modal: APIModalInteractionResponseCallbackData): string[] {
  const faults = [
    ...sized('title', modal.title, limits.modalTitle),
    ...sized('custom_id', modal.custom_id, limits.customId),
  ];
  const { length } = modal.components;
  if (length < 1 || length > limits.modalComponents) {
    faults.push(`${length} components: 1 to ${limits.modalComponents} are allowed`);
  }
  const fields = modal.components.flatMap((one) => ('component' in one ? [one.component.custom_id] : []));
  for (const id of twice(fields)) faults.push(`custom_id ${id} is used twice`);
  for (const component of modal.components) {
    if (component.type === ComponentType.TextDisplay) faults.push(...sized('text', component.content, limits.text));
    if (component.type !== ComponentType.Label) continue;
    faults.push(
      ...sized('label', component.label, limits.modalLabel),
      ...sized('description', component.description, limits.modalDescription),
      ...sized('custom_id', component.component.custom_id, limits.customId),
    );
    faults.push(...lintField(component.component));
  }
  return faults;
}

function lintField(field: APIComponentInLabel): string[] {
  if (field.type === ComponentType.TextInput) {
    const { placeholder, value = '', max_length = limits.modalInput } = field;
    const fits = max_length <= limits.modalInput && value.length <= max_length;
    return [
      ...sized('placeholder', placeholder, limits.modalPlaceholder),
      ...(fits ? [] : [`value has ${value.length} characters, of ${max_length}: at most ${limits.modalInput}`]),
    ];
  }
  if (field.type !== ComponentType.StringSelect) return [];
  const { options } = field;
  const fits = options.length >= 1 && options.length <= limits.choices;
  return [
    ...(fits ? [] : [`select has ${options.length} options: 1 to ${limits.choices} are allowed`]),
    ...options.flatMap(({ label, value }) => [
      ...sized('option', label, limits.choice),
      ...sized('value', value, limits.choice),
    ]),
    ...twice(options.map(({ value }) => value)).map((value) => `option ${value} is there twice`),
  ];
}
