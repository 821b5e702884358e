/** The settings of the end-to-end tests: who is who, and the rules for the devices of a fleet. */
import { readSettings, type Settings } from '../../config/settings.ts';
import type { Fleet } from '../fleet/fleet.ts';

export const tenant = 'e2e';
export const channel = 'patching';
/** Two starts a day, each open for a whole day: at any instant one of them has twelve hours left. */
export const always = { cron: '0 0,12 * * *', zone: 'UTC', durationMinutes: 1440 };
const people = [
  { id: 'riley', name: 'Riley', roles: ['admin', 'oncall'], zone: 'UTC' },
  { id: 'sam', name: 'Sam', roles: ['approver', 'operator'], zone: 'UTC' },
  { id: 'kim', name: 'Kim', roles: ['approver'], zone: 'UTC' },
  { id: 'olive', name: 'Olive', roles: ['viewer'], zone: 'Europe/Madrid' },
] as const;
export type Who = (typeof people)[number]['id'];

export type Rules = {
  /** What differs from `{ id: 'all', windows: [always], noticeMinutes: 0, digest: 'off' }`; several policies select by group. */
  readonly policies?: readonly Readonly<Record<string, unknown>>[];
  /** What the settings say of a device besides its place. */
  readonly describe?: (name: string) => Readonly<Record<string, unknown>>;
};

/** Settings for a fleet. `port` is the web chat's. */
export function settingsFor(fleet: Fleet, { policies = [{}], describe }: Rules, port: number): Settings {
  const raw = {
    tenant,
    people,
    chat: { web: { port, channel } },
    feeds: { enabled: false },
    credentials: [{ name: 'fleet', kind: 'key', key: fleet.privateKey }],
    devices: fleet.devices.map(({ name, address, port: sshPort, user, become, hostKey }) => ({
      ...{ name, address, port: sshPort, user, become, hostKeys: [hostKey], credential: 'fleet' },
      ...describe?.(name),
    })),
    policies: policies.map((policy) => ({ id: 'all', windows: [always], noticeMinutes: 0, digest: 'off', ...policy })),
  };
  return readSettings(raw, 'the test');
}
