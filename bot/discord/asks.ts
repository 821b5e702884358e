/** What a button carries: its custom_id, and the question that it asks first, which stays readable in the card's small print. */
import { type APIButtonComponentWithCustomId, type APIMessageComponent, ComponentType } from 'discord.js';
import type { CardButton } from '../../domain/cards/card.ts';
import { flatten, limits } from './limits.ts';
import { draw, plain, undraw } from './text.ts';

export type Ref = { readonly action: string; readonly subject: string; readonly seenRev: number };

/** What a button wants before it acts: a yes to a sentence, a line of text, or both. All plain text. */
export type Ask = Pick<CardButton, 'confirm' | 'asks'>;

/** `action|subject@rev`; more than 100 characters when the subject is no ordinary id. */
export const customIdOf = ({ action, subject, rev }: CardButton): string => `${action}|${subject}@${rev}`;

/** Reads a custom_id; null when another version or another bot wrote it. */
export function readCustomId(customId: string): Ref | null {
  const { action, subject, rev } = /^(?<action>[^|]+)\|(?<subject>.+)@(?<rev>\d+)$/su.exec(customId)?.groups ?? {};
  return action && subject && rev ? { action, subject, seenRev: Number(rev) } : null;
}

/**
 * Component ids that the renderer sets itself. Discord numbers the others from 1, and a message has at most 40.
 * Source: Discord's component reference ("anatomy of a component": `id` is returned as it was sent).
 */
export const ids = { smallPrint: 200, firstAsk: 201, firstMark: 2 ** 30 } as const;

/** Most characters of a phrase: it travels in the form's field id behind `is|`. */
const phraseLength = limits.customId - 3;

/**
 * Takes a button and gives its line of small print, or null when it acts at once. A press brings back only 100 characters, and a
 * restart must lose nothing: so the question is kept in the message itself, where people may read it before they press.
 * `readAsk` turns it back. Gives undefined when the phrase is too long to be asked for: such a button cannot be shown.
 */
export function askLine({ label, action, confirm, asks }: CardButton): string | null | undefined {
  if (!asks && confirm === undefined) return null;
  const phrase = asks?.phrase === undefined ? undefined : plain(asks.phrase, phraseLength + 1);
  if (phrase === '' || (phrase?.length ?? 0) > phraseLength) return undefined;
  const parts = [`-# **${draw(label, 80) || draw(action, 80)}**`];
  if (confirm !== undefined) parts.push(draw(confirm, 300) || 'Are you sure?');
  if (asks) {
    parts.push(
      `asks: *${draw(asks.title, limits.modalTitle) || 'Answer'}* ·`,
      draw(asks.label, limits.modalLabel) || 'Answer',
    );
    if (phrase !== undefined) parts.push(`**${draw(phrase, 2 * phraseLength)}**`);
  }
  return parts.join(' ');
}

/** Escaped text: a bare asterisk in such a line is always ours, never the author's. */
const escaped = String.raw`(?:\\.|[^\\*])*`;
const written = new RegExp(
  `^-# \\*\\*${escaped}\\*\\*(?: (?<confirm>${escaped}))?(?: asks: \\*(?<title>${escaped})\\* · (?<label>${escaped})(?: \\*\\*(?<phrase>${escaped})\\*\\*)?)?$`,
  'su',
);

/** The button with this custom_id, anywhere in a message. */
export function buttonIn(components: readonly APIMessageComponent[], customId: string) {
  const buttons = flatten(components).filter((one) => one.type === ComponentType.Button);
  return buttons.find((one): one is APIButtonComponentWithCustomId => 'custom_id' in one && one.custom_id === customId);
}

/** Takes the message's components and the pressed custom_id; gives what to ask, null for nothing, undefined when it is unreadable. */
export function readAsk(components: readonly APIMessageComponent[], customId: string): Ask | null | undefined {
  const button = buttonIn(components, customId);
  if (!button) return undefined;
  if (button.id === undefined || button.id < ids.firstAsk) return null;
  const print = flatten(components).find((one) => one.type === ComponentType.TextDisplay && one.id === ids.smallPrint);
  const line = print && 'content' in print ? print.content.split('\n')[button.id - ids.firstAsk] : undefined;
  const { confirm, title, label, phrase } = written.exec(line ?? '')?.groups ?? {};
  if (!confirm && !title) return undefined;
  const asks = title && label ? { title: undraw(title), label: undraw(label) } : undefined;
  return {
    ...(confirm ? { confirm: undraw(confirm) } : {}),
    ...(asks ? { asks: phrase === undefined ? asks : { ...asks, phrase: undraw(phrase) } } : {}),
  };
}
