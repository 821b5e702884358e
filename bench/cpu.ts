/** CPU time of what a measurement starts, counted by the kernel in control groups (cgroups(7)), and processes from /proc. Linux only. */
import { mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/**
 * Counts everything that was started in it, ended or not. /proc would round each living process down by up to 20 ms, in its own time
 * and in that of its ended children: half of a login, on a device whose session stays open.
 */
export type Counter = {
  /** CPU seconds so far, all cores together. */
  seconds(): number;
  /** Forgets the group; what is still in it goes back to where it came from. */
  close(): void;
};

type Kind = { readonly mount: string; readonly line: RegExp; readonly file: string; seconds(text: string): number };
/** Version 2 first; version 1 has a controller of its own for it. */
const kinds: readonly Kind[] = [
  {
    mount: 'cgroup2',
    line: /^0::(.*)$/m,
    file: 'cpu.stat',
    seconds: (text) => Number(/^usage_usec (\d+)$/m.exec(text)?.[1]) / 1e6,
  },
  {
    mount: 'cgroup',
    line: /^\d+:(?:[^:]*,)?cpuacct(?:,[^:]*)?:(.*)$/m,
    file: 'cpuacct.usage',
    seconds: (text) => Number(text) / 1e9,
  },
];

/** Where this process's group of that kind is; null when there is none. */
function groupOf({ mount, line }: Kind): string | null {
  const place = line.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1];
  const mounted = readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .map((one) => one.split(' '))
    .find(([, , type, options]) => type === mount && (mount === 'cgroup2' || options?.split(',').includes('cpuacct')));
  return place === undefined || !mounted?.[1] ? null : path.join(mounted[1], place);
}

let groups = 0;

function tryKind(kind: Kind): { enter(): void; leave(): void; counter: Counter } | null {
  const parent = groupOf(kind);
  if (parent === null) return null;
  groups += 1;
  const group = path.join(parent, `patchherd-bench-${process.pid}-${groups}`);
  const move = (pid: number | string, to: string) => writeFileSync(path.join(to, 'cgroup.procs'), String(pid));
  const seconds = () => kind.seconds(readFileSync(path.join(group, kind.file), 'utf8'));
  try {
    mkdirSync(group);
    if (!Number.isFinite(seconds())) return null;
    const close = () => {
      const left = readFileSync(path.join(group, 'cgroup.procs'), 'utf8').trim();
      for (const pid of left === '' ? [] : left.split('\n')) move(pid, parent);
      rmdirSync(group);
    };
    return {
      enter: () => move(process.pid, group),
      leave: () => move(process.pid, parent),
      counter: { seconds, close },
    };
  } catch {
    return null; // not ours to make
  }
}

/** Runs `start` and counts the processes that it leaves behind, and all that they will ever start. Throws where no group can be made. */
export async function counted<T>(start: () => Promise<T>): Promise<{ readonly started: T; readonly counter: Counter }> {
  for (const kind of kinds) {
    const group = tryKind(kind);
    if (!group) continue;
    // Children are born into their parent's group: we go in, and come out without them.
    group.enter();
    try {
      return { started: await start(), counter: group.counter };
    } finally {
      group.leave();
    }
  }
  throw new Error('CPU time cannot be counted here: this user may make no control group (version 2, or cpuacct)');
}

type Process = { readonly parent: number; readonly name: string };
/** Every process at one instant, by its id. */
export type Processes = ReadonlyMap<number, Process>;

/** Reads all processes (proc(5)). */
export function processes(): Processes {
  const found = new Map<number, Process>();
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const text = stat(entry);
    if (text === null) continue;
    // A name may hold spaces and brackets: the fields begin after the last bracket, with field 3.
    const end = text.lastIndexOf(')');
    const parent = Number(text.slice(end + 2).split(' ')[1]);
    found.set(Number(entry), { parent, name: text.slice(text.indexOf('(') + 1, end) });
  }
  return found;
}

function stat(pid: string): string | null {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return null; // it has just ended
  }
}

/** Direct children of a process. */
export const childrenOf = (all: Processes, parent: number): readonly number[] =>
  [...all].filter(([, one]) => one.parent === parent).map(([pid]) => pid);

/** These processes and everything below them. */
export function treesOf(all: Processes, roots: readonly number[]): readonly number[] {
  const found = [...roots];
  for (const pid of found) found.push(...childrenOf(all, pid));
  return found;
}

/** USER_HZ: what /proc counts in, the same on every Linux that Node runs on. */
const ticksPerSecond = 100;

/** CPU seconds that the machine has worked since it started, all cores together, interrupts included. */
export function busySeconds(): number {
  const [, ...ticks] = (readFileSync('/proc/stat', 'utf8').split('\n')[0] ?? '').trim().split(/\s+/).map(Number);
  const [user = 0, nice = 0, system = 0, , , interrupts = 0, softInterrupts = 0] = ticks;
  return (user + nice + system + interrupts + softInterrupts) / ticksPerSecond;
}
