/** What is not a card in a channel: answers that one person sees, the form behind a button that asks, the app's Home tab. */
import type { types } from '@slack/bolt';
import { listed } from '../../domain/cards/card.ts';
import type { Reply, VerbHelp } from '../handlers/press.ts';
import { limits } from './limits.ts';
import { type Asked, type Asks, writeAsked } from './ref.ts';
import { renderSlack, type SlackMessage } from './render.ts';
import { markup, mrkdwn, plainText } from './text.ts';

/** callback_id of the form, and the block_id and action_id of its only field. */
export const ASK = 'patchherd.ask';
export const ANSWER = 'answer';

/** Fewer than 15 sections, which leaves room for the card's 35 blocks. */
const REPLY_CHARACTERS = 7000;
const LINE = 1000;

/** Draws a reply: its text, and below it its card with working buttons. */
export function renderReply(reply: Reply): SlackMessage {
  const card = reply.card ? renderSlack(reply.card, listed.reply).blocks : [];
  const said = markup(reply.text, LINE).trim() === '' ? (reply.ok ? 'Done.' : 'No.') : reply.text;
  const text = reply.ok ? said : `⚠️ ${said}`;
  const lines = text.slice(0, REPLY_CHARACTERS).split('\n');
  return { text: markup(text, limits.text), blocks: [...sections(lines.map((line) => markup(line, LINE))), ...card] };
}

/** Drawn lines, packed into as few sections as they fit in. */
function sections(lines: readonly string[]): types.SectionBlock[] {
  const packed: string[] = [];
  for (const line of lines) {
    const last = packed.at(-1);
    if (last !== undefined && last.length + 1 + line.length <= limits.section)
      packed[packed.length - 1] = `${last}\n${line}`;
    else packed.push(line);
  }
  return packed.filter((part) => part.trim() !== '').map((part) => ({ type: 'section', text: mrkdwn(part) }));
}

/** The form behind a button that `asks`. Slack cuts a title at 24 characters, so a longer one is repeated in full. */
export function renderAsk(asks: Asks, asked: Asked): types.ModalView {
  const long = asks.title.length > limits.view.title;
  return {
    type: 'modal',
    callback_id: ASK,
    private_metadata: writeAsked(asked),
    title: plainText(asks.title, limits.view.title),
    submit: plainText('Confirm', limits.view.title),
    close: plainText('Cancel', limits.view.title),
    blocks: [
      ...(long ? [{ type: 'section', text: plainText(asks.title, limits.section) } as const] : []),
      {
        type: 'input',
        block_id: ANSWER,
        label: plainText(asks.label, limits.input.label),
        ...(asks.phrase === undefined ? {} : { hint: plainText(`Type exactly: ${asks.phrase}`, limits.input.hint) }),
        element: { type: 'plain_text_input', action_id: ANSWER, focus_on_load: true, max_length: limits.input.typed },
      },
    ],
  };
}

/** The Home tab of one user: how to start, and every verb. Account names are shown because an admin needs them to link a person. */
export function renderHome(user: string, workspace: string, verbs: readonly VerbHelp[]): types.HomeView {
  const steps = [
    `1.  An admin links this account to you in the settings: \`slack: ${workspace}/${user}\`.`,
    '2.  Cards arrive in the channels that I was invited to: decide with their buttons.',
    '3.  `/patch list` shows what is open, `/patch halt all` stops everything, `/patch help` explains the rest.',
  ];
  const lines = verbs.map((verb) => `•  *${markup(verb.name, 100)}*  ${markup(verb.summary, 300)}`);
  return {
    type: 'home',
    blocks: [
      { type: 'header', text: plainText('patchherd: patches, with your approval', limits.header) },
      ...sections(steps),
      ...sections(lines),
    ],
  };
}
