/** A device in this process: a real SSH server that lets one key in and hands every command to a DeviceShell. */
import { createServer, type Socket } from 'node:net';
import { PassThrough, type Readable, type Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import ssh2, { type AuthContext, type Connection, type ParsedKey, type ServerChannel } from 'ssh2';
import { fingerprintOf } from './keys.ts';

export type ShellStreams = { readonly stdin: Readable; readonly stdout: Writable; readonly stderr: Writable };
export type ShellEnd = { readonly code: number } | { readonly signal: string };
/** Runs one command line and says how it ended. The streams close early when the connection is cut. */
export type DeviceShell = (line: string, io: ShellStreams) => Promise<ShellEnd>;

export type SshDeviceOptions = {
  /** Such as `127.82.0.1`. Where only 127.0.0.1 exists (macOS), that one is used: read `address` of the result. */
  readonly address: string;
  /** 0 or absent = any free one. A port that somebody else has is replaced by a free one: read `port` of the result. */
  readonly port?: number;
  /** OpenSSH PEM text. */
  readonly hostKey: string;
  /** One line of authorized_keys. */
  readonly authorizedKey: string;
  /** @default 'patchherd' */
  readonly user?: string;
  readonly shell: DeviceShell;
};

export type SshDevice = {
  readonly address: string;
  readonly port: number;
  /** `ssh-ed25519 SHA256:...` */
  readonly hostKeyFingerprint: string;
  /** How many connections were accepted since the start. */
  connections(): number;
  /** Drops all connections abruptly; the commands that they started go on. */
  cut(): void;
  /**
   * Cuts, is away for `downMs` milliseconds, then listens at the same place again. Resolves when it does, or when
   * stopped.
   */
  restart(downMs: number): Promise<void>;
  stop(): Promise<void>;
};

/** What a demo device is behind its SSH server. */
export type Machine = {
  readonly shell: DeviceShell;
  /** Connects the power switch; gives the function that ends everything which still runs there. */
  attach(device: SshDevice): () => Promise<void>;
};

/** Starts a device. Throws what `listen` throws when no address will do, and ssh2's error when a key is unreadable. */
export async function startSshDevice(options: SshDeviceOptions): Promise<SshDevice> {
  const authorized = ssh2.utils.parseKey(options.authorizedKey);
  if (authorized instanceof Error) throw authorized;
  const user = options.user ?? 'patchherd';
  const ssh = new ssh2.Server({ hostKeys: [options.hostKey] }, (connection) => {
    // A peer that vanishes is ordinary here; without a listener it would end the process.
    connection.on('error', () => {});
    connection.on('authentication', (attempt) => {
      if (mayEnter(attempt, user, authorized)) attempt.accept();
      else attempt.reject(['publickey']);
    });
    connection.on('ready', () => serveCommands(connection, options.shell));
  });
  const open = new Set<Socket>();
  let accepted = 0;
  // Own sockets, because ssh2 has no way to drop a connection without saying good-bye.
  const listener = createServer({ noDelay: true }, (socket) => {
    accepted += 1;
    open.add(socket);
    socket.on('close', () => open.delete(socket)).on('error', () => {});
    ssh.injectSocket(socket);
  });
  const place = await listenNear(listener, options.address, options.port ?? 0);
  const stopping = new AbortController();
  const cut = () => {
    for (const socket of open) socket.resetAndDestroy();
  };
  const close = () =>
    new Promise<void>((resolve) => {
      listener.close(() => resolve());
      cut();
    });
  return {
    ...place,
    hostKeyFingerprint: fingerprintOf(options.hostKey),
    connections: () => accepted,
    cut,
    async restart(downMs) {
      await close();
      await delay(downMs, undefined, { signal: stopping.signal }).catch(() => {});
      if (!stopping.signal.aborted) await listen(listener, place.address, place.port);
    },
    async stop() {
      stopping.abort();
      await close();
    },
  };
}

type Listener = ReturnType<typeof createServer>;

/** Linux has all of 127.0.0.0/8, macOS only 127.0.0.1; and a remembered port may be taken by now. */
async function listenNear(listener: Listener, address: string, port: number) {
  const places = [
    { address, port },
    { address, port: 0 },
    { address: '127.0.0.1', port },
  ];
  for (const place of places) {
    try {
      return { address: place.address, port: await listen(listener, place.address, place.port) };
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : null;
      if (code !== 'EADDRNOTAVAIL' && code !== 'EADDRINUSE') throw error;
    }
  }
  return { address: '127.0.0.1', port: await listen(listener, '127.0.0.1', 0) };
}

function listen(listener: Listener, address: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    listener.once('error', reject).listen(port, address, () => {
      listener.off('error', reject);
      const bound = listener.address();
      resolve(typeof bound === 'object' && bound ? bound.port : port);
    });
  });
}

/** RFC 4252 section 7: a key comes first as a question, without a signature, then with one that proves it. */
function mayEnter(attempt: AuthContext, user: string, authorized: ParsedKey): boolean {
  if (attempt.method !== 'publickey' || attempt.username !== user) return false;
  if (attempt.key.algo !== authorized.type || !attempt.key.data.equals(authorized.getPublicSSH())) return false;
  if (!attempt.signature || !attempt.blob) return true;
  // ssh2 gives an Error instead of false for a signature that it cannot read.
  return authorized.verify(attempt.blob, attempt.signature, attempt.hashAlgo) === true;
}

function serveCommands(connection: Connection, shell: DeviceShell): void {
  connection.on('session', (acceptSession) => {
    acceptSession().on('exec', (acceptCommand, _refuse, { command }) => void serve(acceptCommand(), command, shell));
  });
}

async function serve(channel: ServerChannel, line: string, shell: DeviceShell): Promise<void> {
  // A stream of its own: whoever reads the channel itself to the end destroys it, and its way out with it.
  const stdin = channel.pipe(new PassThrough());
  const stderr = new PassThrough();
  const warnings = text(stderr);
  let gone = false;
  channel
    .on('error', () => {})
    .on('close', () => {
      gone = true;
      stdin.destroy();
    });
  const end = await shell(line, { stdin, stdout: channel, stderr });
  stderr.end();
  if (gone) return;
  // One after the other: ssh2 1.17 forgets what waits on standard error while standard output waits for the window.
  await new Promise<void>((resolve) => channel.write('', () => resolve()));
  const last = await warnings;
  await new Promise<void>((resolve) => channel.stderr.end(last, () => resolve()));
  if ('code' in end) channel.exit(end.code);
  else channel.exit(end.signal);
  channel.end();
}
