/** Starts the database that needs nobody's help on Debian: PostgreSQL with DocumentDB behind a MongoDB gateway. */
import type { ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chown, mkdir, realpath, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Failure } from '../../../../domain/model/failure.ts';
import { startOwnChild } from '../own-child.ts';
import { keepRunning } from './keep-running.ts';
import { cacheFolder, canFetch, fetchDocumentdb, readyFolder } from './packages.ts';
import { initCluster, installExtension, type PostgresPlace, pidFile, startPostgres, stopLeftover } from './postgres.ts';
import type { Owner } from './run.ts';

/** Debian's nobody and nogroup, the same number everywhere (Debian Policy 9.2.2). PostgreSQL refuses to run as root. */
const nobody = { uid: 65534, gid: 65534 };
/** Linux: sun_path holds 108 bytes and a final zero (unix(7)). */
const maxSocketPath = 107;

export type Documentdb = { readonly uri: string; stop(): Promise<void> };

/** True when this machine has the packages or can fetch them. */
export async function canRunDocumentdb(): Promise<boolean> {
  return process.platform === 'linux' && ((await readyFolder(cacheFolder())) !== null || (await canFetch()));
}

/**
 * Runs the database on `<dataDir>/documentdb` until `stop`; the caller holds the data directory's lock. `durable: false`
 * trades safety at a power cut for speed. Failures: those of packages.ts and postgres.ts, `database.unusable`.
 */
export async function startDocumentdb(
  dataDir: string,
  durable: boolean,
  say: (line: string) => void,
): Promise<Documentdb> {
  const cache = cacheFolder();
  const root = (await readyFolder(cache)) ?? (await fetchDocumentdb(cache, say));
  const owner = process.getuid?.() === 0 ? nobody : null;
  const data = path.join(dataDir, 'documentdb/data');
  await mkdir(path.dirname(data), { recursive: true, mode: 0o700 });
  await stopLeftover(data);
  const socketDir = await makeSocketDir(await realpath(dataDir), owner);
  const place: PostgresPlace = { root, data, socketDir, owner, durable };
  await initCluster(place);
  const postgres = await keepRunning('PostgreSQL', () => startPostgres(place), 'SIGINT', say);
  try {
    await installExtension(socketDir);
    const socket = path.join(socketDir, 'mongo.sock');
    const gateway = await keepRunning('The gateway', () => startGateway(socket, place), 'SIGTERM', say);
    return {
      uri: `mongodb://${encodeURIComponent(socket)}/?directConnection=true&retryWrites=false`,
      async stop() {
        await gateway.stop();
        await postgres.stop();
        await rm(socketDir, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await postgres.stop();
    throw error;
  }
}

/**
 * A 0700 folder for both sockets: it alone decides who may talk to the database. In the temporary folder, because a
 * socket's path must be short; named after the data directory, so that clients find it again after a restart.
 */
async function makeSocketDir(dataDir: string, owner: Owner): Promise<string> {
  const name = createHash('sha256').update(dataDir).digest('hex').slice(0, 16);
  const dir = path.join(os.tmpdir(), `patchherd-${process.getuid?.()}-${name}`);
  if (Buffer.byteLength(path.join(dir, '.s.PGSQL.5432.lock')) > maxSocketPath) {
    throw new Failure('database.unusable', `TMPDIR is too long for a socket: ${os.tmpdir()}. Choose a shorter folder.`);
  }
  try {
    await rm(dir, { recursive: true, force: true });
    await mkdir(dir, { mode: 0o700 }); // fails when somebody else has put something there
    if (owner) await chown(dir, owner.uid, owner.gid);
    return dir;
  } catch (cause) {
    throw new Failure('database.unusable', `The folder ${dir} for the database's sockets cannot be made.`, { cause });
  }
}

async function startGateway(socket: string, { socketDir, data }: PostgresPlace): Promise<ChildProcess> {
  await rm(socket, { force: true });
  const places = ['--socket', socket, '--postgres', socketDir, '--pidfile', pidFile(data)];
  const child = startOwnChild(new URL('./gateway/gateway', import.meta.url), places);
  const ready = await Promise.race([
    once(child.stdout, 'data').then(() => true),
    once(child, 'exit').then(() => false),
  ]);
  if (ready) return child;
  throw new Failure('database.unusable', 'The gateway of the database did not start: see the line before.');
}
