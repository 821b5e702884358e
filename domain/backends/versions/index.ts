/** Which order the versions of a distribution have. */
import { compareApk } from './apk.ts';
import { compareDeb } from './deb.ts';
import type { Comparator } from './number.ts';
import { compareRpm } from './rpm.ts';

export type { Comparator, Order } from './number.ts';

export const versionKinds = ['deb', 'rpm', 'apk'] as const;
export type VersionKind = (typeof versionKinds)[number];

export const comparators: Readonly<Record<VersionKind, Comparator>> = {
  deb: compareDeb,
  rpm: compareRpm,
  apk: compareApk,
};

/** By the field ID of /etc/os-release. */
const distributions: Readonly<Record<VersionKind, readonly string[]>> = {
  deb: ['debian', 'ubuntu', 'raspbian', 'linuxmint', 'kali', 'pop'],
  rpm: [
    ...['almalinux', 'rocky', 'rhel', 'centos', 'ol', 'amzn', 'fedora'],
    ...['opensuse-leap', 'opensuse-tumbleweed', 'sles', 'sled', 'sles_sap', 'sle-micro'],
  ],
  apk: ['alpine'],
};

/** The kind of versions that a release such as `debian:12` or `opensuse-leap:15.6` has; null = not known. */
export function kindFor(release: string): VersionKind | null {
  const [id = ''] = release.split(':');
  return versionKinds.find((kind) => distributions[kind].includes(id)) ?? null;
}

/** How versions of a release such as `debian:12`, `almalinux:9` or `alpine:3.19` compare; null = nobody knows. */
export function compareFor(release: string): Comparator | null {
  const kind = kindFor(release);
  return kind && comparators[kind];
}
