/** DocumentDB behind its gateway: what hostile bytes, killed processes and a second start do to it. */
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, readlink, rm, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { MongoClient } from 'mongodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canRunDocumentdb } from '../../../workers/store/database/documentdb/documentdb.ts';
import { findDatabase } from '../../../workers/store/database/find-database.ts';
import { type OtherProcess, startInOtherProcess } from './other-process.ts';

const runnable = await canRunDocumentdb();
if (!runnable) console.log('skipped: this machine has neither the packages of DocumentDB nor a way to fetch them');

describe.skipIf(!runnable)('DocumentDB', () => {
  let dataDir: string;
  let running: OtherProcess;
  let client: MongoClient;

  beforeAll(async () => {
    dataDir = await mkdtemp(path.join(os.tmpdir(), 'patchherd-documentdb-'));
    running = await startInOtherProcess(dataDir);
    client = await MongoClient.connect(running.uri);
  });
  afterAll(async () => {
    await client.close();
    await running.stop();
    await rm(dataDir, { recursive: true, force: true });
  });

  const socketPath = () => decodeURIComponent(/^mongodb:\/\/([^/?]+)/.exec(running.uri)?.[1] ?? '');
  const postmaster = async () =>
    Number.parseInt(await readFile(path.join(dataDir, 'documentdb/data/postmaster.pid'), 'utf8'), 10);

  /** The process of the gateway: its arguments name the socket. */
  async function gateway(): Promise<number> {
    for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
      const args = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0');
      if (args.includes('--socket') && args.includes(socketPath())) return Number(pid);
    }
    throw new Error('the gateway does not run');
  }

  it('lets nobody but its owner come near the sockets, and listens on no port', async () => {
    expect((await stat(path.dirname(socketPath()))).mode & 0o777).toBe(0o700);
    const inodes = await socketsOf(await postmaster(), await gateway());
    const tcp = await Promise.all(['tcp', 'tcp6'].map((kind) => readFile(`/proc/net/${kind}`, 'utf8').catch(() => '')));
    const listening = tcp
      .join('\n')
      .split('\n')
      .filter((line) => line.trim().split(/\s+/)[3] === '0A');
    expect(listening.filter((line) => inodes.has(line.trim().split(/\s+/)[9] ?? ''))).toEqual([]);
  });

  it.each([
    ['a length of 0', header(0)],
    ['a negative length', header(-5)],
    ['a length above 48 MB', header(48_000_001)],
    ['an operation that does not exist', header(21, 9999, Buffer.alloc(5))],
    ['a required flag that does not exist', header(25, 2013, Buffer.from([0, 1, 0, 0, 0, 5, 0, 0, 0]))],
    ['a section that is longer than its frame', header(25, 2013, Buffer.from([0, 0, 0, 0, 0, 255, 255, 0, 0]))],
    ['no body at all', header(20, 2013, Buffer.alloc(4))],
    ['a frame that ends inside its flags', header(18, 2013, Buffer.alloc(2))],
    ['a body that is no BSON', header(26, 2013, Buffer.from([0, 0, 0, 0, 0, 5, 0, 0, 0, 7]))],
    ['text of another protocol', Buffer.from('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n')],
  ])('closes a connection that sends %s, and no other', async (_what, bytes) => {
    const before = await gateway();
    const hostile = connect(socketPath());
    hostile.write(bytes);
    expect(await text(hostile)).toBe('');
    expect(await client.db('admin').command({ ping: 1 })).toMatchObject({ ok: 1 });
    expect(await gateway()).toBe(before);
  });

  it('refuses a transaction instead of pretending', async () => {
    const session = client.startSession();
    const inside = session.withTransaction(() => client.db('t').collection('a').insertOne({ n: 1 }, { session }));
    await expect(inside).rejects.toThrow(/transaction/i);
    await session.endSession();
    expect(await client.db('t').collection('a').countDocuments()).toBe(0);
  });

  it('refuses a second start on the same data', async () => {
    const second = findDatabase({ dataDir, say: () => {} });
    await expect(second).rejects.toMatchObject({ code: 'database.in-use', message: expect.stringContaining(dataDir) });
  });

  it('loses no acknowledged insert when PostgreSQL is killed under 4 writers', { timeout: 120_000 }, async () => {
    const inserts = client.db('faults').collection<{ _id: string }>('inserts');
    const acknowledged = new Set<string>();
    const [server, gatewayBefore] = [await postmaster(), await gateway()];
    let wanted = 300;
    async function write(writer: number): Promise<void> {
      for (let n = 0; acknowledged.size < wanted; n++) {
        const _id = `${writer}-${n}`;
        await inserts.insertOne({ _id }).then(
          () => acknowledged.add(_id),
          () => {}, // nobody promised this one
        );
      }
    }
    for (let kill = 0; kill < 2; kill++) {
      const writers = [0, 1, 2, 3].map((writer) => write(kill * 4 + writer));
      await expect.poll(() => acknowledged.size, { timeout: 30_000, interval: 5 }).toBeGreaterThan(wanted - 150);
      process.kill(await postmaster(), 'SIGKILL');
      await Promise.all(writers);
      wanted += 300;
    }
    expect(await postmaster()).not.toBe(server);
    expect(await gateway()).toBe(gatewayBefore);
    const stored = new Set((await inserts.find().toArray()).map(({ _id }) => _id));
    expect([...acknowledged].filter((id) => !stored.has(id))).toEqual([]);
    expect((await inserts.updateMany({}, { $set: { seen: true } } as never)).matchedCount).toBe(stored.size);
  });

  it('comes back on the same address when the gateway is killed', { timeout: 60_000 }, async () => {
    const before = await gateway();
    process.kill(before, 'SIGKILL');
    const ping = () =>
      client
        .db('admin')
        .command({ ping: 1 })
        .catch(() => null);
    await expect.poll(ping, { timeout: 20_000 }).toMatchObject({ ok: 1 });
    expect(await gateway()).not.toBe(before);
  });

  it('stops when the process that started it is killed, and starts again with its data', {
    timeout: 60_000,
  }, async () => {
    await client.db('kept').collection('a').insertOne({ n: 1 });
    const before = await postmaster();
    running.child.kill('SIGKILL');
    await once(running.child, 'exit');
    running = await startInOtherProcess(dataDir);
    expect(await postmaster()).not.toBe(before);
    // Gone, or a zombie that nobody reaps: in both cases it has no arguments any more.
    expect(await readFile(`/proc/${before}/cmdline`, 'utf8').catch(() => '')).toBe('');
    const again = await MongoClient.connect(running.uri);
    expect(await again.db('kept').collection('a').countDocuments()).toBe(1);
    await again.close();
  });
});

/** The first bytes of a message: length and operation are as given, whatever follows. */
function header(length: number, operation = 2013, rest = Buffer.alloc(16)): Buffer {
  const bytes = Buffer.alloc(16);
  bytes.writeInt32LE(length, 0);
  bytes.writeInt32LE(operation, 12);
  return Buffer.concat([bytes, rest]);
}

/** Inodes of the sockets that processes hold. */
async function socketsOf(...pids: number[]): Promise<Set<string>> {
  const inodes = new Set<string>();
  for (const pid of pids) {
    for (const fd of await readdir(`/proc/${pid}/fd`)) {
      const target = await readlink(`/proc/${pid}/fd/${fd}`).catch(() => '');
      const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1];
      if (inode) inodes.add(inode);
    }
  }
  return inodes;
}
