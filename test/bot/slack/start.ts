/** A fake Slack with the real app connected to it, in either way of receiving. */
import type { Desk } from '../../../bot/handlers/press.ts';
import { type SlackOptions, startSlack } from '../../../bot/slack/index.ts';
import { startFakeSlack } from '../../fakes/slack/index.ts';
import { recordingDesk, recordingLog } from './desk.ts';

export type Way = 'Socket Mode' | 'signed HTTP';
export const ways: Way[] = ['Socket Mode', 'signed HTTP'];
export const ann = { team: 'T1', user: 'U1' };
export const bob = { team: 'T1', user: 'U2' };

/** Stop both parts with `stop`. */
export async function connected(way: Way, options: Parameters<typeof startFakeSlack>[0] = {}) {
  const desk = recordingDesk();
  return { ...(await connectedTo(desk, way, options)), desk };
}
export type Connected = Awaited<ReturnType<typeof connected>>;

/** The same on a desk that is given. */
export async function connectedTo(desk: Desk, way: Way, options: Parameters<typeof startFakeSlack>[0] = {}) {
  const slack = await startFakeSlack(options);
  const log = recordingLog();
  const chat = await startSlack({ ...settings(slack, way), desk, log });
  if (chat.url !== null) slack.deliverTo(chat.url);
  const stop = async () => {
    await chat.stop();
    await slack.stop();
  };
  return { slack, log, chat, messenger: chat.messenger, stop };
}

export const settings = (
  slack: { apiUrl: string; signingSecret: string },
  way: Way,
): Omit<SlackOptions, 'desk' | 'log'> => ({
  botToken: 'xoxb-T1',
  workspace: 'T1',
  apiUrl: slack.apiUrl,
  ...(way === 'Socket Mode' ? { appToken: 'xapp-T1' } : { signingSecret: slack.signingSecret, port: 0 }),
});
