/** MongoDB's wire protocol, as far as drivers of today speak it: frames in, OP_MSG sections out, replies back. */

/** What `hello` announces and what we hold ourselves to: MongoDB's own limit. */
export const maxMessageBytes = 48_000_000;

const headerBytes = 16;
const opReply = 1;
const opQuery = 2004;
const opMsg = 2013;
const checksumPresent = 1;
const moreToCome = 2;
/** Bits 0 to 15 are "required": a server must refuse those that it does not know. */
const unknownRequiredBits = 0xfffc;

/** Thrown for bytes that are no message of this protocol. The only right answer is to close the connection. */
export class MalformedFrame extends Error {}

/** One message of a client. `sequence` holds the documents of a kind 1 section, as raw BSON one after another. */
export type Message = {
  readonly requestId: number;
  readonly kind: 'msg' | 'legacy-hello';
  readonly body: Buffer;
  readonly sequence: Buffer | null;
  readonly wantsReply: boolean;
};

/**
 * Cuts a byte stream into frames of the protocol.
 * Throws MalformedFrame for a length below the header's or above `maxMessageBytes`, before anything of it is kept.
 */
export async function* frames(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let kept: Buffer[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    kept.push(chunk);
    size += chunk.length;
    while (size >= headerBytes) {
      if (kept.length > 1 && (kept[0]?.length ?? 0) < 4) kept = [Buffer.concat(kept)];
      const length = kept[0]?.readInt32LE(0) ?? 0;
      if (length < headerBytes || length > maxMessageBytes) throw new MalformedFrame(`a frame of ${length} bytes`);
      if (size < length) break;
      const all = Buffer.concat(kept);
      yield all.subarray(0, length);
      kept = [all.subarray(length)];
      size -= length;
    }
  }
}

/** Reads one frame. Throws MalformedFrame for an operation, a flag or a section that the protocol does not have. */
export function parseMessage(frame: Buffer): Message {
  try {
    return frame.readInt32LE(12) === opQuery ? parseHello(frame) : parseMsg(frame);
  } catch (error) {
    if (error instanceof RangeError) throw new MalformedFrame('a frame that ends too early', { cause: error });
    throw error;
  }
}

/** Drivers open with `hello` as OP_QUERY, because they cannot know yet that we speak OP_MSG. Nothing else may come so. */
function parseHello(frame: Buffer): Message {
  const name = cString(frame, headerBytes + 4);
  const { document } = readDocument(frame, name.end + 8);
  return { requestId: frame.readInt32LE(4), kind: 'legacy-hello', body: document, sequence: null, wantsReply: true };
}

function parseMsg(frame: Buffer): Message {
  if (frame.readInt32LE(12) !== opMsg) throw new MalformedFrame(`operation ${frame.readInt32LE(12)}`);
  const flags = frame.readUInt32LE(headerBytes);
  if (flags & unknownRequiredBits) throw new MalformedFrame(`flags ${flags}`);
  const end = frame.length - (flags & checksumPresent ? 4 : 0);
  let body: Buffer | null = null;
  let sequence: Buffer | null = null;
  for (let at = headerBytes + 4; at < end; ) {
    const kind = frame.readUInt8(at);
    if (kind === 0 && !body) {
      const section = readDocument(frame, at + 1);
      body = section.document;
      at = section.end;
    } else if (kind === 1 && !sequence) {
      const section = readSequence(frame, at + 1);
      sequence = section.documents;
      at = section.end;
    } else throw new MalformedFrame(`a section of kind ${kind}`);
    if (at > end) throw new MalformedFrame('a section that ends after its frame');
  }
  if (!body) throw new MalformedFrame('a message without a body');
  return { requestId: frame.readInt32LE(4), kind: 'msg', body, sequence, wantsReply: !(flags & moreToCome) };
}

function readDocument(frame: Buffer, at: number): { document: Buffer; end: number } {
  const end = at + frame.readInt32LE(at);
  if (end < at + 5 || end > frame.length) throw new MalformedFrame('a document of an impossible length');
  return { document: frame.subarray(at, end), end };
}

function readSequence(frame: Buffer, at: number): { documents: Buffer; end: number } {
  const end = at + frame.readInt32LE(at);
  const name = cString(frame, at + 4);
  if (end < name.end || end > frame.length) throw new MalformedFrame('a sequence of an impossible length');
  return { documents: frame.subarray(name.end, end), end };
}

function cString(frame: Buffer, at: number): { end: number } {
  const zero = frame.indexOf(0, at);
  if (zero < 0) throw new MalformedFrame('a name without an end');
  return { end: zero + 1 };
}

/** The reply to one message: `document` is raw BSON. */
export function reply(to: Message, document: Uint8Array): Buffer {
  const head = Buffer.alloc(to.kind === 'msg' ? headerBytes + 5 : headerBytes + 20);
  head.writeInt32LE(head.length + document.length, 0);
  head.writeInt32LE(to.requestId, 8);
  head.writeInt32LE(to.kind === 'msg' ? opMsg : opReply, 12);
  if (to.kind === 'legacy-hello') head.writeInt32LE(1, headerBytes + 16); // one document follows
  return Buffer.concat([head, document]);
}
