/** What a scan says of the device itself: system, kernel, reboot, health, disk, helper. */
import { isCve } from '../model/cve.ts';
import type { InstalledPackage } from '../model/device.ts';
import { demandSection, type Section, unreadable } from './apt-text.ts';
import type { ScannedFacts } from './backend.ts';
import { compareDeb } from './versions/deb.ts';

/** The section `facts` is made of lines `key value`; a key may come more than once. */
type FactLines = { one(key: string): string; all(key: string): readonly string[] };

function factLines({ lines }: Section): FactLines {
  const all = (key: string): readonly string[] =>
    lines.filter((line) => line === key || line.startsWith(`${key} `)).map((line) => line.slice(key.length + 1));
  return { all, one: (key) => all(key)[0] || unreadable(`it does not say its ${key}`) };
}

/** Fields of /etc/os-release, without their quotes (freedesktop.org, os-release). */
function readSystem(lines: readonly string[]): ScannedFacts['os'] {
  const fields = new Map(lines.map((line) => line.split('=', 2)).map(([key = '', value = '']) => [key, value]));
  const field = (key: string): string => (fields.get(key) ?? '').replace(/^(["'])(.*)\1$/, '$2');
  const codename = field('VERSION_CODENAME');
  // Testing and unstable have no number.
  return { id: field('ID') || unreadable('os-release has no ID'), version: field('VERSION_ID') || codename, codename };
}

/** `6.1.0-18-cloud-amd64` is version 6.1.0-18 of the flavour cloud-amd64. */
function kernelParts(release: string): { version: string; flavour: string } {
  const [, version = release, flavour = ''] = /^(.*?)-([a-z][a-z0-9-]*)$/.exec(release) ?? [];
  return { version, flavour };
}

/**
 * The newest packaged kernel of the running one's flavour when it is newer than the running one, else null. A running kernel that no
 * package owns (containers, virtual machines with a kernel from outside) is never said to be old.
 */
function newerKernel(running: string, packaged: readonly string[]): string | null {
  if (!packaged.includes(running)) return null;
  const mine = kernelParts(running);
  const newer = packaged.filter((release) => {
    const other = kernelParts(release);
    return other.flavour === mine.flavour && compareDeb(other.version, mine.version) === 1;
  });
  return newer.sort((a, b) => compareDeb(kernelParts(b).version, kernelParts(a).version) ?? 0)[0] ?? null;
}

/** Update-notifier's flag and its list of packages, and the kernel; plain Debian has only the kernel to go by. */
function readReboot(facts: FactLines): Pick<ScannedFacts, 'rebootRequired' | 'rebootBecause'> {
  const flagged = facts.all('reboot-required').length > 0;
  const packages = [...new Set(facts.all('reboot-because'))];
  const running = facts.one('kernel');
  const newer = newerKernel(running, facts.all('kernel-image'));
  const because = [
    ...(flagged && packages.length === 0 ? ['/run/reboot-required'] : packages),
    ...(newer ? [`kernel ${newer} is installed, ${running} is running`] : []),
  ];
  return { rebootRequired: because.length > 0, rebootBecause: because };
}

/** A check that fails or takes longer than ten seconds (exit code 124), or a failed systemd unit. */
function readHealth(facts: FactLines): ScannedFacts['health'] {
  const checks = facts
    .all('check')
    .filter((line) => !line.startsWith('0 '))
    .map((line) => line.replace(/^(\d+) (.*)$/, '$2: exit $1'));
  const failed = [...checks.sort(), ...facts.all('failed-unit').map((unit) => `${unit}: failed`)];
  return { ok: failed.length === 0, failed };
}

/** MiB free on the fullest of /, /var and /boot: column 4 of `df -Pk` in KiB. */
function readDisk({ lines }: Section): number {
  const free = lines.slice(1).map((line) => Number(line.trim().split(/\s+/).at(-3)));
  if (free.length === 0 || free.some((kib) => !Number.isFinite(kib))) unreadable('df printed no numbers');
  return Math.floor(Math.min(...free) / 1024);
}

/** Lines `NEEDRESTART-SVC: name` of `needrestart -b`. */
function readServices(sections: readonly Section[]): readonly string[] {
  const lines = sections.find(({ name }) => name === 'needrestart')?.lines ?? [];
  return lines.flatMap((line) => /^NEEDRESTART-SVC: ?(.+)$/.exec(line)?.[1] ?? []);
}

const field = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null ? Object.entries(value).find(([name]) => name === key)?.[1] : undefined;
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/**
 * CVEs that `canonical-livepatch status --format json` says are patched in the running kernel: `Status[]` with `Running`, and in its
 * `Livepatch` a `State` of `applied` and `Fixes[]` of `Name` and `Patched`. Whatever is no such answer covers nothing.
 */
function readLivepatched(sections: readonly Section[]): readonly string[] {
  const lines = sections.find(({ name }) => name === 'livepatch')?.lines ?? [];
  try {
    const running = list(field(JSON.parse(lines.join('\n')), 'Status')).filter((one) => field(one, 'Running') === true);
    const applied = running
      .map((one) => field(one, 'Livepatch'))
      .filter((livepatch) => field(livepatch, 'State') === 'applied');
    const fixes = applied.flatMap((livepatch) => list(field(livepatch, 'Fixes')));
    const names = fixes.flatMap((fix) =>
      field(fix, 'Patched') === true ? String(field(fix, 'Name')).toUpperCase() : [],
    );
    return [...new Set(names.filter(isCve))].sort();
  } catch {
    return []; // no JSON: nothing is covered
  }
}

/**
 * A Debian kernel says in /proc/version which package version it was built as: the same release may be installed newer.
 */
function kernelReplacedInPlace(facts: FactLines, packages: readonly InstalledPackage[]): string | null {
  const release = facts.one('kernel');
  const running = / Debian (\S+) \(/.exec(facts.one('kernel-build'))?.[1];
  const installed = packages.find(({ name }) => name === `linux-image-${release}`)?.version;
  if (!running || !installed || compareDeb(installed, running) !== 1) return null;
  return `linux-image-${release} ${installed} is installed, ${running} is running`;
}

/**
 * From Ubuntu's FIPS archives: `fips` is in the version of what they rebuild (openssl 1.1.1f-1ubuntu2.fips.2.8, libkcapi1 1.0.3-2fips3),
 * and in the source's name of a kernel of theirs (linux-fips, linux-azure-fips), by Canonical's documentation of Ubuntu Pro. A kernel in
 * FIPS mode (/proc/sys/crypto/fips_enabled) says nothing of packages: any kernel can be started so.
 */
const isFips = ({ version, source }: InstalledPackage): boolean =>
  /fips/i.test(version) || /^linux-.*fips/.test(source);

/**
 * Facts of one scan; `packages` is null when the scan said "unchanged": `modules` is then empty, and those of the last scan count. What only a full scan can see (packages that are not whole,
 * services to restart, a kernel replaced in place) marks the stamp with `!`, which no device ever answers to: such a device is read
 * in full each time, and "unchanged" therefore means that there is none of it.
 */
export function readFacts(sections: readonly Section[], packages: readonly InstalledPackage[] | null): ScannedFacts {
  const facts = factLines(demandSection(sections, 'facts'));
  const stamp = demandSection(sections, 'stamp').rest;
  const broken = (packages ?? []).filter(({ whole }) => !whole).map(({ name }) => name);
  const servicesToRestart = readServices(sections);
  const inPlace = kernelReplacedInPlace(facts, packages ?? []);
  const reboot = readReboot(facts);
  const deviceTime = Number(facts.one('time'));
  if (!Number.isSafeInteger(deviceTime)) unreadable('its clock is not a number');
  return {
    stamp: broken.length > 0 || servicesToRestart.length > 0 || inPlace ? `${stamp}!` : stamp,
    os: readSystem(facts.all('os')),
    architecture: facts.one('architecture'),
    kernel: facts.one('kernel'),
    bootId: facts.one('boot-id'),
    rebootRequired: reboot.rebootRequired || inPlace !== null,
    rebootBecause: inPlace ? [...reboot.rebootBecause, inPlace] : reboot.rebootBecause,
    servicesToRestart,
    health: readHealth(facts),
    freeDiskMiB: readDisk(demandSection(sections, 'disk')),
    broken,
    modules: packages?.some(isFips) ? ['fips'] : [],
    livepatched: readLivepatched(sections),
    helper: facts.all('helper')[0] ?? null,
    deviceTime,
  };
}
