/** How a fake Slack brings a payload to the app: over a socket, or as a signed HTTP request; and how long it waits for the ack. */
import { createHmac, randomUUID } from 'node:crypto';
import type { WebSocket } from 'ws';
import type { Json } from './state.ts';

export type Kind = 'events_api' | 'interactive' | 'slash_commands';
/** `ms` is how long the ack took. `again` brings exactly the same thing once more, as a replay would. */
export type Delivery = {
  acked: boolean;
  ms: number;
  status?: number;
  body?: unknown;
  again(): Promise<Delivery>;
};
/** What a forger or a broken clock would change. */
export type Tamper = { secret?: string; skewSeconds?: number };
export type Courier = {
  sockets: Map<WebSocket, string>;
  waiting: Map<string, (payload: unknown) => void>;
  requestUrl: string | null;
  signingSecret: string;
  ackMs: number;
};

export function deliver(
  courier: Courier,
  team: string,
  kind: Kind,
  payload: Json,
  tamper: Tamper = {},
): Promise<Delivery> {
  return courier.requestUrl === null
    ? overSocket(courier, team, kind, payload)
    : overHttp(courier, courier.requestUrl, signed(courier, kind, payload, tamper));
}

async function overSocket(courier: Courier, team: string, kind: Kind, payload: Json): Promise<Delivery> {
  const socket = [...courier.sockets].filter(([, owner]) => owner === team).at(-1)?.[0];
  if (!socket) throw new Error(`fake Slack: no socket of ${team} is open`);
  const started = Date.now();
  const envelope = randomUUID();
  const again = () => overSocket(courier, team, kind, payload);
  return new Promise((resolve) => {
    const late = setTimeout(() => {
      courier.waiting.delete(envelope);
      resolve({ acked: false, ms: Date.now() - started, again });
    }, courier.ackMs);
    courier.waiting.set(envelope, (body) => {
      clearTimeout(late);
      resolve({ acked: true, ms: Date.now() - started, body, again });
    });
    const accepts = kind !== 'events_api';
    socket.send(JSON.stringify({ envelope_id: envelope, type: kind, accepts_response_payload: accepts, payload }));
  });
}

type Signed = { body: string; headers: Record<string, string>; retries: number };

/** Slack's v0 signature: docs.slack.dev/authentication/verifying-requests-from-slack. */
function signed(courier: Courier, kind: Kind, payload: Json, { secret, skewSeconds = 0 }: Tamper): Signed {
  const isEvent = kind === 'events_api';
  const form = kind === 'slash_commands' ? (payload as Record<string, string>) : { payload: JSON.stringify(payload) };
  const body = isEvent ? JSON.stringify(payload) : new URLSearchParams(form).toString();
  const time = String(Math.floor(Date.now() / 1000) + skewSeconds);
  const mac = createHmac('sha256', secret ?? courier.signingSecret)
    .update(`v0:${time}:${body}`)
    .digest('hex');
  return {
    body,
    retries: isEvent ? 3 : 0, // only events are tried again
    headers: {
      'content-type': isEvent ? 'application/json' : 'application/x-www-form-urlencoded',
      'x-slack-request-timestamp': time,
      'x-slack-signature': `v0=${mac}`,
    },
  };
}

async function overHttp(courier: Courier, url: string, request: Signed, attempt = 0): Promise<Delivery> {
  const started = Date.now();
  const again = () => overHttp(courier, url, request);
  const retry = attempt === 0 ? {} : { 'x-slack-retry-num': String(attempt), 'x-slack-retry-reason': 'http_timeout' };
  const headers = { ...request.headers, ...retry };
  try {
    const signal = AbortSignal.timeout(courier.ackMs);
    const response = await fetch(url, { method: 'POST', headers, body: request.body, signal });
    const text = await response.text();
    const json = response.headers.get('content-type')?.includes('json') ?? false;
    const body: unknown = json ? JSON.parse(text) : text;
    if (response.ok) return { acked: true, ms: Date.now() - started, status: response.status, body, again };
    if (attempt >= request.retries)
      return { acked: false, ms: Date.now() - started, status: response.status, body, again };
  } catch {
    if (attempt >= request.retries) return { acked: false, ms: Date.now() - started, again };
  }
  return overHttp(courier, url, request, attempt + 1);
}
