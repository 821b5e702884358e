/** Small helpers that flows share: who acted, and changing a record with a retry when somebody was faster. */
import { type Actor, type AuditEvent, event, patchherd } from '../model/audit.ts';
import type { Person } from '../model/people.ts';
import type { Result } from '../model/result.ts';
import { err, ok } from '../model/result.ts';
import type { Line, Recorded, Records, Said } from '../ports.ts';

/** The actor of an audit event, from a person. */
export const actor = (person: Person): Actor => ({ id: person.id, name: person.name });

/** One event and, optionally, lines for the thread. */
export const said = (one: AuditEvent, lines: readonly Line[] = []): Said => ({ events: [one], lines });

/** An event of patchherd's own doing. */
export const own = (at: Date, what: string, on: string, details: AuditEvent['details'] = {}): AuditEvent =>
  event(at, patchherd, what, on, details);

/** Fifty workers of a process may end at the same moment. Losing this often in a row, with growing pauses, is a bug. */
const tries = 25;
const pauseMs = 10;

/**
 * Lets `change` decide on a fresh copy and writes by compare-and-set; decides again when somebody was faster.
 * A change that gives back the same record writes nothing. `missing` is the answer when there is no such record. `seen` is a copy that
 * was read a moment ago: it is tried first, and read again only when somebody was faster. Throws after 25 lost races.
 */
export async function update<R extends Recorded, E>(
  records: Records<R>,
  id: R['id'],
  missing: E,
  change: (record: R) => Promise<Result<{ next: R; said: Said }, E>> | Result<{ next: R; said: Said }, E>,
  seen: R | null = null,
): Promise<Result<R, E>> {
  for (let attempt = 0; attempt < tries; attempt += 1) {
    const record = attempt === 0 && seen ? seen : await records.get(id);
    if (!record) return err(missing);
    const decided = await change(record);
    if (!decided.ok) return decided;
    const { next, said: saying } = decided.value;
    if (next === record || (await records.save(next, record.rev, saying))) return ok(next);
    await new Promise((resolve) => setTimeout(resolve, Math.random() * pauseMs * (attempt + 1)));
  }
  throw new Error(`record.contended: ${id}`);
}
