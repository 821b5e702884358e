/** How long a download may take, in each of its parts. */

export type Times = {
  /** From the request to the end of the headers. */
  readonly headersMs: number;
  /** Without a single byte. */
  readonly stallMs: number;
  /** All of it, redirects too. */
  readonly wholeMs: number;
};
export const usualTimes: Times = { headersMs: 30_000, stallMs: 60_000, wholeMs: 15 * 60_000 };

export type Patience = {
  readonly signal: AbortSignal;
  wait(ms: number, what: string): void;
  why(): string | null;
  end(): void;
};

/** One abort signal for every limit of time, and for the end of our process, which remembers which of them it was. */
export function patienceOf(times: Times, signal: AbortSignal | null): Patience {
  const stop = new AbortController();
  let why: string | null = null;
  let timer: NodeJS.Timeout | undefined;
  const giveUp = (what: string): void => {
    why ??= what;
    stop.abort();
  };
  const whole = setTimeout(giveUp, times.wholeMs, `was not complete after ${seconds(times.wholeMs)}`);
  const stopped = () => giveUp('was interrupted because patchherd stops');
  signal?.addEventListener('abort', stopped);
  if (signal?.aborted) stopped();
  return {
    signal: stop.signal,
    wait(ms, what) {
      clearTimeout(timer);
      timer = setTimeout(giveUp, ms, what);
    },
    why: () => why,
    end() {
      clearTimeout(timer);
      clearTimeout(whole);
      signal?.removeEventListener('abort', stopped);
    },
  };
}

/** A limit of time, in words. */
export const seconds = (ms: number): string => `${Math.round(ms / 100) / 10} s`;
