/** The one writer of chat: draws cards from state, sends thread lines, and remembers which message shows what. */
import type { Card } from '../domain/cards/card.ts';
import { Failure } from '../domain/model/failure.ts';
import type { Destination, MessageRef } from '../domain/model/message.ts';
import { canonical, sha256 } from '../domain/model/plan.ts';
import type { Claims, Clock, Due, Log, Messenger, Outbox, Posts } from '../domain/ports.ts';
import type { Shown } from './shown.ts';

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
  /** What a due record shows: its cards, and where its lines go. */
  readonly shownBy: (due: Due) => Promise<Shown>;
};

const tickMs = 1000;
const leaseMs = 10_000;
/** Between two edits of one card: chat platforms count edits (facts on chat platforms, section 4). */
const editGapMs: Record<Messenger['platform'], number> = { slack: 3000, discord: 3000, web: 0 };
const slowestRetryMs = 300_000;

export type Relay = {
  /** Something changed: look now. */
  nudge(): void;
  /** One pass; for tests and for shutting down. */
  tick(): Promise<void>;
  start(): void;
  stop(): Promise<void>;
};

/** Makes the relay. Only one process at a time sends: the others wait for its claim to end. */
export function makeRelay(parts: RelayParts): Relay {
  const { outbox, posts, claims, clock, log, outlets, owner } = parts;
  const edited = new Map<string, number>();
  const paused = new Map<string, { until: number; failures: number }>();
  let fence: number | null = null;
  let running: Promise<void> | null = null;
  let again = false;
  let timer: NodeJS.Timeout | undefined;

  async function ours(): Promise<boolean> {
    if (fence !== null && (await claims.renew('relay', fence, leaseMs))) return true;
    fence = await claims.take('relay', owner, leaseMs);
    return fence !== null;
  }

  /** Makes the message with this key show this card; gives its place, or null when that has to wait. */
  async function show({ messenger }: Outlet, to: Destination, about: string, card: Card): Promise<MessageRef | null> {
    const key = `${messenger.platform}|${to.kind === 'direct' ? to.user : to.kind}|${about}`;
    const now = clock.now();
    if ((paused.get(key)?.until ?? 0) > now.getTime()) return null;
    const shown = await sha256(canonical(card));
    const known = await posts.get(key);
    if (known?.ref && known.shown === shown) return known.ref;
    const old = known?.ref ?? (known ? await messenger.find(to, key) : null);
    if (old && (edited.get(key) ?? 0) + editGapMs[messenger.platform] > now.getTime()) return null;
    // Recorded before the send: after a crash the message is looked for, not sent twice.
    if (!known) await posts.put({ key, ref: null, shown: '', at: now });
    const ref = old ? await redraw(messenger, old, to, card, key) : await messenger.post(to, card, key);
    edited.set(key, now.getTime());
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
      paused.set(key, { until: clock.now().getTime() + wait, failures });
      const code = error instanceof Failure ? error.code : 'bug';
      log.warn('chat.send-failed', {
        platform,
        about,
        code,
        error: error instanceof Error ? error.message : String(error),
      });
      return null;
    }
  }

  /** True when this outlet shows everything that the record has to say. */
  async function tell(outlet: Outlet, due: Due, shown: Shown): Promise<boolean> {
    const { messenger, channel } = outlet;
    let complete = true;
    let thread: MessageRef | null = null;
    if (shown.main) {
      thread = await attempt(outlet, { kind: 'channel', channel }, shown.main.about, shown.main.card);
      complete = thread !== null;
      // A card that only waits for its next edit still has a thread.
      thread ??= (await posts.get(`${messenger.platform}|channel|${shown.main.about}`))?.ref ?? null;
    }
    for (const { about, card } of [
      ...shown.replies,
      ...due.lines.map(({ key, card }) => ({ about: `line:${key}`, card })),
    ]) {
      if (!thread) return false;
      complete = (await attempt(outlet, { kind: 'thread', of: thread }, about, card)) !== null && complete;
    }
    for (const { account, about, card } of shown.direct) {
      if (account.platform !== messenger.platform) continue;
      complete = (await attempt(outlet, { kind: 'direct', user: account.user }, about, card)) !== null && complete;
    }
    return complete;
  }

  async function pass(): Promise<void> {
    if (!(await ours())) return;
    for (const due of await outbox.due(200)) {
      const shown = await parts.shownBy(due);
      const complete = await Promise.all(outlets.map((outlet) => tell(outlet, due, shown)));
      if (complete.every(Boolean)) await outbox.done(due);
    }
  }

  async function tick(): Promise<void> {
    if (running) {
      again = true;
      return running;
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
      await running;
      if (fence !== null) await claims.release('relay', fence);
    },
  };
}
