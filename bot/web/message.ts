/** Messages as conversations: a card with its thread folded below it, and the answers that only one person sees. */
import { html } from 'hono/html';
import { listed } from '../../domain/cards/card.ts';
import { renderForm } from './form.ts';
import { limits } from './limits.ts';
import type { WebMessage, WebMessages } from './ports.ts';
import { type Answer, inline, isLine, type Reader, renderCard, toneIcon } from './render.ts';
import { clock, day, type Html } from './times.ts';

/** A message with its newest replies, oldest first. `cut`: there may be more of them than were read. */
export type Conversation = {
  readonly root: WebMessage;
  readonly replies: readonly WebMessage[];
  readonly cut: boolean;
};

/**
 * The whole conversations that these messages are part of, each once; all their threads together are read up to
 * `limits.pageReplies`.
 */
export async function conversationsOf(
  messages: Pick<WebMessages, 'get' | 'replies'>,
  some: readonly WebMessage[],
): Promise<readonly Conversation[]> {
  const ids = [...new Set(some.map(({ id, thread }) => thread ?? id))];
  const known = new Map(some.map((message) => [message.id, message]));
  const roots = await Promise.all(ids.map(async (id) => known.get(id) ?? (await messages.get(id))));
  const all = ids.length === 0 ? [] : await messages.replies(ids, limits.pageReplies);
  const cut = all.length === limits.pageReplies;
  return roots
    .filter((root) => root !== null)
    .map((root) => ({ root, replies: all.filter(({ thread }) => thread === root.id), cut }));
}

/** `@…` rooms are private. */
export const roomPath = (room: string): string => (room.startsWith('@') ? '/direct' : `/c/${encodeURIComponent(room)}`);
/** A room's name as people read it. */
export const roomName = (room: string): string => (room.startsWith('@') ? 'Direct messages' : `# ${room}`);

/**
 * Conversations, oldest first, with a line between days. Only here are days compared, so the zone is named once a day.
 */
export function renderConversations(all: readonly Conversation[], reader: Reader): Html {
  let last = '';
  return html`${all.map((each) => {
    const { key, words, zone } = day(each.root.at, reader.zone, reader.now);
    const separator = key !== last && html`<h2 class="day"><span>${words}</span> <small>${zone}</small></h2>`;
    last = key;
    return html`${separator}${renderConversation(each, reader)}`;
  })}`;
}

/**
 * One message and its thread. `data-seq` tells the page's script which of two drawings is newer; `unfolded` shows the
 * whole thread.
 */
export function renderConversation({ root, replies, cut }: Conversation, reader: Reader, unfolded = false): Html {
  const seq = Math.max(root.seq, ...replies.map((reply) => reply.seq));
  const { card } = root;
  // Cards in the thread move up when one of them is decided: what was under a thumb may be another one's button now.
  const buttons = [root, ...replies].flatMap((message) => message.card.buttons);
  const revs = buttons.map(({ action, subject, rev }) => `${action}@${subject}@${rev}`).join(' ');
  const classes = `message tone-${card.tone}${root.waits ? ' waits' : ''}${isLine(card) ? ' line' : ''}`;
  return html`<article class="${classes}" id="m-${root.id}" tabindex="-1" aria-labelledby="t-${root.id}"
    data-order="${root.order}" data-seq="${seq}" data-revs="${revs}">
    <div class="card" data-at="${root.id}">
      ${renderCard(card, root.id, reader, { corner: stamp(root, reader) })}
      ${slot(root.id, reader)}
    </div>
    ${replies.length > 0 && thread(root, replies, cut, reader, unfolded)}
  </article>`;
}

/** Where and when a message was posted; the room is shown on the page that mixes rooms. */
function stamp({ id, room, at, editedAt }: WebMessage, { zone }: Reader): Html {
  const updated = editedAt && html` · updated ${clock(editedAt, zone)}`;
  return html`<p class="meta">
    <a class="place" href="${roomPath(room)}">${roomName(room)}</a>
    <a class="at" href="/m/${id}">${clock(at, zone)}${updated}</a>
  </p>`;
}

/**
 * Cards stay in sight, those that wait for somebody before the others, and so does the last reply; lines, and what is too much for
 * a page, are behind a count.
 */
function thread(root: WebMessage, all: readonly WebMessage[], cut: boolean, reader: Reader, unfolded: boolean): Html {
  const cards = all.filter(({ card }) => !isLine(card));
  const first = [...cards.filter(({ waits }) => waits), ...cards.filter(({ waits }) => !waits)];
  const inSight = new Set([...(unfolded ? first : first.slice(0, limits.openReplies)), ...all.slice(-1)]);
  const hidden = cards.filter((reply) => reply.waits && !inSight.has(reply)).length;
  const earlier = all.filter((reply) => !inSight.has(reply) && !reply.waits);
  return html`<section class="thread" aria-label="Updates">
    ${earlier.length > 0 && fold(root, earlier, cards.length > 0 ? null : all.length, { cut, reader, unfolded })}
    ${all.filter((reply) => inSight.has(reply)).map((reply) => renderReply(reply, reader))}
    ${hidden > 0 && html`<p class="older"><a href="/m/${root.id}">${hidden} more that wait for a decision</a></p>`}
  </section>`;
}

/** What is behind a count. `total` is the length of the whole thread, null when a part of it is in sight anyway. */
function fold(
  root: WebMessage,
  earlier: readonly WebMessage[],
  total: number | null,
  { cut, reader, unfolded }: { readonly cut: boolean; readonly reader: Reader; readonly unfolded: boolean },
): Html {
  const folded = unfolded ? earlier : earlier.slice(-limits.foldedReplies);
  const everything = folded.length < earlier.length || (cut && !unfolded);
  const number = total ?? earlier.length;
  const words = `${number}${cut ? '+' : ''}${total === null ? ' more' : ''} update${number === 1 ? '' : 's'}`;
  return html`<details class="fold" data-key="thread-${root.id}"${unfolded && html` open`}>
    <summary>${words}</summary>
    ${everything && html`<p><a href="/m/${root.id}">Show all of them</a></p>`}
    <ol>${folded.map((reply) => html`<li>${renderReply(reply, reader)}</li>`)}</ol>
  </details>`;
}

/** A reply: one line, or a card of its own when it carries more than that. */
function renderReply(reply: WebMessage, reader: Reader): Html {
  const { card, id } = reply;
  if (!isLine(card)) {
    return html`<div class="reply card tone-${card.tone}" id="m-${id}" data-at="${id}">
      ${renderCard(card, id, reader, { corner: stamp(reply, reader) })}
      ${slot(id, reader)}
    </div>`;
  }
  return html`<div class="reply tone-${card.tone}" id="m-${id}">
    ${toneIcon(card.tone)}
    <p><strong id="t-${id}">${card.title}</strong> <span class="state">${card.status}</span>
      ${card.summary !== undefined && html`<span class="summary">${inline(card.summary, reader)}</span>`}</p>
    ${clock(reply.at, reader.zone)}
  </div>`;
}

/** Where the answer to a press on this card appears; without JavaScript it is there when the page comes back. */
const slot = (at: string, reader: Reader): Html =>
  html`<div class="answer">${reader.answer?.at === at && renderAnswer(reader.answer, reader)}</div>`;

/** What the desk said, or the form to fill in instead, for the one who asked. Its card may have buttons of its own. */
export function renderAnswer({ at, reply, said, form }: Answer, reader: Reader): Html {
  const tone = reply.ok ? 'good' : 'bad';
  const inner = `${at}-answer`;
  const card =
    reply.card &&
    html`<div class="card tone-${reply.card.tone}" data-at="${inner}">
      ${renderCard(reply.card, inner, reader, { most: listed.reply })}
      ${slot(inner, reader)}
    </div>`;
  return html`<div class="only-you">
    <p class="meta"><span>Only you can see this</span>${said !== null && html` <code>${said}</code>`}</p>
    ${form ? renderForm(form, reader) : html`<p class="outcome tone-${tone}">${toneIcon(tone)}<span>${reply.text}</span></p>`}
    ${card}
  </div>`;
}

/** The answer to a typed line, as the last message of the page. */
export const renderPromptAnswer = (answer: Answer, reader: Reader): Html =>
  html`<article class="message mine" id="m-prompt" tabindex="-1">${renderAnswer(answer, reader)}</article>`;

/** The card that an answer belongs to: a press on an answer's own card is answered where that answer was. */
export const answeredAt = (at: string): string => at.replace(/(-answer)+$/, '');
