/** Where patchherd keeps its own data when nobody says where. */
import { homedir } from 'node:os';
import { join } from 'node:path';

/** PATCHHERD_DATA, else /var/lib/patchherd for root, else the person's own data directory (XDG Base Directory Specification). */
export function defaultDataDir(env: NodeJS.ProcessEnv): string {
  if (env['PATCHHERD_DATA']) return env['PATCHHERD_DATA'];
  if (process.getuid?.() === 0) return '/var/lib/patchherd';
  return join(env['XDG_DATA_HOME'] || join(homedir(), '.local', 'share'), 'patchherd');
}
