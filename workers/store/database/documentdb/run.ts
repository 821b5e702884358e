/** Runs a local program to its end. */
import { execFile } from 'node:child_process';

/** Whom a program runs as. Both null = as we are. */
export type Owner = { readonly uid: number; readonly gid: number } | null;
export type Ran = { readonly ok: boolean; readonly stdout: string; readonly why: string };

/**
 * Runs `command` without a shell and never throws: a program that is missing, fails or takes longer than `timeoutMs`
 * gives `ok: false`, and in `why` the first line that sounds like a reason, else the last (or why it could not run).
 */
export function run(
  command: string,
  args: readonly string[],
  { timeoutMs, cwd, owner = null }: { timeoutMs: number; cwd?: string; owner?: Owner },
): Promise<Ran> {
  const options = { timeout: timeoutMs, maxBuffer: 64 * 1024 * 1024, env: { ...process.env, LC_ALL: 'C' }, ...owner };
  return new Promise((resolve) => {
    execFile(command, args, cwd ? { ...options, cwd } : options, (error, stdout, stderr) => {
      const lines = stderr.trim().split('\n');
      const reason = lines.find((line) => /error|fatal|cannot|^E:/i.test(line)) ?? lines.at(-1);
      const why = error?.killed
        ? `${command} took longer than ${timeoutMs / 1000} s`
        : reason || (error?.message ?? '');
      resolve({ ok: !error, stdout, why });
    });
  });
}
