/** Ed25519 key pairs for tests. */
import ssh2 from 'ssh2';

/**
 * A pair in OpenSSH's form, locked with `passphrase` when there is one. ssh2 1.17 loses a leading zero byte of about one key in two
 * hundred, which nobody can read afterwards: such a key is made again.
 */
export function keyPair(passphrase?: string): { readonly private: string; readonly public: string } {
  const locked = passphrase === undefined ? undefined : { passphrase, cipher: 'aes256-ctr', rounds: 4 };
  for (;;) {
    const pair = locked ? ssh2.utils.generateKeyPairSync('ed25519', locked) : ssh2.utils.generateKeyPairSync('ed25519');
    if (!(ssh2.utils.parseKey(pair.private, passphrase) instanceof Error)) return pair;
  }
}
