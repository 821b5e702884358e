/** The order of Alpine versions as apk 3 puts them. */
import { compareNumber, compareText, longestVersion, type Order, signOf } from './number.ts';

/** Earliest first; a version without a suffix stands at `''`. */
const suffixes: readonly string[] = ['alpha', 'beta', 'pre', 'rc', '', 'cvs', 'svn', 'git', 'hg', 'p'];

/** Numbers, one letter, suffixes that may be numbered, a commit, a revision: `1.2.3b_rc4_p1~9f0c-r5`. */
const shape = /^\d+(?:\.\d+)*[a-z]?(?:_(?:alpha|beta|pre|rc|cvs|svn|git|hg|p)\d*)*(?:~[0-9a-f]+)?(?:-r\d+)?$/;

/** The pieces with the sign before each, or null when apk would call the text invalid. */
function parse(text: string): readonly string[] | null {
  if (text.length > longestVersion || !shape.test(text)) return null;
  return text.match(/~[0-9a-f]+|-r\d+|_[a-z]+|\.?\d+|[a-z]/g);
}

/** Where two versions go on differently, the one whose piece stands earlier here is the newer one. */
const kinds = ['first', 'dotted', 'letter', 'suffix', 'count', 'commit', 'revision', 'end', 'pre-suffix'] as const;
type Kind = (typeof kinds)[number];
const signs: Readonly<Record<string, Kind>> = { '.': 'dotted', '~': 'commit', '-': 'revision' };

const suffixRank = (piece: string): number => suffixes.indexOf(piece.slice(1)) - suffixes.indexOf('');

function kindOf(piece: string | undefined, at: number): Kind {
  if (piece === undefined) return 'end';
  const [sign = ''] = piece;
  if (sign === '_') return suffixRank(piece) < 0 ? 'pre-suffix' : 'suffix';
  return signs[sign] ?? (sign >= 'a' ? 'letter' : at === 0 ? 'first' : 'count');
}

/** Compares two pieces of one kind. */
function comparePiece(kind: Kind, a: string, b: string): -1 | 0 | 1 {
  if (kind === 'suffix' || kind === 'pre-suffix') return signOf(suffixRank(a) - suffixRank(b));
  if (kind === 'revision') return compareNumber(a.slice(2), b.slice(2));
  if (kind === 'first' || kind === 'count') return compareNumber(a, b);
  // From the second number on, a leading zero makes both compare as text: 1.05 is before 1.1, and 1.0 before 1.00.
  if (kind === 'dotted' && a[1] !== '0' && b[1] !== '0') return compareNumber(a.slice(1), b.slice(1));
  return compareText(a, b);
}

/**
 * Takes two Alpine versions (`1.2.3_rc1-r0`); gives -1 when `a` is older, 0 when they are equal, 1 when `a` is newer, null when one of
 * them is none: apk itself calls such a pair equal, and taking that for "fixed" would hide a fault.
 */
export function compareApk(a: string, b: string): Order {
  const [left, right] = [parse(a), parse(b)];
  if (!left || !right) return null;
  for (let at = 0; at < Math.max(left.length, right.length); at++) {
    const [one, other] = [left[at], right[at]];
    const [kind, otherKind] = [kindOf(one, at), kindOf(other, at)];
    if (kind !== otherKind) return kinds.indexOf(kind) < kinds.indexOf(otherKind) ? 1 : -1;
    const order = comparePiece(kind, one ?? '', other ?? '');
    if (order !== 0) return order;
  }
  return 0;
}
