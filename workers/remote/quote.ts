/** The only maker of shell text: everything else passes arguments. */
import { Failure } from '../../domain/model/failure.ts';
import type { Brand } from '../../domain/model/ids.ts';

/** Text that a POSIX shell reads back as exactly the arguments it was made from. */
export type ShellLine = Brand<string, 'ShellLine'>;

/** sshd hands the line over as one argument of the login shell, and Linux refuses longer ones (MAX_ARG_STRLEN, execve(2)). */
const LONGEST_LINE_BYTES = 131_071;

/**
 * Quotes a program and its arguments by POSIX 2.2.2: nothing is special between single quotes, newlines included, and a single
 * quote itself is written outside of them. `exec` lets the program take the login shell's place: one process less, and a signal that
 * ends it is seen as a signal. Throws Failure `shell.bad-argument` for what cannot be passed: no program, one that looks like an
 * option, NUL, half a surrogate pair (it has no bytes), more than 131,071 bytes. Needs a login shell of the Bourne family: fish and
 * csh quote otherwise.
 */
export function shellLine(argv: readonly string[]): ShellLine {
  if (!/^[^-]/.test(argv[0] ?? '')) {
    throw new Failure('shell.bad-argument', `A command needs a program as its first word, not "${argv[0] ?? ''}".`);
  }
  argv.forEach((argument, index) => {
    if (!/[\0\p{Surrogate}]/u.test(argument)) return;
    const text = `Argument ${index} of ${argv[0]} has a NUL or half a surrogate pair, which no shell can pass on.`;
    throw new Failure('shell.bad-argument', text);
  });
  const line = `exec ${argv.map((argument) => `'${argument.replaceAll("'", "'\\''")}'`).join(' ')}`;
  const bytes = Buffer.byteLength(line);
  if (bytes > LONGEST_LINE_BYTES) {
    const text = `The command ${argv[0]} is ${bytes} bytes long; at most ${LONGEST_LINE_BYTES} fit: pass data on standard input.`;
    throw new Failure('shell.bad-argument', text);
  }
  return line as ShellLine; // the brand is given here and nowhere else
}
