/** Writes zip archives by hand (PKWARE's APPNOTE, sections 4.3.7 to 4.3.16), so that tests can make those that no program would. */
import { crc32, deflateRawSync } from 'node:zlib';

export type ZipMember = {
  readonly name: string;
  readonly content: Buffer | string;
  /** What the archive says of it, where that is not the truth. */
  readonly lies?: { readonly size?: number; readonly crc?: number; readonly flags?: number; readonly method?: number };
  readonly stored?: boolean;
};

/** An archive of these members, in this order. */
export function zipOf(members: readonly ZipMember[]): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, content, lies = {}, stored = false } of members) {
    const raw = Buffer.from(content);
    const packed = stored ? raw : deflateRawSync(raw, { level: 9 });
    const title = Buffer.from(name);
    const head = Buffer.alloc(26);
    head.writeUInt16LE(20, 0);
    head.writeUInt16LE(lies.flags ?? 0x800, 2); // names are UTF-8
    head.writeUInt16LE(lies.method ?? (stored ? 0 : 8), 4);
    head.writeUInt32LE(lies.crc ?? crc32(raw), 10);
    head.writeUInt32LE(packed.length, 14);
    head.writeUInt32LE(lies.size ?? raw.length, 18);
    head.writeUInt16LE(title.length, 22);
    parts.push(Buffer.from('PK\x03\x04', 'latin1'), head, title, packed);
    const entry = Buffer.alloc(16);
    entry.writeUInt32LE(offset, 12);
    directory.push(Buffer.from('PK\x01\x02\x14\x00', 'latin1'), head, entry.subarray(2), title);
    offset += 30 + title.length + packed.length;
  }
  const list = Buffer.concat(directory);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(members.length, 4);
  end.writeUInt16LE(members.length, 6);
  end.writeUInt32LE(list.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...parts, list, Buffer.from('PK\x05\x06', 'latin1'), end]);
}
