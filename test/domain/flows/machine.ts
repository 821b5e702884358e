/** Devices that answer: scripted ones behind real SSH servers, for the tests of flows. */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { makeKeyPair } from '../../../demo/keys.ts';
import { scriptedMachine } from '../../../demo/scripted-device.ts';
import { type SshDevice, startSshDevice } from '../../../demo/ssh-device.ts';
import type { Device } from '../../../domain/model/device.ts';
import type { Devices } from '../../../domain/ports.ts';
import { sshDevices } from '../../../workers/remote/ssh.ts';

const log = { info: () => {}, warn: () => {}, error: () => {} };

/** Starts devices one by one; `close` stops all of them. */
export async function machines(): Promise<{
  start(name: string): Promise<{
    readonly remote: Devices;
    readonly device: Pick<Device, 'address' | 'port' | 'hostKeys'>;
    readonly ssh: SshDevice;
  }>;
  close(): Promise<void>;
}> {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'patchherd-flows-'));
  const login = makeKeyPair();
  const closing: (() => Promise<void>)[] = [];
  return {
    /** With acme-agent 1.0, of which there is a newer version. */
    async start(name) {
      const options = { packages: ['acme-agent'], current: [], rebootMs: 50, workMs: 20 };
      const { shell, attach } = await scriptedMachine(path.join(dir, `${name}.json`), options);
      const hostKey = makeKeyPair().privateKey;
      const ssh = await startSshDevice({ address: '127.0.0.1', hostKey, authorizedKey: login.publicKey, shell });
      const end = attach(ssh);
      const remote = sshDevices({ credentials: () => ({ kind: 'key', privateKey: login.privateKey }), log });
      closing.push(async () => {
        await remote.close();
        await end();
        await ssh.stop();
      });
      return { remote, ssh, device: { address: ssh.address, port: ssh.port, hostKeys: [ssh.hostKeyFingerprint] } };
    },
    async close() {
      for (const close of closing) await close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
