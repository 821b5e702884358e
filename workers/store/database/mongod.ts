/** A mongod of our own: found on the machine or downloaded, run on a data folder that stays. */
import { once } from 'node:events';
import { access, constants, mkdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { Failure } from '../../../domain/model/failure.ts';
import { cacheFolder } from './documentdb/packages.ts';
import { startOwnChild } from './own-child.ts';

const reachableMs = 3_000;
const downloadMs = 120_000;
/** After a crash mongod first replays its journal. */
const startMs = 60_000;

/** Two hundred files, which a machine with another database has no use for. */
const memoryServer = () => import('mongodb-memory-server');

const downloadFolder = (): string => path.join(cacheFolder(), 'mongod');

/** MONGOMS_SYSTEM_BINARY, or `mongod` on PATH, or null. mongodb-memory-server looks for neither name on PATH itself. */
export async function findMongod(env: NodeJS.ProcessEnv = process.env): Promise<string | null> {
  const folders = (env.PATH ?? '').split(path.delimiter).filter(Boolean);
  const candidates = [env.MONGOMS_SYSTEM_BINARY, ...folders.map((folder) => path.join(folder, 'mongod'))];
  for (const candidate of candidates) {
    if (
      candidate &&
      (await access(candidate, constants.X_OK)
        .then(() => true)
        .catch(() => false))
    )
      return candidate;
  }
  return null;
}

/** The mongod of an earlier download, or null. */
export async function downloadedMongod(): Promise<string | null> {
  const { DryMongoBinary } = await memoryServer();
  const options = await DryMongoBinary.generateOptions({ downloadDir: downloadFolder() });
  return (await DryMongoBinary.locateBinary(options)) ?? null;
}

/**
 * Downloads mongod with mongodb-memory-server's own downloader, in a child, because a mirror that accepts and never answers
 * would hold it for ever (`limitMs`). Gives the program's path, or null after saying why there is none.
 */
export async function downloadMongod(say: (line: string) => void, limitMs = downloadMs): Promise<string | null> {
  const mirror = process.env.MONGOMS_DOWNLOAD_MIRROR ?? 'https://fastdl.mongodb.org';
  const reachable = await fetch(mirror, { method: 'HEAD', signal: AbortSignal.timeout(reachableMs) }).catch(() => null);
  if (!reachable) {
    say(`mongod: ${mirror} does not answer, so there is no download`);
    return null;
  }
  say(`mongod: downloading from ${mirror} (at most ${limitMs / 1000} s)`);
  await mkdir(downloadFolder(), { recursive: true });
  const child = startOwnChild(new URL('./download-mongod', import.meta.url), [downloadFolder()], {
    MONGOMS_MAX_RETRIES: '1',
    MONGOMS_USE_HTTP: String(mirror.startsWith('http:')), // its downloader does not look at the mirror's own scheme
  });
  const limit = setTimeout(() => child.kill('SIGKILL'), limitMs);
  createInterface({ input: child.stdout }).on('line', (line) => say(`mongod: ${line}`));
  const [code] = await once(child, 'exit');
  clearTimeout(limit);
  if (code !== 0) say('mongod: the download failed or took too long');
  return code === 0 ? downloadedMongod() : null;
}

/** A port of 127.0.0.1 that nobody uses at this moment: `wanted`, or any for 0. null when `wanted` is taken. */
export async function freePort(wanted = 0): Promise<number | null> {
  const server = createServer();
  const listening = once(server.listen(wanted, '127.0.0.1'), 'listening');
  if (!(await listening.catch(() => null))) return null;
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' ? (address?.port ?? null) : null;
}

/**
 * Runs `binary` as a replica set of one (its acknowledged writes are journaled) on `dbPath`, listening on 127.0.0.1:`port`.
 * Failure `database.unusable` when it does not start.
 */
export async function startMongod(
  binary: string,
  dbPath: string,
  port: number,
): Promise<{ uri: string; stop(): Promise<void> }> {
  await mkdir(dbPath, { recursive: true, mode: 0o700 });
  if (!(await freePort(port))) {
    throw new Failure(
      'database.unusable',
      `mongod needs port ${port} on 127.0.0.1 as before, but another program has it.`,
    );
  }
  // Otherwise it prints a warning about every mongod that is not of the version which it would have downloaded.
  process.env.MONGOMS_SYSTEM_BINARY_VERSION_CHECK ??= 'false';
  const { MongoMemoryReplSet } = await memoryServer();
  try {
    const server = await MongoMemoryReplSet.create({
      binary: { systemBinary: binary },
      instanceOpts: [{ dbPath, port, launchTimeout: startMs }],
      replSet: { count: 1, name: 'patchherd', ip: '127.0.0.1', storageEngine: 'wiredTiger' },
    });
    const uri = `mongodb://127.0.0.1:${port}/?replicaSet=patchherd`;
    return { uri, stop: async () => void (await server.stop({ doCleanup: false })) };
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
    throw new Failure('database.unusable', `mongod (${binary}) did not start on ${dbPath}: ${why}`, { cause });
  }
}
