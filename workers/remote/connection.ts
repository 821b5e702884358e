/** One SSH connection: TCP, host key, login, each within its time. Every way in which this can fail becomes one Failure. */
import { createConnection, type Socket } from 'node:net';
import ssh2 from 'ssh2';
import type { Device } from '../../domain/model/device.ts';
import { Failure } from '../../domain/model/failure.ts';
import { type Credential, loginMethods } from './credentials.ts';
import { fingerprintOf, preferredAlgorithms } from './host-keys.ts';
import type { SshLimits } from './limits.ts';

/** What ssh2 puts on its errors: `level` says which part of it speaks, `code` is errno's name or an SSH disconnect reason. */
type SshError = Error & { readonly level?: string; readonly code?: string | number };

const phases = {
  connect: { limit: 'connectMs', doing: 'accepting a TCP connection' },
  handshake: { limit: 'handshakeMs', doing: 'the SSH key exchange' },
  auth: { limit: 'authMs', doing: 'the login' },
} as const;

/** RFC 4253, 11.1: how OpenSSH ends a login that failed too often (2), and how others do (14). */
const LOGIN_REFUSED_REASONS: readonly unknown[] = [2, 14];

export class Connection {
  /** Settled once: rejects with `device.unreachable`, `device.timed-out`, `device.host-key`, `device.auth` or `device.credential`. */
  readonly ready: Promise<void>;
  /** Resolves when the socket is closed, for whatever reason. */
  readonly closed: Promise<void>;
  readonly client = new ssh2.Client();
  /** True when an established connection ended although nobody here closed it. */
  lost = false;
  #running = 0;
  readonly #waiting: (() => void)[] = [];
  #state: keyof typeof phases | 'ready' | 'retired' | 'gone' = 'connect';
  #offered = '';
  #trusted = false;
  #timer: NodeJS.Timeout | undefined;
  #idle: NodeJS.Timeout | undefined;
  #reject: (failure: Failure) => void = () => {};
  readonly #socket: Socket;
  readonly #device: Device;
  readonly #limits: SshLimits;

  /** Throws Failure `device.credential` when the credential's key cannot be read; all other failures reject `ready`. */
  constructor(device: Device, credential: Credential, limits: SshLimits) {
    this.#device = device;
    this.#limits = limits;
    const authHandler = loginMethods(device.user, device.credential, credential);
    const serverHostKey = preferredAlgorithms(device.hostKeys);
    // ssh2's own sockets have Nagle on, which makes a run on an open connection ten times slower
    this.#socket = createConnection({ host: device.address, port: device.port, noDelay: true });
    this.closed = new Promise((resolve) => this.client.on('close', resolve));
    this.ready = new Promise((resolve, reject) => {
      this.#reject = reject;
      this.client.on('ready', () => {
        clearTimeout(this.#timer);
        this.#state = 'ready';
        this.rest();
        resolve();
      });
    });
    this.ready.catch(() => {}); // whoever waits is told; nobody waiting is no crash
    this.#listen();
    this.#enter('connect');
    this.client.connect({
      sock: this.#socket,
      username: device.user,
      authHandler,
      hostVerifier: (key: Buffer) => this.#verify(key),
      readyTimeout: 0, // the phases have their own
      keepaliveInterval: limits.keepaliveMs,
      ...(serverHostKey && { algorithms: { serverHostKey } }),
    });
  }

  /** False once it is closed, or closes after its last run. */
  get usable(): boolean {
    return this.#state !== 'retired' && this.#state !== 'gone';
  }

  get gone(): boolean {
    return this.#state === 'gone';
  }

  get idle(): boolean {
    return this.#state === 'ready' && this.#running === 0;
  }

  /** Calls `begin` as soon as there is a place for a run; whoever began calls `leave` once. */
  take(begin: () => void): void {
    if (this.#running >= this.#limits.runs) {
      this.#waiting.push(begin);
      return;
    }
    this.#running += 1;
    clearTimeout(this.#idle);
    begin();
  }

  /** Ends a run: the next one begins, or the idle time does. */
  leave(): void {
    this.#running -= 1;
    const next = this.#waiting.shift();
    if (next) this.take(next);
    else this.rest();
  }

  /** Starts the idle time anew. */
  rest(): void {
    clearTimeout(this.#idle);
    if (this.#running > 0 || this.#state === 'gone') return;
    if (this.#state === 'retired') this.close();
    else this.#idle = setTimeout(() => this.close(), this.#limits.idleMs).unref();
  }

  /** Gives no new runs a place here; closes when the last one has ended. */
  retire(): void {
    if (this.#state !== 'ready') return;
    this.#state = 'retired';
    this.rest();
  }

  /** Closes at once; runs that are under way end as `lost`. Safe to repeat. */
  close(): void {
    if (this.#state === 'ready' || this.#state === 'retired') this.client.end(); // the polite word; its answer is not awaited
    this.#fail('device.unreachable', 'was not reached: the connection was given up.');
    this.#state = 'gone';
    this.#socket.destroy();
  }

  #listen(): void {
    this.client.on('connect', () => this.#enter('handshake'));
    this.client.on('handshake', () => {
      if (this.#state === 'handshake') this.#enter('auth'); // it comes again with every new key exchange
    });
    this.client.on('change password', () =>
      this.#fail('device.auth', `wants a new password for ${this.#device.user}.`),
    );
    this.client.on('error', (error: SshError) => this.#explain(error));
    this.client.on('close', () => {
      this.#fail('device.unreachable', 'closed the connection before the login was done.');
      clearTimeout(this.#idle);
      this.lost = this.#state === 'ready' || this.#state === 'retired';
      this.#state = 'gone';
    });
  }

  #enter(phase: keyof typeof phases): void {
    if (this.#state === 'gone') return;
    clearTimeout(this.#timer);
    this.#state = phase;
    const { limit, doing } = phases[phase];
    const patience = this.#limits[limit];
    const text = `did not finish ${doing} within ${patience / 1000} s.`;
    this.#timer = setTimeout(() => this.#fail('device.timed-out', text), patience);
  }

  /** Runs before anything about the user is sent, and again in every later key exchange. */
  #verify(key: Buffer): boolean {
    this.#offered = fingerprintOf(key) ?? 'an unreadable key';
    this.#trusted = this.#device.hostKeys.includes(this.#offered);
    if (!this.#trusted) this.#fail('device.host-key', refusedKey(this.#device, this.#offered));
    return this.#trusted;
  }

  /** After `ready` an error needs no words: the socket closes, and each run says `lost`. */
  #explain(error: SshError): void {
    const { user, credential } = this.#device;
    if (error.level === 'agent') {
      this.#fail('device.credential', `needs the SSH agent of credential ${credential}, which does not answer.`, error);
    } else if (error.level === 'client-authentication' || (this.#state === 'auth' && isRefusedLogin(error))) {
      this.#fail(
        'device.auth',
        `refused the login of ${user} with credential ${credential}: check both on the device.`,
        error,
      );
    } else if (error.level === 'handshake' && this.#trusted) {
      this.#fail(
        'device.host-key',
        `offered the accepted key ${this.#offered} but could not prove that it owns it.`,
        error,
      );
    } else {
      this.#fail('device.unreachable', `cannot be reached over SSH (${error.code ?? error.message}).`, error);
    }
  }

  #fail(code: string, text: string, cause?: Error): void {
    clearTimeout(this.#timer);
    const { name, address, port } = this.#device;
    const retryable = code === 'device.unreachable' || code === 'device.timed-out';
    this.#reject(new Failure(code, `Device ${name} (${address}:${port}) ${text}`, { retryable, cause }));
    if (this.#state === 'ready' || this.#state === 'retired') return;
    this.#state = 'gone';
    this.#socket.destroy();
  }
}

const isRefusedLogin = (error: SshError): boolean => LOGIN_REFUSED_REASONS.includes(error.code);

function refusedKey({ name, hostKeys }: Device, offered: string): string {
  const known = hostKeys.length === 0 ? 'no key was accepted yet' : `accepted are: ${hostKeys.join(', ')}`;
  return `offers the host key ${offered}, but ${known}. No credentials were sent. If this key is the device's own (compare on its console: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub), run: patchherd device accept-key ${name}`;
}
