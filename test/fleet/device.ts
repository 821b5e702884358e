/** One device of a test fleet: what a test may know of it, and its handles. */
import type { Device } from '../../domain/model/device.ts';
import { device } from '../domain/make.ts';
import type { Ended } from './sshd.ts';

export type FleetDevice = {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly user: string;
  /** How `user` reaches root. In user mode `sudo` is a stand-in that only knows the helper. */
  readonly become: 'sudo';
  /** Fingerprint, as in Device.hostKeys. */
  readonly hostKey: string;
  /** What sudo asks for before the device is prepared; null where nobody asks. */
  readonly password: string | null;
};

/** The product's record of a fleet's device: its host key accepted, logged in to with the credential `fleet`. */
export const asDevice = ({ name, address, port, user, become, hostKey }: FleetDevice): Device =>
  device(name, {
    ...{ id: name, tenant: 'fleet', credential: 'fleet', address, port, user, become, hostKeys: [hostKey] },
    ...{ criticality: null, exposure: null },
  });

/** One started device with the handles that tests need. */
export type RunningDevice = {
  readonly device: FleetDevice;
  exec(argv: readonly string[]): Promise<Ended>;
  cut(): Promise<void>;
  reboot(): Promise<void>;
  stop(): Promise<void>;
};
