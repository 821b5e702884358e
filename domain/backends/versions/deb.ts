/** The order of Debian versions: policy 5.6.12, with the details that dpkg adds to it. */

/** epoch, upstream, revision. The revision starts after the last dash, so the upstream part may hold dashes of its own. */
const shape = /^(?:(\d+):)?([A-Za-z0-9.+~:-]+?)(?:-([A-Za-z0-9.+~]+))?$/;
/** Without an epoch a colon could not be told from the epoch's. */
const upstreamWithoutEpoch = /^[A-Za-z0-9.+~-]+$/;

type Version = { readonly epoch: string; readonly upstream: string; readonly revision: string };

/** The three parts, or null when policy 5.6.12 does not allow the text. */
function parse(text: string): Version | null {
  const found = shape.exec(text);
  const [, epoch, upstream = '', revision] = found ?? [];
  if (!found || !/^\d/.test(upstream) || (epoch === undefined && !upstreamWithoutEpoch.test(upstream))) return null;
  // A dash announces a revision.
  if (revision === undefined && upstream.includes('-')) return null;
  return { epoch: epoch ?? '0', upstream, revision: revision ?? '0' };
}

/** `~` before the end, the end before letters, letters before everything else. */
function weight(character: string | undefined): number {
  if (character === '~') return -1;
  if (character === undefined || /\d/.test(character)) return 0;
  const code = character.charCodeAt(0);
  return /[A-Za-z]/.test(character) ? code : code + 256;
}

/** Compares two runs of non-digits, character by character. */
function compareText(a: string, b: string): -1 | 0 | 1 {
  for (let at = 0; at < Math.max(a.length, b.length); at++) {
    const difference = weight(a[at]) - weight(b[at]);
    if (difference !== 0) return difference < 0 ? -1 : 1;
  }
  return 0;
}

/** Numbers of any length: without leading zeros the longer one is larger, and equal lengths compare as text. */
function compareNumber(a: string, b: string): -1 | 0 | 1 {
  const [left, right] = [a.replace(/^0+/, ''), b.replace(/^0+/, '')];
  if (left === right) return 0;
  if (left.length !== right.length) return left.length < right.length ? -1 : 1;
  return left < right ? -1 : 1;
}

/** Runs of non-digits and of digits by turns, beginning with a (maybe empty) run of non-digits. */
const runs = (text: string): readonly string[] => text.match(/\D+|\d+/g) ?? [];
const aligned = (text: string): readonly string[] => (/^\d/.test(text) ? ['', ...runs(text)] : runs(text));

function comparePart(a: string, b: string): -1 | 0 | 1 {
  const [left, right] = [aligned(a), aligned(b)];
  for (let at = 0; at < Math.max(left.length, right.length); at++) {
    const compare = at % 2 === 0 ? compareText : compareNumber;
    const order = compare(left[at] ?? '', right[at] ?? '');
    if (order !== 0) return order;
  }
  return 0;
}

/**
 * Takes two Debian versions as dpkg writes them (`1:2.3-4+b1`); gives -1 when `a` is older, 0 when they are equal, 1 when `a` is
 * newer, null when one of them is not a version (Debian policy 5.6.12; an absent revision equals `0`).
 */
export function compareDeb(a: string, b: string): -1 | 0 | 1 | null {
  const [left, right] = [parse(a), parse(b)];
  if (!left || !right) return null;
  return (
    compareNumber(left.epoch, right.epoch) ||
    comparePart(left.upstream, right.upstream) ||
    comparePart(left.revision, right.revision)
  );
}
