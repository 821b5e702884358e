/** Who is who in the demo: twelve devices of a small company, and which of the Acme packages each of them has. */
import type { Criticality, Exposure } from '../domain/model/device.ts';

export type DemoCharacter = {
  /** Also its folder's name. */
  readonly name: string;
  readonly groups: readonly string[];
  readonly criticality: Criticality;
  readonly exposure: Exposure;
  /** First name of the person whose computer it is, null for a server. */
  readonly owner: string | null;
  readonly zone: string;
  readonly cluster: readonly string[];
  /** Installed in the first version. */
  readonly packages: readonly string[];
  /** Installed in the newest version, so that this device does not need that patch. */
  readonly current: readonly string[];
};

const server = {
  criticality: 'normal',
  exposure: 'internal',
  owner: null,
  zone: 'UTC',
  cluster: [],
  current: [],
} as const;
const web = ['acme-agent', 'acme-tls-utils', 'acme-web', 'acme-conf'];
const database = ['acme-agent', 'acme-tls-utils', 'acme-db', 'acme-kernel'];

/** The sandbox has everything, so each patch meets a device of no importance first. */
export const characters: readonly DemoCharacter[] = [
  { ...server, name: 'sandbox-1', groups: ['test'], criticality: 'low', packages: [...web, ...database, 'acme-tool'] },
  { ...server, name: 'build-1', groups: ['test', 'build'], criticality: 'low', packages: ['acme-agent', 'acme-tool'] },
  { ...server, name: 'web-1', groups: ['canary', 'web'], criticality: 'high', exposure: 'internet', packages: web },
  { ...server, name: 'web-2', groups: ['web'], criticality: 'high', exposure: 'internet', packages: web },
  { ...server, name: 'web-3', groups: ['web'], exposure: 'internet', packages: web, current: ['acme-agent'] },
  { ...server, name: 'db-1', groups: ['db'], criticality: 'mission', cluster: ['orders-db'], packages: database },
  { ...server, name: 'db-2', groups: ['db'], criticality: 'mission', cluster: ['orders-db'], packages: database },
  {
    ...server,
    name: 'mail-1',
    groups: ['mail'],
    criticality: 'high',
    packages: ['acme-tls-utils', 'acme-kernel', 'acme-conf'],
  },
  { ...server, name: 'files-1', groups: ['files'], packages: ['acme-agent', 'acme-kernel'], current: ['acme-conf'] },
  { ...server, name: 'edge-1', groups: ['edge'], exposure: 'internet', packages: ['acme-agent', 'acme-tls-utils'] },
  { ...server, name: 'kiosk-1', groups: ['kiosk'], zone: 'America/New_York', packages: ['acme-agent', 'acme-web'] },
  {
    ...server,
    name: 'laptop-riley',
    groups: ['laptops'],
    owner: 'riley',
    zone: 'Europe/Madrid',
    packages: ['acme-agent', 'acme-tls-utils', 'acme-tool'],
  },
];
