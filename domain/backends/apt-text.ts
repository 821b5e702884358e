/** How a script that runs on a device is written here, and how what it prints is cut into sections. */
import { Failure } from '../model/failure.ts';

/** A shell script as a constant: backslashes stay as they are, and `\${` is the shell's own `${`. */
export const sh = (text: TemplateStringsArray, ...constants: readonly string[]): string =>
  String.raw(text, ...constants).replaceAll('\\${', '${');

/** One section of a script's output: `#patchherd <name> <rest>` and the lines below it. */
export type Section = { readonly name: string; readonly rest: string; readonly lines: readonly string[] };

/** Throws Failure `scan.unreadable`. It may go away by itself: most often the wire was cut. */
export function unreadable(what: string): never {
  throw new Failure('scan.unreadable', `The device's answer cannot be read: ${what}.`, { retryable: true });
}

/**
 * Cuts standard output at its markers; what a login shell printed before the first one is ignored. Throws Failure `scan.unreadable`
 * unless the last one is `end`, so that a cut-off output is never taken for a short one.
 */
export function sectionsOf(stdout: string): readonly Section[] {
  const sections: { name: string; rest: string; lines: string[] }[] = [];
  for (const line of stdout.split('\n')) {
    const marker = /^#patchherd ([a-z-]+)(?: (.*))?$/.exec(line);
    if (marker) sections.push({ name: marker[1] ?? '', rest: marker[2] ?? '', lines: [] });
    else if (line !== '') sections.at(-1)?.lines.push(line);
  }
  if (sections.at(-1)?.name !== 'end') unreadable('it is cut off, its end marker is missing');
  return sections;
}

/** The section of that name. Throws Failure `scan.unreadable` when there is none. */
export const demandSection = (sections: readonly Section[], name: string): Section =>
  sections.find((section) => section.name === name) ?? unreadable(`the section ${name} is missing`);
