/** Slack's clicks, forms and commands in, calls of the desk out. Acks first: Slack allows three seconds, a decision may take longer. */
import { setTimeout as wait } from 'node:timers/promises';
import type {
  App,
  BlockButtonAction,
  SlackActionMiddlewareArgs,
  SlackCommandMiddlewareArgs,
  SlackViewMiddlewareArgs,
  ViewSubmitAction,
} from '@slack/bolt';
import { explain } from '../../domain/errors.ts';
import type { Account } from '../../domain/model/people.ts';
import { formDelivery, formWords } from '../handlers/form.ts';
import type { Reply, VerbHelp } from '../handlers/press.ts';
import { deliver, type Office, openView, type Where } from './answer.ts';
import { readFields, refuseForm, renderForm } from './forms.ts';
import { type Filling, readAsked, readFilling, readRef } from './ref.ts';
import { ANSWER, renderAsk, renderHome, renderReply } from './surfaces.ts';
import { splitWords } from './words.ts';

const unreadable: Reply = { ok: false, text: explain({ code: 'card.unreadable' }) };
const anything = /^/;
/** The one ack that waits for a decision: only it can put a no into the form. Slack allows three seconds. */
const FORM_WAITS_MS = 2000;

/**
 * Registers one router per kind of payload, so that nothing runs twice and nothing is left without an ack.
 * The desk's account has `workspace`: payloads of other teams never come this far.
 */
export function receive(app: App, office: Office): void {
  const { desk, people, workspace } = office;
  app.action<BlockButtonAction>({ type: 'block_actions', action_id: anything }, (click) => onClick(office, click));
  app.view<ViewSubmitAction>({ type: 'view_submission', callback_id: anything }, (sent) => onSubmission(office, sent));
  app.command(anything, (typed) => onCommand(office, typed));
  app.event('app_home_opened', async ({ event }) => {
    if (event.tab === 'home')
      await people.views.publish({ user_id: event.user, view: renderHome(event.user, workspace, desk.verbs) });
  });
  // we offer no shortcuts and no remote menus, but an app may be configured with some: never leave Slack waiting
  app.shortcut(anything, async ({ ack }) => ack());
  app.options(anything, async ({ ack }) => ack({ options: [] }));
}

const accountOf = ({ workspace }: Office, user: string): Account => ({ platform: 'slack', workspace, user });

const answer = (office: Office, where: Where, reply: Reply): Promise<void> =>
  deliver(office, where, renderReply(reply));

const tooSlow = (again: string): Reply => ({ ok: false, text: `Slack was too slow to open the form: ${again} again.` });

async function onClick(office: Office, { ack, body, action }: SlackActionMiddlewareArgs<BlockButtonAction>) {
  await ack();
  const channel = body.channel?.id ?? body.container['channel_id'];
  const where: Where = { user: body.user.id, channel, url: body.response_url };
  const ref = readRef(action.value);
  if (!ref) return answer(office, where, unreadable);
  const { subject, rev, asks } = ref;
  const { trigger_id: delivery } = body;
  if (asks) {
    const phrase = asks.phrase === undefined ? {} : { phrase: asks.phrase };
    const asked = { action: action.action_id, subject, rev, ...phrase, url: where.url, channel: where.channel };
    const opened = await openView(office, delivery, renderAsk(asks, asked));
    return opened ? undefined : answer(office, where, tooSlow('press the button'));
  }
  const press = { account: accountOf(office, where.user), delivery, action: action.action_id, subject, seenRev: rev };
  await answer(office, where, await office.desk.press(press));
}

/** A command, or the form of its verb. */
async function onCommand(office: Office, { ack, command }: SlackCommandMiddlewareArgs) {
  await ack();
  const { user_id: user, channel_id: channel, response_url: url, trigger_id: delivery } = command;
  const [first = '', ...words] = splitWords(command.text ?? '');
  const call = { account: accountOf(office, user), delivery, verb: first.toLowerCase() || 'help', words };
  const form = office.desk.form(call);
  if (!form) return answer(office, { user, channel, url }, await office.desk.command(call));
  const filling = { command: command.command, verb: form.verb.name, opening: delivery, url, channel };
  const opened = await openView(office, delivery, renderForm(form, filling));
  return opened ? undefined : answer(office, { user, channel, url }, tooSlow('send the command'));
}

/** A form: of a verb, or of a button that asks. */
async function onSubmission(office: Office, sent: SlackViewMiddlewareArgs<ViewSubmitAction>) {
  const { desk } = office;
  const user = sent.body.user.id;
  const filling = readFilling(sent.view.private_metadata);
  const verb = desk.verbs.find(({ name }) => name === filling?.verb);
  if (filling && verb) {
    const reply = await decideForm(office, sent, { verb, filling });
    return reply ? answer(office, { user, channel: filling.channel, url: filling.url }, reply) : undefined;
  }
  const asked = await readForm(sent);
  if (!asked) return;
  const { action, subject, rev: seenRev, typed, channel, url } = asked;
  // one form is one act, however often it is delivered, so its id is the delivery
  const delivery = sent.view.id;
  const press = { account: accountOf(office, user), delivery, action, subject, seenRev, answer: typed };
  await answer(office, { user, channel, url }, await desk.press(press));
}

/** Acks a form: with an error inside the form when the phrase is wrong or the form is not ours (null), else by closing it. */
async function readForm({ ack, view }: SlackViewMiddlewareArgs<ViewSubmitAction>) {
  const asked = readAsked(view.private_metadata);
  const typed = view.state.values[ANSWER]?.[ANSWER]?.value?.trim() ?? '';
  const complaint = !asked
    ? explain({ code: 'card.unreadable' })
    : asked.phrase !== undefined && typed !== asked.phrase.trim()
      ? explain({ code: 'phrase.wrong', phrase: asked.phrase })
      : null;
  if (complaint !== null) {
    await ack({ response_action: 'errors', errors: { [ANSWER]: complaint } });
    return null;
  }
  await ack();
  return asked && { ...asked, typed };
}

type Filled = { readonly verb: VerbHelp; readonly filling: Filling };

/**
 * Hands a filled-in form to the desk. A no that comes in time is shown in the form, which gives null; else the form closes and the reply
 * is for a message, a no with the command to send again.
 */
async function decideForm(
  office: Office,
  { ack, body, view }: SlackViewMiddlewareArgs<ViewSubmitAction>,
  { verb, filling }: Filled,
): Promise<Reply | null> {
  const values = readFields(verb, view.state.values);
  const words = formWords(verb, values);
  const account = accountOf(office, body.user.id);
  const delivery = formDelivery(filling.opening, words);
  const deciding = office.desk.command({ account, delivery, verb: verb.name, words });
  const early = await Promise.race([deciding, wait(FORM_WAITS_MS, null, { ref: false })]);
  if (early?.ok !== false) {
    await ack();
    const reply = await deciding;
    const again = [filling.command, verb.name, ...words].join(' ');
    return reply.ok ? reply : { ...reply, text: `${reply.text}\nTo send it again: ${again}` };
  }
  await ack(refuseForm({ verb, values, refused: early }, { ...filling, opening: body.trigger_id }));
  return null;
}
