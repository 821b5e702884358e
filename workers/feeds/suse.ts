/** The feed `suse-csaf`: security updates of SUSE Linux Enterprise and openSUSE Leap, in CSAF 2.0. */
import { anyOf } from './coverage.ts';
import { csafItems } from './csaf.ts';
import { ARCHIVE_LIMIT, type Archive, type Folder, syncFolder } from './csaf-folder.ts';
import type { Feed, Source } from './feed.ts';

const enterprise = ['sles', 'sled', 'sle-micro', 'sl-micro'];
const distributions = [...enterprise, 'opensuse-leap'];
/** Products with the packages of the server: itself, its long-term support, and its edition for SAP (ID in os-release is `sles`, too). */
const servers = ['sles', 'suse_sles', 'sles-ltss', 'suse_sles_ltss', 'sles_ltss', 'sles_sap', 'sles-espos', 'sles-bcl'];
const others: Readonly<Record<string, string>> = {
  sled: 'sled',
  leap: 'opensuse-leap',
  'suse-microos': 'sle-micro',
  'sle-micro': 'sle-micro',
  'sl-micro': 'sl-micro',
};

/**
 * The releases of a product by its CPE: `cpe:/o:suse:sles:15:sp5` is sles:15.5, `cpe:/o:opensuse:leap:15.6` is opensuse-leap:15.6. From 15
 * on most packages are in modules (`sle-module-basesystem:15:sp5`), which server and desktop share. None for add-ons and for products
 * that are no operating system, and for Tumbleweed, which has no releases.
 */
export function suseReleases(cpe: string): readonly string[] {
  const [, product = '', major, rest] =
    /^cpe:\/[oa]:(?:suse|opensuse):([a-z_-]+):(\d+(?:\.\d+)?)(?::([^:]*))?$/.exec(cpe) ?? [];
  if (!major) return [];
  const version = versionOf(major, rest ?? '');
  if (version === null) return [];
  if (product.startsWith('sle-module-')) return [`sles:${version}`, `sled:${version}`];
  if (servers.includes(product)) return [`sles:${version}`];
  const name = Object.hasOwn(others, product) ? others[product] : undefined;
  return name ? [`${name}:${version}`] : [];
}

/** `15` and `sp5` are 15.5; `16` and `16.0` are 16.0. null for other editions (`teradata`). */
function versionOf(major: string, rest: string): string | null {
  if (rest === '') return major;
  const pack = /^sp(\d+)$/.exec(rest)?.[1];
  if (pack) return `${major}.${pack}`;
  return /^\d+\.\d+$/.test(rest) && rest.startsWith(`${major}.`) ? rest : null;
}

/** sles:15.5 is `:15:sp5` in a CPE, sles:15 and sles:16.0 begin with `:15` and `:16`, sle-micro:5.5 is `:5.5`. */
function traceOf(release: string): string {
  const [name, version = ''] = release.split(':');
  if (name !== 'sles' && name !== 'sled') return `:${version}`;
  const [major, pack] = version.split('.');
  return pack && pack !== '0' ? `:${major}:sp${pack}` : `:${major}`;
}

/** The archive is beside the folder, under its name. */
async function archiveOf(source: Source, url: string, last: string | null): Promise<Archive | null> {
  const place = `${url.replace(/\/$/, '')}.tar.bz2`;
  const limits = { maxBytes: ARCHIVE_LIMIT };
  const file = last === null ? await source.whole(place, limits) : await source.get(place, limits);
  return file && { file, name: 'csaf.tar.bz2', from: null };
}

/** `suse-su-2024_2883-1.json` is SUSE-SU-2024:2883-1. */
const idOf = (path: string): string =>
  path
    .replace(/\.json$/, '')
    .replace('_', ':')
    .toUpperCase()
    .replace(/^OPENSUSE/, 'openSUSE');

const folder: Folder = {
  dialect: {
    feed: 'suse-csaf',
    ids: /^(open)?SUSE-/,
    fixes: true,
    traceOf,
    releasesOf: suseReleases,
    bareAreSources: false,
  },
  distributions,
  path: /^(open)?suse-[a-z]{2}-[\w-]{1,60}\.json$/,
  idOf,
  deletions: false,
  archive: archiveOf,
};

export const suseCsaf: Feed = {
  id: 'suse-csaf',
  title: 'SUSE advisories (CSAF)',
  gives: 'advisories',
  url: 'https://ftp.suse.com/pub/projects/security/csaf/',
  everyHours: 6,
  byDefault: true,
  licence: 'SUSE, CC BY 4.0',
  // A fleet of Leap alone has the same updates from OSV.
  concerns: (releases) => anyOf(releases, enterprise),
  sync: (source, base, cursor, wanted) => syncFolder(folder, { source, base, cursor, wanted }),
  read: (file, wanted) => csafItems(file, folder.dialect, wanted),
};
