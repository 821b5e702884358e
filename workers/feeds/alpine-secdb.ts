/** Alpine's secdb: for every release and repository, the version of each package that fixed a CVE. */
import { parse } from 'yaml';
import { z } from 'zod';
import { type Advisory, type Affected, releaseOf, statedAdvisory } from '../../domain/model/advisory.ts';
import { Failure } from '../../domain/model/failure.ts';
import { jsonOf, membersOf } from './archive.ts';
import { anyOf, coverageOf, covers, isWanted } from './coverage.ts';
import type { Delivery, Feed, Fetched, Item, Source, Wanted } from './feed.ts';
import { isId, isPackage, isVersion } from './names.ts';
import { cvesIn, oneLine } from './text.ts';

const ID = 'alpine-secdb';
const distributions = ['alpine'];
const repositories = ['main', 'community'];
const LIMIT = 64 * 1024 ** 2;

const Secdb = z.object({ distroversion: z.string(), packages: z.array(z.unknown()) });
const Package = z.object({
  pkg: z.object({ name: z.string(), secfixes: z.record(z.string(), z.array(z.unknown()).nullable()).nullish() }),
});

export const alpineSecdb: Feed = {
  id: ID,
  title: 'Alpine secdb',
  gives: 'advisories',
  url: 'https://secdb.alpinelinux.org/v{release}/{repository}.json',
  everyHours: 4,
  byDefault: true,
  licence: 'Alpine Linux, no licence stated; name Alpine secdb',
  concerns: (releases) => anyOf(releases, distributions),
  sync,
  read: (file, wanted) => readAll([file], wanted),
};

/**
 * Two files for each wanted release; when one has changed, all are read, because a CVE's packages are in several. A file that the
 * server refuses (a release that is too new or too old for it) leaves what is known of it alone.
 */
async function sync(source: Source, url: string, cursor: string | null, wanted: Wanted): Promise<Delivery | null> {
  const coverage = coverageOf(wanted, distributions);
  const urls = [...wanted.releases]
    .filter((release) => anyOf(new Set([release]), distributions))
    .flatMap((release) =>
      repositories.map((repository) =>
        url.replace('{release}', release.split(':')[1] ?? '').replace('{repository}', repository),
      ),
    );
  const covered = covers(cursor, coverage);
  const got = await Promise.all(
    urls.map((one) =>
      refusable(covered ? source.get(one, { maxBytes: LIMIT }) : source.whole(one, { maxBytes: LIMIT })),
    ),
  );
  const refused = got.filter((file) => file instanceof Failure);
  if (refused.length === urls.length && refused[0]) throw refused[0];
  if (got.every((file) => file === null || file instanceof Failure)) return null;
  const files: Fetched[] = [];
  for (const [index, file] of got.entries()) {
    if (!(file instanceof Failure)) files.push(file ?? (await source.whole(urls[index] ?? '', { maxBytes: LIMIT })));
  }
  const items = withRefused(
    readAll(
      files.map(({ path }) => path),
      wanted,
    ),
    refused.length,
  );
  return { complete: refused.length === 0, items, cursor: coverage };
}

/** A refusal as a value; any other Failure is thrown. */
async function refusable<T>(asked: Promise<T>): Promise<T | Failure> {
  return asked.catch((error: unknown) => {
    if (error instanceof Failure && error.code === 'feed.refused') return error;
    throw error;
  });
}

async function* withRefused(items: AsyncIterable<Item>, refused: number): AsyncGenerator<Item> {
  yield* items;
  for (let n = 0; n < refused; n++) {
    yield { kind: 'dropped', where: 'secdb', why: 'The server does not give the file of one of the releases.' };
  }
}

/** An advisory for each CVE over all these files. */
async function* readAll(files: readonly string[], wanted: Wanted): AsyncGenerator<Item> {
  const issues = new Map<string, { cves: readonly string[]; affected: Affected[] }>();
  for (const file of files) {
    let found = 0;
    for await (const { name, text } of membersOf(file, '')) {
      const secdb = secdbOf(text, name);
      if (!secdb) continue;
      found++;
      const release = releaseFor(secdb.distroversion);
      if (!release || !isWanted(wanted, release)) continue;
      for (const [index, written] of secdb.packages.entries()) {
        for (const why of collect(issues, release, written)) {
          yield { kind: 'dropped', where: oneLine(`${secdb.distroversion} package ${index}`), why };
        }
      }
    }
    if (found === 0)
      throw new Failure('feed.unreadable', 'The file holds no secdb: "distroversion" and "packages" are missing.');
  }
  for (const [id, { cves, affected }] of issues) yield { kind: 'advisory', advisory: advisoryOf(id, cves, affected) };
}

/** JSON today, YAML until 2020; in an archive, other files are passed over. */
function secdbOf(text: string, name: string): z.output<typeof Secdb> | null {
  const yaml = /^(?:---|\s*[a-z]+:)/.test(text);
  if (!yaml && /\.(?:md|txt|html|sig)$/i.test(name)) return null;
  try {
    return Secdb.safeParse(yaml ? parse(text, { maxAliasCount: 0 }) : jsonOf(text, 'The secdb file')).data ?? null;
  } catch (cause) {
    if (cause instanceof Failure) throw cause;
    throw new Failure('feed.unreadable', 'The secdb file is not YAML.', { cause });
  }
}

/** `v3.19`; `edge` is no release. */
function releaseFor(distroversion: string): string | null {
  const version = /^v(\d+\.\d+)$/.exec(distroversion)?.[1];
  return version ? releaseOf({ id: 'alpine', version }) : null;
}

/** Adds a package's fixes; gives a sentence for each one that cannot be read. */
function* collect(
  issues: Map<string, { cves: readonly string[]; affected: Affected[] }>,
  release: string,
  written: unknown,
): Generator<string> {
  const read = Package.safeParse(written);
  if (!read.success || !isPackage(read.data.pkg.name)) return yield 'It is no package with its fixes.';
  const { name, secfixes } = read.data.pkg;
  for (const [version, texts] of Object.entries(secfixes ?? {})) {
    if (!isVersion(version)) {
      yield 'A fix has a version that is none.';
      continue;
    }
    for (const text of texts ?? []) {
      const ids = idsIn(text);
      if (ids.length === 0) yield 'A fix names no CVE.';
      for (const id of ids) {
        const issue = issues.get(id) ?? { cves: cvesIn([id]), affected: [] };
        issues.set(id, issue);
        issue.affected.push(affectedOf(release, name, version));
      }
    }
  }
}

/**
 * `CVE-2019-5060 TALOS-2019-0844`, `CVE-2018-14468 (FrameRelay)`, `CVE-2017-17434-1`, `CVE-2019-19451.patch`: the CVEs; without any the
 * first other id (`XSA-201`, `CVE-????-????? XSA-295`).
 */
function idsIn(text: unknown): readonly string[] {
  const cves = cvesIn([text]);
  if (cves.length > 0 || typeof text !== 'string') return cves;
  const other = text
    .split(/\s+/)
    .find((word) => /^[A-Z][A-Z0-9]+-[A-Za-z0-9-]*\d[A-Za-z0-9-]*$/.test(word) && isId(word));
  return other ? [other] : [];
}

/** Version 0: no version of this package ever had the fault. */
function affectedOf(release: string, name: string, version: string): Affected {
  const base = { release, names: 'source', package: name, introduced: null, requires: null, module: null } as const;
  return version === '0'
    ? { ...base, fixed: null, status: 'not-affected' }
    : { ...base, fixed: version, status: 'affected' };
}

function advisoryOf(id: string, cves: readonly string[], affected: readonly Affected[]): Advisory {
  const packages = [...new Set(affected.map((entry) => entry.package))];
  return statedAdvisory({
    id,
    feed: ID,
    title: oneLine(`${id} in ${packages.join(', ')}`),
    text: '',
    kind: 'security',
    cves,
    affected,
    references: cves.length > 0 ? [`https://security.alpinelinux.org/vuln/${id}`] : [],
  });
}
