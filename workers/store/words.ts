/** Words by which advisories are found: what is stored of a text, and what is asked for by a search. */

/** Runs without spaces, lower-case: `usn-7270-1`, `libssl3t64`, `c++`. */
const runsOf = (text: string): readonly string[] =>
  text
    .toLowerCase()
    .split(/[\s,;()[\]{}"'`<>]+/)
    .map((run) => run.replace(/[.:!?]+$/, ''))
    .filter((run) => run !== '');

/** Letters and digits between other signs: `7270`. */
const partsOf = (run: string): readonly string[] => run.split(/[^\p{L}\p{N}]+/u).filter((part) => part !== '');

/** What to store: every run and its parts, each once. */
export function wordsOf(texts: readonly string[]): string[] {
  const words = new Set<string>();
  for (const run of [...new Set(texts)].flatMap(runsOf)) {
    words.add(run);
    for (const part of partsOf(run)) words.add(part);
  }
  return [...words];
}

/** A filter on `words`. */
type Wanted = { words: string | { $regex: string } };

/**
 * What to ask for, in turn until something is found: texts in which every run of this one begins a word; then those that have at least
 * the parts of every run, such as the middle of an id. Nothing for a text without any word.
 */
export function searchesFor(text: string): readonly { $and: Wanted[] }[] {
  const runs = runsOf(text);
  const parts = runs.map(partsOf);
  const whole = runs.map(beginning);
  const parted = parts.flatMap((some) =>
    some.map((part, at) => (at === some.length - 1 ? beginning(part) : { words: part })),
  );
  return [whole, parted].filter((all) => all.length > 0).map((all) => ({ $and: all }));
}

/** One letter only finds itself: half of all words begin with `s`. */
const beginning = (word: string): Wanted =>
  [...word].length === 1 ? { words: word } : { words: { $regex: `^${word.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')}` } };
