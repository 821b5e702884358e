/** Huge JSON objects, entry by entry: however the bytes are cut, and whatever is in the strings. */
import { describe, expect, it } from 'vitest';
import { jsonEntries } from '../../../workers/feeds/json-entries.ts';

/** The entries of a text that comes in pieces of `size` bytes. */
async function entries(text: string, size = 1_000_000): Promise<[string, unknown][]> {
  const bytes = Buffer.from(text);
  async function* chunks(): AsyncGenerator<Buffer> {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  }
  const found: [string, unknown][] = [];
  for await (const entry of jsonEntries(chunks())) found.push(entry);
  return found;
}

const awkward = {
  plain: 1,
  'a "quoted", {key}': 'with \\ and \\" and }, and ] and \u20ac',
  'ends in a backslash \\': '\\',
  list: [1, { a: [2, '],'] }, '"'],
  empty: {},
  nothing: null,
  ключ: 'значение 𝕏',
};

describe('the entries of a JSON object', () => {
  it.each([1, 2, 3, 7, 64, 10_000])('are those that JSON.parse finds, in pieces of %i bytes', async (size) => {
    const expected = Object.entries(awkward);
    expect(await entries(JSON.stringify(awkward), size)).toEqual(expected);
    expect(await entries(`\ufeff \r\n${JSON.stringify(awkward, null, 2)}\n\n`, size)).toEqual(expected);
  });

  it.each(['{}', ' { } ', '\n{\n}\n'])('may be none: %j', async (text) => {
    expect(await entries(text)).toEqual([]);
  });

  it.each([
    ['nothing', ''],
    ['blanks', '  \n'],
    ['a web page', '<html></html>'],
    ['a list', '[{"a":1}]'],
    ['a text', '"a"'],
    ['an object that is cut short', '{"a":1,"b":{"c":2}'],
    ['an object that is cut in a string', '{"a":"b'],
    ['an object with something after it', '{"a":1}{"b":2}'],
    ['an object with a comma too many', '{"a":1,,"b":2}'],
    ['an object with a bracket of the wrong kind', '{"a":[1}'],
    ['an object without a value', '{"a"}'],
    ['brackets without end', `{"a":${'['.repeat(100_000)}`],
    ['a deep value', `{"a":${'['.repeat(100)}${']'.repeat(100)}}`],
  ])('cannot be read from %s', async (_, text) => {
    await expect(entries(text)).rejects.toMatchObject({ code: 'feed.unreadable' });
    await expect(entries(text, 1)).rejects.toMatchObject({ code: 'feed.unreadable' });
  });

  it('are given before the end is known, so that no more than one is held', async () => {
    async function* endless(): AsyncGenerator<Buffer> {
      yield Buffer.from('{"a":1,');
      for (let n = 0; ; n++) yield Buffer.from(`"b${n}":[${n}],`);
    }
    const seen: string[] = [];
    for await (const [key] of jsonEntries(endless())) if (seen.push(key) === 5) break;
    expect(seen).toEqual(['a', 'b0', 'b1', 'b2', 'b3']);
  });
});
