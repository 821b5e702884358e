/** Real devices on this machine for tests and benchmarks: real sshd, real apt and dpkg. */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { makeKeyPair } from '../../demo/keys.ts';
import type { FleetDevice } from './device.ts';
import { startRootDevices } from './root-devices.ts';
import type { Ended } from './sshd.ts';
import { startUserDevices } from './user-devices.ts';

export type Fleet = {
  readonly devices: readonly FleetDevice[];
  /** OpenSSH PEM text of the one login key. */
  readonly privateKey: string;
  /** Runs a program on the device without SSH, as root of the device, for assertions. */
  exec(device: FleetDevice, argv: readonly string[]): Promise<Ended>;
  /** Drops the device's connections abruptly; the commands that they started go on. */
  cut(device: FleetDevice): Promise<void>;
  /**
   * Power off and on: everything there ends, /run is empty, the boot id is new, the address stays. Resolves when it
   * answers again.
   */
  reboot(device: FleetDevice): Promise<void>;
  /** Ends everything that was started and removes the files. */
  stop(): Promise<void>;
};

export type FleetOptions = {
  readonly count: number;
  /**
   * `user`: needs no privileges, each device is a private apt and dpkg root. `root`: real paths, real sudo,
   * FLEET=root.
   */
  readonly mode: 'user' | 'root';
};

/** Starts a fleet. Throws with sshd's own words when a device does not come up; nothing is left running then. */
export async function startFleet({ count, mode }: FleetOptions): Promise<Fleet> {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'patchherd-fleet-'));
  const login = makeKeyPair();
  const start = mode === 'root' ? startRootDevices : startUserDevices;
  const remove = () => rm(dir, { recursive: true, force: true, maxRetries: 3 });
  const running = await start(count, dir, login).catch(async (error: unknown) => {
    await remove();
    throw error;
  });
  const byName = new Map(running.map((one) => [one.device.name, one]));
  const find = (device: FleetDevice) => {
    const found = byName.get(device.name);
    if (!found) throw new Error(`this fleet has no ${device.name}`);
    return found;
  };
  return {
    devices: running.map(({ device }) => device),
    privateKey: login.privateKey,
    exec: (device, argv) => find(device).exec(argv),
    cut: (device) => find(device).cut(),
    reboot: (device) => find(device).reboot(),
    async stop() {
      await Promise.all(running.map((one) => one.stop()));
      await remove();
    },
  };
}
