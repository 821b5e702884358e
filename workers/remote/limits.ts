/** What one SSH connection may cost: the limits, their defaults and the reason of each. */

/** Times in milliseconds, sizes in bytes. */
export type SshLimits = {
  /** From the start to an open TCP connection, name look-up included. */
  readonly connectMs: number;
  /** From there to a proven host key: the whole phase, so that one byte per second does not stretch it. */
  readonly handshakeMs: number;
  /** From there to a login. sshd itself gives 120 s; PAM delays of a few seconds are ordinary. */
  readonly authMs: number;
  /** A living connection is asked for a sign of life this often; it is given up after three that stay unanswered. */
  readonly keepaliveMs: number;
  /** A connection that nobody used for so long is closed. */
  readonly idleMs: number;
  /** Open connections, about 15 KiB each: beyond it the one that is idle for longest is closed. One that works is never closed. */
  readonly connections: number;
  /**
   * Runs at once on one connection; further ones wait. Half of sshd's default of 10 (MaxSessions), because sshd counts a session that
   * has just ended until its next round: with 8, a burst of short commands had some refused.
   */
  readonly runs: number;
  /** Kept of standard output: the first and the last half. A full scan of a big device stays below 1 MiB. */
  readonly stdoutBytes: number;
  /** Kept of standard error. */
  readonly stderrBytes: number;
  /** A run that says more than this is stopped: reading on would cost CPU time that the other devices need. */
  readonly floodBytes: number;
};

export const defaultLimits: SshLimits = {
  connectMs: 10_000,
  handshakeMs: 10_000,
  authMs: 20_000,
  keepaliveMs: 15_000,
  idleMs: 10 * 60_000,
  connections: 1_000,
  runs: 5,
  stdoutBytes: 8 * 1024 * 1024,
  stderrBytes: 256 * 1024,
  floodBytes: 64 * 1024 * 1024,
};
