/** Finds out which feed a file is of, by letting each of them read its beginning. */
import { Failure } from '../../domain/model/failure.ts';
import type { Feed, Wanted } from './feed.ts';

/** So many records are enough to tell: a feed that can read none of them is not the one. */
const ENOUGH = 50;
const everything: Wanted = { releases: new Set(), cve: () => true };

/**
 * The feeds that can read the largest share of the file's first records, and of those with the same share the ones that find most in it;
 * none when it is a file of no feed. Failure `feed.no-unpacker` when nobody can find out because a program is missing.
 */
export async function whoseFile(feeds: readonly Feed[], file: string): Promise<readonly Feed[]> {
  const scores: { readonly feed: Feed; readonly score: number }[] = [];
  let hindered: Failure | null = null;
  for (const feed of feeds) {
    try {
      scores.push({ feed, score: await readable(feed, file) });
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      if (error.code === 'feed.no-unpacker') hindered = error;
    }
  }
  const best = Math.max(0, ...scores.map(({ score }) => score));
  if (best === 0 && hindered) throw hindered;
  return best === 0 ? [] : scores.filter(({ score }) => score === best).map(({ feed }) => feed);
}

/** The share of the first records that it can read; their number only decides between equal shares. */
async function readable(feed: Feed, file: string): Promise<number> {
  let [good, all] = [0, 0];
  for await (const { kind } of feed.read(file, everything)) {
    all++;
    if (kind !== 'dropped') good++;
    if (all === ENOUGH) break;
  }
  return all === 0 ? 0 : Math.round((good / all) * 1000) + good / (ENOUGH + 1);
}
