/** Slack's clicks, forms and commands in, calls of the desk out. Acks first: Slack allows three seconds, a decision may take longer. */
import type {
  App,
  BlockButtonAction,
  SlackCommandMiddlewareArgs,
  SlackViewMiddlewareArgs,
  ViewSubmitAction,
  webApi,
} from '@slack/bolt';
import { explain } from '../../domain/errors.ts';
import type { Account } from '../../domain/model/people.ts';
import type { Log } from '../../domain/ports.ts';
import type { Desk, Reply } from '../handlers/press.ts';
import { fetchSlack } from './clients.ts';
import { readAsked, readRef } from './ref.ts';
import type { SlackMessage } from './render.ts';
import { ANSWER, renderAsk, renderHome, renderReply } from './surfaces.ts';
import { splitWords } from './words.ts';

/** Where an answer goes: the response_url of the click (5 uses, 30 minutes), else an ephemeral message in the channel. */
type Where = { readonly user: string; readonly channel?: string | undefined; readonly url?: string | undefined };
type Office = { readonly desk: Desk; readonly people: webApi.WebClient; readonly workspace: string; readonly log: Log };

const unreadable: Reply = { ok: false, text: explain({ code: 'card.unreadable' }) };
const anything = /^/;

/**
 * Registers one router per kind of payload, so that nothing runs twice and nothing is left without an ack.
 * `people` is the client that answers humans. The desk's account has `workspace`: payloads of other teams never come this far.
 */
export function receive(app: App, office: Office): void {
  const { desk, people, workspace, log } = office;
  const account = (user: string): Account => ({ platform: 'slack', workspace, user });
  const answer = (where: Where, reply: Reply) => deliver(office, where, renderReply(reply));

  app.action<BlockButtonAction>({ type: 'block_actions', action_id: anything }, async ({ ack, body, action }) => {
    await ack();
    const channel = body.channel?.id ?? body.container['channel_id'];
    const where: Where = { user: body.user.id, channel, url: body.response_url };
    const ref = readRef(action.value);
    if (!ref) return answer(where, unreadable);
    const { subject, rev, asks } = ref;
    if (asks) {
      const phrase = asks.phrase === undefined ? {} : { phrase: asks.phrase };
      const asked = { action: action.action_id, subject, rev, ...phrase, url: where.url, channel: where.channel };
      try {
        await people.views.open({ trigger_id: body.trigger_id, view: renderAsk(asks, asked) });
      } catch (error) {
        log.warn('slack.form-failed', { error: String(error) });
        await answer(where, { ok: false, text: 'Slack was too slow to open the form: press the button again.' });
      }
      return;
    }
    const press = {
      account: account(body.user.id),
      delivery: body.trigger_id,
      action: action.action_id,
      subject,
      seenRev: rev,
    };
    await answer(where, await desk.press(press));
  });

  app.view<ViewSubmitAction>({ type: 'view_submission', callback_id: anything }, async (submission) => {
    const asked = await readForm(submission);
    if (!asked) return;
    const { body, view } = submission;
    const { action, subject, rev: seenRev, typed } = asked;
    // one form is one act, however often it is delivered, so its id is the delivery
    const press = { account: account(body.user.id), delivery: view.id, action, subject, seenRev, answer: typed };
    await answer({ user: body.user.id, channel: asked.channel, url: asked.url }, await desk.press(press));
  });

  app.command(anything, async ({ ack, command }: SlackCommandMiddlewareArgs) => {
    await ack();
    const [first = '', ...words] = splitWords(command.text ?? '');
    const verb = first.toLowerCase() || 'help';
    const call = { account: account(command.user_id), delivery: command.trigger_id, verb, words };
    await answer(
      { user: command.user_id, channel: command.channel_id, url: command.response_url },
      await desk.command(call),
    );
  });

  app.event('app_home_opened', async ({ event }) => {
    if (event.tab === 'home')
      await people.views.publish({ user_id: event.user, view: renderHome(event.user, workspace, desk.verbs) });
  });

  // we offer no shortcuts and no remote menus, but an app may be configured with some: never leave Slack waiting
  app.shortcut(anything, async ({ ack }) => ack());
  app.options(anything, async ({ ack }) => ack({ options: [] }));
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

/** Says something to one person only. An answer that cannot be delivered is logged: what it reports has happened all the same. */
async function deliver({ people, log }: Office, where: Where, message: SlackMessage): Promise<void> {
  const { user, channel, url } = where;
  const failures: string[] = [];
  if (url !== undefined) {
    try {
      const body = JSON.stringify({ response_type: 'ephemeral', replace_original: false, ...message });
      const response = await fetchSlack(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
      if (response.ok) return;
      failures.push(`response_url: HTTP ${response.status}`);
    } catch (error) {
      failures.push(`response_url: ${String(error)}`);
    }
  }
  if (channel !== undefined) {
    try {
      await people.chat.postEphemeral({ channel, user, ...message });
      return;
    } catch (error) {
      failures.push(`chat.postEphemeral: ${String(error)}`);
    }
  }
  log.warn('slack.answer-lost', { user, failures });
}
