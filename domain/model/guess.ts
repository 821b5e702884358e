/** Guesses what somebody meant who mistyped. */

/** The word that shares the most letter pairs with what was typed; null when none is near. */
export function nearest(typed: string, known: readonly string[]): string | null {
  const wanted = pairsOf(typed);
  const scored = known.map((word) => ({ word, shared: shared(wanted, pairsOf(word)) }));
  const [best] = scored.sort((a, b) => b.shared - a.shared || (a.word < b.word ? -1 : 1));
  return best && best.shared >= likely ? best.word : null;
}

const likely = 0.4;

const pairsOf = (word: string): ReadonlySet<string> => {
  const letters = [...word.toLowerCase()];
  return new Set(letters.map((letter, at) => `${letters[at - 1] ?? ''}${letter}`));
};

/** Dice's coefficient: 1 for equal words, 0 for those that have nothing in common. */
function shared(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  const both = [...a].filter((pair) => b.has(pair)).length;
  return (2 * both) / Math.max(1, a.size + b.size);
}
