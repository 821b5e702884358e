/** A private apt and dpkg root in an ordinary folder: the real programs at work, without root and without touching this machine. */
import { spawn } from 'node:child_process';
import { access, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { apt } from '../domain/backends/apt.ts';
import type { Visit } from '../domain/backends/backend.ts';

/** What a program printed, and its exit code; 128 when a signal ended it. */
export type Ran = { readonly code: number; readonly stdout: string; readonly stderr: string };

export type AptRoot = {
  readonly dir: string;
  /** What apt, dpkg, the scan scripts and the root helper need in their environment to work on this root. */
  readonly env: Readonly<Record<string, string>>;
  /** Runs a visit of the apt backend on this root. Orders go to the root's own copy of the helper, without sudo. */
  run(visit: Visit): Promise<Ran>;
  /** Sets the repositories, lines of sources.list, and runs apt-get update. */
  useRepositories(lines: readonly string[]): Promise<void>;
  /** apt-get install of `names`, each with or without `=version`. */
  install(names: readonly string[]): Promise<void>;
};

const folders = [
  'etc/apt/apt.conf.d',
  'etc/apt/preferences.d',
  'etc/apt/sources.list.d',
  'etc/patchherd/health.d',
  'run',
  'usr/local/lib/patchherd',
  'var/cache/apt/archives/partial',
  'var/lib/apt/lists/partial',
  'var/lib/dpkg/info',
  'var/lib/dpkg/updates',
  'var/lib/dpkg/triggers',
  'var/log/apt',
];

const osRelease = ['ID=debian', 'VERSION_ID="12"', 'VERSION_CODENAME=bookworm', 'PRETTY_NAME="Acme Linux"'];

/** Caches in memory only, no change of user, the machine's own dpkg on this root's database (facts were tried with apt 2.6). */
const aptConfig = (dir: string): string =>
  [
    `Dir "${dir}";`,
    'Dir::Bin::dpkg "/usr/bin/dpkg";',
    `Dir::State::status "${dir}/var/lib/dpkg/status";`,
    'Dir::Cache::pkgcache "";',
    'Dir::Cache::srcpkgcache "";',
    'APT::Sandbox::User "";',
    'DPkg::Path "";',
    `DPkg::Options {"--log=${dir}/var/log/dpkg.log";};`,
    '',
  ].join('\n');

/** dpkg's default list is replaced by DPKG_FORCE, so `downgrade` must be named. */
const environment = (dir: string): Record<string, string> => ({
  PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
  APT_CONFIG: join(dir, 'apt.conf'),
  DPKG_ROOT: dir,
  DPKG_ADMINDIR: join(dir, 'var/lib/dpkg'),
  DPKG_FORCE: 'not-root,script-chrootless,bad-path,downgrade',
  DEBIAN_FRONTEND: 'noninteractive',
  LC_ALL: 'C',
});

/** Runs a program to its end with `stdin` as its input. */
export function runProgram(argv: readonly string[], env: Readonly<Record<string, string>>, stdin = ''): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const [program = 'false', ...rest] = argv;
    const child = spawn(program, rest, { env: { ...env } });
    const said = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      said.stdout += chunk;
    });
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      said.stderr += chunk;
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? 128, ...said }));
    // A program may end before it has read everything; its exit code says what that meant.
    child.stdin.on('error', () => {});
    child.stdin.end(stdin);
  });
}

/**
 * Makes the root in `dir`, or takes the one that is there (also a copy of another root: only apt.conf knows the folder's own name).
 * `repositories` are lines of sources.list. The root helper is installed. Throws when apt-get update fails.
 */
export async function makeAptRoot(
  dir: string,
  options: { readonly repositories: readonly string[] },
): Promise<AptRoot> {
  await Promise.all(folders.map((folder) => mkdir(join(dir, folder), { recursive: true })));
  const env = environment(dir);
  const helper = join(dir, apt.helper.path);
  await writeFile(join(dir, 'apt.conf'), aptConfig(dir));
  await writeFile(join(dir, 'etc/os-release'), `${osRelease.join('\n')}\n`);
  await writeFile(helper, apt.helper.script, { mode: 0o755 });
  const status = join(dir, 'var/lib/dpkg/status');
  await access(status).catch(() => writeFile(status, ''));

  const must = async (argv: readonly string[]): Promise<void> => {
    const { code, stdout, stderr } = await runProgram(argv, env);
    if (code !== 0) throw new Error(`${argv.join(' ')} ended with ${code}:\n${stdout}${stderr}`);
  };
  const root: AptRoot = {
    dir,
    env,
    run: ({ argv, stdin }) => runProgram(argv.includes(apt.helper.path) ? [helper] : argv, env, stdin),
    async useRepositories(lines) {
      await writeFile(join(dir, 'etc/apt/sources.list'), `${lines.join('\n')}\n`);
      await must(['apt-get', '-qq', 'update']);
    },
    install: (names) => must(['apt-get', '-qq', '-y', 'install', ...names]),
  };
  await root.useRepositories(options.repositories);
  return root;
}
