/** One process per data directory: two databases on the same files would destroy them. */
import { createHash } from 'node:crypto';
import { realpath } from 'node:fs/promises';
import { createServer } from 'node:net';
import { Failure } from '../../../domain/model/failure.ts';

/**
 * Takes the data directory for this process; gives the function that lets go. Failure `database.in-use` when another
 * process has it. The lock is an abstract unix socket (unix(7)), which the kernel drops with the process, however it ends.
 * Elsewhere than on Linux only the database's own lock file guards its data.
 */
export async function lockDataDir(dataDir: string): Promise<() => Promise<void>> {
  if (process.platform !== 'linux') return async () => {};
  const name = createHash('sha256')
    .update(await realpath(dataDir))
    .digest('hex');
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      const sentence = `Another patchherd is using ${dataDir}: stop it first, or choose another data directory.`;
      reject(new Failure('database.in-use', sentence, { retryable: true, cause }));
    });
    server.listen(`\0patchherd-${name}`, resolve);
  });
  server.unref();
  return () => new Promise((resolve) => server.close(() => resolve()));
}
