/** What `patchherd check` reads: the listing, the plan and the release, from files, a pipe or this machine. */
import { readFile, stat } from 'node:fs/promises';
import { fileTrouble } from '../../config/files.ts';
import { readPlan } from '../../domain/backends/apt-plan.ts';
import { readPolicy } from '../../domain/backends/apt-scan-read.ts';
import { type Listing, listingCommands, nativeOf, readListing } from '../../domain/backends/listing.ts';
import { kindFor, type VersionKind } from '../../domain/backends/versions/index.ts';
import { type Planned, plannedBy } from '../../domain/intel/offered.ts';
import { releaseOf } from '../../domain/model/advisory.ts';
import { Failure } from '../../domain/model/failure.ts';
import { textOf } from '../../workers/feeds/archive.ts';

/** A listing of 100,000 packages has a tenth of this. */
const mostBytes = 64 * 1024 ** 2;

export type Release = { readonly release: string; readonly kind: VersionKind };

const examples = 'such as debian:13, ubuntu:24.04, almalinux:9, rocky:9, opensuse-leap:15.6 or alpine:3.20';

/** The release that `--os` names, else that of this machine. Throws Failure `check.os`. */
export async function releaseFor(os: string | undefined, osRelease = '/etc/os-release'): Promise<Release> {
  const named = os ?? (await ownRelease(osRelease));
  const [, id = '', version = ''] = /^([a-z][a-z0-9._-]*):(\d[\w.]*)$/.exec(named) ?? [];
  const release = id === '' ? '' : releaseOf({ id, version });
  const kind = kindFor(release);
  if (kind) return { release, kind };
  throw new Failure(
    'check.os',
    `"${named}" is no release that is known here: --os is ID:VERSION_ID of /etc/os-release, ${examples}.`,
  );
}

/** Fields ID and VERSION_ID (freedesktop.org, os-release). */
async function ownRelease(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const field = (name: string): string | undefined =>
    new RegExp(`^${name}=["']?([^"'\\n]*)`, 'm').exec(text)?.[1]?.toLowerCase();
  const [id, version] = [field('ID'), field('VERSION_ID')];
  if (id && version) return `${id}:${version}`;
  throw new Failure('check.os', `This machine does not say what it is: give --os, ${examples}.`);
}

/** The text of a file, packed or not, or of standard input. Throws Failure with `code`. */
async function textFrom(what: string, file: string, code: string): Promise<string> {
  if (file === '-') return fromPipe(code);
  await stat(file).catch((error: unknown) => {
    throw new Failure(code, `The ${what} ${file} ${fileTrouble(error)}.`);
  });
  try {
    return await textOf(file, mostBytes);
  } catch (cause) {
    const why = cause instanceof Failure ? cause.message : `it ${fileTrouble(cause)}`;
    throw new Failure(code, `The ${what} ${file} cannot be read: ${why}`, { cause });
  }
}

async function fromPipe(code: string): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of process.stdin) {
    size += part.length;
    if (size > mostBytes)
      throw new Failure(code, `Standard input has more than ${mostBytes / 1024 ** 2} MiB: that is no listing.`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

/** The listing of `--inventory`, else of standard input. Throws Failure `check.inventory`. */
export async function inventoryFrom(
  file: string | undefined,
  kind: VersionKind,
): Promise<Listing & { readonly native: string }> {
  if ((file ?? '-') === '-' && process.stdin.isTTY) {
    const text = `Nothing is piped in. Try: ${listingCommands[kind]} | patchherd check`;
    throw new Failure('check.inventory', text);
  }
  const text = await textFrom('inventory', file ?? '-', 'check.inventory');
  return { ...readListing(text, kind), native: kind === 'deb' ? nativeOf(text.split(/\r?\n/)) : '' };
}

/** What apt printed, perhaps with `apt-cache policy` of what it keeps back. Throws Failure `check.plan`. */
export async function planFrom(
  file: string,
  kind: VersionKind,
  { packages, native }: Listing & { native: string },
): Promise<readonly Planned[]> {
  if (kind !== 'deb') throw wrongPlan('plans are read of apt only: leave --plan out');
  const lines = (await textFrom('plan', file, 'check.plan')).split(/\r?\n/);
  const errors = lines.filter((line) => /^(?:E|Error): ?/.test(line));
  if (errors.length > 0) throw wrongPlan(`apt would not plan: ${errors.join(' ').slice(0, 200)}`);
  const counted = countsIn(lines);
  if (counted === null) throw wrongPlan('it is not what "apt-get -s dist-upgrade" prints in the C locale');
  const plan = readSafely(lines, native);
  if (plan.installs.length < counted) {
    throw wrongPlan(
      `it is cut short: apt speaks of ${counted} packages to install, and ${plan.installs.length} follow`,
    );
  }
  return plannedBy(plan, packages, readPolicy(lines));
}

const wrongPlan = (why: string, cause?: unknown): Failure =>
  new Failure('check.plan', `The plan cannot be used: ${why}.`, { cause });

/** How many packages apt says it would install, of any kind; null = it says nothing. */
function countsIn(lines: readonly string[]): number | null {
  const summary = lines.find((line) => /^\d+ upgraded, \d+ newly installed, /.test(line));
  if (summary === undefined) return lines.some((line) => /^(?:Inst|Remv) /.test(line)) ? 0 : null;
  const [, upgraded = '0', fresh = '0'] = /^(\d+) upgraded, (\d+) newly/.exec(summary) ?? [];
  return Number(upgraded) + Number(fresh);
}

function readSafely(lines: readonly string[], native: string): ReturnType<typeof readPlan> {
  try {
    return readPlan(lines, native);
  } catch (cause) {
    throw wrongPlan('a line of it is not as apt writes it', cause);
  }
}
