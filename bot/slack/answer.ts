/** What Slack is answered with: a message for one person, or a form. */
import type { types, webApi } from '@slack/bolt';
import type { Log } from '../../domain/ports.ts';
import type { Desk } from '../handlers/press.ts';
import type { SlackMessage } from './render.ts';

/** Where an answer goes: the response_url of the click (5 uses, 30 minutes), else an ephemeral message in the channel. */
export type Where = { readonly user: string; readonly channel?: string | undefined; readonly url?: string | undefined };
/** Who answers: `people` is the client that is kept free for humans. */
export type Office = {
  readonly desk: Desk;
  readonly people: webApi.WebClient;
  readonly workspace: string;
  readonly log: Log;
  readonly fetch: typeof fetch;
};

/** Opens a form; false when Slack did not, because the trigger was used or is older than three seconds. */
export async function openView({ people, log }: Office, trigger: string, view: types.ModalView): Promise<boolean> {
  try {
    await people.views.open({ trigger_id: trigger, view });
    return true;
  } catch (error) {
    log.warn('slack.form-failed', { error: String(error) });
    return false;
  }
}

/** Says something to one person only. An answer that cannot be delivered is logged: what it reports has happened all the same. */
export async function deliver({ people, log, fetch }: Office, where: Where, message: SlackMessage): Promise<void> {
  const { user, channel, url } = where;
  const failures: string[] = [];
  if (url !== undefined) {
    try {
      const body = JSON.stringify({ response_type: 'ephemeral', replace_original: false, ...message });
      const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
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
