/** Version 1: every index that the stores use, made explicitly. */
import type { Connection } from 'mongoose';
import { kinds } from '../kinds.ts';
import { plainModels } from '../plain.ts';
import { modelOf } from '../record.ts';
import { webMessageModel } from '../web-messages.ts';
import { webSessionModel } from '../web-sessions.ts';

/** Makes all indexes of all collections. Making one that exists does nothing. */
export async function createIndexes(connection: Connection): Promise<void> {
  for (const kind of Object.values(kinds)) modelOf<never>(connection, kind as never); // the record's type does not matter for indexes
  plainModels(connection);
  webMessageModel(connection);
  webSessionModel(connection);
  for (const model of Object.values(connection.models)) await model.createIndexes();
  // agendaJobs is Agenda's; this one makes its "single" jobs single even when two processes start at once.
  const jobs = connection.collection('agendaJobs');
  await jobs.createIndex(
    { name: 1 },
    { unique: true, partialFilterExpression: { type: 'single' }, name: 'oneSingleJobPerName' },
  );
}
