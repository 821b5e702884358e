/** Reads XML feeds strictly and as a stream: one small tree for each record, and nothing that a document type could do to us. */
import { basename } from 'node:path';
import { SaxesParser } from 'saxes';
import { Failure } from '../../domain/model/failure.ts';
import { oneLine } from './text.ts';
import { unpacked } from './unpack.ts';

/** An element without its namespace prefix. `text` is its own, not its children's, and is cut at 64 Ki characters. */
export type XmlElement = {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlElement[];
  readonly text: string;
};
type Open = { name: string; attributes: Record<string, string>; children: Open[]; text: string };

const DEPTH_LIMIT = 32;
const TEXT_LIMIT = 64 * 1024;
/** A kernel update has some thousand elements, a month's product list some ten thousand. */
const RECORD_LIMIT = 200_000;
/** One run of text or one tag: the parser holds it until it ends. */
const RUN_LIMIT = 16 * 1024 ** 2;

/**
 * The elements named in `records`, in the file's order, each as soon as it is closed; everything else is passed over. The first element
 * must be `root`. Failures: those of `unpacked`; `feed.unreadable` for another root (a web page), XML that is not well-formed or is cut
 * short, any document type (entities that multiply, files that are read), deep nesting, and records of absurd size.
 */
export async function* recordsOf(
  file: string,
  root: string,
  records: readonly string[],
  maxBytes?: number,
): AsyncGenerator<XmlElement> {
  const name = basename(file);
  const found: XmlElement[] = [];
  const reader = parser(name, root, new Set(records), (record) => found.push(record));
  const decoder = new TextDecoder('utf-8');
  for await (const chunk of unpacked(file, maxBytes)) {
    reader.write(decoder.decode(chunk, { stream: true }));
    yield* found.splice(0);
  }
  reader.write(decoder.decode());
  reader.close();
  yield* found.splice(0);
}

type Reader = { write(text: string): void; close(): void };

function parser(file: string, root: string, records: ReadonlySet<string>, give: (record: XmlElement) => void): Reader {
  const sax = new SaxesParser<{ xmlns: false; position: false }>({ xmlns: false, position: false });
  const path: string[] = [];
  const open: Open[] = []; // the record that is being read, and the elements open in it
  let elements = 0;
  let pending = 0;
  sax.on('doctype', () => refuse(file, 'it has a document type, which no feed needs'));
  sax.on('opentag', (tag) => {
    pending = 0;
    const name = localName(tag.name);
    if (path.length === 0 && name !== root) refuse(file, `it begins with ${oneLine(name)} in place of ${root}`);
    if (path.length >= DEPTH_LIMIT) refuse(file, `it is nested more than ${DEPTH_LIMIT} levels deep`);
    path.push(name);
    if (open.length === 0 && !records.has(name)) return;
    if (open.length === 0) elements = 0;
    if (++elements > RECORD_LIMIT) refuse(file, `one record has more than ${RECORD_LIMIT} elements`);
    const element: Open = { name, attributes: tag.attributes, children: [], text: '' };
    open.at(-1)?.children.push(element);
    open.push(element);
  });
  const addText = (text: string): void => {
    pending = 0;
    const element = open.at(-1);
    if (element && element.text.length < TEXT_LIMIT) element.text = (element.text + text).slice(0, TEXT_LIMIT);
  };
  sax.on('text', addText);
  sax.on('cdata', addText);
  sax.on('closetag', () => {
    path.pop();
    const element = open.pop();
    if (element && open.length === 0) give(element);
  });
  const strictly = (read: () => void): void => {
    try {
      read();
    } catch (cause) {
      if (cause instanceof Failure) throw cause;
      refuse(file, `it is not well-formed XML, or is cut short (${oneLine((cause as Error).message)})`, cause);
    }
  };
  return {
    write: (text) =>
      strictly(() => {
        pending += text.length;
        sax.write(text);
        if (pending > RUN_LIMIT) refuse(file, 'it has a text or tag of absurd length');
      }),
    close: () => strictly(() => sax.close()),
  };
}

function refuse(file: string, why: string, cause?: unknown): never {
  throw new Failure('feed.unreadable', `The file ${file} cannot be read: ${why}.`, { cause });
}

const localName = (name: string): string => name.slice(name.indexOf(':') + 1);

/** The children of that name. */
export const childrenOf = (element: XmlElement | undefined, name: string): readonly XmlElement[] =>
  element?.children.filter((child) => child.name === name) ?? [];

/** The first child of that name. */
export const childOf = (element: XmlElement | undefined, name: string): XmlElement | undefined =>
  element?.children.find((child) => child.name === name);

/** The text of the first child of that name, without surrounding space; '' when there is none. */
export const textIn = (element: XmlElement | undefined, name: string): string =>
  childOf(element, name)?.text.trim() ?? '';
