import { describe, expect, it } from 'vitest';
import { fleetReleases } from '../../../domain/flows/fleet-releases.ts';
import type { Device } from '../../../domain/model/device.ts';
import type { TenantId } from '../../../domain/model/ids.ts';
import { newDatabase } from '../../database.ts';
import { device, facts } from '../../domain/make.ts';

const database = newDatabase();
const running = (id: string, version: string): Partial<Device> => ({
  facts: facts({ os: { id, version, codename: '' } }),
});

/** The devices of this tenant, with these differences. */
async function having(name: string, ...changes: readonly Partial<Device>[]) {
  const tenant = name as TenantId;
  const { devices } = database().tenant(tenant);
  for (const [at, change] of changes.entries())
    await devices.insert({ ...device(`${name}-${at}`), ...change, tenant }, { events: [] });
  return devices;
}

describe("the fleet's systems", () => {
  it('are those of scanned devices that are not retired, each once, of one tenant', async () => {
    await having('other', running('ubuntu', '24.04'));
    const devices = await having(
      'acme',
      running('debian', '12'),
      running('debian', '12'),
      running('almalinux', '9.4'),
      running('almalinux', '9.5'),
      { facts: null },
      { ...running('alpine', '3.19.1'), retired: true },
    );
    const found = (await devices.systems()).map(({ id, version }) => `${id} ${version}`);
    expect(found.sort()).toEqual(['almalinux 9.4', 'almalinux 9.5', 'debian 12']);
    expect([...(await fleetReleases({ devices }))].sort()).toEqual(['almalinux:9', 'debian:12']);
  });

  it('are none before the first scan', async () => {
    const devices = await having('new', { facts: null });
    expect(await devices.systems()).toEqual([]);
  });
});
