/** The feed `updateinfo`: what rpm repositories themselves say of their updates (AlmaLinux, Rocky, Oracle, Amazon, Fedora, mirrors). */
import { z } from 'zod';
import type { Advisory } from '../../domain/model/advisory.ts';
import { Failure } from '../../domain/model/failure.ts';
import { jsonOf } from './archive.ts';
import type { Delivery, Feed, Item, Source, Wanted } from './feed.ts';
import { type Repository, repositoriesIn, type Updateinfo, updateinfoOf, verify } from './repomd.ts';
import { eachOnce } from './rpm.ts';
import { itemOf } from './updateinfo-record.ts';
import { recordsOf } from './xml.ts';

const repositories = [
  'almalinux=https://repo.almalinux.org/almalinux/{release}/BaseOS/x86_64/os/',
  'almalinux=https://repo.almalinux.org/almalinux/{release}/AppStream/x86_64/os/',
  'almalinux=https://repo.almalinux.org/almalinux/{release}/extras/x86_64/os/',
  'rocky=https://download.rockylinux.org/pub/rocky/{release}/BaseOS/x86_64/os/',
  'rocky=https://download.rockylinux.org/pub/rocky/{release}/AppStream/x86_64/os/',
  'ol=https://yum.oracle.com/repo/OracleLinux/OL{release}/baseos/latest/x86_64/',
  'ol=https://yum.oracle.com/repo/OracleLinux/OL{release}/appstream/x86_64/',
  'amzn:2023=https://cdn.amazonlinux.com/al2023/core/mirrors/latest/x86_64/mirror.list',
  'amzn:2023=https://cdn.amazonlinux.com/al2023/kernel-livepatch/mirrors/latest/x86_64/mirror.list',
  'fedora=https://dl.fedoraproject.org/pub/fedora/linux/updates/{release}/Everything/x86_64/',
];
const distributions = ['almalinux', 'rocky', 'ol', 'amzn', 'fedora', 'centos', 'opensuse-leap'];
/** A Fedora release's updateinfo is some 30 MiB unpacked. */
const FILE_LIMIT = 128 * 1024 ** 2;

/** `sums`: the checksums that were taken over. `releases`: the fleet's at that time; a new one means that everything must be read again. */
const Cursor = z.object({ releases: z.array(z.string()), sums: z.record(z.string(), z.string()) });
type Cursor = z.infer<typeof Cursor>;

/**
 * One advisory's packages are spread over several repositories (BaseOS, AppStream), so when one repository has changed all of its
 * distribution's are read, from the copies that are kept. Nothing is ever called gone: repositories drop old updates whose fixes still
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
  concerns: (releases) => [...releases].some((release) => distributions.includes(release.split(':')[0] ?? '')),

  async sync(source, url, cursor, wanted) {
    const list = repositoriesIn(url, wanted.releases);
    if (list.length === 0) {
      const sentence = 'The feed updateinfo has no repository for the releases of this fleet: name some in its url.';
      throw new Failure('feed.no-repository', sentence);
    }
    const known = readCursor(cursor, wanted);
    const indexes = await Promise.all(list.map(async (one) => ({ one, index: await updateinfoOf(source, one) })));
    const sums = Object.fromEntries(indexes.map(({ one, index }) => [one.url, index.checksum]));
    const changed = new Set(list.filter(({ url }) => known[url] !== sums[url]).map(familyOf));
    if (changed.size === 0) return null;
    const toRead = indexes.filter(({ one }) => changed.has(familyOf(one))).map(({ index }) => index);
    return {
      complete: false,
      items: merged(await Promise.all(toRead.map((index) => opened(source, index))), wanted),
      cursor: JSON.stringify({ releases: [...wanted.releases].sort(), sums } satisfies Cursor),
    } satisfies Delivery;
  },

  read: (file, wanted) => merged([{ file, release: null }], wanted),
};

const familyOf = ({ release }: Repository): string => release?.split(':')[0] ?? '';

function readCursor(cursor: string | null, { releases }: Wanted): Readonly<Record<string, string>> {
  if (cursor === null) return {};
  const read = Cursor.safeParse(jsonOf(cursor));
  if (!read.success || [...releases].some((release) => !read.data.releases.includes(release))) return {};
  return read.data.sums;
}

type Opened = { readonly file: string; readonly release: string | null };
async function opened(source: Source, index: Updateinfo): Promise<Opened> {
  const file = await source.whole(index.url);
  await verify(file, index);
  return { file: file.path, release: index.release };
}

async function* merged(files: readonly Opened[], { releases }: Wanted): AsyncGenerator<Item> {
  const advisories = new Map<string, Advisory>();
  for (const { file, release } of files) {
    for await (const update of recordsOf(file, 'updates', ['update'], FILE_LIMIT)) {
      const item = itemOf(update, release);
      if (item?.kind !== 'advisory') {
        if (item) yield item;
        continue;
      }
      const affected = item.advisory.affected.filter(({ release: of }) => releases.size === 0 || releases.has(of));
      if (affected.length === 0) continue;
      const next = { ...item.advisory, affected };
      const before = advisories.get(next.id);
      advisories.set(next.id, before ? both(before, next) : next);
    }
  }
  for (const advisory of advisories.values()) yield { kind: 'advisory', advisory };
}

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
