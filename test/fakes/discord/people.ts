/** What a person can do in the Discord client, and nothing else: press what is visible and enabled, fill in what the form allows. */
import {
  type APIButtonComponentWithCustomId,
  type APIComponentInLabel,
  type APIModalInteractionResponseCallbackData,
  ComponentType,
  InteractionType,
} from 'discord.js';
import { flatten } from '../../../bot/discord/limits.ts';
import type { Interactions, Outcome } from './interactions.ts';
import type { Rest } from './rest.ts';
import type { CommandOption } from './routes.ts';
import { type FakeMessage, type FakeUser, snowflake, type World } from './world.ts';

export type Human = ReturnType<typeof createHuman>;
type Form = Extract<Outcome, { kind: 'form' }>;

const subcommand = 1;
const string = 3;

/** All text of a message, top to bottom, as it was sent. */
export const textOf = (message: FakeMessage): string =>
  [message.content, ...flatten(message.components).flatMap((one) => ('content' in one ? [one.content] : []))]
    .filter(Boolean)
    .join('\n');

/** The buttons of a message, in order. */
export const buttonsOf = (message: FakeMessage): APIButtonComponentWithCustomId[] =>
  flatten(message.components).flatMap((one) =>
    one.type === ComponentType.Button && 'custom_id' in one ? [one as APIButtonComponentWithCustomId] : [],
  );

/** One person at the client. `elsewhere` is the id of another server, to act from there. */
export function createHuman(world: World, interactions: Interactions, rest: Rest, user: FakeUser, elsewhere?: string) {
  const server = elsewhere === undefined ? {} : { guild: elsewhere };

  function looksAt(message: FakeMessage): void {
    const place = world.channels.get(message.channel);
    const hidden =
      (message.onlyFor && message.onlyFor !== user.id) || (place?.recipient && place.recipient !== user.id);
    if (!world.messages.has(message.id) || hidden) throw new Error(`${user.username} does not see this message`);
  }

  /** Finds the option list of `device show`; a path that the server was not offered is an error, as the client would not list it. */
  function optionsAt(path: string): { command: string; names: string[]; options: CommandOption[] } {
    const [command = '', ...names] = path.split(' ');
    const known = rest.state.commands.find(({ name }) => name === command);
    let options = known?.options;
    for (const name of names) options = options?.find((one) => one.name === name)?.options ?? undefined;
    if (!known || !options) throw new Error(`/${path} is not offered`);
    return { command, names, options };
  }

  const nested = (names: readonly string[], inner: object[]): object[] =>
    names.reduceRight<object[]>(
      (options, name, at) => [{ type: at === names.length - 1 ? subcommand : 2, name, options }],
      inner,
    );

  function start(type: InteractionType, path: string, filled: object[]): Promise<Outcome> {
    const { command, names } = optionsAt(path);
    const data = { id: snowflake(), name: command, type: 1, guild_id: world.guild, options: nested(names, filled) };
    return interactions.begin({ user, type, data, channel: world.channel, ...server });
  }

  return {
    user,

    /** Presses the button with this label. */
    press(message: FakeMessage, label: string): Promise<Outcome> {
      looksAt(message);
      const button = buttonsOf(message).find((one) => one.label === label);
      if (!button || button.disabled) throw new Error(`there is no button "${label}" to press`);
      const data = { custom_id: button.custom_id, component_type: ComponentType.Button, id: button.id };
      const { channel } = message;
      return interactions.begin({
        user,
        type: InteractionType.MessageComponent,
        data,
        channel,
        from: message,
        ...server,
      });
    },

    /** Sends `/patch device show` with these options. */
    command(path: string, filled: Record<string, string> = {}): Promise<Outcome> {
      const { options } = optionsAt(path);
      for (const { name, required } of options) if (required && !filled[name]) throw new Error(`${name} is required`);
      for (const name of Object.keys(filled)) {
        if (!options.some((one) => one.name === name)) throw new Error(`/${path} has no option ${name}`);
      }
      const given = Object.entries(filled).map(([name, value]) => ({ type: string, name, value }));
      return start(InteractionType.ApplicationCommand, path, given);
    },

    /** Types into one option; `choices` come back. */
    async type(path: string, option: string, typed: string): Promise<readonly string[]> {
      const known = optionsAt(path).options.find(({ name }) => name === option);
      if (!known?.autocomplete) throw new Error(`${option} does not complete`);
      const focused = [{ type: string, name: option, value: typed, focused: true }];
      const outcome = await start(InteractionType.ApplicationCommandAutocomplete, path, focused);
      return outcome.kind === 'choices' ? outcome.choices.map(({ value }) => value) : [];
    },

    /** Fills in the form's fields in order and submits it; a field without a value keeps what it came with. */
    submit({ form, from }: Form, ...values: (string | undefined)[]): Promise<Outcome> {
      const components = filledIn(form, values);
      const data = { custom_id: form.custom_id, components };
      const channel = from?.channel ?? world.channel;
      return interactions.begin({ user, type: InteractionType.ModalSubmit, data, channel, from, ...server });
    },
  };
}

function filledIn(form: APIModalInteractionResponseCallbackData, values: readonly (string | undefined)[]): object[] {
  const rest = [...values];
  return form.components.map((component, at) => {
    const { type } = component;
    const field = type === ComponentType.Label ? fieldState(component.component, rest.shift()) : null;
    return { type, id: at + 1, ...(field ? { component: { ...field, id: at + 100 } } : {}) };
  });
}

/** One field as it is sent. The client sends nothing that is too long, left out, or not among the choices. */
function fieldState(field: APIComponentInLabel, given: string | undefined): object {
  if (field.type === ComponentType.StringSelect) {
    const { type, custom_id, options, required = true } = field;
    const value = given ?? options.find((one) => one.default)?.value ?? '';
    const known = value === '' ? !required : options.some((one) => one.value === value);
    if (!known) throw new Error(`the form does not take "${value}"`);
    return { type, custom_id, values: value === '' ? [] : [value] };
  }
  if (field.type !== ComponentType.TextInput) throw new Error(`nobody has filled in a field of type ${field.type} yet`);
  const { type, custom_id, required = true, max_length = 4000 } = field;
  const value = given ?? field.value ?? '';
  if ((required && value === '') || value.length > max_length) throw new Error(`the form does not take "${value}"`);
  return { type, custom_id, value };
}
