/** Debian's lists of security advisories: DSA of the security team, DLA of the LTS team, as the tracker's repository holds them. */
import { type Advisory, type Affected, statedAdvisory } from '../../domain/model/advisory.ts';
import { Failure } from '../../domain/model/failure.ts';
import { linesOf } from './archive.ts';
import { debianRelease } from './codenames.ts';
import { anyOf, isWanted, syncWholeFile } from './coverage.ts';
import type { Feed, Item, Wanted } from './feed.ts';
import { isId, isPackage, isVersion } from './names.ts';
import { cvesIn, dateOf, oneLine, plain } from './text.ts';

const distributions = ['debian'];
const LIMIT = 64 * 1024 ** 2;
const lists = 'https://salsa.debian.org/security-tracker-team/security-tracker/-/raw/master/data';

export const debianDsa = listFeed('debian-dsa', 'DSA', 'Debian security advisories (DSA)');
export const debianDla = listFeed('debian-dla', 'DLA', 'Debian LTS advisories (DLA)');

function listFeed(id: string, kind: 'DSA' | 'DLA', title: string): Feed {
  const read = (file: string, wanted: Wanted): AsyncIterable<Item> => readList(file, id, kind, wanted);
  return {
    id,
    title,
    gives: 'advisories',
    url: `${lists}/${kind}/list`,
    everyHours: 4,
    byDefault: true,
    licence: 'Debian security tracker, MIT-style',
    whole: true,
    concerns: (releases) => anyOf(releases, distributions),
    sync: (source, url, cursor, wanted) =>
      syncWholeFile({ source, url, cursor, wanted }, { distributions, maxBytes: LIMIT }, read),
    read,
  };
}

/** An advisory as far as its lines have been read. */
type Open = {
  readonly id: string;
  readonly date: Date;
  readonly title: string;
  readonly cves: string[];
  readonly affected: Affected[];
  readonly fixes: string[];
};

/**
 * `[29 Mar 2023] DSA-5380-1 xorg-server - security update`, then indented: `{CVE-2023-1393}`,
 * `[bullseye] - xorg-server 2:1.20.11-1+deb11u1` and notes. Hand-written: the indent and the blanks vary.
 */
async function* readList(file: string, feed: string, kind: string, wanted: Wanted): AsyncGenerator<Item> {
  let open: Open | null = null;
  let [number, found] = [0, 0];
  for await (const line of linesOf(file, LIMIT)) {
    number++;
    const where = `line ${number}`;
    if (line.trim() === '') continue;
    if (/^\s/.test(line)) {
      if (open && !takeLine(open, line.trim(), wanted)) {
        yield { kind: 'dropped', where: `${open.id}, ${where}`, why: 'It is no line "[release] - package version".' };
      }
      continue;
    }
    if (open) yield* closed(open, feed);
    open = openedBy(line, kind);
    if (open) found++;
    else yield { kind: 'dropped', where, why: 'It is no line "[date] id title"; what belongs to it is left out.' };
  }
  if (open) yield* closed(open, feed);
  if (found === 0)
    throw new Failure(
      'feed.unreadable',
      `The file holds no ${kind} lines such as "[29 Mar 2023] ${kind}-5380-1 package".`,
    );
}

function openedBy(line: string, kind: string): Open | null {
  const [, day, id = '', title] = /^\[(\d{1,2} \w{3} \d{4})\] (D[SL]A-\d+(?:-\d+)?) (.+)$/.exec(line) ?? [];
  const date = dateOf(day);
  if (!date || !isId(id) || !id.startsWith(`${kind}-`)) return null;
  return { id, date, title: oneLine(title), cves: [], affected: [], fixes: [] };
}

/** False when it is a line about a package that cannot be read. */
function takeLine(open: Open, line: string, wanted: Wanted): boolean {
  if (line.startsWith('{')) {
    open.cves.push(...cvesIn([line]));
    return true;
  }
  if (!line.startsWith('[')) return true; // a note
  const [, codename = '', source = '', version = ''] =
    /^\[([a-z]+)\]\s+-\s+(\S+)\s+(<[a-z-]+>|\S+)(?:\s+\(.*\))?$/.exec(line) ?? [];
  const says = statusOf(version);
  if (!isPackage(source) || !says) return false;
  const release = debianRelease(codename);
  if (release && isWanted(wanted, release) && says !== 'removed') {
    open.affected.push({
      release,
      names: 'source',
      package: source,
      introduced: null,
      ...says,
      requires: null,
      module: null,
    });
    open.fixes.push(oneLine(`${codename}: ${source} ${version}`));
  }
  return true;
}

/** A version, or one of the tracker's words in angle brackets; null = neither. */
function statusOf(version: string): Pick<Affected, 'fixed' | 'status'> | 'removed' | null {
  if (!version.startsWith('<')) return isVersion(version) ? { fixed: version, status: 'affected' } : null;
  switch (version) {
    case '<not-affected>':
      return { fixed: null, status: 'not-affected' };
    case '<undetermined>':
      return { fixed: null, status: 'unknown' };
    case '<removed>':
      return 'removed';
    default: // <unfixed>, <end-of-life>, <no-dsa>, <ignored>, <postponed>: there is no fix
      return { fixed: null, status: 'affected' };
  }
}

function* closed({ id, date, title, cves, affected, fixes }: Open, feed: string): Generator<Item> {
  if (affected.length === 0) return;
  const advisory: Advisory = statedAdvisory({
    id,
    feed,
    title: title || id,
    text: plain(fixes.join('\n')),
    // A second revision that mends what the first one broke fixes no CVE of its own.
    kind: cves.length === 0 && /regression/i.test(title) ? 'bugfix' : 'security',
    cves: [...new Set(cves)].sort(),
    affected,
    published: date,
    references: [`https://security-tracker.debian.org/tracker/${id}`],
  });
  yield { kind: 'advisory', advisory };
}
