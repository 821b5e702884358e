/** Files that the settings are made of: the YAML file itself, read strictly, and what goes wrong with files in words. */
import { readFileSync, statSync } from 'node:fs';
import { CST, type Document, Lexer, LineCounter, parseAllDocuments } from 'yaml';
import { Failure } from '../domain/model/failure.ts';

const LIMIT = 1024 * 1024;
const MAX_ALIASES = 100; // "a billion laughs" needs many more
const MAX_DEPTH = 200; // settings need about 30 columns

/** Why a file could not be read, in words that follow its name, from Node's error code. */
export function fileTrouble(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  const words: Readonly<Record<string, string>> = {
    ENOENT: 'does not exist',
    EACCES: 'may not be read by this user',
    EPERM: 'may not be read by this user',
    EISDIR: 'is a directory',
    ENOTDIR: 'is below something that is not a directory',
  };
  return words[code] ?? `cannot be read (${code})`;
}

/** The yaml library's own messages may quote the line, and with it a secret: these say the same without it. */
const yamlTrouble: Readonly<Record<string, string>> = {
  BAD_ALIAS: 'an alias without its anchor: a text that starts with * needs quotes',
  BAD_DQ_ESCAPE: 'an unknown \\ in a text in double quotes: use single quotes',
  BAD_INDENT: 'the indentation does not fit the lines above',
  BAD_SCALAR_START: 'a text that starts with @ or ` needs quotes',
  DUPLICATE_KEY: 'this key is there twice in one block',
  UNEXPECTED_TOKEN: 'something that does not belong here: a text with : # * or a bracket in it may need quotes',
  MISSING_CHAR: 'something is not closed: a quote, a bracket, or a colon without a space after it',
  MULTIPLE_DOCS: 'a second document (---): put everything into one',
  TAB_AS_INDENT: 'a tab: YAML is indented with spaces',
  TAG_RESOLVE_FAILED: 'a tag (!) that is not known: a text that starts with ! needs quotes',
};

/**
 * An upper bound of how deep a text nests: open brackets, dashes on the line, columns of indentation. Asked before parsing, because
 * the parser recurses, and V8 ends the whole process when it compiles a regular expression on a full stack.
 */
function depthOf(text: string): number {
  let [open, onLine, deepest, fresh] = [0, 0, 0, true];
  for (const token of new Lexer().lex(text)) {
    const type = CST.tokenType(token);
    if (type === 'newline') [onLine, fresh] = [0, true];
    else if (type === 'space') onLine += fresh ? token.length : 0;
    else if (type === 'flow-seq-start' || type === 'flow-map-start') open++;
    else if (type === 'flow-seq-end' || type === 'flow-map-end') open--;
    else if (type === 'seq-item-ind' || type === 'explicit-key-ind') onLine++;
    if (type !== 'newline') fresh = false;
    deepest = Math.max(deepest, open + onLine);
  }
  return deepest;
}

const invalid = (path: string, sentence: string, cause?: unknown): Failure =>
  new Failure('settings.invalid', `${path}: ${sentence}`, { cause });

/** The text of a settings file. Throws Failure `settings.unreadable`: missing, not allowed, a directory, over 1 MiB, not UTF-8. */
export function readText(path: string): string {
  const unreadable = (why: string, cause?: unknown) => new Failure('settings.unreadable', `${path} ${why}.`, { cause });
  try {
    const { size } = statSync(path);
    if (size > LIMIT) throw unreadable(`has ${size} bytes: settings have 1 MiB at most`);
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path));
  } catch (error) {
    if (error instanceof Failure) throw error;
    if (error instanceof TypeError) throw unreadable('is not text in UTF-8', error);
    throw unreadable(fileTrouble(error), error);
  }
}

/** One YAML 1.2 document as plain data, and where each path of it stands. Throws Failure `settings.invalid` with the line. */
export function readYaml(text: string, path: string): { raw: unknown; lineOf: (path: string) => number | null } {
  const counter = new LineCounter();
  const lineAt = (offset: number) => counter.linePos(offset).line;
  if (depthOf(text) > MAX_DEPTH) throw invalid(path, 'is nested too deeply to be settings');
  try {
    const [document, second] = parseAllDocuments(text, {
      lineCounter: counter,
      prettyErrors: false,
      logLevel: 'silent',
    });
    if (!document) return { raw: {}, lineOf: () => null };
    if (second) throw invalid(path, `line ${lineAt(second.range[0])}: ${yamlTrouble['MULTIPLE_DOCS']}`);
    const trouble = [...document.errors, ...document.warnings].map(
      ({ code, pos }) => `  line ${lineAt(pos[0])}: ${yamlTrouble[code] ?? `this is not YAML (${code})`}`,
    );
    if (trouble.length > 0)
      throw invalid(path, `${trouble.length} to fix before it can be read\n${trouble.join('\n')}`);
    return { raw: document.toJS({ maxAliasCount: MAX_ALIASES }) ?? {}, lineOf: (at) => lineOf(document, at, lineAt) };
  } catch (error) {
    if (error instanceof ReferenceError)
      throw invalid(path, `more than ${MAX_ALIASES} uses of aliases: write it out`, error);
    throw error;
  }
}

/** The line of a dotted path, or of the block around it when the path is not there. */
function lineOf(document: Document.Parsed, path: string, lineAt: (offset: number) => number): number | null {
  for (let parts = path.split('.'); parts.length > 0; parts = parts.slice(0, -1)) {
    const node = document.getIn(parts, true);
    const range = typeof node === 'object' && node !== null && 'range' in node ? node.range : null;
    if (Array.isArray(range)) return lineAt(Number(range[0]));
  }
  return null;
}
