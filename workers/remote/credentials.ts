/** Logins: what a credential of the settings is, and how SSH is asked with it. Secrets never leave this file but to ssh2. */
import ssh2, { type AgentAuthMethod, type AnyAuthMethod, type ParsedKey } from 'ssh2';
import { Failure } from '../../domain/model/failure.ts';

/** One entry of `credentials`. `privateKey` is the text of the file, in OpenSSH's or the older PEM form; `socket` is an agent's. */
export type Credential =
  | { readonly kind: 'key'; readonly privateKey: string; readonly passphrase?: string }
  | { readonly kind: 'agent'; readonly socket: string }
  | { readonly kind: 'password'; readonly password: string };

/** Opening a key with a passphrase costs 100 ms and more by design (bcrypt), so each credential is opened once. */
const openedKeys = new WeakMap<Credential, ParsedKey>();

/**
 * The ways to log in as `user`, in the order in which ssh2 should try them. ssh2's own list would open with `none`, which costs a
 * round trip and an attempt. Throws Failure `device.credential` when the key cannot be read; `name` is the entry's name.
 */
export function loginMethods(user: string, name: string, credential: Credential): AnyAuthMethod[] {
  switch (credential.kind) {
    case 'key':
      return [{ type: 'publickey', username: user, key: openKey(name, credential) }];
    case 'agent':
      return [{ type: 'agent', username: user, agent: credential.socket } satisfies AgentAuthMethod];
    case 'password':
      return passwordMethods(user, credential.password);
  }
}

/** Many sshd take a password only as the answer to PAM's question. Each login answers one hidden question, once. */
function passwordMethods(user: string, password: string): AnyAuthMethod[] {
  let answered = false;
  return [
    { type: 'password', username: user, password },
    {
      type: 'keyboard-interactive',
      username: user,
      prompt(_name, _instructions, _language, prompts, answer) {
        const ours = !answered && prompts.length === 1 && prompts[0]?.echo !== true;
        answered ||= ours;
        answer(ours ? [password] : prompts.map(() => ''));
      },
    },
  ];
}

function openKey(name: string, credential: Credential & { kind: 'key' }): ParsedKey {
  const known = openedKeys.get(credential);
  if (known) return known;
  const key = ssh2.utils.parseKey(credential.privateKey, credential.passphrase);
  if (key instanceof Error || !key.isPrivateKey()) {
    const needs =
      'It must be a private key in OpenSSH or PEM form (RSA, ECDSA or Ed25519), with its passphrase when it has one.';
    const cause = key instanceof Error ? key : undefined;
    throw new Failure('device.credential', `The key of credential ${name} cannot be read. ${needs}`, { cause });
  }
  openedKeys.set(credential, key);
  return key;
}
