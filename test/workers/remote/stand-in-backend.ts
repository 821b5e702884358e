/** A package manager that does not exist, with a root helper that tells what it was given: for tests of the way to it. */

import { apt } from '../../../domain/backends/apt.ts';
import type { Backend } from '../../../domain/backends/backend.ts';
import { Failure } from '../../../domain/model/failure.ts';

/** Answers `poll` like a helper; to `env` it prints its surroundings, to `detach <file>` it leaves work behind, else the input's size. */
const script = `#!/bin/sh
[ $# -eq 0 ] || { echo '{"kind":"refused","code":"helper.bad-order","text":"no arguments"}'; exit 2; }
order=$(cat)
case $order in
  *'"poll"'*) echo '{"kind":"unknown-op"}' ;;
  env) id -u; tty </dev/null; env ;;
  detach*) setsid sh -c 'until [ -e "$1.go" ]; do sleep 0.05; done; echo done >"$1"' sh "\${order#detach }" </dev/null >/dev/null 2>&1 & echo started ;;
  *) printf '%s' "$order" | wc -c ;;
esac
`;

/** `place` is where the helper goes; `version` is added to the script, so that two versions differ. */
export function standIn(place: string, version = '1'): Backend {
  return {
    ...apt,
    order: (order, become) => ({
      argv: become === 'sudo' ? ['sudo', '-n', place] : [place],
      stdin: JSON.stringify(order),
    }),
    readAnswer(stdout) {
      if (!stdout.startsWith('{')) throw new Failure('helper.unreadable', 'not an answer');
      return JSON.parse(stdout);
    },
    helper: { path: place, version, script: `${script}# version: ${version}\n` },
  };
}
