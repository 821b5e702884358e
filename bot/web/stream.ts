/** `GET /live`: changed messages as server-sent events, drawn for the one who watches. */
import type { Context } from 'hono';
import { type SSEStreamingApi, streamSSE } from 'hono/streaming';
import type { Log } from '../../domain/ports.ts';
import type { Env, Session } from './guard.ts';
import { limits } from './limits.ts';
import { conversationsOf, renderConversation, roomPath } from './message.ts';
import type { WebMessage, WebMessages } from './ports.ts';
import type { Reader } from './render.ts';

/**
 * Wakes everybody who waits for news. A ring between two waits is not lost: waiting goes by the number of the last ring
 * heard.
 */
export function bell() {
  let rings = 0;
  let wake: (() => void)[] = [];
  return {
    ring(): void {
      rings += 1;
      const all = wake;
      wake = [];
      for (const each of all) each();
    },
    heard: (): number => rings,
    /** Resolves at the first ring after `heard`, at the latest after `ms`. */
    after(heard: number, ms: number): Promise<void> {
      if (rings > heard) return Promise.resolve();
      return new Promise((resolve) => {
        const timer = setTimeout(done, ms);
        function done() {
          clearTimeout(timer);
          wake = wake.filter((each) => each !== done);
          resolve();
        }
        wake.push(done);
      });
    },
  };
}
export type Bell = ReturnType<typeof bell>;

/** What following changes needs. */
export type Following = {
  readonly messages: WebMessages;
  readonly bell: Bell;
  readonly log: Log;
  readonly rooms: (session: Session) => readonly string[];
  readonly reader: (session: Session, from: string) => Reader;
  /** The session as it is now: null ends the stream. */
  readonly again: (token: string) => Promise<Session | null>;
};

/** Opens streams, at most `limits.liveStreams` at once, until `stop`. */
export function liveStreams(following: Following) {
  let open = 0;
  let stopped = false;
  return {
    async serve(c: Context<Env>, from: string): Promise<Response> {
      if (c.req.method !== 'GET') return c.body(null, 405); // HEAD would hold a stream that nobody reads
      if (open >= limits.liveStreams) return c.text('Too many open pages follow changes at the moment.', 503);
      const asked = Number(c.req.header('last-event-id') ?? c.req.query('since'));
      const last = await following.messages.lastChange();
      // A restored database may be behind the page.
      const start = Number.isSafeInteger(asked) ? Math.min(asked, last) : last;
      const { token } = c.get('session');
      open += 1;
      c.header('X-Accel-Buffering', 'no'); // nginx would hold events back
      return streamSSE(c, async (stream) => {
        try {
          await follow(stream, start, token, from, following, () => stopped);
        } catch (error) {
          following.log.warn('web.stream-broken', { error }); // the browser reconnects by itself, from where it was
        } finally {
          open -= 1;
        }
      });
    },
    stop(): void {
      stopped = true;
      following.bell.ring();
    },
  };
}

/**
 * Sends what changed, waits for the bell, and so on. Sessions are asked again each time: signing out ends the stream.
 */
async function follow(
  stream: SSEStreamingApi,
  start: number,
  token: string,
  from: string,
  following: Following,
  isStopped: () => boolean,
): Promise<void> {
  const { bell, messages, rooms } = following;
  const sent = new Map<string, number>();
  let since = start;
  const gone = new Promise<void>((resolve) => stream.onAbort(resolve));
  await stream.writeSSE({ event: 'hello', data: '', retry: 2000 });
  while (!stream.aborted && !isStopped()) {
    const heard = bell.heard();
    const session = await following.again(token);
    if (!session) return stream.writeSSE({ event: 'signed-out', data: '' });
    const seen = await messages.changedSince(since - limits.lookBack, rooms(session), limits.liveBatch);
    const fresh = seen.filter(({ id, seq }) => sent.get(id) !== seq);
    for (const { id, seq } of fresh) sent.set(id, seq);
    since = Math.max(since, ...fresh.map(({ seq }) => seq));
    for (const [id, seq] of sent) if (seq <= since - limits.lookBack) sent.delete(id);
    if (fresh.length > 0) await push(stream, since, fresh, session, from, following);
    else await stream.writeSSE({ event: 'beat', data: '' });
    if (seen.length < limits.liveBatch) await Promise.race([gone, bell.after(heard, limits.heartbeatMs)]);
  }
}

/** Draws each changed conversation once, however many of its replies changed. */
async function push(
  stream: SSEStreamingApi,
  since: number,
  changed: readonly WebMessage[],
  session: Session,
  from: string,
  { messages, rooms, reader }: Following,
): Promise<void> {
  const waiting = await messages.waiting(rooms(session));
  for (const conversation of await conversationsOf(messages, changed)) {
    const { root, replies } = conversation;
    const news = changed.findLast(({ id, thread }) => (thread ?? id) === root.id) ?? root;
    await stream.writeSSE({
      id: String(since),
      data: JSON.stringify({
        id: root.id,
        page: roomPath(root.room),
        order: root.order,
        waits: [root, ...replies].some(({ waits }) => waits),
        waiting,
        says: `${news.card.title}: ${news.card.status}`,
        html: String(await renderConversation(conversation, reader(session, from), from === `/m/${root.id}`)),
      }),
    });
  }
}
