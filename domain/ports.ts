/** Every port on one page: what the domain needs from the world. Adapters throw Failure, never anything of their library's. */
import type { Visit } from './backends/backend.ts';
import type { Card } from './cards/card.ts';
import type { Device } from './model/device.ts';
import type { ChatPlatform, Destination, MessageRef } from './model/message.ts';
import type { Occurrence, Window } from './model/policy.ts';

/** Time, so that tests can own it. */
export interface Clock {
  now(): Date;
}

/** Opens sessions on devices and keeps connections for reuse. */
export interface Devices {
  /**
   * Connects, or reuses a living connection. Failures: `device.unreachable`, `device.timed-out` (retryable);
   * `device.host-key` (nobody accepted this key: no credentials were sent), `device.auth` (login refused), `device.credential` (no such key or secret).
   */
  open(device: Device): Promise<DeviceSession>;
  /** Closes what is kept for this device, for example before a reboot. */
  forget(device: Device): void;
  close(): Promise<void>;
}

/** One session on one device. What the far side did is data, never an exception. */
export interface DeviceSession {
  run(visit: Visit, limit: { timeoutMs: number; signal?: AbortSignal }): Promise<RunOutcome>;
}

export type RunOutcome =
  | {
      readonly kind: 'exited';
      readonly code: number;
      readonly stdout: string;
      readonly stderr: string;
      readonly cut: boolean;
    }
  /** May still be running over there. */
  | {
      readonly kind: 'unknown';
      readonly because: 'lost' | 'killed' | 'timed-out';
      readonly stdout: string;
      readonly stderr: string;
    };

/** One chat platform's way out. `key` names the message for good: it is stored with the message so that `find` finds it again. */
export interface Messenger {
  readonly platform: ChatPlatform;
  /**
   * Sends a new message. Failures: `chat.rate-limited` (retryable, retryAfterMs), `chat.unreachable` (retryable), `chat.closed-inbox`
   * (this person takes no private messages), `chat.unauthorized` (the token is dead: alarm elsewhere), `chat.refused` (anything else).
   */
  post(to: Destination, card: Card, key: string): Promise<MessageRef>;
  /** Redraws a sent message. Same failures; `chat.gone` when somebody deleted it. Safe to repeat. */
  edit(ref: MessageRef, card: Card): Promise<void>;
  /** Looks for a message with this key, after a crash between sending and recording. null = not there, or this platform cannot tell. */
  find(to: Destination, key: string): Promise<MessageRef | null>;
}

/** Recurring times. Pure arithmetic, behind a port because the calendar library is outside the domain. */
export interface Calendar {
  /** The occurrence that `at` is in, else the next one that starts after `at`; null when there is none in the next five years. */
  current(window: Window, at: Date): Occurrence | null;
  /** The next `count` occurrences that start after `at`. */
  upcoming(window: Window, at: Date, count: number): readonly Occurrence[];
}

/** Structured log. `event` is static text of the form `noun.past`; details are fields, never in the text. */
export interface Log {
  info(event: string, fields?: Record<string, unknown>): void;
  warn(event: string, fields?: Record<string, unknown>): void;
  error(event: string, fields?: Record<string, unknown>): void;
}
