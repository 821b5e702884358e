/**
 * Root-mode devices: each an overlay over one shared file system, in namespaces of its own, with a real sshd, sudo
 * and apt.
 */
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chown, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type KeyPair, makeKeyPair } from '../../demo/keys.ts';
import { buildDemoRepositories, firstPackages } from '../../demo/packages.ts';
import { kill } from '../../demo/processes.ts';
import { startAll } from '../../demo/start-all.ts';
import type { RunningDevice } from './device.ts';
import { rootfs } from './rootfs.ts';
import {
  addressOf,
  childrenOf,
  cutSessions,
  type Daemon,
  freePort,
  hasEnded,
  mustRun,
  run,
  startDaemon,
  waitForGreeting,
} from './sshd.ts';

/** $1 the shared file system, $2 a directory for the layer above it, $3 the repositories, the rest: packages. */
const furnishLayer = `
mount -t overlay overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" "$2/root"
mount -t proc proc "$2/root/proc"
mount --rbind /dev "$2/root/dev"
mkdir -p "$2/root$3"
mount --bind "$3" "$2/root$3"
root=$2/root
shift 3
export DEBIAN_FRONTEND=noninteractive
mkdir -p "$root/etc/patchherd/health.d"
mv "$root/etc/apt/sources.list" "$root/etc/apt/all.list"
sed 1q "$root/etc/apt/all.list" > "$root/etc/apt/sources.list"
chroot "$root" apt-get -qq update
chroot "$root" apt-get -qq -y install "$@"
mv "$root/etc/apt/all.list" "$root/etc/apt/sources.list"
chroot "$root" apt-get -qq update`;

/**
 * $1 lower layers, $2 the device's directory, $3 its name, $4 address, $5 port, $6 the repositories. Mounts go with
 * the namespace.
 */
const powerOn = `
mount -t overlay overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" "$2/root"
mount -t proc proc "$2/root/proc"
cat /proc/sys/kernel/random/uuid > "$2/boot_id"
mount --bind "$2/boot_id" "$2/root/proc/sys/kernel/random/boot_id"
mount --rbind /dev "$2/root/dev"
mount --bind "$6" "$2/root$6"
mount -t tmpfs run "$2/root/run"
mkdir "$2/root/run/sshd"
hostname "$3"
exec chroot "$2/root" /usr/sbin/sshd -D -e -f /etc/ssh/sshd_config -p "$5" -o "ListenAddress=$4" -o PidFile=none`;

const namespaces = ['unshare', '--mount', '--uts', '--pid', '--ipc', '--fork', '--kill-child'];

/**
 * Why root mode cannot be used here, or null when it can. It is asked for by FLEET=root, because it needs real
 * privileges.
 */
export async function rootModeRefusal(): Promise<string | null> {
  if (process.env.FLEET !== 'root') return 'root mode is opt-in: set FLEET=root';
  if (process.getuid?.() !== 0) return 'root mode needs root';
  if (!existsSync('/usr/sbin/debootstrap')) return 'root mode needs debootstrap: apt-get install debootstrap';
  const tried = await run([...namespaces, 'mount', '-t', 'tmpfs', 'none', '/mnt']);
  return tried.code === 0 ? null : `root mode needs namespaces and mounts: ${tried.stderr.trim()}`;
}

/**
 * Starts devices in parallel. `dir` must be on a file system that an overlay can write to; `login` may log in as
 * `herd` and as root.
 */
export async function startRootDevices(count: number, dir: string, login: KeyPair): Promise<readonly RunningDevice[]> {
  const repositories = path.join(dir, 'repositories');
  const lower = await packageLayer(dir, repositories);
  const starts = Array.from({ length: count }, (_, index) => startRootDevice(index, dir, lower, repositories, login));
  return startAll(starts, (device) => device.stop());
}

/**
 * Installs the demo's first packages once, in a layer that all devices share. Gives the layers as overlay wants them.
 */
async function packageLayer(dir: string, repositories: string): Promise<string> {
  const lines = await buildDemoRepositories(repositories);
  const layer = path.join(dir, 'layer');
  for (const part of ['upper/etc/apt', 'work', 'root']) await mkdir(path.join(layer, part), { recursive: true });
  await writeFile(
    path.join(layer, 'upper/etc/apt/sources.list'),
    `${[lines.first, lines.updates, lines.security].join('\n')}\n`,
  );
  const lower = await rootfs((line) => console.error(line));
  const packages = firstPackages.map((one) => one.name);
  await mustRun([...namespaces, 'sh', '-ec', furnishLayer, 'sh', lower, layer, repositories, ...packages]);
  return `${path.join(layer, 'upper')}:${lower}`;
}

async function startRootDevice(
  index: number,
  dir: string,
  lower: string,
  repositories: string,
  login: KeyPair,
): Promise<RunningDevice> {
  const address = addressOf(index);
  const name = `device-${index + 1}`;
  const place = path.join(dir, name);
  const hostKey = makeKeyPair();
  const port = await freePort(address);
  await furnishDevice(place, name, hostKey, login);
  const argv = ['sh', '-ec', powerOn, 'sh', lower, place, name, address, String(port), repositories];
  const power = new Power([...namespaces, ...argv], address, port);
  await power.on();
  const enter = ['-m', '-u', '-p', '-i', '-r', '-w'];
  return {
    device: {
      name,
      address,
      port,
      user: 'herd',
      become: 'sudo',
      hostKey: hostKey.fingerprint,
      password: 'herd',
    },
    exec: async (program) => run(['nsenter', '--target', String(await power.init()), ...enter, ...program]),
    cut: async () => cutSessions(await power.init()),
    reboot: () => power.cycle(),
    stop: () => power.off(),
  };
}

/** Keeps one device running. An end that nobody asked for is a reboot from inside: it is started again. */
class Power {
  readonly #argv: readonly string[];
  readonly #address: string;
  readonly #port: number;
  #daemon: Daemon | null = null;
  #ready: Promise<void> = Promise.resolve();
  #stopping = false;

  constructor(argv: readonly string[], address: string, port: number) {
    this.#argv = argv;
    this.#address = address;
    this.#port = port;
  }

  on(): Promise<void> {
    this.#ready = this.#start();
    return this.#ready;
  }

  async #start(): Promise<void> {
    const daemon = startDaemon(this.#argv);
    this.#daemon = daemon;
    await waitForGreeting(daemon, this.#address, this.#port);
    daemon.child.once('exit', () => {
      if (!this.#stopping) void this.on();
    });
  }

  /** Process 1 of the device, as this machine numbers it. */
  async init(): Promise<number> {
    await this.#ready;
    const [pid] = await childrenOf(this.#daemon?.child.pid ?? 0);
    if (!pid) throw new Error(`the device at ${this.#address} is not running: ${this.#daemon?.said()}`);
    return pid;
  }

  async cycle(): Promise<void> {
    await this.#cut();
    await this.#ready;
  }

  async off(): Promise<void> {
    await this.#ready.catch(() => {});
    this.#stopping = true;
    await this.#cut();
  }

  /** Process 1 first: its end waits for the end of everything else in there. */
  async #cut(): Promise<void> {
    const daemon = this.#daemon;
    if (!daemon || hasEnded(daemon)) return;
    const ended = once(daemon.child, 'exit');
    kill(await this.init());
    await ended;
  }
}

/** Writes what differs from device to device into the upper layer. */
async function furnishDevice(place: string, name: string, hostKey: KeyPair, login: KeyPair): Promise<void> {
  for (const part of ['upper/etc/ssh', 'upper/root/.ssh', 'upper/home/herd/.ssh', 'work', 'root']) {
    await mkdir(path.join(place, part), { recursive: true });
  }
  const upper = (file: string, text: string, mode: number) =>
    writeFile(path.join(place, 'upper', file), text, { mode });
  await upper('etc/ssh/ssh_host_ed25519_key', hostKey.privateKey, 0o600);
  await upper('etc/ssh/ssh_host_ed25519_key.pub', hostKey.publicKey, 0o644);
  // sudo looks its own machine up; there is no name server in here.
  await upper('etc/hosts', `127.0.0.1 localhost ${name}\n`, 0o644);
  await upper('root/.ssh/authorized_keys', login.publicKey, 0o600);
  await upper('home/herd/.ssh/authorized_keys', login.publicKey, 0o600);
  for (const part of ['', '.ssh', '.ssh/authorized_keys'])
    await chown(path.join(place, 'upper/home/herd', part), 1000, 1000);
}
