/** The Devices port over ssh2. Knows nothing about packages. */
import type { Devices, Log } from '../../domain/ports.ts';
import type { Credential } from './credentials.ts';
import { defaultLimits, type SshLimits } from './limits.ts';
import { Pool } from './pool.ts';
import { shellLine } from './quote.ts';
import { Run } from './run.ts';

/**
 * Devices over SSH. `credentials` looks an entry of the settings up by its name; the same entry should be the same object each time,
 * so that a key with a passphrase is opened once. A session lives as long as its connection: after an `unknown` outcome, or a pause
 * longer than `idleMs`, open again (it costs nothing when the connection is alive). `run` throws Failure `shell.bad-argument`.
 */
export function sshDevices(options: {
  credentials: (name: string) => Credential | undefined;
  limits?: Partial<SshLimits>;
  log: Log;
}): Devices {
  const limits = { ...defaultLimits, ...options.limits };
  const pool = new Pool(options.credentials, limits, options.log);
  return {
    async open(device) {
      const connection = await pool.connect(device);
      return {
        async run(visit, limit) {
          return new Run(connection, limits).outcome(shellLine(visit.argv), visit.stdin ?? '', limit);
        },
      };
    },
    forget: (device) => pool.forget(device),
    close: () => pool.close(),
  };
}
