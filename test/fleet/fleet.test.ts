import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { processesOf } from '../../demo/processes.ts';
import { apt } from '../../domain/backends/apt.ts';
import type { Devices, Log } from '../../domain/ports.ts';
import { sshDevices } from '../../workers/remote/ssh.ts';
import { asDevice, type FleetDevice } from './device.ts';
import { type Fleet, startFleet } from './fleet.ts';
import { rootModeRefusal } from './root-devices.ts';
import { mustRun } from './sshd.ts';
import { userModeRefusal } from './user-devices.ts';

const limit = { timeoutMs: 20_000 };
const silent: Log = { info() {}, warn() {}, error() {} };
const bootIdOf = async (fleet: Fleet, device: FleetDevice) => {
  const script = 'cat "$DPKG_ROOT/proc/sys/kernel/random/boot_id"';
  return (await fleet.exec(device, ['sh', '-c', script])).stdout.trim();
};

/** What holds in both modes. */
function behavesLikeAFleet(mode: 'user' | 'root'): void {
  let fleet: Fleet;
  let devices: Devices;
  let first: FleetDevice;
  beforeAll(async () => {
    fleet = await startFleet({ count: 3, mode });
    const [one] = fleet.devices;
    if (!one) throw new Error('the fleet is empty');
    first = one;
    devices = sshDevices({ credentials: () => ({ kind: 'key', privateKey: fleet.privateKey }), log: silent });
  }, 180_000);
  afterAll(async () => {
    await devices?.close();
    await fleet?.stop();
  });

  async function printed(device: FleetDevice, ...argv: string[]): Promise<string> {
    const session = await devices.open(asDevice(device));
    const outcome = await session.run({ argv }, limit);
    if (outcome.kind !== 'exited') throw new Error(`${argv.join(' ')} ended as ${outcome.because}`);
    return outcome.stdout.trim();
  }

  it('lets the login key in on every device', async () => {
    for (const device of fleet.devices) expect(await printed(device, 'id', '-un')).toBe(device.user);
  });

  it('gives each device a host key and an address of its own', async () => {
    expect(new Set(fleet.devices.map(({ hostKey }) => hostKey)).size).toBe(3);
    expect(new Set(fleet.devices.map(({ address }) => address)).size).toBe(3);
    const other = fleet.devices.find((device) => device !== first);
    const disguised = { ...asDevice(first), hostKeys: [other?.hostKey ?? ''] };
    devices.forget(disguised);
    await expect(devices.open(disguised)).rejects.toMatchObject({ code: 'device.host-key' });
  });

  it('offers real updates, of which the security ones can be told', async () => {
    const session = await devices.open(asDevice(first));
    const outcome = await session.run(apt.scan(null), limit);
    if (outcome.kind !== 'exited') throw new Error(`the scan ended as ${outcome.because}`);
    const report = apt.readScan(outcome.stdout);
    if (report.kind !== 'full') throw new Error('the first scan is never "unchanged"');
    const offered = report.offers.map(({ name, to, security }) => `${name}=${to}${security ? ' security' : ''}`);
    expect(offered).toContain('acme-agent=1.1');
    expect(offered).toContain('libacme-tls1=3.0-2 security');
    expect(report.facts.bootId).toBe(await bootIdOf(fleet, first));
  });

  it('allows nobody to be root without the helper', async () => {
    const session = await devices.open(asDevice(first));
    const outcome = await session.run({ argv: ['sudo', '-n', 'sh', '-c', 'id'] }, limit);
    expect(outcome).toMatchObject({
      kind: 'exited',
      code: 1,
      stderr: expect.stringContaining('a password is required'),
    });
  });

  it('drops connections when they are cut, but not the commands that they started', async () => {
    const inRun = (script: string) => ['sh', '-c', `cd "$DPKG_ROOT/run" && ${script}`];
    const until = async (script: string) => {
      while ((await fleet.exec(first, inRun(script))).code !== 0);
    };
    await fleet.exec(first, inRun('mkfifo go && chmod 666 go && mkdir -m 777 said'));
    const session = await devices.open(asDevice(first));
    const lost = session.run({ argv: inRun('touch said/started && read -r line < go && touch said/finished') }, limit);
    await until('test -e said/started');
    await fleet.cut(first);
    expect(await lost).toMatchObject({ kind: 'unknown', because: 'lost' });
    await fleet.exec(first, inRun('echo > go'));
    await until('test -e said/finished');
    expect(await printed(first, 'id', '-un')).toBe(first.user);
  });

  it('reboots to an empty /run, a new boot id, and the same place and host key', async () => {
    const before = await bootIdOf(fleet, first);
    await fleet.exec(first, ['sh', '-c', 'echo > "$DPKG_ROOT/run/reboot-required"']);
    await fleet.reboot(first);
    expect(await bootIdOf(fleet, first)).not.toBe(before);
    const flag = await fleet.exec(first, ['sh', '-c', 'test -e "$DPKG_ROOT/run/reboot-required"']);
    expect(flag.code).toBe(1);
    expect(await printed(first, 'id', '-un')).toBe(first.user);
  });

  it('reboots when the device itself says so', async () => {
    const before = await bootIdOf(fleet, first);
    await fleet.exec(first, ['sh', '-c', 'setsid "$DPKG_ROOT/sbin/reboot" &']);
    await expect.poll(() => bootIdOf(fleet, first).catch(() => before), { timeout: 10_000 }).not.toBe(before);
    await expect.poll(() => printed(first, 'id', '-un').catch(() => null), { timeout: 10_000 }).toBe(first.user);
  });
}

const noUserMode = userModeRefusal();
if (noUserMode) console.error(`skipped: user-mode fleet: ${noUserMode}`);
describe.skipIf(noUserMode)('a user-mode fleet', () => {
  behavesLikeAFleet('user');

  it('leaves no process and no file behind', async () => {
    const fleet = await startFleet({ count: 1, mode: 'user' });
    const [device] = fleet.devices;
    if (!device) throw new Error('the fleet is empty');
    const { stdout } = await fleet.exec(device, ['sh', '-c', 'setsid sleep 1000 >/dev/null 2>&1 & echo "$DPKG_ROOT"']);
    const root = stdout.trim();
    expect(await processesOf(root)).not.toEqual([]);
    await fleet.stop();
    expect(await processesOf(root)).toEqual([]);
    expect(existsSync(root)).toBe(false);
  });
});

const noRootMode = await rootModeRefusal();
if (noRootMode) console.error(`skipped: root-mode fleet: ${noRootMode}`);
/** Mounts that mention a directory, in every namespace of this machine. */
const mountsOf = (dir: string) =>
  mustRun(['sh', '-c', 'cat /proc/[0-9]*/mounts 2>/dev/null | grep -F -e "$1" | sort -u', 'sh', dir]);
describe.skipIf(noRootMode)('a root-mode fleet', () => {
  behavesLikeAFleet('root');

  it('has a real sudo that wants a password before the device is prepared, and leaves no mount behind', async () => {
    const fleet = await startFleet({ count: 1, mode: 'root' });
    const [device] = fleet.devices;
    if (!device) throw new Error('the fleet is empty');
    const sudo = 'printf "%s\\n" "$1" | setpriv --reuid herd --regid herd --init-groups sudo -S -p "" id -u';
    expect((await fleet.exec(device, ['sh', '-c', sudo, 'sh', 'wrong'])).stdout.trim()).toBe('');
    expect((await fleet.exec(device, ['sh', '-c', sudo, 'sh', String(device.password)])).stdout.trim()).toBe('0');
    const layers = (await fleet.exec(device, ['cat', '/proc/self/mounts'])).stdout;
    const dir = /upperdir=([^,]+)/.exec(layers)?.[1] ?? 'no overlay';
    expect(await mountsOf(dir)).not.toBe('');
    await fleet.stop();
    expect(await mountsOf(dir)).toBe('');
  });
});
