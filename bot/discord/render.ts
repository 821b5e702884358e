/** Cards and replies to Discord's components v2. Pure; what is too long is cut with a count, never refused. */
import { createHash } from 'node:crypto';
import {
  type APIButtonComponentWithCustomId,
  type APIComponentInContainer,
  type APIMessageTopLevelComponent,
  type APITextDisplayComponent,
  ButtonStyle,
  ComponentType,
  MessageFlags,
} from 'discord.js';
import { type Card, type CardButton, listed, type Text, type Tone } from '../../domain/cards/card.ts';
import type { Reply } from '../handlers/press.ts';
import { askLine, customIdOf, ids } from './asks.ts';
import { limits } from './limits.ts';
import { draw, plain } from './text.ts';

/** A message body for create and edit alike. */
export type DiscordMessage = {
  readonly flags: number;
  readonly components: APIMessageTopLevelComponent[];
  readonly allowed_mentions: { readonly parse: [] };
};

/** Signs of different shape, so that nobody depends on the colour of the bar; the status in words stands beside them. */
const signs: Record<Tone, string> = { plain: '🔹', good: '✅', warn: '⚠️', bad: '⛔' };
const colours: Record<Tone, number> = { plain: 0x5865f2, good: 0x3ba55d, warn: 0xf0b232, bad: 0xda373c };
const styles: Record<Tone, APIButtonComponentWithCustomId['style']> = {
  plain: ButtonStyle.Secondary,
  good: ButtonStyle.Success,
  warn: ButtonStyle.Primary,
  bad: ButtonStyle.Danger,
};

/** Shares of the 4,000 characters, after escaping. What the facts and the list get is what the others leave. */
const share = {
  status: 120,
  title: 250,
  summary: 700,
  label: 60,
  fact: 400,
  item: 160,
  note: 400,
  asks: 1000,
  more: 60,
};
const listReserve = 700;
const rowsOfButtons = 4;

/** The number that marks a message as the one for `key`: 30 bits, kept in a component id, where nobody has to look at it. */
export function markOf(key: string): number {
  return ids.firstMark + (createHash('sha256').update(key).digest().readUInt32BE(0) % 2 ** 30);
}

const text = (content: string, id?: number): APITextDisplayComponent => ({
  type: ComponentType.TextDisplay,
  ...(id === undefined ? {} : { id }),
  content,
});

const joined = (lines: readonly (string | undefined)[], glue = '\n'): string => lines.filter(Boolean).join(glue);
const bold = (markdown: string): string => (markdown ? `**${markdown}**` : '');

/** Ten blocks and the numbers in words. A failed device counts as finished work, but is named. */
function bar({ done, failed, total }: NonNullable<Card['progress']>): string {
  const blocks = total > 0 ? Math.max(0, Math.min(10, Math.floor((10 * (done + failed)) / total))) : 0;
  return `${'▰'.repeat(blocks)}${'▱'.repeat(10 - blocks)} **${done} of ${total}** done${failed > 0 ? ` · **${failed}** failed` : ''}`;
}

type Choices = { readonly rows: APIComponentInContainer[]; readonly asks: readonly string[]; readonly left: number };

/** Buttons that fit, the questions of those that ask, and how many did not fit. */
function choicesOf(buttons: readonly CardButton[]): Choices {
  const shown = new Map<string, APIButtonComponentWithCustomId>();
  const asks: string[] = [];
  let room = share.asks;
  for (const button of buttons) {
    const customId = customIdOf(button);
    const ask = askLine(button);
    const full = shown.size >= rowsOfButtons * limits.buttonsPerRow || (ask ?? '').length > room;
    if (ask === undefined || full || shown.has(customId) || customId.length > limits.customId) continue;
    shown.set(customId, {
      type: ComponentType.Button,
      ...(ask === null ? {} : { id: ids.firstAsk + asks.length }),
      style: styles[button.tone],
      label: plain(button.label, limits.label) || plain(button.action, limits.label),
      custom_id: customId,
    });
    if (ask === null) continue;
    asks.push(ask);
    room -= ask.length + 1;
  }
  const all = [...shown.values()];
  const rows: APIComponentInContainer[] = [];
  for (let at = 0; at < all.length; at += limits.buttonsPerRow) {
    rows.push({ type: ComponentType.ActionRow, components: all.slice(at, at + limits.buttonsPerRow) });
  }
  return { rows, asks, left: new Set(buttons.map(customIdOf)).size - shown.size };
}

/** As many lines as fit into `room`, and how many did not. */
function fill(lines: readonly string[], room: number): { readonly kept: readonly string[]; readonly lost: number } {
  let left = room;
  const until = lines.findIndex((line) => {
    left -= line.length + 1;
    return left < 0;
  });
  return until < 0 ? { kept: lines, lost: 0 } : { kept: lines.slice(0, until), lost: lines.length - until };
}

function factLines(facts: Card['facts'], room: number): string {
  const drawn = facts.map(({ label, value }) =>
    joined([bold(draw(label, share.label)), draw(value, share.fact, { relative: true })], '\u2002'),
  );
  const { kept, lost } = fill(drawn.filter(Boolean), room);
  return joined([...kept, lost > 0 ? `-# + ${lost} more facts` : undefined]);
}

function listLines(list: NonNullable<Card['list']>, room: number, most: number): string {
  const title = bold(draw(list.title, share.label));
  const drawn = list.items.slice(0, most).map((item) => `- ${draw(item, share.item) || '…'}`);
  const { kept } = fill(drawn, room - title.length - share.more);
  const more = list.more + list.items.length - kept.length;
  return joined([title, ...kept, more > 0 ? `-# + ${more} more` : undefined]);
}

function headerOf(card: Card): string {
  const title = draw(card.title, share.title);
  return joined([
    joined([signs[card.tone], bold(draw(card.status, share.status))], ' '),
    title && `## ${title}`,
    card.summary && draw(card.summary, share.summary),
  ]);
}

function noteOf({ note = '' }: Card): string {
  const drawn = draw(note, share.note);
  return drawn && `-# ${drawn}`;
}

/** A card with nothing but words is one line without a frame: threads stay short. */
function lineOf(card: Card, mark?: number): APIMessageTopLevelComponent {
  const head = [signs[card.tone], bold(draw(card.status, share.status)), draw(card.title, share.title)];
  return text(joined([joined(head, ' '), card.summary && draw(card.summary, share.summary), noteOf(card)]), mark);
}

/** What a card may take: characters, items of its list; and the number by which its message is found again. */
type Space = { readonly budget: number; readonly most: number; readonly mark?: number | undefined };

const separator: APIComponentInContainer = { type: ComponentType.Separator, divider: true, spacing: 1 };

function frameOf(card: Card, { budget, most, mark }: Space): APIMessageTopLevelComponent {
  const { rows, asks, left } = choicesOf(card.buttons);
  const header = headerOf(card);
  const progress = card.progress ? bar(card.progress) : '';
  const small = joined([
    ...asks,
    noteOf(card),
    left > 0 ? `-# ${left} more choices did not fit here: use /patch` : undefined,
  ]);
  const room = budget - header.length - progress.length - small.length - share.more;
  const facts = factLines(card.facts, room - (card.list ? listReserve : 0));
  const list = card.list ? listLines(card.list, room - facts.length, most) : '';
  const body = [facts, progress, list].filter(Boolean).map((content) => text(content));
  return {
    type: ComponentType.Container,
    accent_color: colours[card.tone],
    components: [
      text(header, mark),
      ...(body.length > 0 ? [separator, ...body] : []),
      ...rows,
      ...(small ? [text(small, ids.smallPrint)] : []),
    ],
  };
}

function cardIn(card: Card, space: Space): APIMessageTopLevelComponent {
  const framed = card.facts.length > 0 || card.list || card.progress || card.buttons.length > 0;
  return framed ? frameOf(card, space) : lineOf(card, space.mark);
}

const message = (components: APIMessageTopLevelComponent[]): DiscordMessage => ({
  flags: MessageFlags.IsComponentsV2,
  components,
  allowed_mentions: { parse: [] },
});

/** Takes a card, and the number from `markOf` when the message is to be found again; gives the body to send. Always within `limits`. */
export const renderCard = (card: Card, mark?: number): DiscordMessage =>
  message([cardIn(card, { budget: limits.text, most: listed.message, mark })]);

/** Takes what only the presser sees and gives its body: the sentence, and the card below it when there is one. Always within `limits`. */
export function renderReply(reply: Pick<Reply, 'ok' | 'text' | 'card'>): DiscordMessage {
  const sentence = draw(reply.text, reply.card ? 1000 : limits.text - 10, { lines: true });
  // A table or a help text is no "done": only a single sentence gets a sign.
  const sign = reply.ok ? (sentence.includes('\n') ? '' : signs.good) : signs.warn;
  const said = text(joined([sign, sentence], ' ') || signs.good);
  return message(
    reply.card ? [said, cardIn(reply.card, { budget: limits.text - said.content.length, most: listed.reply })] : [said],
  );
}

export type Pressed = Pick<APIButtonComponentWithCustomId, 'style' | 'label' | 'custom_id'>;

/** Takes a question's sentence and the button that asked; gives the small card that only the presser sees, with that button to go on. */
export function renderConfirm(sentence: Text, { style, label, custom_id }: Pressed): DiscordMessage {
  const yes: APIButtonComponentWithCustomId = {
    type: ComponentType.Button,
    style,
    label: plain(label ?? '', limits.label) || 'Go on',
    custom_id,
  };
  return message([
    {
      type: ComponentType.Container,
      accent_color: colours.warn,
      components: [
        text(joined([`${signs.warn} **Are you sure?**`, draw(sentence, 400)])),
        { type: ComponentType.ActionRow, components: [yes] },
        text('-# Nothing has happened yet. Dismiss this message to leave it.'),
      ],
    },
  ]);
}
