/** Signed HTTP from Slack: the library checks the signature, we refuse what lies in the future and own the server. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { HTTPReceiver } from '@slack/bolt';
import type { Log } from '../../domain/ports.ts';
import { CLOCK_SKEW_SECONDS } from './limits.ts';
import type { Transport } from './socket.ts';

/** The path that Slack's request URLs end in. */
export const EVENTS_PATH = '/slack/events';

/**
 * Serves `receiver` on host and port (0 = any free one). The library refuses requests older than five minutes but takes any from the
 * future, which would let a recorded one be replayed much later; those get 401 here. Rejects with Node's error when it cannot listen.
 */
export async function listenSigned(receiver: HTTPReceiver, host: string, port: number, log: Log): Promise<Transport> {
  const server = createServer((request, response) => {
    if (fromTheFuture(request)) {
      log.warn('slack.request-refused', {
        because: 'its timestamp is in the future',
        from: request.socket.remoteAddress,
      });
      response.writeHead(401).end();
    } else {
      serve(receiver, request, response);
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const address = server.address();
  const bound = typeof address === 'object' && address !== null ? address.port : port;
  return {
    url: `http://${host}:${bound}${EVENTS_PATH}`,
    up: () => server.listening,
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeIdleConnections();
      await closed;
    },
  };
}

function fromTheFuture(request: IncomingMessage): boolean {
  return Number(request.headers['x-slack-request-timestamp']) > Date.now() / 1000 + CLOCK_SKEW_SECONDS;
}

function serve(receiver: HTTPReceiver, request: IncomingMessage, response: ServerResponse): void {
  try {
    receiver.requestListener(request, response);
  } catch {
    response.writeHead(404).end(); // the library throws for every path and method that is not its own
  }
}
