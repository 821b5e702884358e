/** Host keys: their fingerprints, the order in which SSH asks for them, and what a device offers before anybody logs in. */
import { createHash } from 'node:crypto';
import { createConnection } from 'node:net';
import ssh2, { type ServerHostKeyAlgorithm } from 'ssh2';
import { Failure } from '../../domain/model/failure.ts';

/** Key types and the signature algorithms they are asked for with, best first: ssh2's own order (RFC 8332 for RSA). */
const algorithmsOf: readonly (readonly [type: string, algorithms: readonly ServerHostKeyAlgorithm[]])[] = [
  ['ssh-ed25519', ['ssh-ed25519']],
  ['ecdsa-sha2-nistp256', ['ecdsa-sha2-nistp256']],
  ['ecdsa-sha2-nistp384', ['ecdsa-sha2-nistp384']],
  ['ecdsa-sha2-nistp521', ['ecdsa-sha2-nistp521']],
  ['ssh-rsa', ['rsa-sha2-512', 'rsa-sha2-256', 'ssh-rsa']],
];

/** The fingerprint as OpenSSH writes it, `ssh-ed25519 SHA256:...`, of a key in wire form (RFC 4253, 6.6); null when it is none. */
export function fingerprintOf(key: Buffer): string | null {
  if (key.length < 4) return null;
  const length = key.readUInt32BE(0);
  const type = key.toString('latin1', 4, 4 + length);
  if (length === 0 || length >= key.length - 4 || !/^[a-z0-9@.-]{1,64}$/.test(type)) return null;
  return `${type} SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

/**
 * The algorithms to offer, with those of the accepted keys first, so that a device which was accepted by its RSA key shows that one
 * although it has a newer one too. undefined = ssh2's own order does it.
 */
export function preferredAlgorithms(accepted: readonly string[]): ServerHostKeyAlgorithm[] | undefined {
  const isAccepted = (type: string) => accepted.some((fingerprint) => fingerprint.startsWith(`${type} `));
  if (accepted.length === 0 || isAccepted('ssh-ed25519')) return undefined;
  const [first, then] = [true, false].map((wanted) => algorithmsOf.filter(([type]) => isAccepted(type) === wanted));
  return [...(first ?? []), ...(then ?? [])].flatMap(([, algorithms]) => algorithms);
}

/**
 * The fingerprints that an SSH server offers, one per key type, Ed25519 first. Nobody logs in, and nothing proves that the server owns
 * these keys: a person compares them with the device's own before they are accepted. Empty when it has no key of a known type.
 * Failures: `device.unreachable`, `device.timed-out` (after `patienceMs`); both retryable.
 */
export async function readHostKey(address: string, port: number, patienceMs = 20_000): Promise<readonly string[]> {
  const asked = algorithmsOf.map(([, algorithms]) => offeredKey(address, port, patienceMs, [...algorithms]));
  const offered = await Promise.all(asked);
  return offered.filter((fingerprint) => fingerprint !== null);
}

/** One key exchange that is broken off as soon as the key is there; null when the server has no key of these types. */
function offeredKey(
  address: string,
  port: number,
  patienceMs: number,
  serverHostKey: ServerHostKeyAlgorithm[],
): Promise<string | null> {
  const where = `${address}:${port}`;
  const socket = createConnection({ host: address, port, noDelay: true });
  const client = new ssh2.Client();
  return new Promise<string | null>((resolve, reject) => {
    const fail = (code: string, text: string, cause?: Error) =>
      reject(new Failure(code, `${where} ${text}`, { retryable: true, cause }));
    const timer = setTimeout(fail, patienceMs, 'device.timed-out', `showed no host key within ${patienceMs / 1000} s.`);
    client.on('error', (error: Error & { level?: string }) => {
      if (error.level === 'handshake') return resolve(null); // no algorithm in common
      fail('device.unreachable', `gave no host key (${error.message}): is an SSH server listening there?`, error);
    });
    client.on('close', () => {
      clearTimeout(timer);
      fail('device.unreachable', 'closed the connection before it showed a host key.');
    });
    const hostVerifier = (key: Buffer) => {
      resolve(fingerprintOf(key));
      return false;
    };
    client.connect({ sock: socket, username: '', readyTimeout: 0, hostVerifier, algorithms: { serverHostKey } });
  }).finally(() => socket.destroy());
}
