/** Device records and keys for the tests of the SSH side. */
import ssh2 from 'ssh2';
import type { Device } from '../../../domain/model/device.ts';
import type { Log } from '../../../domain/ports.ts';
import { fingerprintOf } from '../../../workers/remote/host-keys.ts';
import { device } from '../../domain/make.ts';
import { keyPair } from '../../keys.ts';

export const newKey = () => keyPair();

/** The fingerprint of a private or public key in text form. */
export function fingerprintOfText(key: string): string {
  const parsed = ssh2.utils.parseKey(key);
  if (parsed instanceof Error) throw parsed;
  return fingerprintOf(parsed.getPublicSSH()) ?? '';
}

/** One that is logged in to without becoming root. */
export const aDevice = (fields: Partial<Device>): Device => ({
  ...device('web-1', { credential: 'fleet', become: 'none' }),
  ...fields,
});

/** A log that remembers the events. */
export function listeningLog(): Log & { readonly events: string[] } {
  const events: string[] = [];
  const note = (event: string) => void events.push(event);
  return { events, info: note, warn: note, error: note };
}
