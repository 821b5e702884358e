/** Ubuntu's OpenVEX statements: for every CVE, which source packages of which release are affected, fixed or not affected. */
import { z } from 'zod';
import { type Advisory, type Affected, statedAdvisory } from '../../domain/model/advisory.ts';
import { Failure } from '../../domain/model/failure.ts';
import { jsonOf, membersOf } from './archive.ts';
import { ubuntuRelease } from './codenames.ts';
import { anyOf, isWanted, syncWholeFile } from './coverage.ts';
import type { Feed, Item, Wanted } from './feed.ts';
import { isId, isPackage, isVersion } from './names.ts';
import { cvesIn, dateOf, oneLine, plain } from './text.ts';

const ID = 'ubuntu-vex';
const distributions = ['ubuntu'];
/** Every binary of every architecture is a product: the archive unpacks to many gigabytes, one small document after the other. */
const LIMIT = { packed: 2 * 1024 ** 3, unpacked: 64 * 1024 ** 3 };

const Statement = z.object({
  vulnerability: z.object({ name: z.string(), description: z.string().nullish() }),
  status: z.enum(['not_affected', 'affected', 'fixed', 'under_investigation']),
  products: z.array(z.object({ '@id': z.string() })),
});
type Statement = z.output<typeof Statement>;
/** Canonical wraps what OpenVEX 0.2 has at the top into `metadata`. */
const Document = z.object({
  metadata: z.object({ timestamp: z.string().nullish() }).nullish(),
  timestamp: z.string().nullish(),
  statements: z.array(Statement),
});
type Document = z.output<typeof Document>;

export const ubuntuVex: Feed = {
  id: ID,
  title: 'Ubuntu VEX',
  gives: 'advisories',
  url: 'https://security-metadata.canonical.com/vex/vex-all.tar.xz',
  everyHours: 24,
  byDefault: false, // large, and only of use where "not affected" has to be proved
  licence: 'Canonical, CC BY-SA 4.0',
  concerns: (releases) => anyOf(releases, distributions),
  sync: (source, url, cursor, wanted) =>
    syncWholeFile({ source, url, cursor, wanted }, { distributions, maxBytes: LIMIT.packed }, read),
  read,
};

async function* read(file: string, wanted: Wanted): AsyncGenerator<Item> {
  let good = 0;
  for await (const { name, text } of membersOf(file, '.json', LIMIT.unpacked)) {
    const document = documentOf(text);
    if (document) {
      good++;
      yield* itemsOf(document, name, wanted);
    } else yield { kind: 'dropped', where: oneLine(name), why: 'It is no OpenVEX document.' };
  }
  if (good === 0) throw new Failure('feed.unreadable', 'The file holds no OpenVEX document.');
}

function documentOf(text: string): Document | null {
  try {
    return Document.safeParse(jsonOf(text)).data ?? null;
  } catch {
    return null;
  }
}

/** One advisory for each CVE of the document. Documents about a USN say nothing that the notice does not. */
function* itemsOf(document: Document, where: string, wanted: Wanted): Generator<Item> {
  for (const name of new Set(document.statements.map(({ vulnerability }) => vulnerability.name))) {
    const statements = document.statements.filter(({ vulnerability }) => vulnerability.name === name);
    const cves = cvesIn([name]);
    if (cves.length === 0) continue;
    if (!isId(name)) {
      yield { kind: 'dropped', where: oneLine(where), why: 'Its vulnerability has a name that is none.' };
      continue;
    }
    const affected = new Map<string, Affected>();
    for (const statement of statements) {
      for (const one of entriesOf(statement, wanted)) affected.set(JSON.stringify(one), one);
    }
    if (affected.size > 0)
      yield { kind: 'advisory', advisory: advisoryOf(name, cves, document, [...affected.values()]) };
  }
}

/** `pkg:deb/ubuntu/curl@7.81.0-1ubuntu1.20?arch=source&distro=esm-infra/jammy`: only source packages say for which release. */
function entriesOf({ status, products }: Statement, wanted: Wanted): readonly Affected[] {
  return products.flatMap(({ '@id': purl }) => {
    const [, name = '', version = '', query = ''] = /^pkg:deb\/ubuntu\/([^@?]+)@([^?]+)\?(.+)$/.exec(purl) ?? [];
    const parts = new URLSearchParams(query);
    const [codename = '', pocket] = (parts.get('distro') ?? '').split('/').reverse();
    const release = parts.get('arch') === 'source' ? ubuntuRelease(codename) : null;
    const [plainName, plainVersion] = [decoded(name), decoded(version)];
    if (!release || !isWanted(wanted, release) || !isPackage(plainName) || !isVersion(plainVersion)) return [];
    return [
      {
        release,
        names: 'source',
        package: plainName,
        introduced: null,
        fixed: status === 'fixed' ? plainVersion : null,
        status: words[status],
        requires: pocket ? 'ubuntu-pro' : null,
        module: pocket?.startsWith('fips') ? 'fips' : null,
      } as const,
    ];
  });
}

const words = {
  not_affected: 'not-affected',
  affected: 'affected',
  fixed: 'affected',
  under_investigation: 'unknown',
} as const;

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}

function advisoryOf(
  id: string,
  cves: readonly string[],
  { metadata, timestamp, statements }: Document,
  affected: readonly Affected[],
): Advisory {
  const about = statements.find(({ vulnerability }) => vulnerability.name === id)?.vulnerability.description;
  const packages = [...new Set(affected.map((entry) => entry.package))].slice(0, 3).join(', ');
  return statedAdvisory({
    id,
    feed: ID,
    title: oneLine(`${packages}: ${about ?? id}`),
    text: plain(about),
    kind: 'security',
    cves,
    affected,
    modified: dateOf(metadata?.timestamp ?? timestamp),
    references: [`https://ubuntu.com/security/${cves[0]}`],
  });
}
