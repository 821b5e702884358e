/** Version 3: indexes by which people's questions about the catalog are answered at once. */
import type { Connection } from 'mongoose';
import { createIndexes } from './001-indexes.ts';

/** Safe to repeat, and to run twice at once. */
export async function answers(connection: Connection): Promise<void> {
  await createIndexes(connection); // kinds and indexes that have come since version 2
  const findings = connection.collection('findings');
  await findings.createIndex({ tenant: 1, advisories: 1, exposure: 1 });
  // The new one begins with it.
  const old = (await findings.indexes()).find(({ name }) => name === 'tenant_1_advisories_1');
  if (old?.name) await findings.dropIndex(old.name).catch(gone);
}

/** Another process dropped it meanwhile (27: IndexNotFound). */
function gone(error: unknown): void {
  if (!(typeof error === 'object' && error !== null && 'code' in error && error.code === 27)) throw error;
}
