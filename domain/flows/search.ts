/** Finds whatever has some words in its id, title or name. */
import { onceEach } from '../cards/catalog-words.ts';
import { kinds, type SearchView } from '../cards/search-card.ts';
import { byThreat } from '../intel/threat.ts';
import type { Advisory } from '../model/advisory.ts';
import { isCve, unknownCve } from '../model/cve.ts';
import { oneLine } from '../model/text.ts';
import type { World } from '../ports.ts';
import { shortFields, standings } from './open-devices.ts';

/** Of each kind: one answer has room for a few of all. */
const shown = 5;
/** One more than is shown tells that there are more. */
const asked = shown + 1;
/** So many feeds may know the same advisory. */
const feedsEach = 2;
/** Nobody means more words than these. */
const mostWords = 6;

/** `text`: one or more words; all of them have to be there, in any order and case. */
export async function search(world: World, text: string): Promise<SearchView> {
  const words = oneLine(text).toLowerCase().split(' ').slice(0, mostWords);
  const [patches, found, cves, devices] = await Promise.all([
    world.patches.pick({ id: { containing: words } }, shortFields, asked),
    world.advisories.search(words.join(' '), asked * feedsEach),
    cvesLike(world, words),
    world.devices.pick({ name: { containing: words } }, ['name', 'retired'], asked),
  ]);
  const advisories = onceEach(found);
  const sources = patches.map(({ source }) => source).filter((source) => hasAll(source, words));
  const packages = [...new Set([...sources, ...packagesOf(advisories, words)])].sort();
  const numbers = [patches.length, advisories.length, cves.length, devices.length, packages.length];
  return {
    text: oneLine(text),
    patches: await standings(world, patches.slice(0, shown)),
    advisories: advisories.slice(0, shown),
    cves: cves.slice(0, shown),
    devices: devices.slice(0, shown),
    packages: packages.slice(0, shown),
    more: kinds.filter((_, at) => (numbers[at] ?? 0) > shown),
  };
}

const hasAll = (name: string, words: readonly string[]): boolean =>
  words.every((word) => name.toLowerCase().includes(word));

const packagesOf = (advisories: readonly Advisory[], words: readonly string[]): readonly string[] =>
  advisories.flatMap(({ affected }) => affected.map((one) => one.package).filter((name) => hasAll(name, words)));

/** By the beginning of an id; one that is written in full is also found when only advisories name it. */
async function cvesLike(world: World, words: readonly string[]) {
  const [typed, ...others] = words.map((word) => word.toUpperCase());
  if (!typed?.startsWith('CVE-') || others.length > 0) return [];
  const told = await world.cves.beginning(typed, asked);
  const named = isCve(typed) && !told.includes(typed) ? await world.advisories.naming(typed, 1) : [];
  const ids = [...(named.length > 0 ? [typed] : []), ...told];
  const facts = await world.cves.get(ids);
  return ids.map((id) => facts.get(id) ?? unknownCve(id)).sort(byThreat);
}
