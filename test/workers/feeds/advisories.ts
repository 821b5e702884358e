/** Advisory feeds in tests: which releases are wanted, what a feed gave, and archives of our own making. */
import type { Advisory } from '../../../domain/model/advisory.ts';
import { Failure } from '../../../domain/model/failure.ts';
import type { Item, Wanted } from '../../../workers/feeds/feed.ts';
import { zipOf } from './zip.ts';

/** A fleet with these releases; none = every release is wanted. */
export const fleet = (...releases: readonly string[]): Wanted => ({ releases: new Set(releases), cve: () => true });

type Dropped = Extract<Item, { kind: 'dropped' }>;
export type Given = {
  readonly advisories: readonly Advisory[];
  readonly dropped: readonly Dropped[];
  readonly gone: readonly string[];
  readonly code: string | null;
};

/** What a feed gave, by kind, and the code of the Failure that ended it. */
export async function given(items: AsyncIterable<Item> | undefined): Promise<Given> {
  const [advisories, dropped, gone]: [Advisory[], Dropped[], string[]] = [[], [], []];
  let code: string | null = null;
  try {
    for await (const item of items ?? []) {
      if (item.kind === 'advisory') advisories.push(item.advisory);
      if (item.kind === 'dropped') dropped.push(item);
      if (item.kind === 'gone') gone.push(item.id);
    }
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    code = error.code;
  }
  return { advisories, dropped, gone, code };
}

/** How many advisories there are of each of these words. */
export function counted(words: readonly (string | null)[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const word of words) counts[String(word)] = (counts[String(word)] ?? 0) + 1;
  return counts;
}

/** A zip with these members as they are, not packed; what is no text is written as JSON. */
export const zipOfJson = (members: Readonly<Record<string, unknown>>): Buffer =>
  zipOf(
    Object.entries(members).map(([name, value]) => ({
      name,
      content: typeof value === 'string' ? value : JSON.stringify(value),
      stored: true,
    })),
  );
