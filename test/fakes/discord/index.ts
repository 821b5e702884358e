/** A Discord that runs in the test: REST and gateway on one loopback port, with Discord's limits, errors and deadlines. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createGateway } from './gateway.ts';
import { createInteractions } from './interactions.ts';
import { openApi } from './openapi.ts';
import { createHuman } from './people.ts';
import { createRest, type Fault } from './rest.ts';
import { createWorld, type FakeMessage } from './world.ts';

export type { Outcome } from './interactions.ts';
export { buttonsOf, type Human, textOf } from './people.ts';
export type { FakeMessage } from './world.ts';
export type FakeDiscord = Awaited<ReturnType<typeof startFakeDiscord>>;

/** Times in milliseconds; the defaults are Discord's own, but for the heartbeat. */
export type FakeOptions = { readonly ackMs?: number; readonly tokenMs?: number; readonly heartbeatMs?: number };

/** Starts on 127.0.0.1, on a free port. Stop it in afterAll. */
export async function startFakeDiscord({ ackMs = 3000, tokenMs = 15 * 60_000, heartbeatMs = 5000 }: FakeOptions = {}) {
  const token = 'fake.bot.token';
  const world = createWorld();
  const server = createServer();
  const port = () => (server.address() as AddressInfo).port; // it listens on TCP: never a path
  const socketUrl = () => `ws://127.0.0.1:${port()}`;
  const gateway = createGateway(server, world, token, socketUrl, heartbeatMs);
  const interactions = createInteractions(world, gateway, { ackMs, tokenMs });
  const check = openApi();
  const rest = createRest(world, interactions, token, socketUrl, check);
  server.on('request', (request, response) => {
    rest.handle(request, response).catch((error: unknown) => {
      rest.violations.push(`the fake itself failed: ${error}`);
      response.writeHead(500).end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  return {
    apiUrl: `http://127.0.0.1:${port()}/api`,
    token,
    guild: world.guild,
    channel: world.channel,
    people: world.people,
    gateway,
    /** Every request so far. */
    calls: rest.calls,
    /** Requests that Discord's OpenAPI document forbids. `documented` is false when it is not at hand, and nothing was checked. */
    violations: rest.violations,
    documented: check !== null,
    /** Numbers of answers that came twice or too late. */
    faults: interactions.faults,
    channels: world.channels,
    commands: () => rest.state.commands,
    tooMany: () => rest.state.tooMany,
    /** Messages of a channel or thread that everybody in it sees, oldest first. */
    messages: (channel = world.channel): FakeMessage[] => world.inChannel(channel),
    message(id: string): FakeMessage {
      const message = world.messages.get(id);
      if (!message) throw new Error(`there is no message ${id}`);
      return message;
    },
    deleteMessage: (id: string) => world.messages.delete(id),
    closeInbox: (user: string) => world.closedInboxes.add(user),
    /** The next request that matches gets this fault, once. */
    failNext(method: string, path: RegExp, fault: Fault): void {
      rest.faults.push({ method, path, fault });
    },
    /** So many requests per method and path below /channels, then 429; null lifts it. */
    limit(limit: { count: number; ms: number } | null): void {
      rest.state.limit = limit;
    },
    /** Somebody in the server; `elsewhere` acts from another server. */
    human: (name: keyof typeof world.people = 'ann', elsewhere?: string) =>
      createHuman(world, interactions, rest, world.people[name], elsewhere),
    async stop(): Promise<void> {
      await gateway.stop();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
