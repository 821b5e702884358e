/** The demo's fleet: twelve devices to log in to over real SSH, which are the same ones after a restart. */
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { makeAptRoot } from './apt-root.ts';
import { aptShell, furnishAptDevice, powerCycle, watchPower } from './apt-shell.ts';
import { makeKeyPair } from './keys.ts';
import { buildDemoRepositories, firstPackages } from './packages.ts';
import { endProcesses } from './processes.ts';
import { aptPrograms, missingPrograms } from './repository.ts';
import { scriptedMachine } from './scripted-device.ts';
import { type Machine, type SshDevice, startSshDevice } from './ssh-device.ts';
import { startAll } from './start-all.ts';
import { characters, type DemoCharacter } from './story.ts';

/**
 * `apt`: the real apt and dpkg work on a private folder. `scripted`: for machines without them; nothing real is
 * installed.
 */
export type DemoMode = 'apt' | 'scripted';

export type DemoDevice = Omit<DemoCharacter, 'packages' | 'current'> & {
  readonly address: string;
  readonly port: number;
  readonly user: string;
  /** As in Device.hostKeys. */
  readonly hostKeys: readonly string[];
};

export type DemoFleet = {
  readonly devices: readonly DemoDevice[];
  /** OpenSSH PEM text of the key that all devices let in. */
  readonly privateKey: string;
  readonly mode: DemoMode;
  /** Ends all devices. An install that is under way may finish, for at most ten seconds. */
  stop(): Promise<void>;
};

export type DemoFleetOptions = {
  /** Where the devices live. Everything of them is in here, so that removing it removes them. */
  readonly dir: string;
  /** Hears a line about each step that takes a while. */
  readonly say: (line: string) => void;
  /** @default 'apt' where its programs are, else 'scripted' */
  readonly mode?: DemoMode;
  /** How long a device is away when it reboots, in milliseconds. @default 2000 */
  readonly rebootMs?: number;
};

const user = 'patchherd';
const installMayTakeMs = 10_000;

/** What has to be the same after a restart. */
const Memory = z.object({
  login: z.object({ privateKey: z.string(), publicKey: z.string() }),
  devices: z.record(z.string(), z.object({ hostKey: z.string(), port: z.number() })),
});
type Memory = z.infer<typeof Memory>;

/** Starts the fleet: makes it the first time, within ten seconds; finds it again in `dir` afterwards, within two. */
export async function startDemoFleet(options: DemoFleetOptions): Promise<DemoFleet> {
  const { say, rebootMs = 2000 } = options;
  const mode = options.mode ?? possibleMode(say);
  const home = path.join(path.resolve(options.dir), `fleet-${mode}`);
  const found = await recall(home);
  // Without its memory a fleet is one whose making was interrupted.
  if (!found) await rm(home, { recursive: true, force: true });
  await mkdir(home, { recursive: true });
  say(found ? `Starting ${characters.length} devices.` : `Making ${characters.length} devices in ${home}.`);
  const make = mode === 'apt' ? await aptMachines(home, rebootMs) : scriptedMachines(home, rebootMs);
  const memory = found ?? newMemory();
  const running = await startAll(
    characters.map(async (character, index) => {
      const machine = await make(character, found === null);
      const known = memory.devices[character.name] ?? { hostKey: makeKeyPair().privateKey, port: 0 };
      const device = await startSshDevice({
        address: `127.82.0.${index + 1}`,
        port: known.port,
        hostKey: known.hostKey,
        authorizedKey: memory.login.publicKey,
        user,
        shell: machine.shell,
      });
      const endMachine = machine.attach(device);
      memory.devices[character.name] = { hostKey: known.hostKey, port: device.port };
      if (!found) say(`${character.name} is ready.`);
      return { seen: describe(character, device), stop: () => device.stop().then(endMachine) };
    }),
    ({ stop }) => stop(),
  );
  await remember(home, memory);
  return {
    devices: running.map(({ seen }) => seen),
    privateKey: memory.login.privateKey,
    mode,
    async stop() {
      await Promise.all(running.map(({ stop }) => stop()));
    },
  };
}

function possibleMode(say: (line: string) => void): DemoMode {
  const missing = missingPrograms(aptPrograms);
  if (process.platform === 'linux' && missing.length === 0) return 'apt';
  say(`The devices are scripted, nothing real is installed: no ${missing.join(', ') || 'Linux'} here.`);
  return 'scripted';
}

function describe({ packages: _, current: __, ...character }: DemoCharacter, device: SshDevice): DemoDevice {
  const { address, port, hostKeyFingerprint } = device;
  return { ...character, address, port, user, hostKeys: [hostKeyFingerprint] };
}

/** Makes one device's machine; `isNew` when it has to be furnished. */
type MakeMachine = (character: DemoCharacter, isNew: boolean) => Promise<Machine>;

async function aptMachines(home: string, rebootMs: number): Promise<MakeMachine> {
  // Built at every start: a third of a second, and right when the folder was moved or the packages changed.
  const { first, updates, security } = await buildDemoRepositories(path.join(home, 'repositories'));
  return async ({ name, packages, current }, isNew) => {
    const root = await makeAptRoot(path.join(home, name), { repositories: [first, updates, security] });
    if (isNew) {
      const versions = new Map(firstPackages.map((one) => [one.name, one.version]));
      const old = packages.map((one) => `${one}=${versions.get(one)}`);
      if (packages.includes('acme-tls-utils')) old.push(`libacme-tls1=${versions.get('libacme-tls1')}`);
      await root.install([...old, ...current]);
    }
    await furnishAptDevice(root);
    return {
      shell: aptShell(root),
      attach(device) {
        const stopWatching = watchPower(root, async () => {
          await Promise.all([device.restart(rebootMs), powerCycle(root)]);
        });
        return async () => {
          stopWatching();
          await endProcesses(root.dir, installMayTakeMs);
        };
      },
    };
  };
}

const scriptedMachines =
  (home: string, rebootMs: number): MakeMachine =>
  ({ name, packages, current }) =>
    scriptedMachine(path.join(home, `${name}.json`), { packages, current, rebootMs });

const newMemory = (): Memory => ({ login: makeKeyPair(), devices: {} });

async function recall(home: string): Promise<Memory | null> {
  const text = await readFile(path.join(home, 'fleet.json'), 'utf8').catch(() => null);
  return text === null ? null : Memory.parse(JSON.parse(text));
}

/** Written last and at once: it holds private keys, and its being there says that all devices are complete. */
async function remember(home: string, memory: Memory): Promise<void> {
  const file = path.join(home, 'fleet.json');
  await writeFile(`${file}.new`, JSON.stringify(memory, null, 2), { mode: 0o600 });
  await rename(`${file}.new`, file);
}
