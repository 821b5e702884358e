/** `patchherd check`: what one machine is open to, from a listing of its packages. Needs no settings, no database and no device. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { defaultDataDir } from '../../config/data-dir.ts';
import { byKey, checkUp } from '../../domain/intel/checkup.ts';
import { buildIndex } from '../../domain/intel/match.ts';
import { standing } from '../../domain/intel/threat.ts';
import { type Criticality, criticalities } from '../../domain/model/device.ts';
import { Failure } from '../../domain/model/failure.ts';
import { feeds } from '../../workers/feeds/index.ts';
import { type Offline, readOffline } from '../../workers/feeds/offline.ts';
import { inventoryFrom, planFrom, releaseFor } from './check-input.ts';
import type { CheckReport } from './check-text.ts';
import type { Say } from './session.ts';

export type CheckFlags = {
  readonly os?: string;
  readonly inventory?: string;
  readonly plan?: string;
  readonly feeds?: string;
  readonly exposed?: boolean;
  readonly criticality?: string;
  readonly modules?: readonly string[];
  readonly all?: boolean;
  readonly json?: boolean;
};

/** Looks up what the flags name and gives what to print. Failures: `check.os`, `check.inventory`, `check.plan`, `check.feeds`, `check.option`, `check.nothing`. */
export async function check(flags: CheckFlags, warn: Say): Promise<CheckReport> {
  const criticality = criticalityOf(flags.criticality);
  const { release, kind } = await releaseFor(flags.os);
  const inventory = await inventoryFrom(flags.inventory, kind);
  for (const lack of inventory.lacks) warn(`Note on the inventory: ${lack}`);
  const plan = flags.plan === undefined ? null : await planFrom(flags.plan, kind, inventory);
  const known = await knownFrom(flags.feeds, release, warn);
  const advisories = byKey(standing([...known.advisories.values()]));
  if (advisories.size === 0 && !plan) throw nothing(known.directory, release);
  const at = new Date();
  const index = await buildIndex(advisories.values());
  const exposure = flags.exposed ? 'internet' : 'internal';
  const patches = checkUp(
    {
      ...{ release, plan, index, advisories, at, packages: inventory.packages, cves: known.cves },
      modules: new Set(flags.modules),
      device: { criticality, exposure },
    },
    flags.all ?? false,
  );
  return {
    ...{ release, patches, at, planned: plan !== null, advisories: advisories.size },
    packages: inventory.packages.length,
    feeds: known.feeds,
    unread: known.unread,
    cves: known.cves,
  };
}

function criticalityOf(word: string | undefined): Criticality | null {
  const known = criticalities.find((one) => one === word);
  if (word === undefined || known) return known ?? null;
  throw new Failure('check.option', `--criticality is "${word}": it must be one of ${criticalities.join(', ')}.`);
}

/** A directory that somebody names has to be there; ours may not be made yet. */
async function knownFrom(
  given: string | undefined,
  release: string,
  warn: Say,
): Promise<Offline & { readonly directory: string }> {
  const directory = given ?? join(defaultDataDir(process.env), 'feeds');
  if (given === undefined && !existsSync(directory))
    return { directory, advisories: new Map(), cves: new Map(), feeds: [], unread: [] };
  const known = await readOffline(directory, release, feeds);
  for (const { file, why } of known.unread) warn(`Not read: ${file}: ${why}`);
  if (known.advisories.size === 0) warn(`No feed in ${directory} knows an advisory for ${release}.`);
  return { ...known, directory };
}

const nothing = (directory: string, release: string): Failure =>
  new Failure(
    'check.nothing',
    `There is nothing to check against: ${directory} has no advisory for ${release}, and there is no --plan. "patchherd feed sync" fetches feeds; --feeds names a directory with files of them, such as OSV's all.zip, CISA's KEV and FIRST's EPSS.`,
  );
