/** Settings for a fleet of test devices, as they would stand in a settings file. */
import type { Fleet } from '../test/fleet/fleet.ts';

/** `port` is where the web chat listens. Everything that is not named here has the product's default. */
export const fleetSettings = ({ devices, privateKey }: Pick<Fleet, 'devices' | 'privateKey'>, port: number) => ({
  tenant: 'bench',
  people: [{ id: 'ada', name: 'Ada', roles: ['admin', 'approver'], zone: 'UTC' }],
  chat: { web: { port } },
  feeds: { enabled: false },
  credentials: [{ name: 'fleet', kind: 'key', key: privateKey }],
  devices: devices.map(({ name, address, port: sshPort, user, become, hostKey }) => ({
    name,
    address,
    port: sshPort,
    user,
    become,
    credential: 'fleet',
    hostKeys: [hostKey],
  })),
  policies: [{ id: 'standard', windows: [{ cron: '0 2 * * *', zone: 'UTC', durationMinutes: 120 }], digest: 'off' }],
  log: { level: 'warn' },
});
