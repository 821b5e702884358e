/** The one writer of chat: draws cards from state, sends thread lines, and remembers which message shows what. */
import type { Card } from '../domain/cards/card.ts';
import { Failure } from '../domain/model/failure.ts';
import type { Destination, MessageRef } from '../domain/model/message.ts';
import { canonical, sha256 } from '../domain/model/plan.ts';
import type { Claims, Clock, Due, Log, Messenger, Outbox, Posts } from '../domain/ports.ts';
import { nothingRead, type Read, type Shown } from './shown.ts';

/** A platform that is connected, and its announcement channel. */
export type Outlet = { readonly messenger: Messenger; readonly channel: string };

export type RelayParts = {
  readonly outlets: readonly Outlet[];
  readonly outbox: Outbox;
  readonly posts: Posts;
  readonly claims: Claims;
  readonly clock: Clock;
  readonly log: Log;
  readonly owner: string;
  /** What a due record shows: its cards, and where its lines go. `read` is kept for one pass: what was read for one record serves others. */
  readonly shownBy: (due: Due, read: Read) => Promise<Shown>;
};

const tickMs = 1000;
/** Renewed before each send, so longer than any one of them. */
const leaseMs = 20_000;
/** Between two edits of one card: chat platforms count edits (facts on chat platforms, section 4). */
const editGapMs: Record<Messenger['platform'], number> = { slack: 3000, discord: 3000, web: 0 };
const slowestRetryMs = 300_000;
/** Records that are read in one pass, those of them that are told, and how long one that could not be told lets others go first. */
const [most, mostAtOnce, lateMs] = [5000, 200, 1000];

export type Relay = {
  /** Something changed: look now. */
  nudge(): void;
  /** One pass; for tests and for shutting down. */
  tick(): Promise<void>;
  start(): void;
  stop(): Promise<void>;
};

/** In a thread about several things, a line begins with what it is about. */
const titled = (card: Card, topic: string | undefined): Card =>
  topic === undefined ? card : { ...card, title: `${topic}: ${card.title}` };

/** Makes the relay. Only one process at a time sends: the others wait for its claim to end. */
export function makeRelay(parts: RelayParts): Relay {
  const { outbox, posts, claims, clock, log, outlets, owner } = parts;
  const edited = new Map<string, number>();
  const paused = new Map<string, { until: number; failures: number }>();
  /** Messages that the person's own settings have just refused. */
  const closed = new Set<string>();
  /** Records that wait for a platform: until then others come first. */
  const late = new Map<string, number>();
  let fence: number | null = null;
  let running: Promise<void> | null = null;
  let again = false;
  let timer: NodeJS.Timeout | undefined;

  async function stillOurs(): Promise<boolean> {
    if (fence !== null && (await claims.renew('relay', fence, leaseMs))) return true;
    fence = null;
    return false;
  }

  /** Makes the message with this key show this card; gives its place, or null when that has to wait. */
  async function show({ messenger }: Outlet, to: Destination, about: string, card: Card): Promise<MessageRef | null> {
    const key = `${messenger.platform}|${to.kind === 'direct' ? to.user : to.kind}|${about}`;
    const now = clock.now();
    if ((paused.get(key)?.until ?? 0) > now.getTime()) return null;
    const shown = await sha256(canonical(card));
    // A pass may be longer than the lease: what another relay has sent in the meantime must be seen here.
    if (!(await stillOurs())) return null;
    const known = await posts.get(key);
    if (known?.ref && known.shown === shown) return known.ref;
    const old = known?.ref ?? (known ? await messenger.find(to, key) : null);
    if (old && (edited.get(key) ?? 0) + editGapMs[messenger.platform] > now.getTime()) return null;
    // Recorded before the send: after a crash the message is looked for, not sent twice.
    if (!known) await posts.put({ key, ref: null, shown: '', at: now });
    const ref = old ? await redraw(messenger, old, to, card, key) : await messenger.post(to, card, key);
    if (editGapMs[messenger.platform] > 0) edited.set(key, now.getTime());
    await posts.put({ key, ref, shown, at: now });
    paused.delete(key);
    return ref;
  }

  async function redraw(
    messenger: Messenger,
    old: MessageRef,
    to: Destination,
    card: Card,
    key: string,
  ): Promise<MessageRef> {
    try {
      await messenger.edit(old, card);
      return old;
    } catch (error) {
      if (error instanceof Failure && error.code === 'chat.gone') return messenger.post(to, card, key);
      throw error;
    }
  }

  /** Like `show`, but a platform's failure is its own: the others go on, and this message is tried again later. */
  async function attempt(outlet: Outlet, to: Destination, about: string, card: Card): Promise<MessageRef | null> {
    try {
      return await show(outlet, to, about, card);
    } catch (error) {
      const { platform } = outlet.messenger;
      const key = `${platform}|${to.kind === 'direct' ? to.user : to.kind}|${about}`;
      const failures = (paused.get(key)?.failures ?? 0) + 1;
      const wait =
        error instanceof Failure && error.retryAfterMs
          ? error.retryAfterMs
          : Math.min(1000 * 2 ** failures, slowestRetryMs);
      const code = error instanceof Failure ? error.code : 'bug';
      // Whoever takes no private messages is not asked again until there is something new to say.
      if (code === 'chat.closed-inbox') closed.add(key);
      else paused.set(key, { until: clock.now().getTime() + wait, failures });
      log.warn('chat.send-failed', {
        platform,
        about,
        code,
        error: error instanceof Error ? error.message : String(error),
      });
      return null;
    }
  }

  /** The message whose thread is told in: `shows` is true when it says what it should. One that waits for its next edit has a thread. */
  async function root(outlet: Outlet, { main, within }: Shown): Promise<{ thread: MessageRef | null; shows: boolean }> {
    const about = main?.about ?? within?.about;
    if (about === undefined) return { thread: null, shows: true };
    const sent = async () => (await posts.get(`${outlet.messenger.platform}|channel|${about}`))?.ref ?? null;
    const known = within && !within.changed ? await sent() : null;
    if (known) return { thread: known, shows: true };
    const card = main?.card ?? (await within?.draw());
    const to = { kind: 'channel', channel: outlet.channel } as const;
    const drawn = card ? await attempt(outlet, to, about, card) : null;
    return { thread: drawn ?? (await sent()), shows: drawn !== null };
  }

  /** True when this outlet shows everything that the record has to say. */
  async function tell(outlet: Outlet, due: Due, shown: Shown): Promise<boolean> {
    const { messenger, channel } = outlet;
    const { thread, shows } = await root(outlet, shown);
    let complete = shows;
    for (const { about, card } of [
      ...shown.replies,
      ...due.lines.map(({ key, card }) => ({ about: `line:${key}`, card: titled(card, shown.topic) })),
    ]) {
      if (!thread) return false;
      complete = (await attempt(outlet, { kind: 'thread', of: thread }, about, card)) !== null && complete;
    }
    if (shown.elsewhere) {
      const { under, reply } = shown.elsewhere;
      const of = (await posts.get(`${messenger.platform}|channel|${under.about}`))?.ref;
      if (of) {
        const redrawn = await attempt(outlet, { kind: 'channel', channel }, under.about, await under.draw());
        complete = redrawn !== null && complete;
        complete = (await attempt(outlet, { kind: 'thread', of }, reply.about, reply.card)) !== null && complete;
      }
    }
    for (const { account, about, card } of shown.direct) {
      if (account.platform !== messenger.platform) continue;
      const sent = await attempt(outlet, { kind: 'direct', user: account.user }, about, card);
      const refused = closed.delete(`${messenger.platform}|${account.user}|${about}`);
      complete = (sent !== null || refused) && complete;
    }
    return complete;
  }

  async function pass(): Promise<void> {
    if (!(await stillOurs())) fence = await claims.take('relay', owner, leaseMs);
    if (fence === null) return;
    forget();
    const found = (await outbox.due(most)).filter(
      ({ kind, id }) => (late.get(`${kind}:${id}`) ?? 0) <= clock.now().getTime(),
    );
    // Read after what is due, so that a card is never older than the revision that it is marked as drawn from.
    const read = nothingRead();
    for (const due of found.slice(0, mostAtOnce)) {
      if (!(await say(due, read))) late.set(`${due.kind}:${due.id}`, clock.now().getTime() + lateMs);
      if (fence === null) return;
    }
    again ||= found.length > mostAtOnce;
  }

  /** True when everybody was told. A record that cannot be drawn must not keep the others from being told. */
  async function say(due: Due, read: Read): Promise<boolean> {
    try {
      const shown = await parts.shownBy(due, read);
      const complete = await Promise.all(outlets.map((outlet) => tell(outlet, due, shown)));
      if (complete.every(Boolean)) await outbox.done(due);
      return complete.every(Boolean);
    } catch (error) {
      log.error('relay.failed', {
        ...due,
        lines: due.lines.length,
        error: error instanceof Error ? error.stack : String(error),
      });
      return false;
    }
  }

  /** What is too old to matter is not kept for ever. */
  function forget(): void {
    const now = clock.now().getTime();
    for (const [key, at] of edited) if (at + slowestRetryMs < now) edited.delete(key);
    for (const [key, { until }] of paused) if (until + slowestRetryMs < now) paused.delete(key);
    for (const [key, at] of late) if (at < now) late.delete(key);
  }

  async function tick(): Promise<void> {
    if (running) {
      again = true;
      await running;
      return running ?? undefined; // the pass that began after this call
    }
    running = pass().catch((error: unknown) =>
      log.error('relay.failed', { error: error instanceof Error ? error.stack : String(error) }),
    );
    await running;
    running = null;
    if (!again) return;
    again = false;
    await tick();
  }

  return {
    tick,
    nudge: () => void tick(),
    start() {
      timer = setInterval(() => void tick(), tickMs);
    },
    async stop() {
      clearInterval(timer);
      while (running) {
        again = false;
        await running;
      }
      if (fence !== null) await claims.release('relay', fence);
    },
  };
}
