/** A process of its own that speaks MongoDB's wire protocol on a unix socket and SQL to PostgreSQL with DocumentDB. */
import { createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { BSON, type Document } from 'bson';
import pg from 'pg';
import { livePostmaster } from '../postmaster.ts';
import { answer, CommandRefused, type Cursors, type RunSql } from './commands.ts';
import { mongoCode, unpackCode } from './sqlstate.ts';
import { frames, type Message, parseMessage, reply } from './wire.ts';

/** MongoDB's own default for cursors that nobody asks any more. */
const cursorIdleMs = 10 * 60_000;
/** How long a command waits for PostgreSQL to come back before it fails; a restart after a crash takes 1 to 3 s. */
const patienceMs = 15_000;

/** PostgreSQL went away while it worked on a command: nobody can say whether it was done, so the connection is closed. */
class ConnectionLost extends Error {}

const { values: options } = parseArgs({
  options: { socket: { type: 'string' }, postgres: { type: 'string' }, pidfile: { type: 'string' } },
});
const { socket: listenOn, postgres: socketDir, pidfile } = options;
if (!listenOn || !socketDir || !pidfile) throw new Error('usage: gateway --socket PATH --postgres DIR --pidfile PATH');

const pool = new pg.Pool({ host: socketDir, user: 'postgres', database: 'postgres', max: 16 });
// A connection that dies is dropped by the pool or reported by its query; without listeners it would end this process.
pool.on('error', () => {});
pool.on('connect', (client) => client.on('error', () => {}));
const cursors: Cursors = new Map();

/** Waits for a connection as long as nothing has been sent: that is always safe to repeat. */
async function connection(): Promise<pg.PoolClient> {
  for (const deadline = Date.now() + patienceMs; ; ) {
    try {
      return await pool.connect();
    } catch (error) {
      if (Date.now() > deadline) throw new ConnectionLost('PostgreSQL is away', { cause: error });
      await sleep(100);
    }
  }
}

const runSql: RunSql = async (text, values) => {
  const client = await connection();
  try {
    const { rows } = await client.query(text, [...values]);
    client.release();
    return rows;
  } catch (error) {
    // Class 57P: the server is going down. Without a SQLSTATE the wire itself broke.
    const answered = error instanceof pg.DatabaseError && !error.code?.startsWith('57P');
    client.release(!answered);
    throw answered ? error : new ConnectionLost('PostgreSQL went away', { cause: error });
  }
};

/** Inside `writeErrors` the extension leaves its own numbers; clients look for MongoDB's. */
function withMongoCodes(bytes: Uint8Array): Uint8Array {
  const document = BSON.deserialize(bytes, { promoteValues: false });
  if (!Array.isArray(document.writeErrors)) return bytes;
  for (const error of document.writeErrors) error.code = unpackCode(Number(error.code));
  return BSON.serialize(document);
}

function refusal(error: unknown): Uint8Array {
  if (error instanceof CommandRefused) return BSON.serialize({ ok: 0, errmsg: error.message, code: error.code });
  if (!(error instanceof pg.DatabaseError)) throw error;
  return BSON.serialize({ ok: 0, errmsg: error.message, code: mongoCode(error.code ?? '') });
}

async function respond(message: Message): Promise<Buffer | null> {
  const document: Document = BSON.deserialize(message.body, { promoteLongs: false });
  const { body, sequence } = message;
  const db = String(document.$db ?? 'admin');
  let out: Uint8Array;
  try {
    out = await answer({ document, db, body, sequence }, runSql, cursors);
    if (document.insert || document.update || document.delete) out = withMongoCodes(out);
  } catch (error) {
    out = refusal(error);
  }
  return message.wantsReply ? reply(message, out) : null;
}

/** One message after another, as the protocol wants it. Whatever cannot be answered ends this connection and no other. */
async function serve(socket: Socket): Promise<void> {
  socket.on('error', () => {}); // a client that vanished
  try {
    for await (const frame of frames(socket)) {
      const out = await respond(parseMessage(frame));
      if (out) socket.write(out);
    }
  } catch (error) {
    process.stderr.write(`gateway: connection closed: ${error instanceof Error ? error.message : error}\n`);
  } finally {
    socket.destroy();
  }
}

setInterval(() => {
  for (const [id, cursor] of cursors) if (cursor.usedAt < Date.now() - cursorIdleMs) cursors.delete(id);
}, 60_000).unref();

/** Our standard input ends when the process that started us has died: PostgreSQL would outlive it and hold the data. */
process.stdin.on('end', () => {
  const pid = livePostmaster(pidfile);
  if (pid) process.kill(pid, 'SIGINT'); // fast shutdown
  process.exit(0);
});
process.stdin.resume();
process.on('SIGTERM', () => process.exit(0));

createServer({ noDelay: true }, serve).listen(listenOn, () => {
  process.stdout.write(`${JSON.stringify({ listening: listenOn })}\n`);
});
