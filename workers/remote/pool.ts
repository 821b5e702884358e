/** Keeps one living connection per device, closes idle ones, and never opens two for callers that ask at the same time. */
import type { Device } from '../../domain/model/device.ts';
import { Failure } from '../../domain/model/failure.ts';
import type { Log } from '../../domain/ports.ts';
import { Connection } from './connection.ts';
import type { Credential } from './credentials.ts';
import type { SshLimits } from './limits.ts';

type Entry = { readonly login: string; readonly connection: Connection };

/** What a kept connection was made with: another address, user or credential needs another connection. */
const loginOf = (device: Device): string =>
  JSON.stringify([device.address, device.port, device.user, device.credential, device.hostKeys]);

export class Pool {
  readonly #credentials: (name: string) => Credential | undefined;
  readonly #limits: SshLimits;
  readonly #log: Log;
  /** The least recently used first. */
  readonly #kept = new Map<Device['id'], Entry>();
  /** Also those that are only waiting for their last run. */
  readonly #open = new Set<Connection>();
  #closed = false;

  /** `credentials` looks an entry of the settings up by its name. */
  constructor(credentials: (name: string) => Credential | undefined, limits: SshLimits, log: Log) {
    this.#credentials = credentials;
    this.#limits = limits;
    this.#log = log;
  }

  /** A connection that is logged in. Failures: those of `Devices.open`. */
  async connect(device: Device): Promise<Connection> {
    const credential = this.#credentials(device.credential);
    if (!credential) {
      const text = `Device ${device.name} uses the credential ${device.credential}, which is not in the settings: add it to credentials.`;
      throw new Failure('device.credential', text);
    }
    if (this.#closed) throw new Failure('device.unreachable', 'patchherd is stopping.', { retryable: true });
    const entry = this.#reusable(device) ?? { login: loginOf(device), connection: this.#make(device, credential) };
    this.#kept.delete(device.id);
    this.#kept.set(device.id, entry);
    await entry.connection.ready;
    entry.connection.rest();
    return entry.connection;
  }

  /** Closes what is kept for this device. */
  forget(device: Device): void {
    this.#kept.get(device.id)?.connection.close();
    this.#kept.delete(device.id);
  }

  /** Closes everything and waits for the sockets. */
  async close(): Promise<void> {
    this.#closed = true;
    const open = [...this.#open];
    for (const connection of open) connection.close();
    await Promise.all(open.map((connection) => connection.gone));
  }

  #reusable(device: Device): Entry | undefined {
    const entry = this.#kept.get(device.id);
    if (entry?.connection.usable && entry.login === loginOf(device)) return entry;
    entry?.connection.retire();
    return undefined;
  }

  #make(device: Device, credential: Credential): Connection {
    this.#makeRoom();
    const connection = new Connection(device, credential, this.#limits);
    this.#open.add(connection);
    connection.closed.then(() => {
      this.#open.delete(connection);
      if (this.#kept.get(device.id)?.connection === connection) this.#kept.delete(device.id);
      if (connection.lost) this.#log.warn('device.connection-lost', { device: device.name, address: device.address });
    });
    return connection;
  }

  /** Only idle connections make room. The number that work at once is bounded by the workers' own concurrency. */
  #makeRoom(): void {
    if (this.#open.size < this.#limits.connections) return;
    const idle = [...this.#kept.values()].find(({ connection }) => connection.idle);
    idle?.connection.close();
  }
}
