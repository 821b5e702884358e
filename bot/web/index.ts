/** The built-in web chat: a chat platform like the others, drawn by us. */
import type { Server } from 'node:http';
import { serve } from '@hono/node-server';
import { Failure } from '../../domain/model/failure.ts';
import type { PersonId } from '../../domain/model/ids.ts';
import type { Messenger } from '../../domain/ports.ts';
import { webApp } from './app.ts';
import { limits } from './limits.ts';
import type { WebOptions } from './ports.ts';
import { webMessenger } from './send.ts';
import { bell } from './stream.ts';

export type Web = {
  /** What browsers call it. */
  readonly url: string;
  /** Where it listens: the port that was free when 0 was asked for. */
  readonly port: number;
  readonly messenger: Messenger;
  /** A link that signs this person in once, for 15 minutes. */
  loginLink(person: PersonId): Promise<string>;
  /** Tells open pages that messages changed other than through this messenger. */
  notify(): void;
  stop(): Promise<void>;
};

/** Starts the web chat and resolves when it listens. Failure `web.address`: nothing can listen there. */
export async function startWeb(options: WebOptions): Promise<Web> {
  const news = bell();
  const { app, close } = webApp(options, news);
  const { server, port } = await listen(app.fetch, options);
  const name = options.host === '0.0.0.0' || options.host === '::' ? 'localhost' : options.host;
  const url = options.publicUrl?.replace(/\/+$/, '') ?? `http://${name.includes(':') ? `[${name}]` : name}:${port}`;
  options.log.info('web.started', { url });
  return {
    url,
    port,
    messenger: webMessenger({
      messages: options.messages,
      channels: options.channels,
      isPerson: async (id) => (await options.people.byId(id))?.tenant === options.tenant,
      changed: news.ring,
    }),
    loginLink: async (person) => `${url}/login/${await options.sessions.issueLink(person, limits.linkTtlMs)}`,
    notify: news.ring,
    async stop() {
      close();
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections(); // browsers keep idle connections open for minutes
      await closed;
    },
  };
}

type Fetch = ReturnType<typeof webApp>['app']['fetch'];

function listen(fetch: Fetch, { host, port }: WebOptions): Promise<{ server: Server; port: number }> {
  return new Promise((resolve, reject) => {
    // Without options of its own, serve() makes a plain http.Server; its type covers HTTP/2, too.
    const server = serve({ fetch, hostname: host, port }, (address) => {
      server.removeListener('error', refuse);
      resolve({ server, port: address.port });
    }) as Server;
    const refuse = (cause: Error) =>
      reject(
        new Failure('web.address', `The web chat cannot listen on ${host} port ${port}: choose another.`, { cause }),
      );
    server.once('error', refuse);
  });
}
