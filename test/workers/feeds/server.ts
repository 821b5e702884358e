/** A real web server on this machine that answers as a test says, and remembers what it was asked. */
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;
export type FeedServer = {
  /** Without a slash at its end. */
  readonly url: string;
  readonly asked: { readonly path: string; readonly headers: IncomingMessage['headers'] }[];
  /** From now on, requests for this path are answered so. */
  answer(path: string, how: Answer | string): void;
  close(): Promise<void>;
};

/** Starts it. Paths that nobody gave an answer for are 404. `tls`: as an https server. */
export async function feedServer(tls?: { readonly key: string; readonly cert: string }): Promise<FeedServer> {
  const answers = new Map<string, Answer>();
  const asked: { path: string; headers: IncomingMessage['headers'] }[] = [];
  const listen: RequestListener = (request, response) => {
    const path = request.url ?? '';
    asked.push({ path, headers: request.headers });
    const how = answers.get(path);
    if (how) how(request, response);
    else response.writeHead(404).end('no');
  };
  const server: Server = tls ? createSecureServer(tls, listen) : createServer(listen);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `${tls ? 'https' : 'http'}://127.0.0.1:${port}`,
    asked,
    answer: (path, how) => void answers.set(path, typeof how === 'string' ? (_, response) => response.end(how) : how),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Content with validators, as a well-run mirror has it: 304 for who has it already. */
export const withEtag =
  (content: string, etag: string): Answer =>
  (request, response) => {
    if (request.headers['if-none-match'] === etag) response.writeHead(304).end();
    else response.writeHead(200, { etag, 'last-modified': 'Tue, 12 Nov 2024 08:00:00 GMT' }).end(content);
  };
