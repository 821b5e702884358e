/** Reads fetched files whatever they are packed in: as bytes, text, lines, archive members or JSON, within fixed limits. */
import { basename } from 'node:path';
import { Failure } from '../../domain/model/failure.ts';
import { unpacked } from './unpack.ts';

export { type Member, membersOf } from './members.ts';
export { unpacked } from './unpack.ts';

/** V8 holds strings of 512 Mi characters at most, and a text is held beside what is made of it. */
const TEXT_LIMIT = 256 * 1024 ** 2;
const LINE_LIMIT = 16 * 1024 ** 2;
const DEPTH_LIMIT = 64;

/** The whole file without its packing, as UTF-8 text (256 MiB at most). Failures: those of `unpacked`. */
export async function textOf(file: string, maxBytes: number = TEXT_LIMIT): Promise<string> {
  const decoder = new TextDecoder('utf-8');
  const parts: string[] = [];
  for await (const chunk of unpacked(file, maxBytes)) parts.push(decoder.decode(chunk, { stream: true }));
  parts.push(decoder.decode());
  return parts.join('');
}

/** The file without its packing, line by line, without line ends. Failures: those of `unpacked`; `feed.unreadable` for a line of more than 16 MiB. */
export async function* linesOf(file: string, maxBytes?: number): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8');
  let rest = '';
  for await (const chunk of unpacked(file, maxBytes)) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > LINE_LIMIT) {
      const sentence = `The file ${basename(file)} has a line of more than ${LINE_LIMIT / 1024 ** 2} MiB: it is no file of lines.`;
      throw new Failure('feed.unreadable', sentence);
    }
    for (const line of lines) yield withoutReturn(line);
  }
  rest += decoder.decode();
  if (rest !== '') yield withoutReturn(rest);
}

const withoutReturn = (line: string): string => (line.endsWith('\r') ? line.slice(0, -1) : line);

/**
 * Parses JSON. Failure `feed.unreadable` for an empty text, a web page, anything else that is no JSON, and more than 64 levels; `what`
 * names the text in the sentence.
 */
export function jsonOf(text: string, what = 'The file'): unknown {
  if (tooDeep(text)) throw unreadable(`${what} is nested more than ${DEPTH_LIMIT} levels deep: no feed does that.`);
  try {
    return JSON.parse(text);
  } catch (cause) {
    const start = text.slice(0, 200).trimStart();
    if (start === '') throw unreadable(`${what} is empty: JSON was expected.`, cause);
    if (start.startsWith('<')) throw unreadable(`${what} is a web page or XML: JSON was expected.`, cause);
    throw unreadable(`${what} is not JSON, or is cut short.`, cause);
  }
}

/**
 * Counts brackets before anything is parsed, so that a text of nothing but brackets never becomes a million arrays. Strings are jumped
 * over; where the text is no JSON the count means nothing and the parser says so.
 */
function tooDeep(text: string): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x22) {
      at = stringEnd(text, at);
    } else if (code === 0x5b || code === 0x7b) {
      depth++;
      if (depth > DEPTH_LIMIT) return true;
    } else if (code === 0x5d || code === 0x7d) {
      depth--;
    }
  }
  return false;
}

/** Where the string that begins at `start` ends: at the next quote with an even number of backslashes before it. */
function stringEnd(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (end !== -1) {
    let before = end - 1;
    while (text.charCodeAt(before) === 0x5c) before--;
    if ((end - before) % 2 === 1) return end;
    end = text.indexOf('"', end + 1);
  }
  return text.length;
}

const unreadable = (sentence: string, cause?: unknown): Failure => new Failure('feed.unreadable', sentence, { cause });
