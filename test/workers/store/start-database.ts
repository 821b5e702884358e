/** A process for tests: finds a database for the data directory given as its argument, and stops it when its input ends. */
import { findDatabase } from '../../../workers/store/database/find-database.ts';

const database = await findDatabase({ dataDir: process.argv[2] ?? '', say: () => {} });
console.log(JSON.stringify({ uri: database.uri, kind: database.kind }));
process.stdin.on('end', () => void database.stop().then(() => process.exit(0))).resume();
