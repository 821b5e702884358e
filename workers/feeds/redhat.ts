/** The feeds `redhat-csaf` (RHSA, RHBA, RHEA) and `redhat-vex` (what each CVE does to each release): CSAF 2.0 of Red Hat. */
import { Failure } from '../../domain/model/failure.ts';
import { textOf } from './archive.ts';
import { anyOf } from './coverage.ts';
import { csafItems, type Dialect } from './csaf.ts';
import { ARCHIVE_LIMIT, type Archive, type Folder, syncFolder } from './csaf-folder.ts';
import type { Feed, Source } from './feed.ts';
import { dateOf } from './text.ts';

const LICENCE = 'Red Hat, CC BY 4.0';
const NAME_LIMIT = 1024;

/**
 * `cpe:/o:redhat:enterprise_linux:9::baseos` is rhel:9. Streams that are paid for apart (EUS, AUS, E4S, TUS) have builds of their own, which
 * say nothing of the release itself: they are `rhel-eus:8.8` and the like, so that no device of 8.10 is measured by them.
 */
export function redhatReleases(cpe: string): readonly string[] {
  const [, major] = /^cpe:\/[oa]:redhat:enterprise_linux:(\d+)(?:[.:]|$)/.exec(cpe) ?? [];
  if (major) return [`rhel:${major}`];
  const [, paid, version] =
    /^cpe:\/[oa]:redhat:(?:rhel|enterprise_linux)_([a-z0-9]+):(\d+(?:\.\d+)?)(?::|$)/.exec(cpe) ?? [];
  return paid && version ? [`rhel-${paid}:${version}`] : [];
}

/** rhel:9 is in no document without `redhat:enterprise_linux:9`, rhel-eus:8.8 in none without `_eus:8.8`. */
const traceOf = (release: string): string => release.replace('rhel:', 'redhat:enterprise_linux:').replace('rhel-', '_');

const dialect = (feed: string, fixes: boolean): Dialect => ({
  feed,
  ids: fixes ? /^RH[SBE]A-/ : /^CVE-/,
  fixes,
  traceOf,
  releasesOf: redhatReleases,
  bareAreSources: true,
});

/** `2023/rhsa-2023_7435.json` is RHSA-2023:7435, `2023/cve-2023-6212.json` is CVE-2023-6212. */
const idOf = (path: string): string =>
  path
    .replace(/^.*\//, '')
    .replace(/\.json$/, '')
    .replace('_', ':')
    .toUpperCase();

/** `archive_latest.txt` holds the name of the newest archive, and that its day. */
async function latestArchive(source: Source, url: string, last: string | null): Promise<Archive | null> {
  const { path } = await source.whole(`${url}archive_latest.txt`, { maxBytes: NAME_LIMIT });
  const name = (await textOf(path, NAME_LIMIT)).trim();
  if (!/^[\w.-]{1,100}\.tar\.zst$/.test(name)) {
    throw new Failure('feed.unreadable', 'The file archive_latest.txt does not hold the name of an archive.');
  }
  if (name === last) return null;
  const day = dateOf(/_(\d{4}-\d{2}-\d{2})\./.exec(name)?.[1]);
  // `once`: each archive has another name, and the last one is of no more use.
  return { file: await source.whole(`${url}${name}`, { maxBytes: ARCHIVE_LIMIT, once: true }), name, from: day };
}

const folder = (feed: string, fixes: boolean): Folder => ({
  dialect: dialect(feed, fixes),
  distributions: ['rhel'],
  path: /^\d{4}\/[a-z]+-\d{4}[_-]\d{1,9}\.json$/,
  idOf,
  deletions: true,
  archive: latestArchive,
});

const advisories = folder('redhat-csaf', true);
export const redhatCsaf: Feed = {
  id: 'redhat-csaf',
  title: 'Red Hat advisories (CSAF)',
  gives: 'advisories',
  url: 'https://security.access.redhat.com/data/csaf/v2/advisories/',
  everyHours: 6,
  byDefault: true,
  licence: LICENCE,
  concerns: (releases) => anyOf(releases, ['rhel']),
  sync: (source, base, cursor, wanted) => syncFolder(advisories, { source, base, cursor, wanted }),
  read: (file, wanted) => csafItems(file, advisories.dialect, wanted),
};

/** Fixed versions are left to the advisories: here it is what has no fix, and what is not affected at all. */
const vex = folder('redhat-vex', false);
export const redhatVex: Feed = {
  id: 'redhat-vex',
  title: 'Red Hat VEX',
  gives: 'advisories',
  url: 'https://security.access.redhat.com/data/csaf/v2/vex/',
  everyHours: 24,
  byDefault: false, // a document for each CVE of many years: several hundred MiB packed
  licence: LICENCE,
  concerns: (releases) => anyOf(releases, ['rhel']),
  sync: (source, base, cursor, wanted) => syncFolder(vex, { source, base, cursor, wanted }),
  read: (file, wanted) => csafItems(file, vex.dialect, wanted),
};
