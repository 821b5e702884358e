/** A real web proxy on this machine: opens tunnels (CONNECT, RFC 9110 section 9.3.6), and knows names that no name server has. */
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';

export type FakeProxy = {
  /** Without a slash at its end. */
  readonly url: string;
  /** `host:port` of each tunnel that was asked for, refused ones too. */
  readonly asked: string[];
  /** From now on, tunnels to this name, whatever the port, end at this address of a local server. */
  lead(name: string, to: string): void;
  /** From now on, only who logs in so (`user:password`) gets through; others are answered 407. null = everybody. */
  demand(login: string | null): void;
  /** From now on, everybody is answered so. null = as usual. */
  answer(status: number | null): void;
  close(): Promise<void>;
};

/** Starts it. It leads to no name that it was not told: those are answered 502. */
export async function fakeProxy(): Promise<FakeProxy> {
  const asked: string[] = [];
  const places = new Map<string, number>();
  const open = new Set<Socket>();
  let [wanted, fixed]: [string | null, number | null] = [null, null];
  const server = createServer((_, response) => response.writeHead(400).end('only tunnels'));
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
  });
  server.on('connect', (request, socket: Socket) => {
    socket.on('error', () => undefined);
    const target = request.url ?? '';
    asked.push(target);
    const login = Buffer.from((request.headers['proxy-authorization'] ?? '').replace(/^Basic /, ''), 'base64');
    const port = places.get(target.replace(/:\d+$/, ''));
    const status = fixed ?? (wanted !== null && String(login) !== wanted ? 407 : port === undefined ? 502 : 200);
    if (status !== 200 || port === undefined) return void socket.end(`HTTP/1.1 ${status} No\r\n\r\n`);
    const far = connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      far.pipe(socket).pipe(far);
    });
    far.on('error', () => socket.destroy());
    socket.on('close', () => far.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    lead: (name, to) => void places.set(name, Number(new URL(to).port)),
    demand(login) {
      wanted = login;
    },
    answer(status) {
      fixed = status;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
  };
}
