/** Settings of credentials: a private key, an agent, or a password, checked as far as possible without a device. */
import ssh2 from 'ssh2';
import { z } from 'zod';
import { line, secret, slug } from './fields.ts';
import { about, mustSecretly } from './problems.ts';

const noKey = 'must be a private key: give keyFile, the path of one';
const credentialName = slug('fleet-key');
/** One way to log in to devices. The key is its text: secrets.ts has read keyFile by now. */
export const Credential = z.discriminatedUnion(
  'kind',
  [
    z
      .strictObject({
        name: credentialName,
        kind: z.literal('key'),
        key: z.string(mustSecretly(noKey)),
        passphrase: secret('must be the passphrase of the key').optional(),
      })
      .check(({ value, issues }) => {
        const problem = keyProblem(value.key, value.passphrase);
        if (problem) issues.push({ code: 'custom', input: undefined, path: ['key'], message: problem });
      }),
    z.strictObject({
      name: credentialName,
      kind: z.literal('agent'),
      socket: line("must be the path of the agent's socket: echo $SSH_AUTH_SOCK"),
    }),
    z.strictObject({
      name: credentialName,
      kind: z.literal('password'),
      password: secret('must be a password: use passwordFile, the path of a file that only you can read'),
    }),
  ],
  {
    error: ({ input }) => {
      const written = typeof input === 'object' && input !== null && 'kind' in input ? input.kind : undefined;
      return about(written, 'must be one of key, agent, password');
    },
  },
);

/** Why ssh2 could not log in with this key, or null. */
function keyProblem(key: string, passphrase: string | undefined): string | null {
  const parsed = ssh2.utils.parseKey(key, passphrase);
  if (parsed instanceof Error)
    return passphrase === undefined
      ? 'cannot be read: it must be an OpenSSH or PEM private key; give passphraseFile too if it has a passphrase'
      : 'cannot be read: it must be an OpenSSH or PEM private key, and the passphrase must be right';
  return parsed.isPrivateKey() ? null : 'is a public key: give the private one, the file without .pub';
}
