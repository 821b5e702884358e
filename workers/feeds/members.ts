/** Reads the members of a zip or tar archive one after the other, without ever writing one to disk. */
import type { FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';
import { promisify } from 'node:util';
import { crc32, inflateRaw } from 'node:zlib';
import { type Extract, extract, type Header } from 'tar-stream';
import { openPromise, type Entry as ZipEntry, type ZipFile } from 'yauzl';
import { Failure } from '../../domain/model/failure.ts';
import { oneLine } from './text.ts';
import { meter, openFile, startOf, UNPACKED_LIMIT, unpacked } from './unpack.ts';

/** One member is held in memory as text. */
const MEMBER_LIMIT = 256 * 1024 ** 2;
const TAR_MAGIC_AT = 257;

type TarEntry = AsyncIterable<unknown> & { readonly header: Header; resume(): unknown };
export type Member = { readonly name: string; readonly text: string };

/**
 * The members of a zip, or of a tar in any packing, whose name ends with `ending`, in the archive's order, as UTF-8 text. A file that is
 * neither is its own only member, whatever its name, without the ending of its packing. Failures: those of `unpacked`;
 * `feed.unreadable` also for names that would leave the archive (absolute, `..`) and wrong checksums.
 */
export async function* membersOf(
  file: string,
  ending: string,
  maxBytes: number = UNPACKED_LIMIT,
): AsyncGenerator<Member> {
  const handle = await openFile(file);
  try {
    const start = await startOf(handle);
    // "PK", then a member or, in an empty archive, the end of the list.
    const isZip = start.startsWith('504b0304') || start.startsWith('504b0506');
    yield* isZip ? zipMembers(file, handle, ending, maxBytes) : tarMembers(file, ending, maxBytes);
  } finally {
    await handle.close();
  }
}

async function* zipMembers(file: string, handle: FileHandle, ending: string, maxBytes: number): AsyncGenerator<Member> {
  const count = meter(file, (await handle.stat()).size, maxBytes);
  const zip = await openPromise(file, { autoClose: false }).catch((cause: Error) => {
    throw noArchive(file, cause.message, cause);
  });
  try {
    // yauzl refuses absolute names and `..` itself.
    for await (const entry of entriesOf(file, zip)) {
      if (entry.fileName.endsWith('/') || !entry.fileName.endsWith(ending)) continue;
      count(entry.uncompressedSize);
      yield { name: entry.fileName, text: textOf(await contentOf(file, zip, handle, entry)) };
    }
  } finally {
    zip.close();
  }
}

async function* entriesOf(file: string, zip: ZipFile): AsyncGenerator<ZipEntry> {
  try {
    yield* zip.eachEntry();
  } catch (cause) {
    throw noArchive(file, (cause as Error).message, cause);
  }
}

const inflate = promisify<Buffer, { maxOutputLength: number }, Buffer>(inflateRaw);

/** Whole members by two plain reads: a stream for each of 60,000 small records would take most of the time. */
async function contentOf(file: string, zip: ZipFile, handle: FileHandle, entry: ZipEntry): Promise<Buffer> {
  const { fileName, uncompressedSize, compressedSize, compressionMethod } = entry;
  const name = `Its member ${oneLine(fileName)}`;
  if (uncompressedSize > MEMBER_LIMIT) throw tooLong(file, fileName);
  if (entry.isEncrypted()) throw noArchive(file, `${name} is encrypted`, null);
  if (compressionMethod !== 0 && compressionMethod !== 8)
    throw noArchive(file, `${name} is packed in an unknown way`, null);
  try {
    const { fileDataStart } = await zip.readLocalFileHeaderPromise(entry, { minimal: true });
    const packed = Buffer.alloc(compressedSize);
    const { bytesRead } = await handle.read(packed, 0, compressedSize, fileDataStart);
    if (bytesRead < compressedSize) throw new Error('cut short');
    const content =
      compressionMethod === 0 ? packed : await inflate(packed, { maxOutputLength: uncompressedSize || 1 });
    if (content.length !== uncompressedSize) throw new Error('another size than it says');
    if (crc32(content) !== entry.crc32) throw new Error('wrong checksum');
    return content;
  } catch (cause) {
    throw noArchive(file, `${name} is damaged: ${(cause as Error).message}`, cause);
  }
}

async function* tarMembers(file: string, ending: string, maxBytes: number): AsyncGenerator<Member> {
  const chunks = unpacked(file, maxBytes);
  const first = await atLeast(chunks, 512);
  if (first.toString('latin1', TAR_MAGIC_AT, TAR_MAGIC_AT + 5) !== 'ustar') {
    const parts = [first];
    let size = first.length;
    for await (const chunk of chunks) {
      size += chunk.length;
      if (size > MEMBER_LIMIT) throw tooLong(file, basename(file));
      parts.push(chunk);
    }
    return yield { name: basename(file).replace(/\.(gz|xz|zst|bz2)$/i, ''), text: textOf(Buffer.concat(parts)) };
  }
  const tar = extract();
  const fed = feedTar(tar, first, chunks);
  fed.catch((error: Error) => tar.destroy(error)); // the loop below throws it
  try {
    for await (const entry of tar) {
      const text = await tarText(file, entry, ending);
      if (text !== null) yield { name: entry.header.name, text };
    }
    await fed;
  } catch (cause) {
    throw cause instanceof Failure ? cause : noArchive(file, (cause as Error).message, cause);
  } finally {
    tar.destroy(null);
    await chunks.return(undefined);
  }
}

/** The text of a wanted member; null for others, whose bytes are passed over. */
async function tarText(file: string, entry: TarEntry, ending: string): Promise<string | null> {
  const { name, type, size } = entry.header;
  if (name.startsWith('/') || name.split(/[/\\]/).includes('..')) {
    throw noArchive(file, `its member ${oneLine(name)} points outside of it`, null);
  }
  if (type !== 'file' || !name.endsWith(ending)) {
    entry.resume();
    return null;
  }
  if (size > MEMBER_LIMIT) throw tooLong(file, name);
  const parts: Buffer[] = [];
  for await (const chunk of entry) parts.push(chunk as Buffer);
  return textOf(Buffer.concat(parts));
}

async function feedTar(tar: Extract, first: Buffer, rest: AsyncIterable<Buffer>): Promise<void> {
  const write = async (chunk: Buffer): Promise<void> => {
    if (!tar.destroyed && !tar.write(chunk)) await roomIn(tar);
  };
  await write(first);
  for await (const chunk of rest) {
    if (tar.destroyed) return;
    await write(chunk);
  }
  tar.end(null);
}

/** Until the archive reader takes more, or has given up. */
const roomIn = (tar: Extract): Promise<void> =>
  new Promise((resolve) => {
    const go = (): void => {
      tar.off('drain', go).off('close', go);
      resolve();
    };
    tar.on('drain', go).on('close', go);
  });

/** The first bytes, as many as asked for unless there are no more. */
async function atLeast(chunks: AsyncGenerator<Buffer>, bytes: number): Promise<Buffer> {
  let start = Buffer.alloc(0);
  while (start.length < bytes) {
    const next = await chunks.next();
    if (next.done) break;
    start = Buffer.concat([start, next.value]);
  }
  return start;
}

/** UTF-8 without its byte order mark; what is not UTF-8 shows as replacement characters. */
const decoder = new TextDecoder('utf-8');
export const textOf = (bytes: Buffer): string => decoder.decode(bytes);

const noArchive = (file: string, why: string, cause: unknown): Failure =>
  new Failure('feed.unreadable', `The archive ${basename(file)} cannot be read: ${oneLine(why)}.`, { cause });
const tooLong = (file: string, member: string): Failure =>
  new Failure(
    'feed.bomb',
    `The file ${basename(file)} has a member ${oneLine(member)} of more than ${MEMBER_LIMIT / 1024 ** 2} MiB: no feed does that.`,
  );
