/** The framing of MongoDB's wire protocol: pure bytes in, messages out. */
import { BSON } from 'bson';
import { describe, expect, it } from 'vitest';
import { mongoCode, unpackCode } from '../../../workers/store/database/documentdb/gateway/sqlstate.ts';
import {
  frames,
  MalformedFrame,
  maxMessageBytes,
  parseMessage,
  reply,
} from '../../../workers/store/database/documentdb/gateway/wire.ts';

/** One OP_MSG as a driver writes it: body, then perhaps a document sequence. */
function message(body: object, documents: object[] = [], flags = 0): Buffer {
  const sections = [Buffer.from([0]), Buffer.from(BSON.serialize(body))];
  if (documents.length > 0) {
    const raw = Buffer.concat([Buffer.from('documents\0'), ...documents.map((each) => BSON.serialize(each))]);
    const size = Buffer.alloc(4);
    size.writeInt32LE(raw.length + 4);
    sections.push(Buffer.from([1]), size, raw);
  }
  if (flags & 1) sections.push(Buffer.from('sum!'));
  const head = Buffer.alloc(20);
  const rest = Buffer.concat(sections);
  head.writeInt32LE(head.length + rest.length, 0);
  head.writeInt32LE(7, 4);
  head.writeInt32LE(2013, 12);
  head.writeUInt32LE(flags, 16);
  return Buffer.concat([head, rest]);
}

async function cut(...chunks: Buffer[]): Promise<Buffer[]> {
  async function* stream() {
    yield* chunks;
  }
  const list: Buffer[] = [];
  for await (const frame of frames(stream())) list.push(frame);
  return list;
}

describe('a stream of messages', () => {
  const [one, two] = [message({ ping: 1 }), message({ insert: 'a' }, [{ n: 1 }, { n: 2 }])];

  it('is cut at the same places, however it arrives', async () => {
    const bytes = Buffer.concat([one, two, one]);
    for (const size of [1, 2, 3, 5, 16, 17, 64, bytes.length]) {
      const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) =>
        bytes.subarray(n * size, (n + 1) * size),
      );
      expect(await cut(...chunks)).toEqual([one, two, one]);
    }
  });

  it.each([0, 15, -1, maxMessageBytes + 1])('is refused at a length of %i', async (length) => {
    const bytes = Buffer.alloc(16);
    bytes.writeInt32LE(length);
    await expect(cut(bytes)).rejects.toBeInstanceOf(MalformedFrame);
  });
});

describe('a message', () => {
  it('has a body, and the documents that travelled beside it', () => {
    const parsed = parseMessage(message({ insert: 'a' }, [{ n: 1 }, { n: 2 }]));
    expect(BSON.deserialize(parsed.body)).toEqual({ insert: 'a' });
    expect(parsed.sequence).toEqual(Buffer.concat([BSON.serialize({ n: 1 }), BSON.serialize({ n: 2 })]));
    expect(parsed).toMatchObject({ requestId: 7, wantsReply: true });
  });

  it('may end with a checksum, and may want no reply', () => {
    expect(parseMessage(message({ ping: 1 }, [], 1)).wantsReply).toBe(true);
    expect(parseMessage(message({ ping: 1 }, [], 2)).wantsReply).toBe(false);
  });

  it('is refused wherever it is cut short, except between two sections', () => {
    const whole = message({ insert: 'a' }, [{ n: 1 }]);
    const afterBody = message({ insert: 'a' }).length;
    for (let length = 16; length < whole.length; length++) {
      if (length === afterBody) continue;
      expect(() => parseMessage(whole.subarray(0, length)), `cut at ${length}`).toThrow(MalformedFrame);
    }
  });

  it('is answered with its own number', () => {
    const answer = reply(parseMessage(message({ ping: 1 })), BSON.serialize({ ok: 1 }));
    expect([answer.readInt32LE(0), answer.readInt32LE(8), answer.readInt32LE(12)]).toEqual([answer.length, 7, 2013]);
    expect(BSON.deserialize(answer.subarray(21))).toEqual({ ok: 1 });
  });
});

describe('an error code', () => {
  it.each([
    ['M0000', 1],
    ['M0001', 2],
    ['M001C', 11000],
    ['23P01', 11000],
    ['40P01', 112],
    ['M00EQ', 31321],
    ['MZZZZ', 1],
    ['XX000', 1],
  ])('of SQLSTATE %s is %i', (state, code) => expect(mongoCode(state)).toBe(code));

  it('is found in what the extension packs into writeErrors, and left alone when it is one already', () => {
    const packed = [...'M001C'].reduce((sum, letter, n) => sum + ((letter.charCodeAt(0) - 48) & 63) * 64 ** n, 0);
    expect(unpackCode(packed)).toBe(11000);
    expect(unpackCode(11000)).toBe(11000);
  });
});
