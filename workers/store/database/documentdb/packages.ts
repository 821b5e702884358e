/** PostgreSQL 18 with the DocumentDB extension, out of Debian's own packages, in a folder that nothing was installed into. */
import { chmod, mkdir, mkdtemp, readdir, rename, rm, stat, statfs, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Failure } from '../../../../domain/model/failure.ts';
import { type Ran, run } from './run.ts';

/** The Debian release that has the package, and the key that its archive is signed with. */
const release = 'forky';
const wanted = 'postgresql-18-documentdb';
const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';
const readyMarker = '.ready';
const unfinished = '.fetching-';
/** Archives and unpacked files together need about 700 MB; 440 MB of it stay. */
const neededMegabytes = 800;
/** Programs that we start. */
const programs = ['initdb', 'postgres'];
/** Half of what is unpacked; the database reads none of it. */
const neverRead = ['usr/share/doc', 'usr/share/man', 'usr/share/locale', 'usr/share/perl', 'usr/lib/systemd'];

/** Where packages are kept between starts: PATCHHERD_CACHE, else /var/cache/patchherd for root, else the person's own cache. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  if (env.PATCHHERD_CACHE) return path.resolve(env.PATCHHERD_CACHE);
  if (process.getuid?.() === 0) return '/var/cache/patchherd';
  return path.join(env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache'), 'patchherd');
}

/** The programs of a ready folder. */
export const binaries = (root: string): string => path.join(root, 'usr/lib/postgresql/18/bin');

/** True where the packages can be fetched at all: a Debian (or a child of it) that trusts Debian's archive. */
export async function canFetch(): Promise<boolean> {
  const [apt, dpkg] = await Promise.all(
    ['apt-get', 'dpkg-deb'].map((tool) => run(tool, ['--version'], { timeoutMs: 10_000 })),
  );
  const key = await stat(keyring).catch(() => null);
  return Boolean(apt?.ok && dpkg?.ok && key);
}

/** A folder that an earlier start made ready, or null. */
export async function readyFolder(cache: string): Promise<string | null> {
  const names = await readdir(cache).catch(() => []);
  for (const name of names
    .filter((each) => each.startsWith('documentdb-'))
    .toSorted()
    .toReversed()) {
    if (await stat(path.join(cache, name, readyMarker)).catch(() => null)) return path.join(cache, name);
  }
  return null;
}

/**
 * Fetches and unpacks the packages; gives the folder. No maintainer script is run and nothing outside `cache` changes.
 * Failures: `database.download` (retryable: mirror, network or disk), `database.unusable` (the programs do not run here).
 */
export async function fetchDocumentdb(cache: string, say: (line: string) => void): Promise<string> {
  const work = await workFolder(cache);
  try {
    await chmod(work, 0o755); // apt fetches as _apt, and PostgreSQL may run as nobody
    const archives = await download(work, say);
    const version = archives.find((file) => file.startsWith(`${wanted}_`))?.split('_')[1] ?? 'unknown';
    const root = path.join(work, 'root');
    say(`DocumentDB: unpacking version ${version}`);
    await unpack(path.join(work, 'cache/archives'), archives, root);
    await makeRunnable(root);
    const target = path.join(cache, `documentdb-${decodeURIComponent(version)}`);
    await rename(root, target).catch(async (error) => {
      if ((await readyFolder(cache)) !== target) throw error; // else somebody else was faster, and theirs is as good
    });
    return target;
  } catch (error) {
    throw error instanceof Failure
      ? error
      : fetchFailure(cache, error instanceof Error ? error.message : String(error));
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

const fetchFailure = (what: string, why: string): Failure =>
  new Failure('database.download', `DocumentDB could not be fetched (${what}): ${why}`, { retryable: true });

/** A folder for one fetch. What starts left behind that were killed goes; an hour is longer than any fetch may take. */
async function workFolder(cache: string): Promise<string> {
  try {
    await mkdir(cache, { recursive: true });
    for (const name of (await readdir(cache)).filter((each) => each.startsWith(unfinished))) {
      const folder = path.join(cache, name);
      const { mtimeMs } = await stat(folder);
      if (mtimeMs < Date.now() - 3_600_000) await rm(folder, { recursive: true, force: true });
    }
    const { bavail, bsize } = await statfs(cache);
    const free = Math.floor((bavail * bsize) / 1e6);
    if (free < neededMegabytes)
      throw new Error(`it needs ${neededMegabytes} MB there for a moment, and ${free} MB are free`);
    return await mkdtemp(path.join(cache, unfinished));
  } catch (error) {
    throw fetchFailure(cache, error instanceof Error ? error.message : String(error));
  }
}

/** Downloads the package and everything below it, libc included; gives the file names. */
async function download(work: string, say: (line: string) => void): Promise<string[]> {
  const mirror = await debianMirror();
  const config = path.join(work, 'apt.conf');
  await mkdir(path.join(work, 'state/lists/partial'), { recursive: true });
  await mkdir(path.join(work, 'cache/archives/partial'), { recursive: true });
  await writeFile(path.join(work, 'status'), ''); // nothing is installed: apt resolves down to libc
  await writeFile(path.join(work, 'sources.list'), `deb [signed-by=${keyring}] ${mirror} ${release} main\n`);
  await writeFile(config, aptConfig(work));
  const apt = async (timeoutMs: number, ...args: string[]): Promise<Ran> => {
    const ran = await run('apt-get', ['-c', config, '-q', '-y', ...args], { timeoutMs });
    if (!ran.ok) throw fetchFailure(mirror, ran.why);
    return ran;
  };
  say(`DocumentDB: reading the package list of ${mirror}`);
  await apt(120_000, 'update');
  const install = ['install', '--no-install-recommends', wanted];
  const uris = (await apt(60_000, '--print-uris', ...install)).stdout
    .split('\n')
    .filter((line) => line.startsWith("'"));
  const megabytes = Math.round(uris.reduce((sum, line) => sum + Number(line.split(' ')[2]), 0) / 1e6);
  say(`DocumentDB: fetching ${uris.length} packages, ${megabytes} MB (first start only)`);
  await apt(1_200_000, '--download-only', ...install);
  return (await readdir(path.join(work, 'cache/archives'))).filter((file) => file.endsWith('.deb'));
}

/** On top of the machine's own settings, so that its proxy and credentials are used: folders of ours, none of its hooks. */
const aptConfig = (work: string): string => `
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Post-Invoke;
Dir::State "${work}/state";
Dir::State::status "${work}/status";
Dir::Cache "${work}/cache";
Dir::Etc::sourcelist "${work}/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
APT::Default-Release "";
APT::Update::Error-Mode "any";
APT::Keep-Downloaded-Packages "true";
Acquire::Languages "none";
Acquire::Retries "1";
Acquire::http::Timeout "20";
Acquire::https::Timeout "20";
`;

/** The machine's own Debian mirror, because others may be out of its reach. */
async function debianMirror(): Promise<string> {
  const { stdout } = await run('apt-get', ['indextargets', '--format', '$(REPO_URI)'], { timeoutMs: 30_000 });
  return stdout.split('\n').find((uri) => /\/debian\/?$/.test(uri)) ?? 'http://deb.debian.org/debian';
}

async function unpack(from: string, archives: readonly string[], root: string): Promise<void> {
  await mkdir(root);
  const left = [...archives];
  const worker = async (): Promise<void> => {
    for (let file = left.pop(); file; file = left.pop()) {
      const ran = await run('dpkg-deb', ['-x', path.join(from, file), root], { timeoutMs: 120_000 });
      if (!ran.ok) throw fetchFailure(file, ran.why);
    }
  };
  await Promise.all(Array.from({ length: os.availableParallelism() }, worker));
  for (const part of [...neverRead, 'usr/lib/postgresql/18/lib/bitcode']) {
    await rm(path.join(root, part), { recursive: true, force: true });
  }
}

/**
 * The packages bring a newer libc than the machine has, so each program is started through their own dynamic loader.
 * A wrapper under the program's name does it, because initdb looks for `postgres` beside itself. Then marks the folder ready.
 */
async function makeRunnable(root: string): Promise<void> {
  const { triplet, loader } = await findLoader(path.join(root, 'usr/lib'));
  for (const program of programs) {
    const file = path.join(binaries(root), program);
    await rename(file, `${file}.real`);
    await writeFile(file, wrapper(triplet, loader), { mode: 0o755 });
  }
  // What the package's alternatives would do: `CREATE EXTENSION postgis` looks for this name.
  await symlink('postgis-3.control', path.join(root, 'usr/share/postgresql/18/extension/postgis.control'));
  const { ok, why } = await run(path.join(binaries(root), 'postgres'), ['--version'], { timeoutMs: 30_000 });
  if (!ok) throw new Failure('database.unusable', `the packaged PostgreSQL does not run on this machine: ${why}`);
  await writeFile(path.join(root, readyMarker), '');
}

/** amd64: x86_64-linux-gnu/ld-linux-x86-64.so.2, arm64: aarch64-linux-gnu/ld-linux-aarch64.so.1. */
async function findLoader(lib: string): Promise<{ triplet: string; loader: string }> {
  for (const triplet of (await readdir(lib)).filter((name) => name.endsWith('-linux-gnu'))) {
    const loader = (await readdir(path.join(lib, triplet))).find((name) => /^ld-linux[\w-]*\.so\.\d$/.test(name));
    if (loader) return { triplet, loader };
  }
  throw new Failure('database.unusable', `the packages bring no dynamic loader for this processor (${os.arch()})`);
}

/** Paths are relative to the wrapper: the folder is renamed when it is complete. */
const wrapper = (triplet: string, loader: string): string => `#!/bin/sh
bin=\${0%/*}
lib=$bin/../../../${triplet}
exec "$lib/${loader}" --argv0 "$0" --library-path "$lib:$bin/../lib" "$0.real" "$@"
`;
