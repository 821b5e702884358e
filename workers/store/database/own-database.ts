/** Which database of our own this machine can run: a mongod, or PostgreSQL with DocumentDB. */
import path from 'node:path';
import { Failure } from '../../../domain/model/failure.ts';
import { canRunDocumentdb, startDocumentdb } from './documentdb/documentdb.ts';
import { downloadedMongod, downloadMongod, findMongod, freePort, startMongod } from './mongod.ts';
import { type Choice, changed } from './remembered.ts';

export type OwnWanted = {
  /** Where a database of our own keeps its data, and where the choice is remembered. */
  readonly dataDir: string;
  /** Gets short lines for a person to read. */
  readonly say: (line: string) => void;
  /** false: a database of our own may lose data at a power cut, and is faster. For throw-away data only. */
  readonly durable?: boolean;
};

/** A database of our own that this machine can run. */
export type Option = { readonly choice: Choice; start(): Promise<{ uri: string; stop(): Promise<void> }> };

const defaultPort = 27_017;

/** `before`, whatever else there is today; without one the first that there is. Failures: `database.changed`, `database.none`. */
export const ownDatabase = async (wanted: OwnWanted, before: Choice | null): Promise<Option> =>
  before ? same(wanted, before) : firstOf(wanted);

/** The kind that was used before, whatever else there is today. */
async function same(wanted: OwnWanted, before: Choice): Promise<Option> {
  if (before.kind === 'documentdb' && (await canRunDocumentdb())) return documentdb(wanted);
  if (before.kind === 'mongod' || before.kind === 'downloaded') {
    const binary = before.kind === 'mongod' ? await findMongod() : await downloadedOrNew(wanted);
    if (binary) return mongod(wanted, before, binary);
  }
  throw changed(wanted.dataDir, before.kind, 'that cannot be found on this machine any more');
}

const downloadedOrNew = async ({ say }: OwnWanted): Promise<string | null> =>
  (await downloadedMongod()) ?? downloadMongod(say);

async function firstOf(wanted: OwnWanted): Promise<Option> {
  const port = (await freePort()) ?? defaultPort;
  const found = await findMongod();
  if (found) return mongod(wanted, { kind: 'mongod', port }, found);
  const downloaded = await downloadedOrNew(wanted);
  if (downloaded) return mongod(wanted, { kind: 'downloaded', port }, downloaded);
  if (!(await canRunDocumentdb())) throw none('There is no database.');
  const { choice, start } = documentdb(wanted);
  return { choice, start: () => start().catch(explainDownload) };
}

/** On the very first start a missing network is one reason more to hear about the other ways. */
function explainDownload(error: unknown): never {
  throw error instanceof Failure && error.code === 'database.download' ? none(`${error.message}.`, error) : error;
}

function none(why: string, cause?: unknown): Failure {
  const ways =
    'Four ways to get a database: set MONGODB_URI to a MongoDB server; install mongod, so that it is on PATH (or name it in ' +
    'MONGOMS_SYSTEM_BINARY); let this machine reach https://fastdl.mongodb.org, to download one; or run on Debian with ' +
    'apt-get, debian-archive-keyring and a Debian mirror in reach, to use PostgreSQL with DocumentDB.';
  return new Failure('database.none', `${why} ${ways}`, { cause });
}

function mongod({ dataDir }: OwnWanted, choice: Choice, binary: string): Option {
  return { choice, start: () => startMongod(binary, path.join(dataDir, 'mongod'), choice.port ?? defaultPort) };
}

function documentdb({ dataDir, durable = true, say }: OwnWanted): Option {
  return { choice: { kind: 'documentdb' }, start: () => startDocumentdb(dataDir, durable, say) };
}
