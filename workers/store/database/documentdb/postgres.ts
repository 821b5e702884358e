/** One PostgreSQL server on a data folder of its own, reachable through a unix socket only. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { Failure } from '../../../../domain/model/failure.ts';
import { binaries } from './packages.ts';
import { livePostmaster } from './postmaster.ts';
import { type Owner, run } from './run.ts';

export type PostgresPlace = {
  /** The folder of the packages. */
  readonly root: string;
  /** The data folder; its parent exists. */
  readonly data: string;
  /** Where the socket goes; exists. */
  readonly socketDir: string;
  readonly owner: Owner;
  /** false gives up the promise that an acknowledged write survives a power cut, for throw-away data. */
  readonly durable: boolean;
};

/**
 * PostgreSQL is told to use its working directory. That is entered before the user is changed, so the data may lie below
 * folders that only root can pass, such as /root.
 */
const here = '/proc/self/cwd';

export const pidFile = (data: string): string => path.join(data, 'postmaster.pid');
const logFile = (data: string): string => path.join(path.dirname(data), 'postgres.log');

/** Makes an empty cluster unless there is one. A cluster appears under its name only when it is complete. */
export async function initCluster({ root, data, owner }: PostgresPlace): Promise<void> {
  if (await stat(data).catch(() => null)) return;
  const fresh = `${data}.new`;
  await rm(fresh, { recursive: true, force: true });
  await mkdir(fresh, { mode: 0o700 });
  if (owner) await chown(fresh, owner.uid, owner.gid);
  const args = ['-D', here, '-U', 'postgres', '--no-locale', '--encoding=UTF8'];
  // Who may reach the socket is decided by the 0700 folder around it; TCP is refused, should anybody ever switch it on.
  const access = ['--auth-local=trust', '--auth-host=reject'];
  const initdb = path.join(binaries(root), 'initdb');
  const { ok, why } = await run(initdb, [...args, ...access], { timeoutMs: 120_000, cwd: fresh, owner });
  if (!ok) throw new Failure('database.unusable', `PostgreSQL could not make its data folder ${data}: ${why}`);
  await rename(fresh, data);
}

/** `-c name=value` for everything that we want otherwise than PostgreSQL: no configuration file to keep in step. */
function settings({ socketDir, durable }: PostgresPlace): string[] {
  const pairs = {
    listen_addresses: '',
    unix_socket_directories: socketDir,
    unix_socket_permissions: '0700',
    shared_preload_libraries: 'pg_cron,pg_documentdb_core,pg_documentdb',
    // GMT is built in; any other name needs the machine's tzdata.
    timezone: 'GMT',
    log_timezone: 'GMT',
    // Refused statements are ordinary answers (a duplicate key) and quote data: neither is for a log.
    log_min_messages: 'log',
    log_min_error_statement: 'panic',
    log_checkpoints: 'off',
    // pg_cron deletes what a TTL index has expired, and old cursor files. Otherwise it would log in through TCP.
    'cron.database_name': 'postgres',
    'cron.use_background_workers': 'on',
    'cron.log_run': 'off',
    'cron.log_statement': 'off',
    'documentdb.enableBackgroundWorker': 'off',
    // The extension makes collections through a second connection to its own server.
    'documentdb.localhost_connection_string': `host=${socketDir} user=postgres`,
    // Cursors in files: no connection is held between two pages, and any connection can give the next.
    'documentdb.useFileBasedPersistedCursors': 'on',
    'documentdb.defaultCursorExpiryTimeLimitSeconds': '600',
    ...(durable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
  };
  return Object.entries(pairs).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

/** Starts the server and waits until it answers. Failure `database.unusable`, with the last line of its log, if it does not. */
export async function startPostgres(place: PostgresPlace): Promise<ChildProcess> {
  // After a crash the old server's backends still hold the memory for a moment, and its pid file must stay: try again.
  const afterCrash = Boolean(await stat(pidFile(place.data)).catch(() => null));
  for (const deadline = Date.now() + (afterCrash ? 30_000 : 0); ; ) {
    const child = await launch(place);
    if (await answers(child, place.socketDir)) return child;
    if (Date.now() > deadline) {
      const said = (await readFile(logFile(place.data), 'utf8').catch(() => '')).trim().split('\n').at(-1);
      throw new Failure('database.unusable', `PostgreSQL did not start on ${place.data}: ${said}`);
    }
    await sleep(300);
  }
}

async function launch(place: PostgresPlace): Promise<ChildProcess> {
  const log = await open(logFile(place.data), 'a', 0o600);
  try {
    return spawn(path.join(binaries(place.root), 'postgres'), ['-D', here, ...settings(place)], {
      cwd: place.data,
      detached: true, // Ctrl-C in a terminal is for us: PostgreSQL stops after everything that uses it
      stdio: ['ignore', log.fd, log.fd],
      ...place.owner,
    });
  } finally {
    await log.close();
  }
}

/** True as soon as the server takes a query (crash recovery may take minutes), false when its process ended before. */
async function answers(child: ChildProcess, socketDir: string): Promise<boolean> {
  const ended = new Promise<false>((resolve) => {
    child.once('exit', () => resolve(false));
    child.once('error', () => resolve(false));
  });
  for (;;) {
    const up = await Promise.race([ended, canConnect(socketDir)]);
    if (up || child.exitCode !== null || child.pid === undefined) return up;
    if ((await Promise.race([ended, sleep(30)])) === false) return false;
  }
}

async function canConnect(socketDir: string): Promise<boolean> {
  return sql(socketDir, ['select 1']).then(
    () => true,
    () => false,
  );
}

/** Runs statements one by one as the superuser; gives the rows of the last. Throws what the driver throws. */
export async function sql(socketDir: string, statements: readonly string[]): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ host: socketDir, user: 'postgres', database: 'postgres' });
  client.on('error', () => {}); // reported by the query that meets it
  try {
    await client.connect();
    let rows: Record<string, unknown>[] = [];
    for (const statement of statements) rows = (await client.query(statement)).rows;
    return rows;
  } finally {
    await client.end().catch(() => {});
  }
}

/** Installs the extension, or brings it to the version of the packages. */
export async function installExtension(socketDir: string): Promise<void> {
  await sql(socketDir, ['create extension if not exists documentdb cascade']);
  const outdated = await sql(socketDir, [
    `select format('alter extension %I update', name) as statement from pg_available_extensions
     where installed_version <> default_version order by name desc`, // documentdb_core before documentdb
  ]);
  await sql(
    socketDir,
    outdated.map(({ statement }) => String(statement)),
  );
  // Indexes are built at once, so nothing waits for these two jobs, which would start a process every second.
  await sql(socketDir, [
    `select cron.unschedule(jobid) from cron.job where jobname like 'documentdb_index_build_task_%'`,
  ]);
}

/** Stops a server that outlived the process that started it. The caller holds the lock, so nobody else uses it. */
export async function stopLeftover(data: string): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    const pid = livePostmaster(pidFile(data));
    if (!pid) return;
    if (tries % 100 === 0) process.kill(pid, tries === 0 ? 'SIGINT' : 'SIGQUIT'); // fast, then at once
    await sleep(100);
  }
}

/** Ends a child with `signal` and, if that does not help within 20 s, with SIGKILL. */
export async function endChild(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill(signal);
  const hard = setTimeout(() => child.kill('SIGKILL'), 20_000);
  await ended;
  clearTimeout(hard);
}
