/** Reads what package managers print of all that is installed, without a scan: from a file that somebody saved or a pipe. */

import type { InstalledPackage } from '../model/device.ts';
import { Failure } from '../model/failure.ts';
import { readInstalled } from './apt-scan-read.ts';
import { sh } from './apt-text.ts';
import type { VersionKind } from './versions/index.ts';

export type Listing = {
  readonly packages: readonly InstalledPackage[];
  /** What this form of listing does not have, a sentence each. */
  readonly lacks: readonly string[];
};

/** The commands whose output has everything that matching needs. */
export const listingCommands: Readonly<Record<VersionKind, string>> = {
  deb: sh`dpkg-query -W -f='\${binary:Package}\t\${Version}\t\${Architecture}\t\${source:Package}\t\${source:Version}\t\${db:Status-Abbrev}\n'`,
  rpm: "rpm -qa --qf '%{NAME}\\t%{EPOCHNUM}:%{VERSION}-%{RELEASE}\\t%{ARCH}\\t%{SOURCERPM}\\n'",
  apk: 'apk list --installed',
};

/** One line as a package. null: it is not installed. undefined: it is no line of such a listing. */
type ReadLine = (line: string, native: string) => InstalledPackage | null | undefined;
type Form = { readonly fits: (line: string) => boolean; readonly read: ReadLine; readonly lacks: readonly string[] };

const noSources =
  'It does not name source packages, which is what this distribution’s advisories speak of: some are not found.';
const whole = { held: false, whole: true } as const;
const columns = (line: string): readonly string[] => line.split('\t');

const debian: readonly Form[] = [
  {
    fits: (line) => columns(line).length >= 6,
    read: (line, native) => readInstalled(line, native),
    lacks: [],
  },
  {
    fits: (line) => columns(line).length === 2,
    read(line) {
      const [name = '', version = ''] = columns(line);
      if (!/^[a-z0-9][a-z0-9+.-]*(:[a-z0-9-]+)?$/.test(name)) return undefined;
      if (version === '') return null;
      const bare = name.replace(/:.*$/, '');
      // A rebuild without a change of source (binNMU) only adds +b1 to the binary's version (Debian Policy, 3.2).
      return { name: bare, arch: '', version, source: bare, sourceVersion: version.replace(/\+b\d+$/, ''), ...whole };
    },
    lacks: [noSources, 'Packages that were removed and left their configuration behind are in it as well.'],
  },
];

/** `bash-5.1.8-9.el9.src.rpm` → name and version; no epoch, because it has none in a file's name. */
function sourceOf(file: string, name: string, version: string): Pick<InstalledPackage, 'source' | 'sourceVersion'> {
  const [, source, sourceVersion] = /^(.+)-([^-]+-[^-]+)\.(?:no)?src\.rpm$/.exec(file) ?? [];
  return source && sourceVersion ? { source, sourceVersion } : { source: name, sourceVersion: version };
}

const red: readonly Form[] = [
  {
    fits: (line) => columns(line).length >= 4,
    read(line) {
      const [name = '', evr = '', arch = '', source = ''] = columns(line);
      // A key that rpm trusts is listed like a package.
      if (name === 'gpg-pubkey') return null;
      if (!/^[A-Za-z0-9_][\w.+-]*$/.test(name) || !/^(?:(?:\d+|\(none\)):)?[^\s:-]+-[^\s:-]+$/.test(evr))
        return undefined;
      const version = evr.replace(/^\(none\):/, '0:');
      return { name, arch, version, ...sourceOf(source, name, version), ...whole };
    },
    lacks: [],
  },
  {
    fits: (line) => !line.includes('\t'),
    read(line) {
      const [, name, version, arch] = /^(\S+)-([^\s-]+-[^\s-]+)\.([a-z0-9_]+|\(none\))$/.exec(line) ?? [];
      if (line.startsWith('gpg-pubkey-')) return null;
      if (!name || !version || !arch) return undefined;
      return { name, arch, version, source: name, sourceVersion: version, ...whole };
    },
    lacks: ['It does not have epochs: a package whose version has one looks older than it is.'],
  },
];

const alpine: readonly Form[] = [
  {
    fits: (line) => / \{.+\} /.test(line),
    read(line) {
      const [, name, version, arch, source] = /^(\S+)-([^\s-]+-r\d+) (\S+) \{(\S+)\} /.exec(line) ?? [];
      if (!name || !version || !arch || !source) return undefined;
      if (!/\[installed\]/.test(line)) return null;
      return { name, arch, version, source, sourceVersion: version, ...whole };
    },
    lacks: [],
  },
  {
    fits: (line) => !line.includes(' ') || line.startsWith('WARNING: '),
    read(line) {
      if (line.startsWith('WARNING: ')) return null;
      const [, name, version] = /^(\S+)-([^\s-]+-r\d+)$/.exec(line) ?? [];
      if (!name || !version) return undefined;
      return { name, arch: '', version, source: name, sourceVersion: version, ...whole };
    },
    lacks: [noSources],
  },
];

const forms: Readonly<Record<VersionKind, readonly Form[]>> = { deb: debian, rpm: red, apk: alpine };

/**
 * Reads a listing of installed packages: the output of `listingCommands`, or of plain `dpkg-query -W`, `rpm -qa` and `apk info -v`, with
 * a note of what those lack. Throws Failure `check.inventory` that names the first line that is none.
 */
export function readListing(text: string, kind: VersionKind): Listing {
  const lines = text.split(/\r?\n/).map((line, at) => ({ line, at: at + 1 }));
  const filled = lines.filter(({ line }) => line.trim() !== '');
  const form = forms[kind].find(({ fits }) => filled.some(({ line }) => fits(line)));
  if (!form) throw notListing(filled[0], kind);
  const native = kind === 'deb' ? nativeOf(filled.map(({ line }) => line)) : '';
  const packages = filled.flatMap((one) => {
    const read = form.fits(one.line) ? readSafely(form, one.line, native) : undefined;
    if (read === undefined) throw notListing(one, kind);
    return read ?? [];
  });
  if (packages.length === 0) throw notListing(undefined, kind);
  return { packages, lacks: form.lacks };
}

function readSafely(form: Form, line: string, native: string): InstalledPackage | null | undefined {
  try {
    return form.read(line, native);
  } catch (error) {
    if (error instanceof Failure) return undefined; // the scan's own words are about devices
    throw error;
  }
}

function notListing(found: { readonly line: string; readonly at: number } | undefined, kind: VersionKind): Failure {
  const what = found ? `line ${found.at} is ${JSON.stringify(found.line.slice(0, 60))}` : 'nothing is installed in it';
  return new Failure(
    'check.inventory',
    `The inventory cannot be read: ${what}. It has to be what this prints: ${listingCommands[kind]}`,
  );
}

/** dpkg names its own architecture nowhere in a listing: nearly every package has it. */
export function nativeOf(lines: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const line of lines) {
    const arch = columns(line)[2] ?? '';
    if (arch !== '' && arch !== 'all') counts.set(arch, (counts.get(arch) ?? 0) + 1);
  }
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? '';
}
