/** Card → Slack message. Pure; fits Slack's limits by cutting and counting, so that a long list can never lose an approval. */
import type { types } from '@slack/bolt';
import { type Card, type CardButton, listed, type Text, type Tone } from '../../domain/cards/card.ts';
import { limits } from './limits.ts';
import { writeRef } from './ref.ts';
import { hasInstant, label, literal, markup, mrkdwn, plainText } from './text.ts';

/** `text` is what notifications and screen readers get. */
export type SlackMessage = { readonly text: string; readonly blocks: types.KnownBlock[] };

/** Different shapes, so that colour is never the only sign; the status in words always stands beside it. */
const emoji: Record<Tone, string> = { plain: '🔹', good: '✅', warn: '⚠️', bad: '🔴' };

/** Our own budget per part: 50 blocks and about 12,000 characters in all, which Slack takes in one message. */
const budget = { fallback: 1000, title: 1000, summary: 1500, facts: 20, label: 75, value: 300, note: 1000, rows: 15 };
/** A longer value gets the whole width: in half of it, it would wrap into a tower. */
const SHORT_VALUE = 60;
/** Characters of one item, of all of them, and of an item that still stands in a row with others. */
const itemLimits = { item: 200, list: 2800, inRow: 25 };

/** Draws a card with at most `most` items of its list. A card that only has a title, status and summary is drawn as one line. */
export function renderSlack(card: Card, most: number = listed.message): SlackMessage {
  const bare = card.facts.length === 0 && card.buttons.length === 0 && !card.list && !card.progress && !card.note;
  return { text: fallback(card), blocks: bare ? [oneLiner(card)] : fullCard(card, most) };
}

const section = (text: string): types.SectionBlock => ({ type: 'section', text: mrkdwn(text) });

function fallback(card: Card): string {
  const progress = card.progress ? ` ${countOf(card.progress)}.` : '';
  const summary = card.summary ? ` ${markup(card.summary, budget.fallback)}` : '';
  return `${emoji[card.tone]} ${markup(headline(card), 500)}.${summary}${progress}`;
}

const headline = (card: Card): string => (card.status ? `${card.status} · ${card.title}` : card.title);

function oneLiner(card: Card): types.SectionBlock {
  const title = markup(card.title, budget.title);
  const summary = card.summary ? `\n${markup(card.summary, budget.summary)}` : '';
  return section(`${emoji[card.tone]} *${title || '–'}* ${markup(card.status, 200)}${summary}`.trim());
}

function fullCard(card: Card, most: number): types.KnownBlock[] {
  const header = `${emoji[card.tone]} ${headline(card)}`;
  const shown = card.facts.slice(0, budget.facts);
  const rows = buttonRows(card.buttons);
  const hidden = [
    count(card.facts.length - shown.length, 'more fact'),
    count(card.buttons.length - rows.flat().length, 'more button'),
  ];
  return [
    { type: 'header', text: plainText(header, limits.header) },
    ...(label(header, header.length + 1).length > limits.header
      ? [section(`*${markup(card.title, budget.title)}*`)]
      : []),
    ...textSection(card.summary),
    ...factBlocks(shown),
    ...(card.progress ? [section(progressLine(card.progress))] : []),
    ...(card.list && card.list.items.length + card.list.more > 0 ? [listSection(card.list, most)] : []),
    ...rows.map(
      (row): types.ActionsBlock => ({ type: 'actions', elements: row.map((one) => button(one, card.title)) }),
    ),
    ...noteBlock(
      card,
      hidden.filter((text) => text !== ''),
    ),
  ];
}

/** "1 more fact", "7 more facts", or nothing. */
const count = (many: number, what: string): string => (many > 0 ? `${many} ${what}${many === 1 ? '' : 's'}` : '');

function textSection(text: Text | undefined): types.SectionBlock[] {
  const drawn = text ? markup(text, budget.summary) : '';
  return drawn ? [section(drawn)] : [];
}

type Fact = Card['facts'][number];
const plainLength = (text: Text): number =>
  typeof text === 'string'
    ? text.length
    : text.reduce((sum, part) => sum + (typeof part === 'string' ? part.length : 20), 0);

/** Short facts in two columns, long ones below over the whole width. */
function factBlocks(facts: readonly Fact[]): types.SectionBlock[] {
  const draw = (fact: Fact) =>
    `*${markup(fact.label, budget.label) || '–'}*\n${markup(fact.value, budget.value) || '–'}`;
  const short = facts.filter((fact) => plainLength(fact.value) <= SHORT_VALUE);
  const long = facts.filter((fact) => plainLength(fact.value) > SHORT_VALUE);
  const columns: types.SectionBlock[] = [];
  for (let at = 0; at < short.length; at += limits.fields) {
    const fields = short.slice(at, at + limits.fields).map((fact) => mrkdwn(draw(fact)));
    columns.push({ type: 'section', fields });
  }
  return [...columns, ...long.map((fact) => section(draw(fact)))];
}

const countOf = ({ done, failed, total }: NonNullable<Card['progress']>): string =>
  `${done} of ${total} done${failed > 0 ? `, ${failed} failed` : ''}`;

const CELLS = 20;
/**
 * Numbers first: a screen reader should not have to sit through twenty blocks. A failure shows from the first one on.
 * Not in code marks, which Slack prints red.
 */
function progressLine(progress: NonNullable<Card['progress']>): string {
  const share = (many: number) => (progress.total > 0 ? Math.min(1, Math.max(0, many / progress.total)) : 0);
  const failed = Math.ceil(share(progress.failed) * CELLS);
  const done = Math.min(CELLS - failed, Math.floor(share(progress.done) * CELLS));
  const bar = `${'█'.repeat(done)}${'▒'.repeat(failed)}${'░'.repeat(CELLS - done - failed)}`;
  return `*${countOf(progress)}* (${Math.floor(share(progress.done) * 100)} %)\n${bar}`;
}

/** Names stand in a row, sentences below each other: a card should not push its own buttons off a phone's screen. */
function listSection(list: NonNullable<Card['list']>, most: number): types.SectionBlock {
  const drawn: string[] = [];
  let room = itemLimits.list;
  for (const item of list.items.slice(0, most)) {
    const text = markup(item, itemLimits.item).replaceAll('\n', ' ').trim() || '–';
    room -= text.length + 5;
    if (room < 0) break;
    drawn.push(text);
  }
  const inRow = drawn.every((text) => text.length <= itemLimits.inRow);
  const lines = inRow ? [drawn.join('  ·  ')] : drawn.map((text) => `•  ${text}`);
  const more = list.more + list.items.length - drawn.length;
  const rest = more > 0 ? [`_and ${more} more_`] : [];
  return section([`*${markup(list.title, budget.label) || '–'}*`, ...lines, ...rest].join('\n'));
}

/** An action_id may stand only once in a block: a second button of the same action starts or joins a later row. */
function buttonRows(buttons: readonly CardButton[]): CardButton[][] {
  const rows: CardButton[][] = [];
  for (const one of buttons) {
    const free = rows.find((row) => row.length < limits.actions && row.every(({ action }) => action !== one.action));
    if (free) free.push(one);
    else if (rows.length < budget.rows) rows.push([one]);
  }
  return rows;
}

const styles: Record<Tone, { style?: 'primary' | 'danger' }> = {
  plain: {},
  warn: {},
  good: { style: 'primary' },
  bad: { style: 'danger' },
};

function button(one: CardButton, title: string): types.Button {
  const text = one.asks && !one.label.endsWith('…') ? `${label(one.label, limits.button - 1)}…` : one.label;
  return {
    type: 'button',
    action_id: one.action,
    value: writeRef(one),
    text: plainText(text, limits.button),
    accessibility_label: label(`${one.label}: ${title}`, limits.accessibility),
    ...styles[one.tone],
    ...(one.confirm === undefined ? {} : { confirm: confirmation(one, one.confirm) }),
  };
}

const confirmation = (one: CardButton, sentence: string): types.ConfirmationDialog => ({
  title: plainText('Are you sure?', limits.confirm.title),
  text: plainText(sentence, limits.confirm.text),
  confirm: plainText(one.label, limits.confirm.button),
  deny: plainText('Cancel', limits.confirm.button),
  ...styles[one.tone],
});

/** The zone is named once, in the small print, not behind every time. */
function noteBlock(card: Card, hidden: readonly string[]): types.ContextBlock[] {
  const texts = [card.summary, card.note, ...card.facts.map((fact) => fact.value), ...(card.list?.items ?? [])];
  const lines = [
    card.note ? markup(card.note, budget.note) : '',
    hidden.length > 0 ? `Not shown: ${literal(hidden.join(', '))}.` : '',
    texts.some(hasInstant) ? 'Times are in your Slack time zone.' : '',
  ].filter((text) => text !== '');
  return lines.length > 0 ? [{ type: 'context', elements: [mrkdwn(lines.join('  ·  '))] }] : [];
}
