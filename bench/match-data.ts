/** Advisories and devices for measuring the matching: made from a seed one at a time, so that memory is not theirs. */
import { deserialize, serialize } from 'bson';
import type { MatchSubject } from '../domain/intel/match.ts';
import type { Advisory, Affected } from '../domain/model/advisory.ts';
import type { InstalledPackage } from '../domain/model/device.ts';
import { seeded } from '../test/random.ts';

/** How much there is of everything. Means of AlmaLinux 9's and Debian 12's own: 13 entries an rpm advisory, 1.6 binaries a deb source. */
const size = {
  advisories: 50_000,
  /** Source packages of a release that advisories speak of; a few have most of them. */
  sources: 3000,
  packages: 500,
  /** Of those, what nearly every device of a release has. */
  base: 400,
  /** Versions that a package had since the release came out; the fleet has the last eight. */
  history: 40,
  inFleet: 8,
};

type Style = {
  readonly release: string;
  readonly names: Affected['names'];
  readonly entries: number;
  readonly binaries: number;
  /** The version of a package after so many updates; `tag` parts one device's from another's. */
  version(name: number, update: number, tag: string): string;
};
const deb = (release: string, mark: string, requires: number): Style & { readonly requires: number } => ({
  ...{ release, names: 'source', entries: 1, binaries: 2, requires },
  version: (name, update, tag) =>
    `${name % 7 === 0 ? '1:' : ''}${1 + (name % 9)}.${update >> 3}.${name % 5}-2${mark}${update}${tag}`,
});
const rpm = (release: string): Style => ({
  ...{ release, names: 'binary', entries: 13, binaries: 4 },
  version: (name, update, tag) =>
    `${name % 5 === 0 ? 1 : 0}:${1 + (name % 9)}.${update >> 3}.${name % 5}-${update}.el9_${name % 4}${tag}`,
});
const apk: Style = {
  ...{ release: 'alpine:3.19', names: 'source', entries: 1, binaries: 2 },
  version: (name, update, tag) =>
    `${1 + (name % 9)}.${update >> 3}.${name % 5}${tag && `_p${tag.slice(1)}`}-r${update}`,
};
const styles: readonly [Style, ...Style[]] = [
  deb('debian:12', '+deb12u', 0),
  deb('ubuntu:24.04', 'ubuntu0.', 0.1),
  rpm('almalinux:9'),
  rpm('rocky:9'),
  apk,
];

/** What a record is like when it comes from the database: every text is new. */
const stored = <T extends object>(record: T): T => deserialize(serialize(record), { promoteValues: true }) as T;

const numberOf = (release: string, what: number): string => `${release.replace(/\W/g, '-')}-${what}`;
/** The names of what is built from a source package. */
const binary = (style: Style, source: number, at: number): string => `lib${source}-${at % style.binaries}`;
/** Few packages have most of the advisories: the kernel, browsers. */
const popular = (random: () => number, among: number): number => Math.floor(random() ** 3 * among);

export const advisoryCount = size.advisories;

/** Devices that change after a pass, and packages of each. */
export const changes = 200;
export const changedPackages = 5;

/** Bulletins of five releases, in turns. */
export function* advisories(): Iterable<Advisory> {
  const random = seeded(1);
  for (let at = 0; at < size.advisories; at += 1) {
    const style = styles[at % styles.length] ?? styles[0];
    const source = popular(random, size.sources);
    const many = source < 5 ? 40 : 4;
    const cves = Array.from(
      { length: 1 + Math.floor(random() * many) },
      () => `CVE-2026-${10_000 + Math.floor(random() * 60_000)}`,
    );
    yield stored({
      id: numberOf(style.release, at),
      feed: 'bench',
      title: `Update for package ${source}`,
      text: `What was wrong with package ${source}. `.repeat(10),
      kind: 'security',
      cves: [...new Set(cves)].sort(),
      severity: 'important',
      vendorSeverity: 'Important',
      affected: entries(style, source, random),
      published: new Date(0),
      modified: new Date(0),
      withdrawn: null,
      reboot: source === 0,
      livepatch: false,
      references: ['https://example.org/advisory'],
    } satisfies Advisory);
  }
}

function entries(style: Style, source: number, random: () => number): readonly Affected[] {
  const update = 1 + Math.floor(random() * size.history);
  const introduced = random() < 0.1 ? style.version(source, Math.floor(update / 2), '') : null;
  const kind = random();
  const module = style.names === 'binary' && random() < 0.05 ? `lib${source}:${source % 3}` : null;
  return Array.from({ length: style.entries }, (_, at) => ({
    release: style.release,
    names: style.names,
    package: style.names === 'source' ? `src${source}` : binary(style, source + (at >> 2), at),
    introduced,
    fixed: kind < 0.03 ? null : style.version(source + (style.names === 'source' ? 0 : at >> 2), update, ''),
    status: kind > 0.97 ? 'not-affected' : kind > 0.96 ? 'unknown' : 'affected',
    requires: style.release.startsWith('ubuntu') && random() < 0.1 ? 'ubuntu-pro' : null,
    module,
  }));
}

/** One device. `distinct`: no other device has the version of any of its packages. */
export function subject(number: number, distinct: boolean): MatchSubject {
  const random = seeded(1000 + number);
  const style = styles[number % styles.length] ?? styles[0];
  const behind = Math.floor(random() ** 2 * (size.inFleet - 1)); // most devices are nearly up to date
  const tag = distinct ? `+${number}` : '';
  const packages = Array.from({ length: size.packages }, (_, at) => {
    const source = at < size.base ? Math.floor(at / style.binaries) : popular(random, size.sources);
    return installed(style, source, at, size.history - behind - ((source + number) % 2), tag);
  });
  const livepatched = random() < 0.05 ? ['CVE-2026-10001', 'CVE-2026-10002'] : [];
  return {
    release: style.release,
    ...stored({ packages }),
    modules: new Set(['lib1:1', 'lib2:2']),
    livepatched: new Set(livepatched),
  };
}

function installed(style: Style, source: number, at: number, update: number, tag: string): InstalledPackage {
  const version = style.version(source, update, tag);
  const common = { name: binary(style, source, at), arch: 'amd64', source: `src${source}`, held: false };
  return { ...common, version, sourceVersion: version, whole: true };
}

/** The same device after an update of `count` packages to versions that no device had before. */
export function changed(before: MatchSubject, number: number, count: number): MatchSubject {
  const packages = before.packages.map((one, at) => {
    if (at % Math.floor(size.packages / count) !== 0) return one;
    const version = before.release.startsWith('alpine') ? `9.${number}.0-r0` : `${one.version}.${number}`;
    return { ...one, version, sourceVersion: version };
  });
  return { ...before, ...stored({ packages }) };
}
