/** All or none: what was started is stopped again when one of its siblings did not start. */

/** Waits for all starts. When one fails, stops those that worked and throws the first failure. */
export async function startAll<T>(
  starts: readonly Promise<T>[],
  stop: (started: T) => Promise<void>,
): Promise<readonly T[]> {
  const settled = await Promise.allSettled(starts);
  const started = settled.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : []));
  const failed = settled.find((start) => start.status === 'rejected');
  if (!failed) return started;
  await Promise.all(started.map(stop));
  throw failed.reason;
}
