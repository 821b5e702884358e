/** Runs another tool and measures everything that it starts. Needs Python 3, which the measured tools need anyway. */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { run } from '../test/fleet/sshd.ts';

/** CPU of all its processes, whether they ended, were left over, or daemonised themselves. */
export type Metered = { readonly wallSeconds: number; readonly cpuSeconds: number; readonly said: string };
export type Meter = (
  argv: readonly string[],
  more?: { readonly stdin?: string; readonly env?: Record<string, string> },
) => Promise<Metered>;

/**
 * argv: the file for the result, the file for standard input, the command. A subreaper (prctl(2), 36) inherits also what
 * daemonises itself, such as ansible's connection masters; after the command has ended those are ended, too, and counted.
 */
const program = `
import ctypes, json, os, resource, signal, subprocess, sys, time
assert ctypes.CDLL(None).prctl(36, 1, 0, 0, 0) == 0
started = time.monotonic()
subprocess.call(sys.argv[3:], stdin=open(sys.argv[2]))
wall = time.monotonic() - started
with open('/proc/self/task/%d/children' % os.getpid()) as left:
    for pid in left.read().split():
        os.kill(int(pid), signal.SIGTERM)
try:
    while True:
        os.wait()
except ChildProcessError:
    pass
used = resource.getrusage(resource.RUSAGE_CHILDREN)
with open(sys.argv[1], 'w') as out:
    json.dump({'wallSeconds': wall, 'cpuSeconds': used.ru_utime + used.ru_stime}, out)
`;

/** Makes a meter whose files are in `dir`. `env` is added to ours; `stdin` is text. The meter throws when it cannot run at all. */
export async function makeMeter(dir: string): Promise<Meter> {
  const [script, used, input] = [path.join(dir, 'meter.py'), path.join(dir, 'used.json'), path.join(dir, 'stdin')];
  await writeFile(script, program);
  return async (argv, { stdin = '', env = {} } = {}) => {
    await writeFile(input, stdin);
    const command = ['/usr/bin/env', ...Object.entries(env).map(([name, value]) => `${name}=${value}`), ...argv];
    const { code, stdout, stderr } = await run(['/usr/bin/python3', script, used, input, ...command]);
    if (code !== 0) throw new Error(`${argv[0]} could not be measured: ${stderr}`);
    const { wallSeconds, cpuSeconds } = JSON.parse(await readFile(used, 'utf8')) as Metered; // written by the program above
    return { wallSeconds, cpuSeconds, said: stdout };
  };
}
