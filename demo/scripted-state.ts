/**
 * The package state of a scripted device: which Acme packages it has, what installing does, and how it is kept in a
 * file.
 */
import { randomUUID } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import type { TransactionItem } from '../domain/model/patch.ts';
import { firstPackages, securityPackages, updatedPackages } from './packages.ts';
import type { DemoPackage } from './repository.ts';

const Item = z.object({ name: z.string(), arch: z.string(), from: z.string().nullable(), to: z.string().nullable() });
const Work = z.object({
  kind: z.enum(['prepare', 'install', 'undo', 'reboot']),
  items: z.array(Item),
  /** null while it runs. */
  code: z.number().nullable(),
  log: z.string(),
});
const State = z.object({
  bootId: z.string(),
  packages: z.record(z.string(), z.object({ version: z.string(), whole: z.boolean() })),
  rebootBecause: z.array(z.string()),
  fence: z.number(),
  work: z.record(z.string(), Work),
});
export type ScriptedState = z.infer<typeof State>;
export type ScriptedWork = z.infer<typeof Work>;

/** What is special about a version. The same story as the real packages tell, so keep the two in step. */
const story: Readonly<Record<string, 'fails' | 'is unhealthy' | 'wants a reboot'>> = {
  'acme-db=2.2': 'fails',
  'acme-web=5.1': 'is unhealthy',
  'acme-kernel=6.1-2': 'wants a reboot',
};

/** Each Acme package needs one other at most. */
const needsOf = ({ control }: DemoPackage): string | null => control?.['Depends']?.split(' ')[0] ?? null;

/** `origin` as apt prints it. */
export type Update = { readonly version: string; readonly origin: string; readonly needs: string | null };

const updatesFrom = (origin: string, packages: readonly DemoPackage[]): readonly (readonly [string, Update])[] =>
  packages.map((one) => [one.name, { version: one.version, origin, needs: needsOf(one) }]);

/** The newest version of every package, by its name. */
export const newest: ReadonlyMap<string, Update> = new Map([
  ...updatesFrom('Scripted:1/scripted-updates', updatedPackages),
  ...updatesFrom('Scripted-Security:1/scripted-security', securityPackages),
]);

/** The source package that a package is built from. */
export const sourceOf = (name: string): string =>
  [...firstPackages, ...updatedPackages].find((one) => one.name === name)?.control?.['Source'] ?? name;

/** A device that has `packages` in the first version and `current` in the newest, with what they need. */
export function newState(packages: readonly string[], current: readonly string[]): ScriptedState {
  const first = new Map(firstPackages.map((one) => [one.name, one]));
  const state: ScriptedState = { bootId: randomUUID(), packages: {}, rebootBecause: [], fence: 0, work: {} };
  for (const name of packages) {
    const found = first.get(name);
    const needs = found ? needsOf(found) : null;
    for (const one of needs ? [needs, name] : [name]) {
      state.packages[one] = { version: first.get(one)?.version ?? '0', whole: true };
    }
  }
  for (const name of current) state.packages[name] = { version: newest.get(name)?.version ?? '0', whole: true };
  return state;
}

/** Everything that an update of `names` would do: packages of one source move together, and bring what they need. */
export function planFor(state: ScriptedState, names: readonly string[]): readonly TransactionItem[] {
  const wanted = new Set(names.filter((name) => state.packages[name]));
  for (const name of wanted) {
    const needs = newest.get(name)?.needs;
    if (needs) wanted.add(needs);
    for (const sibling of Object.keys(state.packages)) if (sourceOf(sibling) === sourceOf(name)) wanted.add(sibling);
  }
  return [...wanted].sort().flatMap((name): TransactionItem[] => {
    const [from, to] = [state.packages[name]?.version ?? null, newest.get(name)?.version];
    return to === undefined || to === from ? [] : [{ name, arch: 'all', from, to }];
  });
}

/** Names of the health checks that fail. */
export const unhealthy = (state: ScriptedState): readonly string[] =>
  Object.entries(state.packages).flatMap(([name, { version }]) =>
    story[`${name}=${version}`] === 'is unhealthy' ? [name] : [],
  );

/** Brings the items to their `to` versions, as dpkg would. Gives apt-get's exit code and what it would print. */
export function installItems(state: ScriptedState, items: readonly TransactionItem[]): { code: number; log: string } {
  const log: string[] = [];
  let code = 0;
  for (const { name, to } of items) {
    if (to === null) {
      delete state.packages[name];
      log.push(`Removing ${name} (scripted)`);
      continue;
    }
    const special = story[`${name}=${to}`];
    log.push(`Setting up ${name} (${to}) (scripted)`);
    if (special === 'fails') {
      log.push(`dpkg: error processing package ${name} (--configure)`);
      code = 100;
    }
    if (special === 'wants a reboot') state.rebootBecause = [...new Set([...state.rebootBecause, name])];
    // dpkg has the new version on record also when its set-up failed: it is then half configured.
    state.packages[name] = { version: to, whole: special !== 'fails' };
  }
  return { code, log: log.join('\n') };
}

/** The state in `file`, or `fresh` when there is none. Work that was cut off is done, badly. */
export async function recallState(file: string, fresh: ScriptedState): Promise<ScriptedState> {
  const text = await readFile(file, 'utf8').catch(() => null);
  if (text === null) return fresh;
  const state = State.parse(JSON.parse(text));
  for (const work of Object.values(state.work)) work.code ??= 255;
  return state;
}

/** Writes the state in one step. */
export async function rememberState(file: string, state: ScriptedState): Promise<void> {
  const next = `${file}.${randomUUID()}`;
  await writeFile(next, JSON.stringify(state, null, 2));
  await rename(next, file);
}
