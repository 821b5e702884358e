/** `patchherd compare`: the order of versions, line by line, for whoever wants to check it or to use it. Needs nothing set up. */
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import type { Command } from 'commander';
import { type Comparator, comparators, versionKinds } from '../../domain/backends/versions/index.ts';
import { Failure } from '../../domain/model/failure.ts';

/** A longer line is no pair of versions, and is not kept in memory. */
const longestLine = 4096;
/** Answers and complaints leave in portions of about this many characters. */
const portion = 64 * 1024;

export function addCompare(program: Command): void {
  program
    .command('compare <kind>')
    .description(
      `Order versions (${versionKinds.join(', ')}): lines "a TAB b" in; -1, 0, 1 out, ? for what is no version`,
    )
    .action(async (written: string) => {
      const kind = versionKinds.find((one) => one === written);
      if (!kind)
        throw new Failure('compare.kind', `"${written}" is no kind of version: say ${versionKinds.join(', ')}.`);
      const fine = await compareLines(comparators[kind], process.stdin, process.stdout, process.stderr);
      if (!fine) process.exitCode = 2;
    });
}

/**
 * Reads lines `a<TAB>b` and writes one of -1, 0, 1 and `?` for each; what is no such line is told of on `warn`, by number. False when
 * there was one.
 */
export async function compareLines(
  compare: Comparator,
  from: Readable,
  to: Writable,
  warn: Writable,
): Promise<boolean> {
  const [answers, complaints] = [portions(to), portions(warn)];
  let [number, fine] = [0, true];
  for await (const lines of linesOf(from)) {
    for (const line of lines) {
      number += 1;
      const [a = '', b, ...more] = line?.split('\t') ?? [];
      const isPair = b !== undefined && more.length === 0;
      answers.add(`${isPair ? (compare(a, b) ?? '?') : '?'}\n`);
      if (isPair) continue;
      fine = false;
      const wrong =
        line === null ? `is longer than ${longestLine} characters` : 'must be two versions and one TAB between them';
      complaints.add(`Line ${number} ${wrong}.\n`);
    }
    await answers.flush();
    await complaints.flush();
  }
  return fine;
}

/** Lines as they come, in arrays; null for one that is too long. Of the last one, the line break may be missing. */
async function* linesOf(from: Readable): AsyncIterable<readonly (string | null)[]> {
  let [rest, tooLong] = ['', false];
  const whole = (line: string): string | null => (line.length > longestLine ? null : line.replace(/\r$/, ''));
  for await (const chunk of from.setEncoding('utf8')) {
    const pieces = (rest + chunk).split('\n');
    rest = pieces.pop() ?? '';
    const lines = pieces.map(whole);
    if (tooLong && lines.length > 0) {
      lines[0] = null;
      tooLong = false;
    }
    if (rest.length > longestLine) [rest, tooLong] = ['', true];
    if (lines.length > 0) yield lines;
  }
  if (tooLong) yield [null];
  else if (rest !== '') yield [whole(rest)];
}

/** Collects texts, and writes many at once as fast as the reader takes them. */
function portions(to: Writable) {
  let waiting: string[] = [];
  return {
    add: (text: string) => void waiting.push(text),
    async flush(): Promise<void> {
      const text = waiting.join('');
      waiting = [];
      for (let at = 0; at < text.length; at += portion)
        if (!to.write(text.slice(at, at + portion))) await once(to, 'drain');
    },
  };
}
