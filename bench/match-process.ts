/** The measured process: builds the index, matches one fleet, and tells what it took. Of its own, so that its memory is its own. */
import { buildIndex, type MatchIndex } from '../domain/intel/match.ts';
import { advisories, changed, changedPackages, changes, subject } from './match-data.ts';

/** `distinct`: every device has versions that no other one has. */
export type MatchOrder = { readonly devices: number; readonly distinct: boolean };
export type MatchAnswer = {
  readonly indexSeconds: number;
  readonly passSeconds: number;
  /** Milliseconds of the first device of all, and of each device that changed after the pass. */
  readonly firstMs: number;
  readonly changedMs: readonly number[];
  readonly findings: number;
  readonly peakMib: number;
  /** Heap in use after the pass, garbage aside: the index and what it remembers. */
  readonly keptMib: number;
};

/** Milliseconds of one matching, and how many findings it gave. */
function timed(index: MatchIndex, one: Parameters<MatchIndex['match']>[0]): readonly [number, number] {
  const started = performance.now();
  const { length } = index.match(one);
  return [performance.now() - started, length];
}

async function measure({ devices, distinct }: MatchOrder): Promise<MatchAnswer> {
  const started = performance.now();
  const index = await buildIndex(advisories());
  const indexSeconds = (performance.now() - started) / 1000;
  let [passMs, firstMs, findings] = [0, 0, 0];
  for (let number = 0; number < devices; number += 1) {
    const [ms, found] = timed(index, subject(number, distinct));
    if (number === 0) firstMs = ms;
    passMs += ms;
    findings += found;
  }
  const peakMib = process.resourceUsage().maxRSS / 1024; // in KiB on Linux (getrusage(2))
  globalThis.gc?.();
  const keptMib = process.memoryUsage().heapUsed / 2 ** 20;
  const changedMs = Array.from({ length: changes }, (_, at) => {
    const number = (at * 7) % devices;
    return timed(index, changed(subject(number, distinct), at, changedPackages))[0];
  });
  return { indexSeconds, passSeconds: passMs / 1000, firstMs, changedMs, findings, peakMib, keptMib };
}

process.on('message', (order: MatchOrder) => {
  measure(order)
    .then((answer) => process.send?.(answer, () => process.disconnect()))
    .catch((error: unknown) => {
      console.error(error);
      process.exit(1);
    });
});
