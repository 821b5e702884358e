/** What a scripted device prints: the formats that the apt backend's scan and simulation scripts have. */
import { createHash } from 'node:crypto';
import { apt } from '../domain/backends/apt.ts';
import type { TransactionItem } from '../domain/model/patch.ts';
import { newest, planFor, type ScriptedState, sourceOf, unhealthy } from './scripted-state.ts';

const text = (lines: readonly string[]): string => `${lines.join('\n')}\n`;

function factLines(state: ScriptedState): readonly string[] {
  const failing = unhealthy(state);
  return [
    '#patchherd facts',
    ...(state.packages['acme-web'] ? [`check ${failing.includes('acme-web') ? 1 : 0} acme-web`] : []),
    'os ID=debian',
    'os VERSION_ID="12"',
    'os VERSION_CODENAME=scripted',
    'architecture amd64',
    'kernel scripted',
    'kernel-build scripted',
    `boot-id ${state.bootId}`,
    ...(state.rebootBecause.length > 0 ? ['reboot-required'] : []),
    ...state.rebootBecause.map((name) => `reboot-because ${name}`),
    `helper ${apt.helper.version}`,
    `time ${Date.now()}`,
    '#patchherd disk',
    'Filesystem 1024-blocks Used Available Capacity Mounted on',
    'scripted 20971520 4194304 16777216 20% /',
  ];
}

const installLine = ({ name, from, to }: TransactionItem): string => {
  const origin = newest.get(name)?.origin ?? 'Scripted:1/scripted';
  return `Inst ${name} ${from === null ? '' : `[${from}] `}(${to} ${origin} [all])`;
};

/** One scan. `seenStamp` as the scan script takes it: `-` for none. */
export function scanText(state: ScriptedState, seenStamp: string): string {
  const stamp = `scripted-${createHash('sha256').update(JSON.stringify(state.packages)).digest('hex').slice(0, 16)}`;
  const facts = [...factLines(state), `#patchherd stamp ${stamp}`];
  if (stamp === seenStamp) return text([...facts, '#patchherd unchanged', '#patchherd end']);
  const plan = planFor(state, Object.keys(state.packages));
  return text([
    ...facts,
    '#patchherd packages',
    ...Object.entries(state.packages).map(([name, { version, whole }]) =>
      [name, version, 'all', sourceOf(name), version, whole ? 'ii ' : 'iF '].join('\t'),
    ),
    '#patchherd plan 0',
    ...plan.map(installLine),
    '#patchherd sources',
    ...plan.map(({ name, to }) => `${name} ${to} all ${sourceOf(name)} ${to}`),
    '#patchherd end',
  ]);
}

/** Simulations of wishes: arguments `package=version`, one wish from the next by `/`. */
export function simulationText(state: ScriptedState, args: readonly string[]): string {
  const wishes = args.join(' ').split(' / ').filter(Boolean);
  const plans = wishes.map((wish) => {
    // As apt takes them: the architecture may stand behind the name.
    const names = wish.split(' ').map((one) => one.replace(/:[^=]*/, '').split('=', 2));
    const unknown = names.find(([name = '', version]) => newest.get(name)?.version !== version);
    if (unknown)
      return [
        `#patchherd wish ${wish}`,
        '#patchherd plan 100',
        `E: Version '${unknown[1]}' for '${unknown[0]}' was not found`,
      ];
    const plan = planFor(
      state,
      names.map(([name = '']) => name),
    );
    return [`#patchherd wish ${wish}`, '#patchherd plan 0', ...plan.map(installLine)];
  });
  return text(['#patchherd architecture amd64', ...plans.flat(), '#patchherd kept', 'repack', '#patchherd end']);
}
