/** The order of rpm versions, `epoch:version-release`, as rpm itself puts them (rpmvercmp, with `~` and `^`). */
import {
  codeAt,
  compareDigits,
  compareNumber,
  compareText,
  digitsEnd,
  isDigit,
  isLetter,
  longestVersion,
  type Order,
  signOf,
} from './number.ts';

type Version = { readonly epoch: string; readonly version: string; readonly release: string };

/** rpm allows every printable character and skips those that it has no rule for. Blanks and control characters are in no version. */
const impossible = /[\s\p{Cc}]/u;

/** The three parts, or null when there is no version in the text. A missing epoch is 0; the release starts after the last dash. */
function parse(text: string): Version | null {
  if (text.length > longestVersion || impossible.test(text)) return null;
  const afterDigits = digitsEnd(text, 0);
  const start = text[afterDigits] === ':' ? afterDigits + 1 : 0;
  const dash = text.lastIndexOf('-');
  const end = dash < start ? text.length : dash;
  if (end === start) return null;
  return {
    epoch: text.slice(0, Math.max(0, start - 1)),
    version: text.slice(start, end),
    release: text.slice(end + 1),
  };
}

/** What stands at a place, least first. */
const tilde = 0;
const end = 1;
const caret = 2;
const letters = 3;
const digits = 4;
/** A character that only parts what is before it from what is after it, whichever it is. */
const separator = 5;

function kindOf(code: number): number {
  if (isDigit(code)) return digits;
  if (isLetter(code)) return letters;
  if (code === 126) return tilde;
  if (code === 94) return caret;
  return code < 0 ? end : separator;
}

function skip(text: string, at: number, kind: number): number {
  let next = at;
  while (kindOf(codeAt(text, next)) === kind) next++;
  return next;
}

/** Compares two versions, or two releases, piece by piece: a sign, a run of letters, or a number. */
function comparePart(a: string, b: string): -1 | 0 | 1 {
  if (a === b) return 0;
  let [left, right] = [0, 0];
  for (;;) {
    left = skip(a, left, separator);
    right = skip(b, right, separator);
    const [kind, otherKind] = [kindOf(codeAt(a, left)), kindOf(codeAt(b, right))];
    if (kind !== otherKind) return signOf(kind - otherKind);
    if (kind === end) return 0;
    const isSign = kind === tilde || kind === caret;
    const leftEnd = isSign ? left + 1 : skip(a, left, kind);
    const rightEnd = isSign ? right + 1 : skip(b, right, kind);
    if (kind === digits) {
      const order = compareDigits(a, left, leftEnd, b, right, rightEnd);
      if (order !== 0) return order;
    } else if (kind === letters) {
      const order = compareText(a.slice(left, leftEnd), b.slice(right, rightEnd));
      if (order !== 0) return order;
    }
    left = leftEnd;
    right = rightEnd;
  }
}

/**
 * Takes two rpm versions (`1:3.0.7-27.el9`, with or without epoch and release); gives -1 when `a` is older, 0 when they are equal, 1
 * when `a` is newer, null when one of them is no version: empty, with blanks or control characters, or absurdly long.
 */
export function compareRpm(a: string, b: string): Order {
  const [left, right] = [parse(a), parse(b)];
  if (!left || !right) return null;
  return (
    compareNumber(left.epoch, right.epoch) ||
    comparePart(left.version, right.version) ||
    comparePart(left.release, right.release)
  );
}
