/** What is wrong with the settings, as sentences: the value (never a secret), the rule, and the nearest thing that would be right. */
import { z } from 'zod';

/** `path` is dotted, such as `devices.0.port`; the message reads on after it. */
export type Problem = { readonly path: string; readonly message: string };

/** Tokens, keys and logins that were pasted into the wrong field are not shown either. */
const looksSecret = /^xox[a-z]-|^xapp-|PRIVATE KEY|:\/\/[^/]*@|^[\w-]{20,}\.[\w-]{6}\.[\w-]{20,}$/;

function shown(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a block of keys';
  if (typeof value === 'string' && looksSecret.test(value)) return 'something that looks like a secret';
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 60)}...` : text;
}

/** The sentence for a value that breaks `rule`: what is there, then what would be right. The rule itself is "must be ...". */
export function about(value: unknown, rule: string): string {
  if (value === undefined) return `is missing: ${rule}`;
  if (value === null) return `is empty: ${rule}`;
  return `is ${shown(value)}: ${rule}`;
}

/** Options for a zod schema: every way to break it gives the same sentence. */
export const must = (rule: string) => ({ error: (issue: { input?: unknown }) => about(issue.input, rule) });

/** The same for a secret: whatever was written is never repeated. */
export const mustSecretly = (rule: string) => ({
  error: (issue: { input?: unknown }) => (issue.input === undefined ? `is missing: ${rule}` : rule),
});

const kinds: Readonly<Record<string, string>> = {
  array: 'must be a list',
  object: 'must be a block of keys ({} for all the defaults)',
};

function unknownKeys(keys: readonly string[], known: readonly string[]): string {
  const named = keys.map((key) => {
    const guess = nearest(key, known);
    return guess ? `"${key}" (did you mean "${guess}"?)` : `"${key}" (known: ${known.join(', ')})`;
  });
  return `has ${named.length > 1 ? 'unknown keys' : 'an unknown key'}: ${named.join(', ')}`;
}

/** The words for what the schema itself has no sentence for: unknown keys, and a list or block of the wrong kind. */
export const fallback: z.core.$ZodErrorMap = (issue) => {
  if (issue.code === 'invalid_type') return about(issue.input, kinds[issue.expected] ?? `must be a ${issue.expected}`);
  if (issue.code !== 'unrecognized_keys') return undefined;
  return unknownKeys(issue.keys, issue.inst instanceof z.ZodObject ? Object.keys(issue.inst.shape) : []);
};

/** Edits to get from one word to the other: Levenshtein's distance. */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (const [line, letter] of [...from].entries()) {
    const next = [line + 1];
    for (let column = 1; column <= to.length; column++) {
      const swap = (row[column - 1] ?? 0) + (letter === to[column - 1] ? 0 : 1);
      next.push(Math.min(swap, (row[column] ?? 0) + 1, (next[column - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}

/** The known word that was probably meant, or null when none is close: at most a third of the letters may differ, and always two. */
export function nearest(word: string, known: readonly string[]): string | null {
  if (word.length > 80) return null;
  const ranked = known
    .map((candidate) => ({ candidate, off: distance(word.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ off }) => off <= Math.max(2, word.length / 3))
    .sort((a, b) => a.off - b.off);
  return ranked[0]?.candidate ?? null;
}
