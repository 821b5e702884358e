/** Reads known_hosts files (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT") into the fingerprints that a device record keeps. */
import { createHmac } from 'node:crypto';
import { fingerprintOf } from './host-keys.ts';

/** `hostKeys`: fingerprints accepted for this address. `problems`: one sentence for each line about it that cannot be used. */
export type KnownHosts = { readonly hostKeys: readonly string[]; readonly problems: readonly string[] };

/**
 * Takes a known_hosts text and gives what it says of `address` and `port`: plain, `[host]:port`, wildcard, negated and hashed
 * (`|1|salt|hash`) names. Keys marked @revoked are left out. @cert-authority is reported: ssh2 cannot verify host certificates, so the
 * device's own key has to be accepted instead. Never throws.
 */
export function parseKnownHosts(text: string, address: string, port: number): KnownHosts {
  const name = port === 22 ? address.toLowerCase() : `[${address.toLowerCase()}]:${port}`;
  const accepted = new Set<string>();
  const revoked = new Set<string>();
  const problems: string[] = [];
  text.split(/\r?\n/).forEach((line, index) => {
    const words = line.trim().split(/[ \t]+/);
    const mark = words[0]?.startsWith('@') ? words.shift() : undefined;
    const [names = '', type = '', key = ''] = words;
    if (names === '' || names.startsWith('#') || !namesMatch(names, name)) return;
    const where = `Line ${index + 1} of known_hosts`;
    if (mark === '@cert-authority') {
      problems.push(
        `${where} trusts a host certificate authority, which is not supported: accept the device's own key.`,
      );
      return;
    }
    const fingerprint = fingerprintOf(Buffer.from(key, 'base64'));
    if (!fingerprint?.startsWith(`${type} `) || (mark && mark !== '@revoked')) {
      problems.push(`${where} cannot be read: it needs "${name} <key type> <key in base64>".`);
    } else if (mark === '@revoked') {
      revoked.add(fingerprint);
      problems.push(`${where} revokes ${fingerprint}: this key is never accepted.`);
    } else {
      accepted.add(fingerprint);
    }
  });
  return { hostKeys: [...accepted].filter((fingerprint) => !revoked.has(fingerprint)), problems };
}

/** Comma-separated patterns; a negated one that matches wins over all others. */
function namesMatch(names: string, name: string): boolean {
  if (names.startsWith('|1|')) return hashMatches(names, name);
  const matching = names
    .toLowerCase()
    .split(',')
    .filter((pattern) => patternMatches(pattern.replace(/^!/, ''), name));
  return matching.length > 0 && !matching.some((pattern) => pattern.startsWith('!'));
}

function hashMatches(hashed: string, name: string): boolean {
  const [salt = '', hash = ''] = hashed.slice(3).split('|');
  return createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64') === hash;
}

/** `*` stands for any text and `?` for one character. Walks instead of a regular expression, which a hostile file could make slow. */
function patternMatches(pattern: string, name: string): boolean {
  let [at, star, resume] = [0, -1, 0];
  for (let n = 0; n < name.length; ) {
    if (pattern[at] === '*') {
      [star, resume] = [at, n];
      at += 1;
    } else if (at < pattern.length && (pattern[at] === '?' || pattern[at] === name[n])) {
      at += 1;
      n += 1;
    } else if (star >= 0) {
      resume += 1;
      [at, n] = [star + 1, resume];
    } else {
      return false;
    }
  }
  return /^\**$/.test(pattern.slice(at));
}
