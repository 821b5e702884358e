/** Which database is chosen, and what is said when there is none. */
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { MongoClient } from 'mongodb';
import { afterEach, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { canFetch, fetchDocumentdb } from '../../../workers/store/database/documentdb/packages.ts';
import { findDatabase } from '../../../workers/store/database/find-database.ts';
import { downloadMongod, freePort } from '../../../workers/store/database/mongod.ts';
import { startInOtherProcess, tsxLoader } from './other-process.ts';

let folder: string;
let dataDir: string;
let said: string[];
const cleanups: (() => Promise<unknown>)[] = [];
const say = (line: string) => void said.push(line);

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'patchherd-find-'));
  dataDir = path.join(folder, 'data');
  said = [];
  vi.stubEnv('PATCHHERD_CACHE', path.join(folder, 'cache'));
  vi.stubEnv('MONGOMS_SYSTEM_BINARY', '');
  vi.stubEnv('MONGOMS_DOWNLOAD_MIRROR', `http://127.0.0.1:${await freePort()}`);
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

/** Answers each connection with `onConnect`; gives its address. */
async function listen(onConnect: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}));
    onConnect(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
}

async function remembers(choice: string): Promise<void> {
  await mkdir(dataDir);
  await writeFile(path.join(dataDir, 'database.json'), choice);
}

describe('a database that is given', () => {
  it('is used as it is', async () => {
    const database = await findDatabase({ uri: inject('mongoUri'), dataDir, say });
    expect(database).toMatchObject({ uri: inject('mongoUri'), kind: 'given' });
    await database.stop();
    expect(JSON.parse(await readFile(path.join(dataDir, 'database.json'), 'utf8'))).toEqual({ kind: 'given' });
  });

  it('is never replaced by another one when it is down, and its password is not told', async () => {
    const uri = `mongodb://ada:secret@127.0.0.1:${await freePort()}/`;
    const error = await findDatabase({ uri, dataDir, say }).catch((caught) => caught);
    expect(error).toMatchObject({ code: 'database.unreachable', retryable: true });
    expect(error.message).toMatch(/MONGODB_URI names \(127\.0\.0\.1:\d+\) does not answer/);
    expect([error.message, ...said].join()).not.toContain('secret');
    expect(await readdir(dataDir)).toEqual([]);
  });

  it('is refused in one sentence when it is no connection string, without quoting it', async () => {
    const error = await findDatabase({ uri: 'http://ada:secret@db/', dataDir, say }).catch((caught) => caught);
    expect(error).toMatchObject({ code: 'database.unreachable', retryable: false, cause: undefined });
    expect(error.message).not.toContain('secret');
  });
});

describe('the choice that was made before', () => {
  it.each([
    [
      '{"kind":"documentdb"}',
      'mongodb://127.0.0.1:1/',
      /belongs to PostgreSQL with DocumentDB, but MONGODB_URI is set/,
    ],
    ['{"kind":"given"}', undefined, /belongs to the server that MONGODB_URI names, but MONGODB_URI is not set/],
    ['{"kind":"downloaded","port":27017}', undefined, /belongs to a downloaded mongod, but that cannot be found/],
    ['{"kind":"sqlite"}', undefined, /"kind" must be one of given, mongod, downloaded, documentdb/],
    ['not json', undefined, /does not say which database was used/],
  ])('%s is not changed silently', async (choice, uri, sentence) => {
    await remembers(choice);
    const error = await findDatabase({ uri, dataDir, say }).catch((caught) => caught);
    expect(error).toMatchObject({ code: 'database.changed', message: expect.stringMatching(sentence) });
    expect(await readFile(path.join(dataDir, 'database.json'), 'utf8')).toBe(choice);
  });
});

describe('without any database', () => {
  it('says the four ways to get one', async () => {
    vi.stubEnv('PATH', path.join(folder, 'nothing'));
    const error = await findDatabase({ dataDir, say }).catch((caught) => caught);
    expect(error).toMatchObject({ code: 'database.none', retryable: false });
    for (const way of ['MONGODB_URI', 'install mongod', 'https://fastdl.mongodb.org', 'Debian']) {
      expect(error.message).toContain(way);
    }
    expect(await readdir(dataDir)).toEqual([]);
  });

  it('gives up a download mirror that accepts and never answers', async () => {
    const mirror = await listen(() => {});
    vi.stubEnv('MONGOMS_DOWNLOAD_MIRROR', mirror);
    expect(await downloadMongod(say)).toBeNull();
    expect(said).toEqual([`mongod: ${mirror} does not answer, so there is no download`]);
  });

  it('gives up a download mirror that stops in the middle', async () => {
    const asked: string[] = [];
    const mirror = await listen((socket) => {
      socket.on('data', (request) => {
        const [method = ''] = request.toString('latin1').split(' ');
        asked.push(method);
        const head = `HTTP/1.1 200 OK\r\ncontent-length: ${method === 'HEAD' ? 0 : 99_999_999}\r\n\r\n`;
        socket.write(head);
      });
    });
    vi.stubEnv('MONGOMS_DOWNLOAD_MIRROR', mirror);
    expect(await downloadMongod(say, 4_000)).toBeNull();
    expect(asked).toEqual(['HEAD', 'GET']);
    expect(said.at(-1)).toBe('mongod: the download failed or took too long');
  });

  it('takes the mongod out of what a mirror sends', async () => {
    const mongod = path.join(folder, 'mongodb-linux/bin/mongod');
    await mkdir(path.dirname(mongod), { recursive: true });
    const program = `#!/bin/sh\n${'#'.repeat(2 * 1024 * 1024)}`; // a smaller one is taken for a broken download
    await writeFile(mongod, program, { mode: 0o755 });
    const archive = execFileSync('tar', ['-czC', folder, 'mongodb-linux']);
    const head = `HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: ${archive.length}\r\n\r\n`;
    const answer = Buffer.concat([Buffer.from(head), archive]);
    const mirror = await listen((socket) => socket.on('data', () => socket.end(answer)));
    vi.stubEnv('MONGOMS_DOWNLOAD_MIRROR', mirror);
    vi.stubEnv('MONGOMS_MD5_CHECK', 'false');
    const found = await downloadMongod(say);
    expect(found).toMatch(/cache\/mongod\/mongod-/);
    expect(await readFile(found ?? '', 'utf8')).toBe(program);
  });

  it('says in one sentence that the packages cannot be fetched, and leaves nothing behind', async (test) => {
    if (!(await canFetch())) return test.skip('this machine is no Debian');
    for (const name of ['http_proxy', 'https_proxy']) vi.stubEnv(name, `http://127.0.0.1:${await freePort()}`);
    const cache = path.join(folder, 'cache');
    const error = await fetchDocumentdb(cache, say).catch((caught) => caught);
    expect(error).toMatchObject({ code: 'database.download', retryable: true });
    expect(error.message).toMatch(/^DocumentDB could not be fetched \(http.*\): [^\n]+$/);
    expect(await readdir(cache)).toEqual([]);
  });
});

describe('a mongod of this machine', () => {
  /** On PATH: the stand-in of test/fakes, in front of the database of this run. */
  async function installMongod(backend: string): Promise<void> {
    const fake = fileURLToPath(new URL('../../fakes/mongod.ts', import.meta.url));
    const lines = ['#!/bin/sh', `exec '${process.execPath}' --import '${tsxLoader}' '${fake}' "$@"`];
    await mkdir(path.join(folder, 'bin'));
    await writeFile(path.join(folder, 'bin/mongod'), `${lines.join('\n')}\n`, { mode: 0o755 });
    vi.stubEnv('PATH', `${path.join(folder, 'bin')}:${process.env.PATH}`);
    vi.stubEnv('FAKE_MONGOD_BACKEND', backend);
  }

  it('is started on a folder that stays, on the same port every time', { timeout: 60_000 }, async (test) => {
    const socket = /^mongodb:\/\/(%2F[^/?]+)/.exec(inject('mongoUri'))?.[1];
    if (!socket)
      return test.skip('the stand-in for mongod needs DocumentDB behind it, and MONGODB_URI names another server');
    await installMongod(decodeURIComponent(socket));
    const first = await startInOtherProcess(dataDir);
    expect(first.kind).toBe('mongod');
    const client = await MongoClient.connect(first.uri);
    expect(await client.db('admin').command({ ping: 1 })).toMatchObject({ ok: 1 });
    await client.close();
    await first.stop();
    const second = await startInOtherProcess(dataDir);
    await second.stop();
    expect(second.uri).toBe(first.uri);
    expect(await readdir(path.join(dataDir, 'mongod'))).toContain('replica-set.json');
  });

  it('is refused in one sentence when it does not start', { timeout: 60_000 }, async () => {
    await mkdir(path.join(folder, 'bin'));
    await writeFile(path.join(folder, 'bin/mongod'), '#!/bin/sh\nexit 14\n', { mode: 0o755 });
    vi.stubEnv('PATH', `${path.join(folder, 'bin')}:${process.env.PATH}`);
    const error = await findDatabase({ dataDir, say }).catch((caught) => caught);
    expect(error).toMatchObject({
      code: 'database.unusable',
      message: expect.stringMatching(/^mongod \(.*\) did not start on /),
    });
    expect(await readdir(dataDir)).not.toContain('database.json');
  });
});
