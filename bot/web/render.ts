/**
 * Card → HTML. Pure: every string of a card passes the escaping template, and no inline style or script is needed (the
 * CSP forbids both).
 */
import { html, raw } from 'hono/html';
import { type Card, type CardButton, listed, type Text, type Tone } from '../../domain/cards/card.ts';
import type { OpenForm, Reply } from '../handlers/press.ts';
import { limits } from './limits.ts';
import { type Html, instant } from './times.ts';

/**
 * What the desk said to one person. `at` = the card that was pressed, or `prompt`; `said` = the command line, if it was
 * one; `form` = what has to be filled in instead.
 */
export type Answer = {
  readonly at: string;
  readonly reply: Reply;
  readonly said: string | null;
  readonly form?: OpenForm;
};

/** For whom a card is drawn, and from which page. */
export type Reader = {
  /** An IANA zone that this runtime knows. */
  readonly zone: string;
  readonly now: Date;
  /** The session's token against forged forms. */
  readonly csrf: string;
  /** The page to come back to without JavaScript. */
  readonly from: string;
  /** An answer to show once, after a form post. */
  readonly answer: Answer | null;
  /** Makes the id under which one form's press is acted on once. */
  delivery(): string;
};

const strokes: Record<Tone, string> = {
  plain: '<circle cx="8" cy="8" r="6.25"/><path d="M8 7.5v3.25M8 5.1v.1"/>',
  good: '<circle cx="8" cy="8" r="6.25"/><path d="m5.25 8.25 1.9 1.9 3.6-4"/>',
  warn: '<path d="M8 2 1.75 13.25h12.5Z"/><path d="M8 6.5v3M8 11.4v.1"/>',
  bad: '<path d="M5.4 1.75h5.2l3.65 3.65v5.2l-3.65 3.65H5.4L1.75 10.6V5.4Z"/><path d="m6 6 4 4m0-4-4 4"/>',
};
const spoken: Record<Tone, string> = { plain: 'Note', good: 'Good', warn: 'Attention', bad: 'Problem' };

/** A tone as a shape with a spoken name, so that colour is never its only sign. */
export const toneIcon = (tone: Tone): Html =>
  html`<svg class="icon" viewBox="0 0 16 16" role="img" aria-label="${spoken[tone]}">${raw(strokes[tone])}</svg>`;

/** Text with its instants in the reader's zone. */
export const inline = (text: Text, reader: Reader): Html =>
  typeof text === 'string'
    ? html`${text}`
    : html`${text.map((part) => (typeof part === 'string' ? part : instant(part.at, reader.zone, reader.now)))}`;

/** True for a card that is one line: it is drawn without a frame. */
export const isLine = (card: Card): boolean =>
  card.facts.length === 0 && card.buttons.length === 0 && !card.list && !card.progress && !card.note;

/**
 * A card's inside. `at` names where it stands (a message id, or `prompt`), for the way back after a press; `corner` is
 * shown beside the status, and so many of its list's items before the rest is folded.
 */
export function renderCard(
  card: Card,
  at: string,
  reader: Reader,
  { corner = null, most = listed.message }: { readonly corner?: Html | null; readonly most?: number } = {},
): Html {
  const buttons = card.buttons.map((each) => button(each, at, reader));
  return html`
    <div class="head">
      <p class="status tone-${card.tone}">${toneIcon(card.tone)}<span>${card.status}</span></p>
      ${corner}
    </div>
    <h3 class="title" id="t-${at}">${card.title}</h3>
    ${card.summary !== undefined && html`<p class="summary">${inline(card.summary, reader)}</p>`}
    ${card.progress && progressBar(card.progress)}
    ${card.facts.length > 0 && facts(card.facts, reader)}
    ${card.list && list(card.list, at, reader, most)}
    ${buttons.length > 0 && html`<div class="buttons">${buttons}</div>`}
    ${card.note !== undefined && html`<p class="note">${inline(card.note, reader)}</p>`}`;
}

/** Characters of a value that stands in a column with others; a longer one would become a tower, so it has a row to itself. */
const columnChars = 60;
const instantChars = 20;
const isLong = (value: Text): boolean =>
  (typeof value === 'string' ? [value] : value).reduce(
    (chars, part) => chars + (typeof part === 'string' ? part.length : instantChars),
    0,
  ) > columnChars;

const facts = (all: Card['facts'], reader: Reader): Html => html`<dl class="facts">
  ${all.map(
    ({ label, value }) =>
      html`<div${isLong(value) && html` class="wide"`}><dt>${label}</dt><dd>${inline(value, reader)}</dd></div>`,
  )}
</dl>`;

/** The first items, the rest behind a fold, and how many were never listed. */
function list({ title, items, more }: NonNullable<Card['list']>, at: string, reader: Reader, most: number): Html {
  const item = (text: Text) => html`<li>${inline(text, reader)}</li>`;
  const rest = items.slice(most);
  const fold = html`<details data-key="list-${at}">
    <summary>Show ${rest.length} more</summary>
    <ul>${rest.map(item)}</ul>
  </details>`;
  return html`<section class="list">
    <h4>${title}</h4>
    <ul>${items.slice(0, most).map(item)}</ul>
    ${rest.length > 0 && fold}
    ${more > 0 && html`<p class="more">and ${more} more</p>`}
  </section>`;
}

/** The numbers in words, and a bar of the same. Widths are SVG attributes: the CSP allows no style attribute. */
function progressBar({ done, failed, total }: NonNullable<Card['progress']>): Html {
  const whole = Math.max(total, 1);
  const good = Math.min(Math.max(done, 0), whole);
  const bad = Math.min(Math.max(failed, 0), whole - good);
  const words = `${done} of ${total} done${failed > 0 ? `, ${failed} failed` : ''}`;
  return html`<div class="progress">
    <svg viewBox="0 0 ${whole} 1" preserveAspectRatio="none" aria-hidden="true">
      <rect class="done" width="${good}" height="1"/><rect class="failed" x="${good}" width="${bad}" height="1"/>
    </svg>
    <p>${words}</p>
  </div>`;
}

/** What every form that acts carries: its session's token, the id under which it acts once, and the way back. */
export const hidden = (at: string, reader: Reader): Html =>
  html`<input type="hidden" name="csrf" value="${reader.csrf}"/>
    <input type="hidden" name="delivery" value="${reader.delivery()}"/>
    <input type="hidden" name="from" value="${reader.from}"/>
    <input type="hidden" name="at" value="${at}"/>`;

/** One button: a form of its own, so that it works without JavaScript; folded when it asks something first. */
function button(it: CardButton, at: string, reader: Reader): Html {
  const key = `${it.action} ${it.subject}`;
  const form = (inside: Html) => html`<form class="press" method="post" action="/act/${encodeURIComponent(it.action)}">
    ${hidden(at, reader)}
    <input type="hidden" name="subject" value="${it.subject}"/>
    <input type="hidden" name="rev" value="${it.rev}"/>
    ${inside}
  </form>`;
  const go = (label: string) => html`<button class="button tone-${it.tone}" data-key="go ${key}">${label}</button>`;
  if (it.confirm === undefined && !it.asks) return form(go(it.label));
  return html`<details class="ask" name="ask-${at}" data-key="${key}">
    <summary class="button tone-${it.tone}" data-key="open ${key}">${it.label}</summary>
    ${form(html`${it.confirm !== undefined && html`<p>${it.confirm}</p>`}
      ${it.asks && question(it.asks, key)}
      ${go(it.asks ? it.label : `Yes, ${lowerFirst(it.label)}`)}`)}
  </details>`;
}

/** The line of text that a button asks for. The browser holds back a wrong phrase; the desk checks it again. */
function question(asks: NonNullable<CardButton['asks']>, key: string): Html {
  const exact =
    asks.phrase === undefined ? '' : html` pattern="${exactly(asks.phrase)}" title="Type exactly: ${asks.phrase}"`;
  return html`<label><strong>${asks.title}</strong><span>${asks.label}</span>
    ${asks.phrase !== undefined && html`<code>${asks.phrase}</code>`}
    <input type="text" name="answer" required maxlength="${limits.answerChars}"${exact} data-key="answer ${key}"
      autocomplete="off" autocapitalize="none" autocorrect="off" spellcheck="false" enterkeyhint="send"/>
  </label>`;
}

/** A regular expression (HTML's `pattern`, flag v) that only this phrase matches. */
const exactly = (phrase: string): string => phrase.replace(/[\^$\\.*+?()[\]{}|/]/g, '\\$&');

/** "Approve" → "approve", but "SSH ..." stays. */
const lowerFirst = (label: string): string =>
  /^\p{Lu}\p{Lu}/u.test(label) ? label : label.charAt(0).toLowerCase() + label.slice(1);
