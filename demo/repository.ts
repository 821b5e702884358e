/** Builds small Debian repositories of made-up packages: what the demo's devices install, and what tests break. */
import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { chmod, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** One package to build. `files` maps a path to its text; what starts with `#!` is made executable. */
export type DemoPackage = {
  readonly name: string;
  readonly version: string;
  readonly architecture?: string;
  /** More fields of its control file, such as Source, Depends and Conflicts. */
  readonly control?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string>>;
  readonly conffiles?: readonly string[];
  readonly postinst?: string;
};

/** How apt names a repository: `<label>:<version>/<suite>` in its plans. */
export type RepositoryRelease = { readonly label: string; readonly suite: string };

const isExecutable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

/** The programs of `names` that PATH does not have: a reason to skip, or to use the scripted device. */
export function missingPrograms(names: readonly string[]): readonly string[] {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return names.filter((name) => !folders.some((folder) => isExecutable(join(folder, name))));
}

/** What buildRepository and makeAptRoot need. */
export const aptPrograms = ['apt-get', 'apt-cache', 'dpkg', 'dpkg-deb', 'apt-ftparchive'] as const;

function controlOf(one: DemoPackage): string {
  const lines = [
    `Package: ${one.name}`,
    `Version: ${one.version}`,
    `Architecture: ${one.architecture ?? 'all'}`,
    'Maintainer: Acme <acme@example.com>',
    'Installed-Size: 8',
    ...Object.entries(one.control ?? {}).map(([field, value]) => `${field}: ${value}`),
    `Description: ${one.name} of the made-up Acme suite`,
  ];
  return `${lines.join('\n')}\n`;
}

async function buildPackage(into: string, one: DemoPackage): Promise<void> {
  const tree = await mkdtemp(join(tmpdir(), 'patchherd-deb-'));
  const put = async (path: string, text: string): Promise<void> => {
    await mkdir(dirname(join(tree, path)), { recursive: true });
    await writeFile(join(tree, path), text);
    await chmod(join(tree, path), text.startsWith('#!') ? 0o755 : 0o644);
  };
  try {
    await chmod(tree, 0o755);
    await put('DEBIAN/control', controlOf(one));
    if (one.conffiles) await put('DEBIAN/conffiles', `${one.conffiles.join('\n')}\n`);
    if (one.postinst) await put('DEBIAN/postinst', one.postinst);
    await put(`usr/share/doc/${one.name}/version`, `${one.version}\n`);
    for (const [path, text] of Object.entries(one.files ?? {})) await put(path, text);
    const file = `${one.name}_${one.version.replace(':', '%3a')}_${one.architecture ?? 'all'}.deb`;
    await run('dpkg-deb', ['--root-owner-group', '-Znone', '--build', tree, join(into, file)]);
  } finally {
    await rm(tree, { recursive: true, force: true });
  }
}

/**
 * Builds a flat repository in `dir`, replacing what was there, and gives the line for sources.list. About 30 ms for each package;
 * needs dpkg-deb and apt-ftparchive.
 */
export async function buildRepository(
  dir: string,
  packages: readonly DemoPackage[],
  release: RepositoryRelease,
): Promise<string> {
  const fresh = `${dir}.new`;
  await rm(fresh, { recursive: true, force: true });
  await mkdir(fresh, { recursive: true });
  await Promise.all(packages.map((one) => buildPackage(fresh, one)));
  const list = await run('apt-ftparchive', ['packages', '.'], { cwd: fresh });
  await writeFile(join(fresh, 'Packages'), list.stdout);
  const fields = { Origin: 'Acme', Label: release.label, Suite: release.suite, Version: '1' };
  const options = Object.entries(fields).flatMap(([key, value]) => ['-o', `APT::FTPArchive::Release::${key}=${value}`]);
  const described = await run('apt-ftparchive', [...options, 'release', '.'], { cwd: fresh });
  await writeFile(join(fresh, 'Release'), described.stdout);
  await rm(dir, { recursive: true, force: true });
  await rename(fresh, dir);
  return `deb [trusted=yes] file:${encodeURI(dir)} ./`;
}
