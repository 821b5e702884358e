/** Settings of the chat platforms: Slack, Discord and the built-in web chat. */
import { z } from 'zod';
import { line, port, secret, token, webUrl } from './fields.ts';
import { must } from './problems.ts';

const slackId = (letters: string, what: string) =>
  z
    .string(must(`must be ${what} (right-click it in Slack: the link that Copy link gives ends with it)`))
    .regex(new RegExp(`^[${letters}][A-Z0-9]{2,}$`));

/** Discord's ids are longer than YAML's numbers are exact, so without quotes they arrive rounded. */
export const snowflake = (what: string) =>
  z
    .string(must(`must be the id of ${what}, 17 to 20 digits in quotes (Developer Mode > Copy ID)`))
    .regex(/^\d{17,20}$/);

/** Socket Mode needs `appToken`; HTTP needs `signingSecret` and `port`. rules.ts checks that it is one of the two. */
const Slack = z.strictObject({
  botToken: token('xoxb-', 'your Slack app, OAuth & Permissions'),
  appToken: token('xapp-', 'your Slack app, Basic Information > App-Level Tokens').optional(),
  signingSecret: secret('must be the signing secret: copy it from your Slack app, Basic Information').optional(),
  port: port.optional(),
  host: line('must be the address to listen on, such as 0.0.0.0').optional(),
  workspace: slackId('TE', 'the id of your workspace such as T0123ABCD'),
  channel: slackId('CG', 'the id of a channel such as C0123ABCD'),
});

const Discord = z.strictObject({
  botToken: secret('must be the bot token: copy it from your Discord application, Bot > Token'),
  guild: snowflake('your server'),
  channel: snowflake('a channel'),
});

const Web = z.strictObject({
  host: line('must be the address to listen on, such as 127.0.0.1').default('127.0.0.1'),
  port: port.default(8484),
  publicUrl: webUrl.optional(),
  channel: line('must be the name of a channel, such as patching').default('patching'),
});

/** Without any platform of your own, the built-in web chat is on. */
export const Chat = z
  .strictObject({ slack: Slack.optional(), discord: Discord.optional(), web: Web.optional() })
  .prefault({})
  .transform((chat) => (chat.slack || chat.discord || chat.web ? chat : { ...chat, web: Web.parse({}) }));

const pair = (rule: string, form: RegExp) => z.string(must(rule)).regex(form);

/** A person's accounts: where, slash, who. */
export const Accounts = z
  .strictObject({
    slack: pair(
      'must be workspace/member, such as T0123ABCD/U0123ABCD',
      /^[TE][A-Z0-9]{2,}\/[UW][A-Z0-9]{2,}$/,
    ).optional(),
    discord: pair('must be server/user, both as ids of 17 to 20 digits', /^\d{17,20}\/\d{17,20}$/).optional(),
  })
  .prefault({});
