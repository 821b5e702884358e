/** Which SQL call answers which MongoDB command. */
import { BSON, type Document } from 'bson';
import { maxMessageBytes } from './wire.ts';

/** Runs one statement and gives its rows; byte columns come as Buffers. */
export type RunSql = (text: string, values: readonly unknown[]) => Promise<readonly Record<string, unknown>[]>;

/** One command as it came: `document` is what `body` holds, `sequence` the raw documents that travelled beside it. */
export type Command = {
  readonly document: Document;
  readonly db: string;
  readonly body: Buffer;
  readonly sequence: Buffer | null;
};

/** A "no" in MongoDB's own terms: code and text go to the client as they are. */
export class CommandRefused extends Error {
  readonly code: number;
  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

type Answer = (command: Command, sql: RunSql, cursors: Cursors) => Promise<Uint8Array> | Uint8Array;

/** What the next page of a cursor starts from. Kept on every getMore; forgotten at the end, on kill, and when unused. */
export type Cursors = Map<string, { continuation: Buffer; usedAt: number }>;

const api = 'documentdb_api';
const bson = 'bytea::documentdb_core.bson';

/** The one bytes column named `r` of a statement's only row. */
async function only(sql: RunSql, text: string, values: readonly unknown[]): Promise<Buffer> {
  const [row] = await sql(text, values);
  if (!Buffer.isBuffer(row?.r)) throw new CommandRefused(1, 'the database gave no answer');
  return row.r;
}

const yes = (fields: Document = {}): Uint8Array => BSON.serialize({ ...fields, ok: 1 });

/** Commands whose whole answer is one function's result. */
function call(text: string): Answer {
  return ({ db, body }, sql) => only(sql, text, [db, body]);
}

/** insert, update and delete: the documents may travel beside the command. */
function write(name: string): Answer {
  const text = `select p_result::bytea r from ${api}.${name}($1,$2::${bson},$3::bytea::documentdb_core.bsonsequence)`;
  return ({ db, body, sequence }, sql) => only(sql, text, [db, body, sequence]);
}

/** Commands that open a cursor. */
function firstPage(name: string): Answer {
  const text = `select cursorpage::bytea r, continuation::bytea c, cursorid::text id from ${api}.${name}($1,$2::${bson})`;
  return async ({ db, body }, sql, cursors) => {
    const [row] = await sql(text, [db, body]);
    if (!Buffer.isBuffer(row?.r)) throw new CommandRefused(1, 'the database gave no answer');
    if (Buffer.isBuffer(row.c) && row.id !== '0') {
      cursors.set(String(row.id), { continuation: row.c, usedAt: Date.now() });
    }
    return row.r;
  };
}

const getMore: Answer = async ({ document, db, body }, sql, cursors) => {
  const id = String(document.getMore);
  const cursor = cursors.get(id);
  if (!cursor) throw new CommandRefused(43, `cursor id ${id} not found`);
  const text = `select cursorpage::bytea r, continuation::bytea c from ${api}.cursor_get_more($1,$2::${bson},$3::${bson})`;
  const [row] = await sql(text, [db, body, cursor.continuation]);
  if (!Buffer.isBuffer(row?.r)) throw new CommandRefused(1, 'the database gave no answer');
  if (Buffer.isBuffer(row.c)) cursors.set(id, { continuation: row.c, usedAt: Date.now() });
  else cursors.delete(id);
  return row.r;
};

const killCursors: Answer = ({ document }, _sql, cursors) => {
  const ids: unknown[] = Array.isArray(document.cursors) ? document.cursors : [];
  for (const id of ids) cursors.delete(String(id));
  return yes({ cursorsKilled: ids, cursorsNotFound: [], cursorsAlive: [], cursorsUnknown: [] });
};

/** maxWireVersion 21 is MongoDB 7.0. Without a set name a driver takes us for a standalone server: no transactions. */
const hello: Answer = () =>
  yes({
    helloOk: true,
    ismaster: true,
    isWritablePrimary: true,
    maxBsonObjectSize: 16 * 1024 * 1024,
    maxMessageSizeBytes: maxMessageBytes,
    maxWriteBatchSize: 100_000,
    localTime: new Date(),
    logicalSessionTimeoutMinutes: 30,
    minWireVersion: 0,
    maxWireVersion: 21,
    readOnly: false,
  });

const drop: Answer = async ({ document, db }, sql) => {
  await sql(`select ${api}.drop_collection($1,$2)`, [db, document.drop]);
  return yes({ ns: `${db}.${document.drop}` });
};

const dropDatabase: Answer = async ({ db }, sql) => {
  await sql(`select ${api}.drop_database($1)`, [db]);
  return yes({ dropped: db });
};

const dropIndexes: Answer = async ({ db, body }, sql) => {
  await sql(`call ${api}.drop_indexes($1,$2::${bson},null)`, [db, body]);
  return yes();
};

const collMod: Answer = ({ document, db, body }, sql) =>
  only(sql, `select ${api}.coll_mod($1,$2,$3::${bson})::bytea r`, [db, document.collMod, body]);

const findAndModify = call(`select p_result::bytea r from ${api}.find_and_modify($1,$2::${bson})`);

const answers: Readonly<Record<string, Answer>> = {
  hello,
  ismaster: hello,
  isMaster: hello,
  ping: () => yes(),
  endSessions: () => yes(),
  buildInfo: () => yes({ version: '7.0.0', versionArray: [7, 0, 0, 0], gitVersion: 'documentdb' }),
  insert: write('insert'),
  update: write('update'),
  delete: write('delete'),
  findAndModify,
  findandmodify: findAndModify,
  find: firstPage('find_cursor_first_page'),
  aggregate: firstPage('aggregate_cursor_first_page'),
  listCollections: firstPage('list_collections_cursor_first_page'),
  listIndexes: firstPage('list_indexes_cursor_first_page'),
  getMore,
  killCursors,
  count: call(`select document::bytea r from ${api}.count_query($1,$2::${bson})`),
  distinct: call(`select document::bytea r from ${api}.distinct_query($1,$2::${bson})`),
  // The concurrent build hands the work to a cron job and answers before the index exists: a unique index must hold at once.
  createIndexes: call(`select ${api}_internal.create_indexes_non_concurrently($1,$2::${bson},true)::bytea r`),
  create: call(`select ${api}.create_collection_view($1,$2::${bson})::bytea r`),
  listDatabases: ({ body }, sql) => only(sql, `select ${api}.list_databases($1::${bson})::bytea r`, [body]),
  collMod,
  drop,
  dropDatabase,
  dropIndexes,
};

/** The answer to one command as raw BSON. Throws CommandRefused for one that this server does not have. */
export async function answer(command: Command, sql: RunSql, cursors: Cursors): Promise<Uint8Array> {
  const name = Object.keys(command.document)[0] ?? '';
  const run = Object.hasOwn(answers, name) ? answers[name] : undefined;
  if (!run) throw new CommandRefused(59, `no such command: '${name}'`);
  if (command.document.startTransaction || command.document.autocommit === false) {
    throw new CommandRefused(263, 'this server has no multi-document transactions');
  }
  return run(command, sql, cursors);
}
