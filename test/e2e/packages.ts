/** Made-up packages that go wrong, wait, or ask for something, as the end-to-end tests need them. */
import type { DemoPackage } from '../../demo/repository.ts';
import type { FleetDevice } from '../fleet/device.ts';
import { type TestWorld, until } from './world.ts';

const script = (...lines: readonly string[]): string => `#!/bin/sh\nset -e\n${lines.join('\n')}\n`;

/** Nothing special. */
export const plain = (name: string, version: string): DemoPackage => ({ name, version });

/** Its postinst fails. */
export const failing = (name: string, version: string): DemoPackage => ({
  name,
  version,
  postinst: script(`echo "${name}: cannot migrate the data" >&2`, 'exit 1'),
});

/** Brings a health check that is unhappy while the device has the file `etc/fragile`. */
export const fragile = (name: string, version: string): DemoPackage => ({
  name,
  version,
  files: { [`etc/patchherd/health.d/${name}`]: script('! test -e "$DPKG_ROOT/etc/fragile"') },
});

/** Wants a reboot afterwards, as a kernel does. */
export const rebooting = (name: string, version: string): DemoPackage => ({
  name,
  version,
  postinst: script('echo "*** System restart required ***" >"$DPKG_ROOT/run/reboot-required"'),
});

/** Its postinst says that it runs and then waits until the gate is opened. */
export const gated = (name: string, version: string): DemoPackage => ({
  name,
  version,
  postinst: script(
    `: >"$DPKG_ROOT/etc/${name}.runs"`,
    `while ! test -e "$DPKG_ROOT/etc/${name}.open"; do sleep 0.1; done`,
  ),
});

/** True while the postinst of a gated package waits on this device, and after. */
export const runs = async (world: TestWorld, device: FleetDevice, name: string): Promise<boolean> =>
  (await world.sh(device, 'ls "$DPKG_ROOT/etc"')).split('\n').includes(`${name}.runs`);

/** Waits until the postinst of a gated package runs on this device. */
export const hasStarted = (world: TestWorld, device: FleetDevice, name: string): Promise<boolean> =>
  until(`${name} to be in the middle of its install on ${device.name}`, () => runs(world, device, name));

/** Lets the install of a gated package go on. */
export const openGate = async (world: TestWorld, devices: readonly FleetDevice[], name: string): Promise<void> => {
  for (const device of devices) await world.sh(device, ': >"$DPKG_ROOT/etc/$1.open"', name);
};
