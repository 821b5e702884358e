/** Unpacks a fetched file as a stream and stops bombs: gzip by Node itself, xz, zstd and bzip2 through the system's own programs. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { basename } from 'node:path';
import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { Failure } from '../../domain/model/failure.ts';
import { oneLine, sizeWords } from './text.ts';

/** Unpacked bytes that a file may hold unless its feed says otherwise. */
export const UNPACKED_LIMIT = 1024 ** 3;
/** Real feeds pack 10 to 60 times; a bomb packs 1,000 times and more. */
const RATIO = 300;
const RATIO_FROM = 32 * 1024 ** 2;
const CHUNK = 256 * 1024;

type Packing = 'gzip' | 'xz' | 'zstd' | 'bzip2' | 'none';
const magic: readonly (readonly [Packing, string])[] = [
  ['gzip', '1f8b'],
  ['xz', 'fd377a585a00'],
  ['zstd', '28b52ffd'],
  ['bzip2', '425a68'],
];

/** The program of a packing, with the arguments that make it write to stdout and keep its memory within bounds. */
const programs = {
  xz: { argv: ['xz', '-dc', '--memlimit-decompress=512MiB'], from: 'xz-utils (xz on rpm systems)' },
  zstd: { argv: ['zstd', '-dcq', '--memory=512MB'], from: 'zstd' },
  bzip2: { argv: ['bzip2', '-dc'], from: 'bzip2' },
} as const;

/**
 * The bytes of `file` without its packing, by its first bytes and not by its name; as they are when it is not packed. Failures:
 * `feed.bomb` (more than `maxBytes`, or more than 300 times the packed size), `feed.unreadable` (truncated, wrong checksum, no such
 * file), `feed.no-unpacker` (the program for it is not installed).
 */
export async function* unpacked(file: string, maxBytes: number = UNPACKED_LIMIT): AsyncGenerator<Buffer> {
  const handle = await openFile(file);
  try {
    const count = meter(file, (await handle.stat()).size, maxBytes);
    for await (const chunk of bytesOf(file, handle, await packingOf(handle))) {
      count(chunk.length);
      yield chunk;
    }
  } finally {
    await handle.close();
  }
}

/** Opens a file for reading, or says in one sentence why not. */
export async function openFile(file: string): Promise<FileHandle> {
  const fail = (why: string | undefined, cause?: unknown): Failure =>
    new Failure('feed.unreadable', `The file ${basename(file)} cannot be read: ${why}.`, { cause });
  const handle = await open(file).catch((cause: NodeJS.ErrnoException) => {
    throw fail(cause.code === 'ENOENT' ? 'there is no such file' : cause.code, cause);
  });
  if ((await handle.stat()).isFile()) return handle;
  await handle.close();
  throw fail('it is a directory or a device');
}

/** Counts what comes out of `file` and throws `feed.bomb` when it is more than any feed would hold. */
export function meter(file: string, packedSize: number, maxBytes: number): (bytes: number) => void {
  let total = 0;
  return (bytes) => {
    total += bytes;
    const name = basename(file);
    if (total > maxBytes) {
      const sentence = `The file ${name} unpacks to more than the ${sizeWords(maxBytes)} that are allowed for it.`;
      throw new Failure('feed.bomb', sentence);
    }
    if (total > RATIO_FROM && total > packedSize * RATIO) {
      throw new Failure(
        'feed.bomb',
        `The file ${name} unpacks to more than ${RATIO} times its size: no feed does that.`,
      );
    }
  };
}

/** The first bytes of a file as hexadecimal. */
export async function startOf(handle: FileHandle): Promise<string> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(8), 0, 8, 0);
  return buffer.toString('hex', 0, bytesRead);
}

async function packingOf(handle: FileHandle): Promise<Packing> {
  const start = await startOf(handle);
  return magic.find(([, bytes]) => start.startsWith(bytes))?.[0] ?? 'none';
}

function bytesOf(file: string, handle: FileHandle, packing: Packing): AsyncIterable<Buffer> {
  if (packing === 'gzip') return gunzipped(file);
  if (packing === 'none') return createReadStream(file, { highWaterMark: CHUNK });
  return throughProgram(file, handle, packing);
}

async function* gunzipped(file: string): AsyncGenerator<Buffer> {
  const gunzip = createGunzip({ chunkSize: CHUNK });
  // Its callback has nothing to do: an error of either stream reaches the loop below.
  pipeline(createReadStream(file, { highWaterMark: CHUNK }), gunzip, () => {});
  try {
    yield* gunzip as AsyncIterable<Buffer>;
  } catch (cause) {
    throw damaged(file, (cause as Error).message, cause);
  } finally {
    gunzip.destroy();
  }
}

async function* throughProgram(
  file: string,
  handle: FileHandle,
  packing: keyof typeof programs,
): AsyncGenerator<Buffer> {
  const { argv, from } = programs[packing];
  const child = spawn(argv[0], argv.slice(1), {
    stdio: [handle.fd, 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], LC_ALL: 'C' },
  }) as ChildProcessByStdio<null, Readable, Readable>; // Node's types do not know that a number is no stream
  const closed = once(child, 'close') as Promise<[number | null]>;
  closed.catch(() => {}); // asked below; a program that cannot start must not become an unhandled rejection before that
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(0, 1000);
  });
  try {
    yield* child.stdout as AsyncIterable<Buffer>;
    const [code] = await closed.catch((cause: Error) => {
      const sentence = `The file ${basename(file)} is packed with ${packing}, and the program ${argv[0]} is missing here: install the package ${from}.`;
      throw new Failure('feed.no-unpacker', sentence, { cause });
    });
    if (code !== 0) throw damaged(file, said.trim().split('\n')[0] || `${argv[0]} gave up`, null);
  } finally {
    child.kill('SIGKILL');
    await closed.catch(() => undefined);
  }
}

const damaged = (file: string, why: string, cause: unknown): Failure =>
  new Failure(
    'feed.unreadable',
    `The file ${basename(file)} is damaged or cut short (${oneLine(why)}): fetch it again.`,
    {
      retryable: true,
      cause,
    },
  );
