/** Reads one huge JSON object entry by entry, so that never more than one of its values is held. */
import { Failure } from '../../domain/model/failure.ts';
import { jsonOf } from './archive.ts';

/** Debian's Linux kernel is the largest value of any feed, about 15 MiB. */
const ENTRY_LIMIT = 128 * 1024 ** 2;
const [QUOTE, BACKSLASH, COMMA] = [0x22, 0x5c, 0x2c];
const [OPEN, CLOSE, LIST, LIST_END] = [0x7b, 0x7d, 0x5b, 0x5d];

/**
 * The entries of the object that `chunks` hold, as `[key, value]`. Failures: `feed.unreadable` when it is no object, is cut short or goes
 * on after its end; `feed.bomb` for an entry of more than 128 MiB; those of `chunks`.
 */
export async function* jsonEntries(chunks: AsyncIterable<Buffer>): AsyncGenerator<[string, unknown]> {
  const cut = cutter();
  for await (const chunk of chunks) {
    for (const text of cut.take(chunk)) yield* entryOf(text);
  }
  cut.end();
}

function* entryOf(text: string): Generator<[string, unknown]> {
  const value = jsonOf(`{${text}}`, 'One entry of the file');
  if (typeof value === 'object' && value !== null) yield* Object.entries(value);
}

/** Cuts at the commas between the entries. Brackets and commas in strings do not count; JSON.parse checks the rest, entry by entry. */
function cutter() {
  let depth = 0;
  let state: 'before' | 'in' | 'after' = 'before';
  let count = 0;
  let inString = false;
  let escaped = false;
  let parts: Buffer[] = [];
  let size = 0;

  function add(piece: Buffer): void {
    size += piece.length;
    if (size > ENTRY_LIMIT)
      throw new Failure('feed.bomb', 'The file has an entry of more than 128 MiB: no feed does that.');
    parts.push(piece);
  }
  function finish(): string {
    const text = Buffer.concat(parts).toString('utf8');
    parts = [];
    size = 0;
    return text;
  }

  /** The entries that end in this chunk. */
  function* take(chunk: Buffer): Generator<string> {
    let at = state === 'in' ? 0 : skip(chunk);
    let from = at;
    for (; at < chunk.length && state === 'in'; at++) {
      const byte = chunk[at];
      if (inString) {
        if (escaped) escaped = false;
        else if (byte === BACKSLASH) escaped = true;
        else if (byte === QUOTE) inString = false;
      } else if (byte === QUOTE) inString = true;
      else if (byte === OPEN || byte === LIST) depth++;
      else if (byte === CLOSE || byte === LIST_END) depth--;
      if (inString || (depth > 0 && !(byte === COMMA && depth === 1))) continue;
      add(chunk.subarray(from, at));
      from = at + 1;
      if (depth === 0) state = 'after';
      const text = finish();
      const blank = text.trim() === '';
      if (blank && (state === 'in' || count > 0)) throw notOne('has a comma too many');
      count++;
      if (!blank) yield text;
    }
    if (state === 'in') add(chunk.subarray(from));
    else if (state === 'after' && chunk.subarray(at).toString('latin1').trim() !== '')
      throw notOne('goes on after its end');
  }

  /** Where the object begins in this chunk, after its bracket. */
  function skip(chunk: Buffer): number {
    if (state === 'after') return 0;
    const text = chunk.toString('latin1');
    const start = text.search(/[^\s\u00ef\u00bb\u00bf]/); // blanks and the bytes of a byte order mark
    if (start === -1) return chunk.length;
    if (text[start] !== '{') throw notOne(text[start] === '<' ? 'is a web page or XML' : 'is something else');
    state = 'in';
    depth = 1;
    return start + 1;
  }

  function end(): void {
    if (state !== 'after') throw notOne(state === 'in' ? 'is cut short' : 'is empty');
  }
  return { take, end };
}

const notOne = (how: string): Failure =>
  new Failure('feed.unreadable', `A JSON object was expected, but the file ${how}.`);
