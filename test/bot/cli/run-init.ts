/** Runs init as the command does: asks when standard input is a terminal, else takes flags as JSON from the second argument. */
import { terminalAsk } from '../../../bot/cli/ask.ts';
import { init } from '../../../bot/cli/init.ts';
import { check } from '../../../config/load.ts';

const [out = '', given = '{}'] = process.argv.slice(2);
const terminal = process.stdin.isTTY ? terminalAsk(process.stdin, process.stdout) : null;
const written = await init({
  out,
  ask: terminal?.ask ?? null,
  say: console.log,
  given: JSON.parse(given),
  check: (raw) => check(raw, { file: out, env: process.env }),
});
terminal?.close();
process.exitCode = written ? 0 : 2;
