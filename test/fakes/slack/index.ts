/** A Slack that runs on 127.0.0.1: the Web API, Socket Mode, signed HTTP delivery, response_url, and people who press buttons. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { type WebSocket, WebSocketServer } from 'ws';
import { lintSlack } from '../../../bot/slack/limits.ts';
import { callMethod, whisper } from './api.ts';
import type { Courier } from './deliver.ts';
import { humans } from './human.ts';
import { allScopes, type Block, type Fault, type Json, newState, type State, type Team } from './state.ts';

export type { Delivery } from './deliver.ts';
export { buttonsOf } from './human.ts';
export type { Message, View } from './state.ts';

/**
 * @param options `ackMs`: how long Slack waits for an ack (the real one: 3000). `teams`: ids of the workspaces. `name`: what it calls
 * itself in addresses, for machines that find it by a proxy.
 */
export async function startFakeSlack(options: { ackMs?: number; teams?: string[]; name?: string } = {}) {
  const state = newState();
  for (const id of options.teams ?? ['T1']) state.teams.set(id, newTeam(id));
  const courier: Courier = {
    sockets: new Map(),
    waiting: new Map(),
    requestUrl: null,
    signingSecret: 'signing-secret',
    ackMs: options.ackMs ?? 300,
  };
  let base = '';
  let connections = 0;
  const server = createServer((request, response) => {
    handle(state, base, request, response).catch((error) => response.writeHead(500).end(String(error)));
  });
  const upgrades = new WebSocketServer({ noServer: true });
  server.on('upgrade', (request, socket, head) => {
    const ticket = new URL(request.url ?? '', 'http://fake').searchParams.get('ticket');
    const team = [...state.teams.values()].find((one) => one.ticket !== undefined && one.ticket === ticket);
    if (!team) return socket.end('HTTP/1.1 401 Unauthorized\r\n\r\n');
    delete team.ticket; // good for one connection
    connections += 1;
    upgrades.handleUpgrade(request, socket, head, (opened) => greet(courier, opened, team.id));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  base = `http://${options.name ?? '127.0.0.1'}:${typeof address === 'object' && address ? address.port : 0}`;

  return {
    ...humans(state, courier, () => base),
    state,
    apiUrl: `${base}/api/`,
    signingSecret: courier.signingSecret,
    /** From now on payloads go to this address instead of a socket. */
    deliverTo(url: string) {
      courier.requestUrl = url;
    },
    /** The next `times` calls of a method go wrong. */
    fail(method: string, fault: Fault, times = 1) {
      state.faults.push({ method, times, fault });
    },
    calls: (method: string) => state.calls.filter((call) => call.method === method),
    /** What everybody in a channel sees, in order. */
    seen: (channel: string) => state.messages.filter((message) => message.channel === channel && !message.onlyFor),
    /** What only this person was told, in order. */
    whispers: (user: string) => state.messages.filter((message) => message.onlyFor === user),
    sockets: () => courier.sockets.size,
    /** How many sockets were ever opened. */
    connections: () => connections,
    /** As before every maintenance of Slack's: please come back on a new connection. */
    askToReconnect() {
      for (const socket of courier.sockets.keys())
        socket.send(JSON.stringify({ type: 'disconnect', reason: 'refresh_requested' }));
    },
    cutSockets() {
      for (const socket of courier.sockets.keys()) socket.terminate();
    },
    async stop() {
      for (const socket of courier.sockets.keys()) socket.terminate();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
export type FakeSlack = Awaited<ReturnType<typeof startFakeSlack>>;

const newTeam = (id: string): Team => ({
  id,
  botToken: `xoxb-${id}`,
  appToken: `xapp-${id}`,
  botId: `B${id}`,
  users: ['U1', 'U2', 'U3'],
  closedInboxes: [],
  channels: [
    { id: 'C1', kind: 'public', member: true },
    { id: 'C2', kind: 'public', member: false },
    { id: 'G1', kind: 'private', member: true },
  ],
  scopes: new Set(allScopes),
});

function greet(courier: Courier, socket: WebSocket, team: string): void {
  courier.sockets.set(socket, team);
  const pinging = setInterval(() => socket.ping('fake'), 1000);
  socket.on('close', () => {
    clearInterval(pinging);
    courier.sockets.delete(socket);
  });
  socket.on('message', (data) => {
    const { envelope_id, payload } = JSON.parse(String(data)) as { envelope_id: string; payload?: unknown }; // the protocol's shape
    courier.waiting.get(envelope_id)?.(payload);
    courier.waiting.delete(envelope_id);
  });
  socket.send(
    JSON.stringify({ type: 'hello', num_connections: courier.sockets.size, connection_info: { app_id: 'A1' } }),
  );
}

async function handle(state: State, base: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = Buffer.concat(chunks).toString();
  const { pathname } = new URL(request.url ?? '', base);
  if (pathname.startsWith('/actions/')) return respond(state, pathname.slice('/actions/'.length), body, response);
  const method = pathname.replace('/api/', '');
  const args = decode(body);
  state.calls.push({ method, args, at: Date.now() });
  const fault = takeFault(state, method);
  if (fault?.kind === 'slow') await wait(fault.ms);
  if (fault?.kind === 'drop') return void request.socket.destroy();
  if (fault?.kind === 'status') {
    const after = fault.retryAfter === undefined ? {} : { 'retry-after': String(fault.retryAfter) };
    return void response.writeHead(fault.status, after).end(fault.body ?? '');
  }
  const token = (request.headers.authorization ?? '').replace('Bearer ', '');
  const answer =
    fault?.kind === 'error'
      ? { ok: false, error: fault.error, ...fault.more }
      : callMethod(state, base, method, token, args);
  if (fault?.kind === 'drop-after') return void request.socket.destroy();
  response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(answer));
}

function takeFault(state: State, method: string): Fault | undefined {
  const rule = state.faults.find((one) => one.times > 0 && one.method === method);
  if (rule) rule.times -= 1;
  return rule?.fault;
}

/** Forms with JSON inside, as Slack's clients send them. */
const inJson = new Set(['blocks', 'view', 'metadata']);
function decode(body: string): Json {
  const fields = [...new URLSearchParams(body)];
  return Object.fromEntries(fields.map(([name, value]) => [name, inJson.has(name) ? JSON.parse(value) : value]));
}

/** The response_url of a click or command: five answers, half an hour. Knows ephemeral answers, the only ones that we give. */
function respond(state: State, id: string, body: string, response: ServerResponse): void {
  const said = JSON.parse(body) as { response_type?: string; text?: string; blocks?: Block[] }; // linted below
  state.calls.push({ method: 'response_url', args: said, at: Date.now() });
  const fault = takeFault(state, 'response_url');
  if (fault?.kind === 'status') return void response.writeHead(fault.status).end();
  const hook = state.hooks.get(id);
  const team = hook && state.teams.get(hook.team);
  if (!hook || !team || hook.left <= 0 || Date.now() > hook.until) return void response.writeHead(404).end('used_url');
  hook.left -= 1;
  if (said.response_type !== 'ephemeral' || lintSlack(said).length > 0)
    return void response.writeHead(400).end('invalid_blocks');
  whisper(state, team, hook.channel, hook.user, said);
  response.writeHead(200).end('ok');
}
