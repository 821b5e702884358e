/** The Web API methods of a fake Slack, with the refusals of the real one. */
import { randomUUID } from 'node:crypto';
import { lintSlack } from '../../../bot/slack/limits.ts';
import { type Block, inboxOf, type Json, type Message, type State, type Team, type View, withIds } from './state.ts';

type Args = Json & { channel?: string; ts?: string; user?: string; text?: string; blocks?: Block[] };
type Method = (context: { state: State; team: Team; base: string }, args: Args) => Json;

const no = (error: string, more: Json = {}): Json => ({ ok: false, error, ...more });
const invalid = (error: string, faults: string[]) =>
  no(error, { response_metadata: { messages: faults.map((fault) => `[ERROR] ${fault}`) } });
const historyScopes = { public: 'channels:history', private: 'groups:history', im: 'im:history' };

const open: Method = ({ team, state, base }) => {
  team.ticket = `${randomUUID()}-${state.next()}`;
  return { ok: true, url: `${base.replace('http', 'ws')}/link/?ticket=${team.ticket}&app_id=A1` };
};

const post: Method = ({ state, team }, args) => {
  const channel = team.channels.find(({ id }) => id === args.channel);
  if (!channel) return no('channel_not_found');
  if (!channel.member) return no('not_in_channel');
  if (channel.user && team.closedInboxes.includes(channel.user)) return no('messages_tab_disabled');
  const faults = lintSlack(args);
  if (faults.length > 0) return invalid('invalid_blocks', faults);
  const parent = args['thread_ts'];
  const message: Message = {
    ts: state.ts(),
    channel: channel.id,
    bot_id: team.botId,
    text: args.text ?? '',
    blocks: withIds(state, args.blocks),
    ...(typeof parent === 'string' ? { thread_ts: parent } : {}),
    ...(args['metadata'] ? { metadata: args['metadata'] as Json } : {}), // decoded by the server before it comes here
  };
  state.messages.push(message);
  return { ok: true, channel: channel.id, ts: message.ts, message };
};

const update: Method = ({ state }, args) => {
  const message = state.messages.find(({ channel, ts }) => channel === args.channel && ts === args.ts);
  if (!message || message.onlyFor) return no('message_not_found');
  const faults = lintSlack(args);
  if (faults.length > 0) return invalid('invalid_blocks', faults);
  Object.assign(message, { text: args.text, blocks: withIds(state, args.blocks), edited: true });
  return { ok: true, channel: message.channel, ts: message.ts, text: message.text };
};

const ephemeral: Method = ({ state, team }, args) => {
  if (!args.user || !team.users.includes(args.user)) return no('user_not_in_channel');
  const faults = lintSlack(args);
  if (faults.length > 0) return invalid('invalid_blocks', faults);
  return { ok: true, message_ts: whisper(state, team, args.channel ?? '', args.user, args).ts };
};

/** Stores a message that one person sees. */
export function whisper(
  state: State,
  team: Team,
  channel: string,
  user: string,
  said: { text?: string; blocks?: Block[] },
) {
  const blocks = withIds(state, said.blocks);
  const message: Message = {
    ts: state.ts(),
    channel,
    bot_id: team.botId,
    text: said.text ?? '',
    blocks,
    onlyFor: user,
  };
  state.messages.push(message);
  return message;
}

const read: Method = ({ state, team }, args) => {
  const channel = team.channels.find(({ id }) => id === args.channel);
  if (!channel) return no('channel_not_found');
  if (!channel.member) return no('not_in_channel');
  const needed = historyScopes[channel.kind];
  if (!team.scopes.has(needed)) return no('missing_scope', { needed, provided: [...team.scopes].join(',') });
  const thread = args.ts;
  const all = state.messages.filter((message) => message.channel === channel.id && !message.onlyFor);
  // a channel's history starts with the newest and leaves threads out; a thread starts with its first message
  const listed = thread
    ? all.filter((message) => message.ts === thread || message.thread_ts === thread)
    : all.filter((message) => !message.thread_ts).reverse();
  const [from, limit] = [Number(args['cursor'] ?? 0), Number(args['limit'] ?? 100)];
  const page = listed.slice(from, from + limit);
  const messages = args['include_all_metadata'] === 'true' ? page : page.map(({ metadata, ...message }) => message);
  const next = from + limit < listed.length ? String(from + limit) : '';
  return { ok: true, messages, has_more: next !== '', response_metadata: { next_cursor: next } };
};

const openView: Method = ({ state }, args) => {
  const trigger = state.triggers.get(String(args['trigger_id']));
  if (!trigger) return no('invalid_trigger_id');
  if (trigger.used) return no('exchanged_trigger_id');
  if (Date.now() - trigger.at > 3000) return no('expired_trigger_id');
  trigger.used = true;
  const faults = lintSlack(args['view']);
  if (faults.length > 0) return invalid('invalid_arguments', faults);
  const given = args['view'] as View; // linted above
  const view: View = { ...given, id: `V${state.next()}`, blocks: withIds(state, given.blocks) };
  state.views.set(view.id, view);
  return { ok: true, view };
};

const publish: Method = ({ state }, args) => {
  const faults = lintSlack(args['view']);
  if (faults.length > 0) return invalid('invalid_arguments', faults);
  const view = args['view'] as View; // linted above
  state.homes.set(String(args['user_id']), view);
  return { ok: true, view };
};

const openInbox: Method = ({ team }, args) => {
  const user = String(args['users']);
  if (!team.users.includes(user)) return no('user_not_found');
  return { ok: true, channel: { id: inboxOf(team, user).id } };
};

const whoAmI: Method = ({ team }) => ({
  ok: true,
  url: 'https://fake.slack.com/',
  team_id: team.id,
  user_id: `UBOT${team.id}`,
  bot_id: team.botId,
});

/** Every method that there is, with the scope that it needs. */
const methods: Record<string, { scope?: string; run: Method }> = {
  'auth.test': { run: whoAmI },
  'apps.connections.open': { run: open },
  'chat.postMessage': { scope: 'chat:write', run: post },
  'chat.update': { scope: 'chat:write', run: update },
  'chat.postEphemeral': { scope: 'chat:write', run: ephemeral },
  'conversations.open': { scope: 'im:write', run: openInbox },
  'conversations.history': { run: read },
  'conversations.replies': { run: read },
  'views.open': { run: openView },
  'views.publish': { run: publish },
};

/** Answers one call, the token checked first. `args` are decoded. */
export function callMethod(state: State, base: string, method: string, token: string, args: Args): Json {
  const wantsApp = method === 'apps.connections.open';
  const team = [...state.teams.values()].find(({ botToken, appToken }) => token === botToken || token === appToken);
  if (!team) return no(token ? 'invalid_auth' : 'not_authed');
  if (wantsApp !== (token === team.appToken)) return no('not_allowed_token_type');
  const known = methods[method];
  if (!known) return no('unknown_method');
  if (known.scope && !team.scopes.has(known.scope)) return no('missing_scope', { needed: known.scope });
  return known.run({ state, team, base }, args);
}
