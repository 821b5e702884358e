/** One Socket Mode connection that is kept up: reconnects at once, then ever slower, for as long as it takes. */
import { setTimeout as wait } from 'node:timers/promises';
import { SocketModeReceiver } from '@slack/bolt';
import type { Log } from '../../domain/ports.ts';
import { clientOptions, type SlackProxy, type Wire } from './clients.ts';

/** What both ways of receiving offer. `url` is where Slack's requests go, null when the connection is ours. */
export interface Transport {
  readonly url: string | null;
  up(): boolean;
  stop(): Promise<void>;
}

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 15_000;
/** The library's stop can wait 30 s for a peer that does not answer the closing handshake. */
const GOODBYE_MS = 1000;

/**
 * The library's own reconnect is off: it waits 5 s before the first try, and an error while it reconnects is an unhandled rejection
 * that ends the process. The pong limit stays at its 5 s, after which a silent connection counts as lost.
 */
export const socketReceiver = async (
  appToken: string,
  wire: Wire,
  proxy: SlackProxy | null | undefined,
): Promise<SocketModeReceiver> =>
  new SocketModeReceiver({
    appToken,
    logger: wire.logger,
    autoReconnectEnabled: false,
    installerOptions: { clientOptions: clientOptions(wire, 0) },
    ...(proxy ? { dispatcher: await proxy.dispatcher() } : {}),
  });

/** Connects; rejects with the library's error when the first try fails. The app must have been built with this receiver before. */
export async function keepConnected({ client }: SocketModeReceiver, log: Log): Promise<Transport> {
  const stopping = new AbortController();
  let connected = false;
  let reconnecting = false;

  async function reconnect(): Promise<void> {
    reconnecting = true;
    for (let tries = 1; !stopping.signal.aborted; tries += 1) {
      try {
        await client.start();
        if (stopping.signal.aborted)
          await client.disconnect(); // stop came while the connection was being made
        else log.info('slack.reconnected', { tries });
        break;
      } catch (error) {
        const waitMs = Math.min(FIRST_WAIT_MS * 2 ** (tries - 1), LONGEST_WAIT_MS);
        log.warn('slack.reconnect-failed', { tries, waitMs, error: String(error) });
        await wait(waitMs, undefined, { signal: stopping.signal }).catch(() => undefined); // stopping ends the wait
      }
    }
    reconnecting = false;
  }

  client.on('connected', () => {
    connected = true;
  });
  client.on('disconnected', () => {
    connected = false;
    if (!reconnecting && !stopping.signal.aborted) void reconnect();
  });
  reconnecting = true; // the first try is the caller's to repeat
  await client.start();
  reconnecting = false;
  return {
    url: null,
    up: () => connected,
    async stop() {
      stopping.abort();
      await Promise.race([client.disconnect(), wait(GOODBYE_MS, undefined, { ref: false })]);
    },
  };
}
