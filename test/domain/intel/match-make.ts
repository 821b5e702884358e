/** Devices, entries and advisories for the tests of matching. */
import { buildIndex, explainMatch, type MatchReason, type MatchSubject } from '../../../domain/intel/match.ts';
import type { Advisory, Affected } from '../../../domain/model/advisory.ts';
import type { InstalledPackage } from '../../../domain/model/device.ts';
import type { Finding } from '../../../domain/model/finding.ts';
import { advisory, affects } from './make.ts';

/** An installed package of one name, built from the source of that name. */
export const installed = (name: string, version: string, change: Partial<InstalledPackage> = {}): InstalledPackage => ({
  name,
  arch: 'amd64',
  version,
  source: name,
  sourceVersion: version,
  held: false,
  whole: true,
  ...change,
});
type Has = {
  readonly release?: string;
  readonly modules?: readonly string[];
  readonly livepatched?: readonly string[];
};
/** What matching asks of a device. */
export const device = (
  packages: readonly InstalledPackage[],
  { release = 'debian:12', modules, livepatched }: Has = {},
): MatchSubject => ({
  release,
  packages,
  modules: new Set(modules),
  livepatched: new Set(livepatched),
});

/** An entry for the source package `lib` of Debian 12. */
export const lib = (fixed: string | null, change: Partial<Affected> = {}): Affected => ({
  ...affects('debian:12', 'lib', fixed),
  ...change,
});
/** The same for the binary package `lib` of AlmaLinux 9. */
export const rpm = (fixed: string | null, change: Partial<Affected> = {}): Affected =>
  lib(fixed, { release: 'almalinux:9', names: 'binary', ...change });
/** The only advisory. */
export const one = (...affected: readonly Affected[]): Advisory => advisory('A-1', { affected });

/** What an index of these advisories finds. */
export async function found(all: readonly Advisory[], subject: MatchSubject): Promise<readonly Finding[]> {
  return (await buildIndex(all)).match(subject);
}
/** The index's verdict and the explanation's reason for the only entry of the only advisory. */
export async function both(
  a: Advisory,
  subject: MatchSubject,
): Promise<readonly [Finding['verdict'] | null, MatchReason | undefined]> {
  const [finding] = await found([a], subject);
  return [finding?.verdict ?? null, explainMatch(a, subject)[0]?.reason];
}
