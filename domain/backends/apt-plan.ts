/** Reads what `apt-get -s` prints: the lines Inst and Remv, and the lists of what it keeps back. */
import type { TransactionItem } from '../model/patch.ts';
import { type Section, unreadable } from './apt-text.ts';

/** One package that a plan would install; `origins` as apt prints them, such as `Debian-Security:12/oldstable-security`. */
export type PlannedInstall = TransactionItem & { readonly to: string; readonly origins: readonly string[] };

export type AptPlan = {
  readonly installs: readonly PlannedInstall[];
  /** Names, with `:arch` when foreign, and installed versions. */
  readonly removals: readonly TransactionItem[];
  readonly keptBack: readonly string[];
  /** apt 2.7 and later list these apart from the others. */
  readonly deferredByPhasing: readonly string[];
};

/** `Inst name [old] (new origin, origin [arch]) [...]`; a label may hold spaces, so the origins end at the first ` [arch])`. */
const installLine = /^Inst (\S+) (?:\[([^\]\s]+)\] )?\((\S+) ?(.*?) ?\[([a-z0-9-]+)\]\)/;
/** `Remv name [version]`. It has no architecture: without `:arch` in the name it is the device's own. */
const removeLine = /^Remv (\S+) \[([^\]\s]+)\]/;

function readInstall(line: string): PlannedInstall {
  const [, name = '', from, to = '', origins = '', arch = ''] =
    installLine.exec(line) ?? unreadable(`apt printed ${JSON.stringify(line)}`);
  return { name, arch, from: from ?? null, to, origins: origins.split(', ').filter((origin) => origin !== '') };
}

function readRemoval(line: string, native: string): TransactionItem {
  const [, name = '', from = ''] = removeLine.exec(line) ?? unreadable(`apt printed ${JSON.stringify(line)}`);
  return { name, arch: name.split(':')[1] ?? native, from, to: null };
}

/** The names below a headline: lines that are indented by two spaces. */
function listBelow(lines: readonly string[], headline: string): readonly string[] {
  const start = lines.indexOf(headline);
  if (start < 0) return [];
  const below = lines.slice(start + 1);
  const end = below.findIndex((line) => !line.startsWith('  '));
  return below.slice(0, end < 0 ? below.length : end).flatMap((line) => line.trim().split(/\s+/));
}

/**
 * Takes the lines of `apt-get -s` in the C locale and the device's own architecture. Throws Failure `scan.unreadable` when a line
 * Inst or Remv has another shape than apt gives it (seen: apt 2.6, 2.7 and 3.0).
 */
export function readPlan(lines: readonly string[], native: string): AptPlan {
  return {
    installs: lines.filter((line) => line.startsWith('Inst ')).map(readInstall),
    removals: lines.filter((line) => line.startsWith('Remv ')).map((line) => readRemoval(line, native)),
    keptBack: listBelow(lines, 'The following packages have been kept back:'),
    deferredByPhasing: listBelow(lines, 'The following upgrades have been deferred due to phasing:'),
  };
}

/** Why apt would not plan, in its own words; null when it did. The section's `rest` is apt's exit code. */
export function refusalOf({ rest, lines }: Section): string | null {
  if (rest === '0') return null;
  const errors = lines.filter((line) => /^(E|Error): ?/.test(line));
  return (errors.length > 0 ? errors : lines.slice(-3)).join(' ').slice(0, 1000) || `apt-get ended with ${rest}`;
}
