/** Users and sudo rules that exist for one sshd only: a mount namespace in which /etc and /usr/local take changes but forget them. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { noSshd } from './real-sshd.ts';

/** The password of all of them. */
export const PASSWORD = 'the sesame';

/**
 * A command to put before sshd's. It makes ph-bot (may nothing), ph-admin (sudo with a password) and ph-cloud (sudo without).
 * `dir` takes the changes.
 */
export function ownUsers(dir: string): string[] {
  const script = `
    for place in etc usr/local; do
      mkdir -p "$1/$place.new" "$1/$place.work"
      mount -t overlay o -o "lowerdir=/$place,upperdir=$1/$place.new,workdir=$1/$place.work" "/$place"
    done
    rm -f /etc/sudoers.d/patchherd
    for user in ph-bot ph-admin ph-cloud; do useradd -M -N -s /bin/sh "$user"; echo "$user:${PASSWORD}" | chpasswd; done
    printf '%s\\n' 'ph-admin ALL=(ALL) ALL' 'ph-cloud ALL=(ALL) NOPASSWD: ALL' 'root ALL=(ALL) ALL' >/etc/sudoers.d/zz-test
    chmod 0440 /etc/sudoers.d/zz-test
    shift
    exec "$@"`;
  return ['unshare', '--mount', 'sh', '-ec', script, 'sh', dir];
}

/** Why there can be none here; null when there can. */
export function noOwnUsers(): string | null {
  if (noSshd) return noSshd;
  if (process.getuid?.() !== 0) return 'only root can make users';
  const missing = ['/usr/bin/sudo', '/usr/sbin/visudo', '/usr/sbin/useradd', '/usr/bin/unshare'].find(
    (file) => !existsSync(file),
  );
  if (missing) return `${missing} is not installed`;
  const dir = mkdtempSync(path.join(os.tmpdir(), 'patchherd-probe-'));
  const [program = '', ...rest] = [...ownUsers(dir), 'true'];
  const { status, stderr } = spawnSync(program, rest);
  rmSync(dir, { recursive: true, force: true });
  return status === 0 ? null : `a mount namespace is not permitted here (${stderr.toString().trim()})`;
}
