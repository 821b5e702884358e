/** What an incremental feed wrote down of its last sync. */
import type { z } from 'zod';

/** Reads a cursor that was written as JSON; null when there is none, or one of an older form: then everything is read again. */
export function readCursor<S extends z.ZodType>(schema: S, cursor: string | null): z.output<S> | null {
  if (cursor === null) return null;
  try {
    const read = schema.safeParse(JSON.parse(cursor));
    return read.success ? read.data : null;
  } catch {
    return null;
  }
}
