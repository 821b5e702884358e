/** Advisory feeds in tests: which releases are wanted, what a feed gave, and archives of our own making. */
import { crc32 } from 'node:zlib';
import type { Advisory } from '../../../domain/model/advisory.ts';
import { Failure } from '../../../domain/model/failure.ts';
import type { Item, Wanted } from '../../../workers/feeds/feed.ts';

/** A fleet with these releases; none = every release is wanted. */
export const fleet = (...releases: readonly string[]): Wanted => ({ releases: new Set(releases), cve: () => true });

type Dropped = Extract<Item, { kind: 'dropped' }>;
export type Given = {
  readonly advisories: readonly Advisory[];
  readonly dropped: readonly Dropped[];
  readonly gone: readonly string[];
  readonly code: string | null;
};

/** What a feed gave, by kind, and the code of the Failure that ended it. */
export async function given(items: AsyncIterable<Item> | undefined): Promise<Given> {
  const [advisories, dropped, gone]: [Advisory[], Dropped[], string[]] = [[], [], []];
  let code: string | null = null;
  try {
    for await (const item of items ?? []) {
      if (item.kind === 'advisory') advisories.push(item.advisory);
      if (item.kind === 'dropped') dropped.push(item);
      if (item.kind === 'gone') gone.push(item.id);
    }
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    code = error.code;
  }
  return { advisories, dropped, gone, code };
}

/** How many advisories there are of each of these words. */
export function counted(words: readonly (string | null)[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const word of words) counts[String(word)] = (counts[String(word)] ?? 0) + 1;
  return counts;
}

/** A zip with these members, stored and not packed (APPNOTE 4.3). */
export function zipOf(members: Readonly<Record<string, unknown>>): Buffer {
  const [bodies, directory]: [Buffer[], Buffer[]] = [[], []];
  let offset = 0;
  for (const [name, value] of Object.entries(members)) {
    const content = Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
    const rest = Buffer.alloc(22);
    rest.writeUInt32LE(crc32(content), 10);
    rest.writeUInt32LE(content.length, 14);
    rest.writeUInt32LE(content.length, 18);
    const shared = Buffer.concat([Buffer.from([20, 0]), rest.subarray(2, 22), Buffer.from([name.length, 0, 0, 0])]);
    const body = Buffer.concat([Buffer.from('PK\u0003\u0004'), shared, Buffer.from(name), content]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(offset, 10);
    directory.push(
      Buffer.concat([Buffer.from('PK\u0001\u0002'), Buffer.from([20, 0]), shared, tail, Buffer.from(name)]),
    );
    bodies.push(body);
    offset += body.length;
  }
  const list = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\u0005\u0006', 'latin1');
  end.writeUInt16LE(bodies.length, 8);
  end.writeUInt16LE(bodies.length, 10);
  end.writeUInt32LE(list.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...bodies, list, end]);
}
