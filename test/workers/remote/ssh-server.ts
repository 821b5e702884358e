/** An SSH server in this process that behaves as each test says, and records what clients did. The protocol is the real one. */
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import ssh2, { type AuthContext, type Connection, type ParsedKey, type ServerChannel } from 'ssh2';
import type { Device } from '../../../domain/model/device.ts';
import { aDevice, fingerprintOfText, newKey } from './devices.ts';

type Behaviour = {
  /** Private keys as text, or already parsed. */
  readonly hostKeys?: readonly (string | { readonly key: ParsedKey })[];
  /** Says yes or no to a login attempt; `null` never answers. Default: yes to everything. */
  readonly login?: (attempt: AuthContext) => boolean | null;
  /** Runs a command. Default: says "ran" and exits with 0. */
  readonly exec?: (command: string, channel: ServerChannel) => void;
  /** Channels that one connection may have. */
  readonly maxSessions?: number;
};

export type TestServer = {
  /** A record of this server with its host key accepted. */
  device(fields?: Partial<Device>): Device;
  readonly port: number;
  /** Sockets accepted so far. */
  readonly connections: number;
  /** Sockets open now. */
  readonly open: number;
  /** Login methods that were tried, in order. */
  readonly logins: string[];
  readonly commands: string[];
  /** The highest number of commands at once. */
  readonly most: number;
  /** Drops every connection without a word. */
  cut(): void;
  /** Reads nothing more from anybody, as a device does whose kernel hangs. */
  freeze(): void;
  stop(): Promise<void>;
};

export async function startSshServer(behaviour: Behaviour = {}, port = 0): Promise<TestServer> {
  const hostKeys = behaviour.hostKeys ?? [newKey().private];
  const sockets = new Set<Socket>();
  const seen = { connections: 0, logins: [] as string[], commands: [] as string[], now: 0, most: 0 };
  // the declared type lacks parsed keys, which the server takes as the client does
  const ssh = new ssh2.Server({ hostKeys: hostKeys as string[] }, (connection) => serve(connection, behaviour, seen));
  const listener = createServer((socket) => {
    seen.connections += 1;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => {});
    socket.setNoDelay(true);
    ssh.injectSocket(socket);
  });
  const listening = await listen(listener, port);
  const [first] = hostKeys;
  const fingerprint = typeof first === 'string' ? fingerprintOfText(first) : '';
  return {
    device: (fields) => aDevice({ port: listening, hostKeys: [fingerprint], ...fields }),
    port: listening,
    get connections() {
      return seen.connections;
    },
    get open() {
      return sockets.size;
    },
    get most() {
      return seen.most;
    },
    logins: seen.logins,
    commands: seen.commands,
    cut: () => {
      for (const socket of sockets) socket.destroy();
    },
    freeze: () => {
      for (const socket of sockets) socket.pause();
    },
    stop: () => stop(listener, sockets),
  };
}

function serve(
  connection: Connection,
  behaviour: Behaviour,
  seen: { logins: string[]; commands: string[]; now: number; most: number },
): void {
  let sessions = 0;
  connection.on('error', () => {});
  connection.on('authentication', (attempt) => {
    seen.logins.push(attempt.method);
    const answer = behaviour.login ? behaviour.login(attempt) : true;
    if (answer) attempt.accept();
    else if (answer === false) attempt.reject(['publickey', 'password', 'keyboard-interactive']);
  });
  connection.on('session', (accept, refuse) => {
    if (sessions >= (behaviour.maxSessions ?? 100)) return refuse();
    sessions += 1;
    accept().on('exec', (begin, _refuse, { command }) => {
      seen.commands.push(command);
      seen.now += 1;
      seen.most = Math.max(seen.most, seen.now);
      const channel = begin();
      channel.on('error', () => {});
      channel.on('close', () => {
        sessions -= 1;
        seen.now -= 1;
      });
      if (behaviour.exec) behaviour.exec(command, channel);
      else finish(channel, 0, 'ran');
      if (channel.listenerCount('data') === 0) channel.resume(); // unread input would hold the channel open
    });
  });
}

/** Says `text` and exits with `code`. */
export function finish(channel: ServerChannel, code: number, text = ''): void {
  channel.write(text);
  channel.exit(code);
  channel.end();
}

/** A TCP server that is no SSH server. `greet` gets each new socket. */
export async function startTcpServer(greet: (socket: Socket) => void) {
  const sockets = new Set<Socket>();
  const listener = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => {});
    greet(socket);
  });
  const port = await listen(listener, 0);
  return { port, stop: () => stop(listener, sockets) };
}

async function listen(listener: Server, port: number): Promise<number> {
  await new Promise<void>((resolve) => listener.listen(port, '127.0.0.1', resolve));
  return (listener.address() as AddressInfo).port; // a TCP listener has no other kind of address
}

async function stop(listener: Server, sockets: Set<Socket>): Promise<void> {
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => listener.close(resolve));
}
