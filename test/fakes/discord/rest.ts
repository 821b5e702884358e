/** The REST side of the fake: one request in, one answer out, with rate-limit buckets and faults on demand. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Interactions } from './interactions.ts';
import type { openApi } from './openapi.ts';
import { createRoutes, type RestState } from './routes.ts';
import { Refusal, type World } from './world.ts';

export type Call = {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
  readonly authorization: string | undefined;
};
/** `drop`: the connection dies before anything happened; `drop-after`: when it has happened already; else this answer instead. */
export type Fault =
  | 'drop'
  | 'drop-after'
  | { readonly status: number; readonly body?: unknown; readonly headers?: Record<string, string> };
type Answer = { readonly status: number; readonly body?: unknown; readonly headers?: Record<string, string> };
export type Rest = ReturnType<typeof createRest>;

export function createRest(
  world: World,
  interactions: Interactions,
  token: string,
  socketUrl: () => string,
  check: ReturnType<typeof openApi>,
) {
  const calls: Call[] = [];
  const violations: string[] = [];
  const faults: { method: string; path: RegExp; fault: Fault }[] = [];
  const buckets = new Map<string, { left: number; reset: number }>();
  const state: RestState = { commands: [], limit: null, tooMany: 0 };

  const routes = createRoutes(world, interactions, state, socketUrl);

  /** Counts against a bucket per method and path, like Discord's per-channel limits; a full bucket is a 429. */
  function bucket({ method, path }: Call): { headers: Record<string, string>; full: number | null } {
    if (!state.limit || !path.startsWith('/channels/')) return { headers: {}, full: null };
    const now = Date.now();
    const key = `${method} ${path}`;
    const known = buckets.get(key);
    const current = known && known.reset > now ? known : { left: state.limit.count, reset: now + state.limit.ms };
    buckets.set(key, current);
    current.left -= 1;
    const after = (current.reset - now) / 1000;
    return {
      headers: {
        'x-ratelimit-limit': String(state.limit.count),
        'x-ratelimit-remaining': String(Math.max(0, current.left)),
        'x-ratelimit-reset-after': after.toFixed(3),
        'x-ratelimit-bucket': `bucket-${method}-${path.split('/').length}`,
      },
      full: current.left < 0 ? after : null,
    };
  }

  function answerTo(call: Call, query: URLSearchParams): Answer {
    const open = /^\/(interactions|webhooks)\//.test(call.path);
    if (!open && call.authorization !== `Bot ${token}`)
      return { status: 401, body: { message: '401: Unauthorized', code: 0 } };
    const { headers, full } = bucket(call);
    if (full !== null) {
      state.tooMany += 1;
      const wait = { 'retry-after': String(Math.ceil(full)), 'x-ratelimit-scope': 'user' };
      return {
        status: 429,
        body: { message: 'You are being rate limited.', retry_after: full, global: false },
        headers: { ...headers, ...wait },
      };
    }
    const wrong = call.body === undefined ? null : check?.(call.method, call.path, call.body);
    if (wrong) violations.push(wrong);
    for (const [method, path, answer] of routes) {
      const match = method === call.method ? path.exec(call.path) : null;
      if (!match) continue;
      try {
        const body = answer({ args: match.slice(1), body: call.body, query });
        return { status: body === undefined ? 204 : 200, body, headers };
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        return { status: error.status, body: { message: error.message, code: error.code }, headers };
      }
    }
    return { status: 404, body: { message: '404: Not Found', code: 0 } };
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const url = new URL(request.url ?? '/', 'http://fake');
    const text = Buffer.concat(chunks).toString('utf8');
    const call: Call = {
      method: request.method ?? 'GET',
      path: decodeURIComponent(url.pathname).replace(/^\/api\/v10/, ''),
      body: text ? JSON.parse(text) : undefined,
      authorization: request.headers.authorization,
    };
    calls.push(call);
    const at = faults.findIndex(({ method, path }) => method === call.method && path.test(call.path));
    const fault = at < 0 ? undefined : faults.splice(at, 1)[0]?.fault;
    if (fault === 'drop') return void request.socket.destroy();
    const { status, body, headers } = typeof fault === 'object' ? fault : answerTo(call, url.searchParams);
    if (fault === 'drop-after') return void request.socket.destroy();
    response.writeHead(status, { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers });
    response.end(body === undefined ? undefined : JSON.stringify(body));
  }

  return { handle, calls, violations, faults, state };
}
