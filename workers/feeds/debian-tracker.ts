/** Debian's security tracker: for every CVE and source package, in which release it is fixed, open or harmless. */
import { z } from 'zod';
import {
  type Advisory,
  type Affected,
  type Severity,
  severities,
  statedAdvisory,
} from '../../domain/model/advisory.ts';
import { Failure } from '../../domain/model/failure.ts';
import { unpacked } from './archive.ts';
import { debianRelease } from './codenames.ts';
import { anyOf, isWanted, syncWholeFile } from './coverage.ts';
import type { Feed, Item, Wanted } from './feed.ts';
import { jsonEntries } from './json-entries.ts';
import { isId, isPackage, isVersion } from './names.ts';
import { cvesIn, oneLine, plain, severityOf } from './text.ts';

const ID = 'debian-tracker';
const distributions = ['debian'];
const LIMIT = { packed: 512 * 1024 ** 2, unpacked: 1024 ** 3 };

const InRelease = z.object({
  status: z.string(),
  fixed_version: z.string().optional(),
  urgency: z.string().optional(),
  nodsa: z.string().optional(),
  nodsa_reason: z.string().nullish(),
});
type InRelease = z.output<typeof InRelease>;
const Issue = z.object({ description: z.string().optional(), releases: z.record(z.string(), InRelease) });

export const debianTracker: Feed = {
  id: ID,
  title: 'Debian security tracker',
  gives: 'advisories',
  url: 'https://security-tracker.debian.org/tracker/data/json',
  everyHours: 4,
  byDefault: true,
  licence: 'Debian security tracker, MIT-style',
  whole: true,
  concerns: (releases) => anyOf(releases, distributions),
  sync: (source, url, cursor, wanted) =>
    syncWholeFile({ source, url, cursor, wanted }, { distributions, maxBytes: LIMIT.packed }, read),
  read,
};

/** What all source packages say of one CVE. */
type Collected = { description: string; affected: Affected[]; urgencies: string[]; notes: string[] };

/** The file is sorted by package; nothing can be told of a CVE before the last of them. */
async function* read(file: string, wanted: Wanted): AsyncGenerator<Item> {
  const issues = new Map<string, Collected>();
  let packages = 0;
  for await (const [source, value] of jsonEntries(unpacked(file, LIMIT.unpacked))) {
    const known = isPackage(source) ? z.record(z.string(), z.unknown()).safeParse(value) : null;
    if (!known?.success) {
      yield { kind: 'dropped', where: oneLine(source), why: 'It is no source package with its CVEs.' };
      continue;
    }
    packages++;
    for (const [id, written] of Object.entries(known.data)) {
      const issue = Issue.safeParse(written);
      const good = issue.success && isId(id) && collect(issues, id, source, issue.data, wanted);
      if (!good) yield { kind: 'dropped', where: oneLine(`${source} ${id}`), why: 'It is no CVE with its releases.' };
    }
  }
  if (packages === 0)
    throw new Failure('feed.unreadable', 'The file holds no source packages as the Debian tracker writes them.');
  for (const [id, collected] of issues) {
    yield { kind: 'advisory', advisory: advisoryOf(id, collected) };
    issues.delete(id); // what has been handed over need not be kept
  }
}

/** False when one of its versions is none; then nothing of it is taken. */
function collect(
  issues: Map<string, Collected>,
  id: string,
  source: string,
  { description, releases }: z.output<typeof Issue>,
  wanted: Wanted,
): boolean {
  const kept = Object.entries(releases).flatMap(([codename, said]) => {
    const release = debianRelease(codename);
    return release && isWanted(wanted, release) ? [{ codename, release, said }] : [];
  });
  if (kept.some(({ said }) => said.fixed_version !== undefined && !isVersion(said.fixed_version))) return false;
  if (kept.length === 0) return true;
  const all = issues.get(id) ?? { description: '', affected: [], urgencies: [], notes: [] };
  issues.set(id, all);
  all.description ||= plain(description);
  for (const { codename, release, said } of kept) {
    all.affected.push(affectedOf(release, source, said));
    if (said.urgency) all.urgencies.push(said.urgency);
    if (said.nodsa) all.notes.push(noteOf(codename, source, said));
  }
  return true;
}

/** `resolved` with version 0: no version of this release ever had the fault. */
function affectedOf(release: string, source: string, { status, fixed_version }: InRelease): Affected {
  const base = { release, names: 'source', package: source, introduced: null, requires: null, module: null } as const;
  if (status === 'resolved' && fixed_version === '0') return { ...base, fixed: null, status: 'not-affected' };
  if (status === 'resolved' && fixed_version) return { ...base, fixed: fixed_version, status: 'affected' };
  return { ...base, fixed: null, status: status === 'open' ? 'affected' : 'unknown' };
}

/** Why there is no advisory, in the tracker's own words: "bookworm, curl: no DSA: Minor issue (ignored)". */
function noteOf(codename: string, source: string, { nodsa, nodsa_reason }: InRelease): string {
  const reason = nodsa_reason ? ` (${nodsa_reason})` : '';
  return oneLine(`${codename}, ${source}: no DSA: ${nodsa}${reason}`);
}

function advisoryOf(id: string, { description, affected, urgencies, notes }: Collected): Advisory {
  const packages = [...new Set(affected.map((entry) => entry.package))];
  const named =
    packages.length > 3 ? `${packages.slice(0, 3).join(', ')} and ${packages.length - 3} more` : packages.join(', ');
  return statedAdvisory({
    id,
    feed: ID,
    title: oneLine(description === '' ? named : `${named}: ${description}`),
    text: plain([...notes.slice(0, 10), description].join('\n')),
    kind: 'security',
    cves: cvesIn([id]),
    ...ratingOf(urgencies),
    affected,
    references: [`https://security-tracker.debian.org/tracker/${encodeURIComponent(id)}`],
  });
}

/** The worst urgency of the wanted releases; a star marks one that was not set by hand. Mostly it is "not yet assigned". */
function ratingOf(urgencies: readonly string[]): { severity: Severity; vendorSeverity: string | null } {
  const rated = urgencies.map((word) => ({ word, severity: severityOf(word.replace(/\*+$/, '')) }));
  const worst = severities.find((step) => step !== 'unrated' && rated.some(({ severity }) => severity === step));
  const word = rated.find(({ severity }) => severity === worst)?.word;
  return worst && word
    ? { severity: worst, vendorSeverity: oneLine(word) }
    : { severity: 'unrated', vendorSeverity: null };
}
