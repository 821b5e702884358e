/** Checks that feeds of CVEs and products share: days, one record by its schema, and whether there is nothing at an address. */
import type { z } from 'zod';
import { isCve } from '../../domain/model/cve.ts';
import { Failure } from '../../domain/model/failure.ts';
import type { Item } from './feed.ts';
import { dateOf, oneLine } from './text.ts';

/** True for a day that exists, written as YYYY-MM-DD and in no other way. */
export const isDay = (text: unknown): text is string =>
  typeof text === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(text) && dateOf(text) !== null;

/**
 * Checks one record and makes the items of it. A record of another shape becomes one `dropped`, which tells the field and what is wrong
 * with it, never the record's own text. `position` names it where its `id` is no CVE.
 */
export function itemsOf<S extends z.ZodType>(
  schema: S,
  record: unknown,
  { id, position }: { readonly id: unknown; readonly position: string },
  items: (good: z.output<S>) => readonly Item[],
): readonly Item[] {
  const read = schema.safeParse(record);
  if (read.success) return items(read.data);
  const issue = read.error.issues[0];
  const why = oneLine(`${issue?.path.join('.') || 'the record'}: ${issue?.message}`);
  return [{ kind: 'dropped', where: typeof id === 'string' && isCve(id) ? id : position, why }];
}

/** When a file says that it was made, as `Delivery.asOf` wants it; nothing when it does not say. */
export function asOf(made: unknown): { readonly asOf?: string } {
  const at = dateOf(made);
  return at ? { asOf: at.toISOString() } : {};
}

/** True when a source said that there is nothing at an address: for records that need not exist. Any other refusal is a fault. */
export function isMissing(error: unknown): boolean {
  if (!(error instanceof Failure) || error.code !== 'feed.refused') return false;
  const { status, code } = (error.cause ?? {}) as { status?: unknown; code?: unknown };
  return status === 404 || status === 410 || code === 'ENOENT';
}
