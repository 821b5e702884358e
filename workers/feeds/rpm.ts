/** What the rpm feeds share: names and versions that rpm allows, which packages count, and which release a build is for. */
import { z } from 'zod';
import type { Affected } from '../../domain/model/advisory.ts';

/** The characters that rpm allows in names, and in versions and releases (no dash: it separates them). */
export const RpmName = z
  .string()
  .max(200)
  .regex(/^[A-Za-z0-9_][A-Za-z0-9._+-]*$/);
export const RpmPart = z
  .string()
  .max(200)
  .regex(/^[A-Za-z0-9._+~^]+$/);
export const RpmEpoch = z.string().regex(/^\d{1,9}$/);
/** Ids as vendors write them: letters first, a digit somewhere (ALSA-2024:8793, FEDORA-2025-4a08954c02, SUSE-SU-403). */
export const AdvisoryId = z
  .string()
  .max(100)
  .regex(/^(?=.*\d)[A-Za-z][A-Za-z0-9:._+-]*$/);

/** Debug symbols: nothing in them ever runs, and they are half of many advisories. */
export const isDebug = (name: string): boolean => /-debug(info|source)(-|$)/.test(name);

/** The first of each kind, with the repositories of all: vendors list one entry for each architecture. */
export function eachOnce(affected: readonly Affected[]): Affected[] {
  const seen = new Map<string, Affected>();
  for (const one of affected) {
    const { release, names, fixed, status, module } = one;
    const key = [release, names, one.package, fixed, status, module].join('\n');
    const before = seen.get(key);
    if (!before) seen.set(key, one);
    else if (before.repositories && one.repositories) {
      seen.set(key, { ...before, repositories: [...new Set([...before.repositories, ...one.repositories])].sort() });
    }
  }
  return [...seen.values()];
}

const families: readonly (readonly [RegExp, string])[] = [
  [/^AL(SA|BA|EA)-/, 'almalinux'],
  [/^RL(SA|BA|EA)-/, 'rocky'],
  [/^RH(SA|BA|EA)-/, 'rhel'],
  [/^EL(SA|BA|EA)-/, 'ol'],
  [/^CE(SA|BA|EA)-/, 'centos'],
  [/^ALAS/, 'amzn'],
  [/^FEDORA-(?!EPEL-)/, 'fedora'],
];

/** The distribution whose ids begin like this one; null for any other. EPEL is for every rebuild of RHEL, so it is none's. */
export const familyOf = (id: string): string | null => families.find(([start]) => start.test(id))?.[1] ?? null;

/**
 * The major version that a build is for, by the dist tag of its release field: 9 of `8.el9_0` and of `2.module+el9.1.0+13358+56c3b6a3`,
 * 2023 of `3.amzn2023.0.2`, 43 of `1.fc43`. null when it has none (Fedora packaging guidelines, "DistTag").
 */
export function majorOf(family: string, release: string): string | null {
  const tag = family === 'fedora' ? tags.fedora : family === 'amzn' ? tags.amzn : tags.other;
  return tag.exec(release)?.[1] ?? null;
}

const tags = {
  fedora: /(?:^|[._+])fc(\d{1,4})(?:[._+]|$)/,
  amzn: /(?:^|[._+])amzn(\d{1,4})(?:[._+]|$)/,
  other: /(?:^|[._+])el(\d{1,4})(?:[._+]|$)/,
};
