/** The prompt's grammar: a verb and its words. */

/**
 * Splits a typed line on spaces; "double quotes" keep words together, and phones' curly quotes count as such. `/patch` in front is
 * what Slack and Discord users type, and changes nothing. An empty line is `help`. A quote that is never closed ends with the line.
 */
export function readLine(line: string): { verb: string; words: readonly string[] } {
  const plain = line.replace(/[“”„]/g, '"').trim();
  const words = [...plain.matchAll(/"(?<quoted>[^"]*)"?|(?<bare>[^\s"]+)/g)].map(
    ({ groups }) => groups?.['quoted'] ?? groups?.['bare'] ?? '',
  );
  const [verb, ...rest] = words[0] === '/patch' ? words.slice(1) : words;
  return { verb: (verb ?? 'help').replace(/^\//, '').toLowerCase(), words: rest };
}

/** A word as it has to be typed so that `readLine` reads it back as one. */
export const quoted = (word: string): string => (/^[^\s"]+$/.test(word) ? word : `"${word.replaceAll('"', '')}"`);
