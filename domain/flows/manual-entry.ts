/** Advisories that people enter: for vendors without a feed. They are matched, priced and shown like those of any feed. */
import { compareFor } from '../backends/versions/index.ts';
import type { Refusal } from '../errors.ts';
import { isVersion } from '../intel/standing.ts';
import {
  type Advisory,
  type Affected,
  advisoryKey,
  releaseOf,
  type Severity,
  severities,
  statedAdvisory,
} from '../model/advisory.ts';
import { type AuditEvent, event } from '../model/audit.ts';
import { isCve } from '../model/cve.ts';
import type { NoticeId, NoticeWords } from '../model/notice.ts';
import type { Person } from '../model/people.ts';
import { canonical, sha256 } from '../model/plan.ts';
import { err, ok, type Result } from '../model/result.ts';
import { oneLine, sentenceOf } from '../model/text.ts';
import type { World } from '../ports.ts';
import { fleetReleases } from './fleet-releases.ts';
import { notify } from './notice.ts';
import { actor } from './say.ts';

/** The feed of what people enter: never complete, and like every feed the same for all tenants of a database. */
export const manualFeed = 'manual';
const manual = (id: string): string => advisoryKey({ feed: manualFeed, id });

/** As typed, in the order of the verb. `cves` are separated by commas; `-` = none. */
export type Entry = {
  readonly id: string;
  readonly release: string;
  readonly package: string;
  readonly fixed: string;
  readonly severity: string;
  readonly cves: string;
  readonly title: string;
};

type Checked = Pick<Advisory, 'id' | 'severity' | 'cves' | 'title'> & {
  readonly release: string;
  readonly package: string;
  readonly fixed: string;
};

/** The advisory as it stands now, and whether any device has this release. */
export type Entered = { readonly advisory: Advisory; readonly release: string; readonly inFleet: boolean };

/**
 * Adds an advisory. One id may have several packages: the same id again adds one, or corrects the one that it has; severity, CVEs and
 * title are those of the last time. Refusal: `value.wrong`, by the rules that feeds are held to. Two people who enter the same id in
 * the same instant: one package may be lost, and has to be entered again.
 */
export async function enterAdvisory(world: World, entry: Entry, by: Person): Promise<Result<Entered, Refusal>> {
  const checked = checkedEntry(entry);
  if (!checked.ok) return checked;
  const { release, package: name, fixed, ...rest } = checked.value;
  const before = await living(world, rest.id);
  const kept = before?.affected.filter((one) => one.release !== release || one.package !== name) ?? [];
  const advisory: Advisory = statedAdvisory({
    ...rest,
    feed: manualFeed,
    text: '',
    kind: 'security',
    affected: [...kept, ...rowsOf(release, name, fixed)],
    published: before?.published ?? world.clock.now(),
    references: [],
  });
  await world.advisories.takeOver(manualFeed, only(advisory), false, []);
  await tellEntry(world, advisory, before !== null, by);
  await world.queue.intel();
  return ok({ advisory, release, inFleet: (await fleetReleases(world)).has(release) });
}

/** Withdraws an advisory that a person entered; those of feeds are their vendors' own. Refusals: `advisory.unknown`, `value.wrong`. */
export async function removeAdvisory(
  world: World,
  id: string,
  why: string,
  by: Person,
): Promise<Result<Advisory, Refusal>> {
  const reason = sentenceOf(why, 'reason');
  if (!reason.ok) return reason;
  const found = await living(world, id);
  if (!found) return err({ code: 'advisory.unknown', subject: oneLine(id) });
  await world.advisories.takeOver(manualFeed, only(), false, [id]);
  const words = {
    ...({ id: await noticeId('removed', found), about: `advisory:${id}`, tone: 'plain', status: 'Removed' } as const),
    title: `${by.name} removed advisory ${id}`,
    text: `${found.title}. Why: ${reason.value}`,
    items: null,
  };
  await tellOnce(
    world,
    words,
    event(world.clock.now(), actor(by), 'advisory.removed', manual(id), { reason: reason.value }),
  );
  await world.queue.intel();
  return ok(found);
}

async function living({ advisories }: World, id: string): Promise<Advisory | null> {
  const [found] = await advisories.byKey([manual(id)]);
  return found && found.withdrawn === null ? found : null;
}

async function* only(...all: readonly Advisory[]): AsyncGenerator<Advisory> {
  yield* all;
}

/** People write the name that they know: a package is looked for as what is built from, and as what is installed. */
const rowsOf = (release: string, name: string, fixed: string): readonly Affected[] =>
  (['source', 'binary'] as const).map((names) => ({
    ...{ release, names, package: name, introduced: null, fixed },
    ...{ status: 'affected', requires: null, module: null },
  }));

/** Longer than any vendor's. */
const longestFixed = 128;

const wrong = (name: keyof Entry, value: string, rule: string): Result<never, Refusal> =>
  err({ code: 'value.wrong', name, value: oneLine(value).slice(0, 60), rule });

function checkedEntry(entry: Entry): Result<Checked, Refusal> {
  const { id, package: name, fixed } = entry;
  if (!/^[A-Za-z0-9][\w.:-]{1,63}$/.test(id)) {
    return wrong('id', id, 'write letters, digits, dots, colons and dashes, such as ACME-2026-1.');
  }
  const [, os = '', version = ''] = /^([a-z][a-z0-9_-]*):(\w[\w.-]*)$/.exec(entry.release) ?? [];
  const release = releaseOf({ id: os, version });
  const compare = compareFor(release);
  if (os === '' || !compare)
    return wrong('release', entry.release, 'write a distribution and its version, such as debian:12.');
  if (!/^[A-Za-z0-9][\w.+-]{0,127}$/.test(name))
    return wrong('package', name, 'write the name of one package, such as openssl.');
  if (fixed.length > longestFixed || !isVersion(compare, fixed))
    return wrong('fixed', fixed, `write a version as ${release} writes them, such as 1.1-1.`);
  const severity = severities.find((one) => one === entry.severity.toLowerCase());
  if (!severity) return wrong('severity', entry.severity, `say one of ${severities.join(', ')}.`);
  const cves = readCves(entry.cves);
  if (!cves.ok) return cves;
  const title = oneLine(entry.title);
  return title === ''
    ? wrong('title', entry.title, 'say it in words.')
    : ok({ ...{ id, release, package: name, fixed }, severity, cves: cves.value, title });
}

function readCves(typed: string): Result<readonly string[], Refusal> {
  const given = typed === '-' ? [] : typed.toUpperCase().split(',');
  const bad = given.find((one) => !isCve(one));
  if (bad !== undefined)
    return wrong('cves', bad, 'write CVE-2026-1234, several with commas and no spaces, or - for none.');
  return ok([...new Set(given)].sort());
}

/** The advisories have no audit trail of their own: the notice is what the channel reads, and holds the event. */
async function tellEntry(world: World, advisory: Advisory, known: boolean, by: Person): Promise<void> {
  const { id, title, cves, affected } = advisory;
  const rows = affected.filter(({ names }) => names === 'source');
  const lines = rows.map(({ release, package: name, fixed }) => `${release}: ${name}, fixed in ${fixed}`);
  const words: NoticeWords = {
    id: await noticeId('entered', advisory),
    about: `advisory:${id}`,
    title: `${by.name} ${known ? 'changed' : 'added'} advisory ${id}`,
    tone: 'plain',
    status: `Severity ${advisory.severity satisfies Severity}`,
    text:
      cves.length > 0
        ? `${title} (${cves.slice(0, 5).join(', ')}${cves.length > 5 ? ` and ${cves.length - 5} more` : ''})`
        : title,
    items: { title: 'Packages', lines: lines.slice(0, 20), more: Math.max(0, lines.length - 20) },
  };
  const details = { severity: advisory.severity, cves: cves.join(','), packages: lines.join('; '), title };
  const what = known ? 'advisory.changed' : 'advisory.added';
  await tellOnce(world, words, event(world.clock.now(), actor(by), what, manual(id), details));
}

/** By content: what was said already is not said again, also when somebody repeats it after an answer got lost. */
async function noticeId(what: 'entered' | 'removed', advisory: Advisory): Promise<NoticeId> {
  const digest = await sha256(canonical(JSON.parse(JSON.stringify(advisory))));
  return `advisory-${what}:${advisory.id}:${digest.slice(0, 12)}` as NoticeId;
}

async function tellOnce(world: World, words: NoticeWords, because: AuditEvent): Promise<void> {
  if (!(await world.notices.get(words.id))) await notify(world, words, because);
}
