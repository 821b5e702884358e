/** Discord's interactions in, the desk's answers out. Every one is acknowledged first: Discord allows three seconds, a decision may take longer. */
import {
  type APIModalInteractionResponseCallbackData,
  type AutocompleteInteraction,
  type ButtonInteraction,
  type ChatInputCommandInteraction,
  type Client,
  ComponentType,
  DiscordAPIError,
  Events,
  type Interaction,
  MessageFlags,
  type ModalSubmitInteraction,
  TextInputStyle,
} from 'discord.js';
import { explain } from '../../domain/errors.ts';
import type { Account } from '../../domain/model/people.ts';
import type { Log } from '../../domain/ports.ts';
import { formDelivery, formWords } from '../handlers/form.ts';
import type { Desk, Reply } from '../handlers/press.ts';
import { type Ask, buttonIn, readAsk, readCustomId } from './asks.ts';
import { type Command, wordsOf } from './commands.ts';
import { commandLine, type FormRef, readFields, readFormId, renderForm } from './forms.ts';
import { limits } from './limits.ts';
import { type DiscordMessage, renderConfirm, renderReply } from './render.ts';
import { clip, draw, plain } from './text.ts';

export type Reception = {
  /** The only server that is served; also the workspace of people who press in private messages. */
  readonly guild: string;
  readonly desk: Desk;
  readonly log: Log;
  readonly command: Command;
};

type Answerable = ButtonInteraction | ModalSubmitInteraction | ChatInputCommandInteraction;

const no = (text: string): Reply => ({ ok: false, text });
const phraseMark = 'is|';

/** discord.js has its own spelling of the same body. */
const body = ({ components, allowed_mentions }: DiscordMessage) => ({
  flags: MessageFlags.IsComponentsV2 as const,
  components,
  allowedMentions: allowed_mentions,
});

async function say(interaction: Answerable, message: DiscordMessage): Promise<void> {
  if (interaction.deferred) await interaction.editReply(body(message));
  else {
    await interaction.reply({
      ...body(message),
      flags: [MessageFlags.IsComponentsV2, MessageFlags.Ephemeral],
    });
  }
}

/** Acknowledges, works, answers. When the acknowledgement fails Discord has already told the person that nothing happened: so nothing does. */
async function answerWith(interaction: Answerable, work: () => Promise<Reply>): Promise<void> {
  await interaction.deferReply({ flags: MessageFlags.Ephemeral });
  await say(interaction, renderReply(await work()));
}

/** The form of a button that asks. The wanted phrase travels in the field's id, so that the answer can be judged without the message. */
function formOf(
  customId: string,
  { confirm, asks }: Required<Pick<Ask, 'asks'>> & Ask,
): APIModalInteractionResponseCallbackData {
  const { title, label, phrase } = asks;
  return {
    custom_id: customId,
    title: plain(title, limits.modalTitle),
    components: [
      ...(confirm ? [{ type: ComponentType.TextDisplay as const, content: draw(confirm, 400) }] : []),
      {
        type: ComponentType.Label,
        label: plain(label, limits.modalLabel),
        ...(phrase ? { description: clip(`Type exactly: ${phrase}`, limits.modalDescription) } : {}),
        component: {
          type: ComponentType.TextInput,
          custom_id: phrase ? `${phraseMark}${phrase}` : 'text',
          style: TextInputStyle.Short,
          required: true,
          max_length: limits.modalTyped,
          ...(phrase ? { placeholder: clip(phrase, limits.modalPlaceholder) } : {}),
        },
      },
    ],
  };
}

/**
 * A button. One that asks for text opens a form, which must be the first answer. One that only wants a yes gets a small card with the
 * button again: a form without a field to fill in does not exist, and a field that nobody needs is worse than a second press.
 */
async function onButton(interaction: ButtonInteraction, account: Account, desk: Desk): Promise<void> {
  const { customId, message } = interaction;
  const components = message.components.map((component) => component.toJSON());
  const [ref, button, ask] = [readCustomId(customId), buttonIn(components, customId), readAsk(components, customId)];
  if (!ref || !button || ask === undefined) {
    return say(interaction, renderReply(no(explain({ code: 'card.unreadable' }))));
  }
  if (ask?.asks) return void (await interaction.showModal(formOf(customId, { ...ask, asks: ask.asks })));
  if (ask?.confirm) return say(interaction, renderConfirm(ask.confirm, button));
  await answerWith(interaction, () => desk.press({ account, delivery: interaction.id, ...ref }));
}

async function onForm(interaction: ModalSubmitInteraction, account: Account, desk: Desk): Promise<void> {
  const ref = readCustomId(interaction.customId);
  const field = interaction.fields.fields.find(({ type }) => type === ComponentType.TextInput);
  if (!ref || !field) return say(interaction, renderReply(no(explain({ code: 'card.unreadable' }))));
  const answer = interaction.fields.getTextInputValue(field.customId).trim();
  const phrase = field.customId.startsWith(phraseMark) ? field.customId.slice(phraseMark.length) : null;
  if (phrase !== null && plain(answer, 400) !== phrase) {
    return say(interaction, renderReply(no(explain({ code: 'phrase.wrong', phrase }))));
  }
  await answerWith(interaction, () => desk.press({ account, delivery: interaction.id, ...ref, answer }));
}

/** The form of a verb. A no comes with the command to send again, because no form can answer a form. */
async function onVerbForm(
  interaction: ModalSubmitInteraction,
  { path, opening }: FormRef,
  account: Account,
  { command, desk }: Reception,
): Promise<void> {
  const verb = command.verbAt(path);
  if (!verb) return say(interaction, renderReply(no(explain({ code: 'card.unreadable' }))));
  const values = readFields(verb, (name) => {
    const field = interaction.fields.fields.get(name);
    if (field?.type === ComponentType.StringSelect) return field.values[0] ?? '';
    return field?.type === ComponentType.TextInput ? field.value : '';
  });
  const words = formWords(verb, values);
  await answerWith(interaction, async () => {
    const delivery = formDelivery(opening, words);
    const reply = await desk.command({ account, delivery, verb: verb.name, words });
    if (reply.ok) return reply;
    return { ...reply, text: `${reply.text}\nTo send it again: ${commandLine(path, verb, values)}` };
  });
}

const pathOf = ({ options }: ChatInputCommandInteraction | AutocompleteInteraction): string =>
  [options.getSubcommandGroup(false), options.getSubcommand(false)].filter(Boolean).join(' ');

async function onCommand(
  interaction: ChatInputCommandInteraction,
  account: Account,
  reception: Reception,
): Promise<void> {
  const path = pathOf(interaction);
  const verb = reception.command.verbAt(path);
  if (!verb) return say(interaction, renderReply(no(explain({ code: 'verb.unknown', verb: path, guess: 'help' }))));
  const filled = new Map<string, string>();
  for (const { name } of verb.options) {
    const value = interaction.options.getString(name)?.trim();
    if (value) filled.set(name, value);
  }
  const words = wordsOf(verb, filled);
  if ('missing' in words) {
    const sentence = `Fill in ${words.missing} as well: ${verb.name} reads its options in order.`;
    return say(interaction, renderReply(no(sentence)));
  }
  const { desk } = reception;
  const call = { account, delivery: interaction.id, verb: verb.name, words };
  const form = desk.form(call);
  if (form) return void (await interaction.showModal(renderForm({ path, opening: interaction.id }, form)));
  await answerWith(interaction, () => desk.command(call));
}

/** Completions cannot be acknowledged first, so the desk answers from memory. Longer ones than Discord takes would not come back whole. */
async function onSuggest(interaction: AutocompleteInteraction, account: Account, reception: Reception): Promise<void> {
  const verb = reception.command.verbAt(pathOf(interaction));
  const { name, value } = interaction.options.getFocused(true);
  const known = verb ? await reception.desk.suggest(account, verb.name, name, value) : [];
  const fitting = known.filter((one) => one.length > 0 && one.length <= limits.choice).slice(0, limits.choices);
  await interaction.respond(fitting.map((one) => ({ name: one, value: one })));
}

async function answer(interaction: Interaction, reception: Reception): Promise<void> {
  const account: Account = { platform: 'discord', workspace: reception.guild, user: interaction.user.id };
  if (interaction.guildId !== null && interaction.guildId !== reception.guild) {
    if (interaction.isAutocomplete()) return interaction.respond([]);
    if (interaction.isRepliable()) {
      await interaction.reply({ content: 'This bot works for another server.', flags: MessageFlags.Ephemeral });
    }
    return;
  }
  if (interaction.isAutocomplete()) return onSuggest(interaction, account, reception);
  if (interaction.isButton()) return onButton(interaction, account, reception.desk);
  if (interaction.isModalSubmit()) {
    const ref = readFormId(interaction.customId);
    return ref ? onVerbForm(interaction, ref, account, reception) : onForm(interaction, account, reception.desk);
  }
  if (interaction.isChatInputCommand()) return onCommand(interaction, account, reception);
}

/** Listens until `stop`, which waits for the answers that are under way. What cannot be answered is logged, never thrown. */
export function receive(client: Client, reception: Reception): { stop(): Promise<void> } {
  const underway = new Set<Promise<void>>();
  function listen(interaction: Interaction): void {
    const answering = answer(interaction, reception)
      .catch((error: unknown) => {
        // An API error holds the address, and that holds the interaction's token: only its number and words are logged.
        const because = error instanceof DiscordAPIError ? { code: error.code, text: error.message } : { error };
        reception.log.warn('interaction.unanswered', { kind: interaction.type, user: interaction.user.id, ...because });
      })
      .finally(() => underway.delete(answering));
    underway.add(answering);
  }
  client.on(Events.InteractionCreate, listen);
  return {
    async stop() {
      client.off(Events.InteractionCreate, listen);
      await Promise.allSettled(underway);
    },
  };
}
