/** A process of its own that downloads mongod into the folder given as its only argument. */
import { MongoBinary } from 'mongodb-memory-server';

process.stdin.on('end', () => process.exit(1)).resume(); // whoever wanted it has gone
await MongoBinary.getPath({ downloadDir: process.argv[2] ?? '' });
process.exit(0);
