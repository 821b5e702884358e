/** The order of Debian versions: policy 5.6.12, with the details that dpkg adds to it. */
import { codeAt, compareDigits, compareNumber, digitsEnd, isDigit, isLetter, type Order, signOf } from './number.ts';

const epochShape = /^\d+$/;
const upstreamShape = /^\d[A-Za-z0-9.+~-]*$/;
/** Without an epoch a colon could not be told from the epoch's. */
const upstreamAfterEpoch = /^\d[A-Za-z0-9.+~:-]*$/;
const revisionShape = /^[A-Za-z0-9.+~]+$/;

type Version = { readonly epoch: string; readonly upstream: string; readonly revision: string };

/**
 * The three parts, or null when policy 5.6.12 does not allow the text. The revision starts after the last dash, so the upstream part
 * may hold dashes of its own; a dash always announces a revision.
 */
function parse(text: string): Version | null {
  const colon = text.indexOf(':');
  const dash = text.lastIndexOf('-');
  const epoch = colon < 0 ? '0' : text.slice(0, colon);
  const upstream = text.slice(colon + 1, dash < 0 ? text.length : dash);
  const revision = dash < 0 ? '0' : text.slice(dash + 1);
  const shape = colon < 0 ? upstreamShape : upstreamAfterEpoch;
  if (!epochShape.test(epoch) || !shape.test(upstream) || !revisionShape.test(revision)) return null;
  return { epoch, upstream, revision };
}

/** `~` before the end (and before digits, where a run of text ends too), the end before letters, letters before everything else. */
function weight(code: number): number {
  if (code === 126) return -1;
  if (code < 0 || isDigit(code)) return 0;
  return isLetter(code) ? code : code + 256;
}

/** Compares runs of text and of digits by turns, beginning with a (maybe empty) run of text. */
function comparePart(a: string, b: string): -1 | 0 | 1 {
  if (a === b) return 0;
  let [left, right] = [0, 0];
  while (left < a.length || right < b.length) {
    for (;;) {
      const [one, other] = [weight(codeAt(a, left)), weight(codeAt(b, right))];
      if (one !== other) return signOf(one - other);
      if (one === 0) break;
      left++;
      right++;
    }
    const [leftEnd, rightEnd] = [digitsEnd(a, left), digitsEnd(b, right)];
    const order = compareDigits(a, left, leftEnd, b, right, rightEnd);
    if (order !== 0) return order;
    left = leftEnd;
    right = rightEnd;
  }
  return 0;
}

/**
 * Takes two Debian versions as dpkg writes them (`1:2.3-4+b1`); gives -1 when `a` is older, 0 when they are equal, 1 when `a` is
 * newer, null when one of them is not a version (Debian policy 5.6.12; an absent revision equals `0`).
 */
export function compareDeb(a: string, b: string): Order {
  const [left, right] = [parse(a), parse(b)];
  if (!left || !right) return null;
  return (
    compareNumber(left.epoch, right.epoch) ||
    comparePart(left.upstream, right.upstream) ||
    comparePart(left.revision, right.revision)
  );
}
