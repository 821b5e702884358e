/** Slack on a machine that reaches it only through a proxy. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { checkSlack } from '../../../bot/slack/check.ts';
import { type SlackChat, startSlack } from '../../../bot/slack/index.ts';
import { throughProxy } from '../../../config/proxy.ts';
import { type FakeProxy, fakeProxy } from '../../fakes/proxy.ts';
import { type FakeSlack, startFakeSlack } from '../../fakes/slack/index.ts';
import { recordingDesk, recordingLog } from './desk.ts';
import { ann, settings } from './start.ts';

let [proxy, slack]: [FakeProxy, FakeSlack] = [] as never; // made before every test
let chat: SlackChat | null = null;
beforeEach(async () => {
  [proxy, slack] = await Promise.all([fakeProxy(), startFakeSlack({ name: 'slack.example.org' })]);
  proxy.lead('slack.example.org', slack.apiUrl);
});
afterEach(async () => {
  await chat?.stop();
  chat = null;
  await slack.stop();
  await proxy.close();
});
const through = (url = proxy.url) => throughProxy({ http: url, https: url });

it('sends cards, receives clicks over Socket Mode and answers them through it', async () => {
  const desk = recordingDesk();
  const parts = { desk, log: recordingLog(), proxy: through() };
  chat = await startSlack({ ...settings(slack, 'Socket Mode'), ...parts });
  expect(slack.sockets()).toBe(1);
  await slack.slash(ann, 'list');
  await expect.poll(() => desk.commands).toHaveLength(1);
  await expect.poll(() => slack.whispers(ann.user)).toHaveLength(1);
  expect(slack.calls('chat.postEphemeral')).toEqual([]); // which is for answers that the address of the command does not take
  const port = new URL(slack.apiUrl).port;
  expect(new Set(proxy.asked)).toEqual(new Set([`slack.example.org:${port}`]));
  expect(proxy.asked.length).toBeGreaterThanOrEqual(2); // calls, and the socket
});
it('says what the proxy wants, and never the password that was tried', async () => {
  proxy.demand('acme:right');
  const access = { ...settings(slack, 'Socket Mode'), channel: 'C1' };
  const trying = checkSlack({ ...access, proxy: through(proxy.url.replace('//', '//acme:CANARY@')) });
  await expect(trying).rejects.toMatchObject({ code: 'chat.unreachable' });
  const { message } = (await trying.catch((error: unknown) => error)) as Error;
  expect(message).toContain(`Slack cannot be reached: The proxy ${proxy.url} wants a user name and a password`);
  expect(message).not.toContain('CANARY');
});
