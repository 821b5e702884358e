/** Version 4: what a digest says is read from its proposals; the copy that it had of them is gone. */
import type { Connection } from 'mongoose';

/** Safe to repeat, and to run twice at once. */
export async function digestsWithoutCopies(connection: Connection): Promise<void> {
  await connection.collection('digests').updateMany({}, { $unset: { top: '', counts: '' } });
}
