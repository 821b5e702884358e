/** What a package manager's plan means for each package that it names: comes with an update, is new, is kept back and why. Pure. */
import type { AptPlan } from '../backends/apt-plan.ts';
import type { InstalledPackage } from '../model/device.ts';

/** `installed`: nothing is needed. `not-offered`: a plan says nothing of it, such as for a pin. `unplanned`: there is no plan. */
export const offerStates = [
  ...(['missing', 'held', 'phased', 'kept-back', 'new', 'removed'] as const),
  ...(['installed', 'not-offered', 'unplanned'] as const),
] as const;
export type OfferState = (typeof offerStates)[number];

/** One binary package that the plan speaks of. `from` null = newly installed; `to` null = removed, or not told. */
export type Planned = {
  readonly name: string;
  readonly from: string | null;
  readonly to: string | null;
  readonly state: OfferState;
  readonly origins: readonly string[];
};

/** The version that is kept back, and whether it is being phased in, as `apt-cache policy` says. */
export type Candidates = ReadonlyMap<string, { readonly version: string; readonly phased: boolean }>;

/**
 * The packages of apt's plan with their states. apt before 2.7 calls what is being phased in kept back: only `candidates` tell the two
 * apart, and name the version.
 */
export function plannedBy(
  { installs, removals, keptBack, deferredByPhasing }: AptPlan,
  packages: readonly InstalledPackage[],
  candidates: Candidates,
): readonly Planned[] {
  const byName = new Map(packages.map((one) => [one.name, one]));
  const back = [...new Set([...keptBack, ...deferredByPhasing])].map((name): Planned => {
    const [candidate, installed] = [candidates.get(name), byName.get(name)];
    const phased = candidate?.phased || deferredByPhasing.includes(name);
    const state = installed?.held ? 'held' : phased ? 'phased' : 'kept-back';
    return { name, from: installed?.version ?? null, to: candidate?.version || null, state, origins: [] };
  });
  return [
    ...installs.map(({ name, from, to, origins }): Planned => {
      return { name, from, to, state: from === null ? 'new' : 'missing', origins };
    }),
    ...back,
    ...removals.map(({ name, from, to }): Planned => ({ name, from, to, state: 'removed', origins: [] })),
  ];
}

/** What a patch is in that has these packages: the first of the states that one of them has. */
export const stateOf = (planned: readonly Planned[]): OfferState | null =>
  offerStates.find((state) => planned.some((one) => one.state === state)) ?? null;
