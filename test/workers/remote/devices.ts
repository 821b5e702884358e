/** Device records and keys for the tests of the SSH side. */
import ssh2 from 'ssh2';
import type { Device } from '../../../domain/model/device.ts';
import type { DeviceId, TenantId } from '../../../domain/model/ids.ts';
import type { Log } from '../../../domain/ports.ts';
import { fingerprintOf } from '../../../workers/remote/host-keys.ts';
import { keyPair } from '../../keys.ts';

export const newKey = () => keyPair();

/** The fingerprint of a private or public key in text form. */
export function fingerprintOfText(key: string): string {
  const parsed = ssh2.utils.parseKey(key);
  if (parsed instanceof Error) throw parsed;
  return fingerprintOf(parsed.getPublicSSH()) ?? '';
}

export function aDevice(fields: Partial<Device>): Device {
  return {
    id: 'd1' as DeviceId,
    tenant: 't1' as TenantId,
    rev: 1,
    name: 'web-1',
    transport: 'ssh',
    address: '127.0.0.1',
    port: 22,
    user: 'patchherd',
    credential: 'fleet',
    become: 'none',
    hostKeys: [],
    groups: [],
    criticality: null,
    exposure: null,
    ownership: 'company',
    owner: null,
    zone: 'UTC',
    cluster: [],
    retired: false,
    facts: null,
    refreshedAt: null,
    lastScan: null,
    ...fields,
  };
}

/** A log that remembers the events. */
export function listeningLog(): Log & { readonly events: string[] } {
  const events: string[] = [];
  const note = (event: string) => void events.push(event);
  return { events, info: note, warn: note, error: note };
}
