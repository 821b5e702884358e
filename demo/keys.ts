/** ed25519 key pairs for devices and for the login, in the text forms that OpenSSH and ssh2 read. */
import { createHash } from 'node:crypto';
import ssh2 from 'ssh2';

/**
 * `privateKey`: OpenSSH PEM text. `publicKey`: one line of authorized_keys. `fingerprint`: `ssh-ed25519 SHA256:...`,
 * as OpenSSH writes it.
 */
export type KeyPair = { readonly privateKey: string; readonly publicKey: string; readonly fingerprint: string };

/** Makes a new ed25519 key pair. */
export function makeKeyPair(): KeyPair {
  for (;;) {
    const { private: privateKey, public: publicKey } = ssh2.utils.generateKeyPairSync('ed25519');
    // ssh2 1.17 drops a leading zero byte: about 1 key in 170 cannot be read back, by anybody.
    if (ssh2.utils.parseKey(privateKey) instanceof Error || ssh2.utils.parseKey(publicKey) instanceof Error) continue;
    return { privateKey, publicKey, fingerprint: fingerprintOf(publicKey) };
  }
}

/** The fingerprint of a key, private or public, in any text form that ssh2 reads. Throws when it is not a key. */
export function fingerprintOf(keyText: string): string {
  const key = ssh2.utils.parseKey(keyText);
  if (key instanceof Error) throw key;
  const digest = createHash('sha256').update(key.getPublicSSH()).digest('base64').replace(/=+$/, '');
  return `${key.type} SHA256:${digest}`;
}
