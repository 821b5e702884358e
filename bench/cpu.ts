/** CPU time of process trees and of the whole machine, from /proc (proc(5)). Linux only. */
import { readdirSync, readFileSync } from 'node:fs';

type Process = { readonly parent: number; readonly name: string; readonly seconds: number };
/** Every process at one instant, by its id. */
export type Processes = ReadonlyMap<number, Process>;

/** USER_HZ: what /proc counts in, the same on every Linux that Node runs on. */
const ticksPerSecond = 100;

/** Reads all processes. `seconds` of one holds its own time and that of children which ended and were waited for. */
export function processes(): Processes {
  const found = new Map<number, Process>();
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const text = stat(entry);
    if (text === null) continue;
    // A name may hold spaces and brackets: the fields begin after the last bracket, with field 3.
    const end = text.lastIndexOf(')');
    const fields = text.slice(end + 2).split(' ');
    const field = (number: number) => Number(fields[number - 3]);
    const ticks = field(14) + field(15) + field(16) + field(17);
    const name = text.slice(text.indexOf('(') + 1, end);
    found.set(Number(entry), { parent: field(4), name, seconds: ticks / ticksPerSecond });
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

/** CPU seconds of these processes and everything below them, ended children included. */
export function treeSeconds(all: Processes, roots: readonly number[]): number {
  return treesOf(all, roots).reduce((sum, pid) => sum + (all.get(pid)?.seconds ?? 0), 0);
}

/** CPU seconds that the machine has worked since it started, all cores together, interrupts included. */
export function busySeconds(): number {
  const [, ...ticks] = (readFileSync('/proc/stat', 'utf8').split('\n')[0] ?? '').trim().split(/\s+/).map(Number);
  const [user = 0, nice = 0, system = 0, , , interrupts = 0, softInterrupts = 0] = ticks;
  return (user + nice + system + interrupts + softInterrupts) / ticksPerSecond;
}
