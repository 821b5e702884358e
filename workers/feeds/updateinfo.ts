/** The feed `updateinfo`: what rpm repositories themselves say of their updates (AlmaLinux, Rocky, Oracle, Amazon, Fedora, mirrors). */
import { z } from 'zod';
import type { Advisory, Affected } from '../../domain/model/advisory.ts';
import { Failure } from '../../domain/model/failure.ts';
import { anyOf, coverageOf, covers, isWanted } from './coverage.ts';
import { readCursor } from './cursor.ts';
import type { Delivery, Feed, Item, Source, Wanted } from './feed.ts';
import { type Repository, repositoriesIn, type Updateinfo, updateinfoOf, verify } from './repomd.ts';
import { eachOnce } from './rpm.ts';
import { itemOf } from './updateinfo-record.ts';
import { recordsOf } from './xml.ts';

/** AlmaLinux and Rocky are not among them: their errata come from OSV, and the same advisory from two feeds is two advisories. */
const repositories = [
  'ol=https://yum.oracle.com/repo/OracleLinux/OL{release}/baseos/latest/x86_64/',
  'ol=https://yum.oracle.com/repo/OracleLinux/OL{release}/appstream/x86_64/',
  'amzn:2023=https://cdn.amazonlinux.com/al2023/core/mirrors/latest/x86_64/mirror.list',
  'amzn:2023=https://cdn.amazonlinux.com/al2023/kernel-livepatch/mirrors/latest/x86_64/mirror.list',
  'fedora=https://dl.fedoraproject.org/pub/fedora/linux/updates/{release}/Everything/x86_64/',
];
/** Their advisories come from other feeds unless `url` names repositories for them. */
const elsewhere = ['almalinux', 'rocky', 'opensuse-leap'];
const distributions = [...elsewhere, 'ol', 'amzn', 'fedora', 'centos'];
/** Those of Fedora and Oracle are the largest: some ten MiB packed, some hundred unpacked. */
const FILE_LIMIT = { packed: 128 * 1024 ** 2, unpacked: 512 * 1024 ** 2 };

/** `sums`: the checksums that were taken over. `coverage`: the releases that they were read for. */
const Cursor = z.object({ coverage: z.string(), sums: z.record(z.string(), z.string()) });
type Cursor = z.infer<typeof Cursor>;

/**
 * One advisory's packages are spread over several repositories (BaseOS, AppStream), so when one repository has changed all of its
 * distribution's are read again. Nothing is ever called gone: repositories drop old updates whose fixes still
 * count; what a vendor takes back is marked so.
 */
export const updateinfo: Feed = {
  id: 'updateinfo',
  title: 'Repositories (updateinfo)',
  gives: 'advisories',
  url: repositories.join(' '),
  everyHours: 6,
  byDefault: true,
  licence: "each repository's own",
  concerns: (releases) => anyOf(releases, distributions),

  async sync(source, url, cursor, wanted) {
    const list = repositoriesIn(url, wanted.releases);
    if (list.length === 0) return noRepository(wanted);
    const coverage = coverageOf(wanted, distributions);
    const remembered = readCursor(Cursor, cursor);
    const known = covers(remembered?.coverage ?? null, coverage) ? (remembered?.sums ?? {}) : {};
    const indexes = await Promise.all(list.map(async (one) => ({ one, index: await updateinfoOf(source, one) })));
    const sums = Object.fromEntries(indexes.map(({ one, index }) => [one.url, index.checksum]));
    const changed = new Set(list.filter(({ url }) => known[url] !== sums[url]).map(familyOf));
    if (changed.size === 0) return null;
    const toRead = indexes.filter(({ one }) => changed.has(familyOf(one))).map(({ index }) => index);
    return {
      complete: false,
      items: merged(await Promise.all(toRead.map((index) => opened(source, index))), wanted),
      cursor: JSON.stringify({ coverage, sums } satisfies Cursor),
    } satisfies Delivery;
  },

  read: (file, wanted) => merged([{ file, release: null }], wanted),
  joined,
};

const familyOf = ({ release }: Repository): string => release?.split(':')[0] ?? '';

/** Nothing to ask is right where other feeds know the fleet's releases, and a fault where none does. */
function noRepository({ releases }: Wanted): null {
  const orphans = [...releases].filter((release) => {
    const one = new Set([release]);
    return anyOf(one, distributions) && !anyOf(one, elsewhere);
  });
  if (orphans.length === 0) return null;
  const sentence = `The feed updateinfo has no repository for ${orphans.sort().join(', ')}: name one in its url.`;
  throw new Failure('feed.no-repository', sentence);
}

type Opened = { readonly file: string; readonly release: string | null };
async function opened(source: Source, index: Updateinfo): Promise<Opened> {
  // `once`: the file of each compose has another name, and the old ones are of no use.
  const file = await source.whole(index.url, { maxBytes: FILE_LIMIT.packed, once: true });
  await verify(file, index);
  return { file: file.path, release: index.release };
}

async function* merged(files: readonly Opened[], wanted: Wanted): AsyncGenerator<Item> {
  const advisories = new Map<string, Advisory>();
  for (const { file, release } of files) {
    for await (const update of recordsOf(file, 'updates', ['update'], FILE_LIMIT.unpacked)) {
      const item = itemOf(update, release);
      if (item?.kind !== 'advisory') {
        if (item) yield item;
        continue;
      }
      const affected = item.advisory.affected.filter((entry) => isWanted(wanted, entry.release));
      if (affected.length === 0) continue;
      const next = { ...item.advisory, affected };
      const before = advisories.get(next.id);
      advisories.set(next.id, before ? both(before, next) : next);
    }
  }
  for (const advisory of advisories.values()) yield { kind: 'advisory', advisory };
}

/**
 * A file replaces what its own repositories said before, and leaves what others say: BaseOS and AppStream are imported one at a time, in
 * any order, and more than once. When others have a say and neither text is newer, the stored one stays, so that they do not take turns.
 */
function joined(stored: Advisory | null, delivered: Advisory): Advisory {
  const own = new Set(delivered.affected.flatMap(({ repositories }) => repositories ?? []));
  const others = (stored?.affected ?? []).flatMap((one): readonly Affected[] => {
    const repositories = (one.repositories ?? []).filter((name) => !own.has(name));
    return repositories.length > 0 ? [{ ...one, repositories }] : [];
  });
  const whole = stored && others.length > 0 ? both({ ...stored, affected: others }, delivered) : delivered;
  return { ...whole, affected: eachOnce(whole.affected).sort(byText) };
}

/** The order of a joined advisory must not depend on which file came first. */
const byText = (a: Affected, b: Affected): number => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);

/** The same advisory in two repositories: the newer text, the packages of both. */
function both(one: Advisory, other: Advisory): Advisory {
  const newer = (other.modified?.getTime() ?? 0) > (one.modified?.getTime() ?? 0) ? other : one;
  return {
    ...newer,
    affected: eachOnce([...one.affected, ...other.affected]),
    cves: [...new Set([...one.cves, ...other.cves])].sort(),
    reboot: one.reboot || other.reboot,
    withdrawn: newer.withdrawn,
  };
}
