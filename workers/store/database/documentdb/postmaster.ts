/** Which process serves a data folder, according to PostgreSQL itself. */
import { readFileSync } from 'node:fs';

/** The process that `pidFile` (postmaster.pid) names, or null when that is no PostgreSQL (any more). */
export function livePostmaster(pidFile: string): number | null {
  try {
    const pid = Number.parseInt(readFileSync(pidFile, 'utf8'), 10);
    const args = readFileSync(`/proc/${pid}/cmdline`, 'utf8'); // empty for a zombie
    return args.includes('postgres') ? pid : null;
  } catch {
    return null; // no such file, no such process
  }
}
