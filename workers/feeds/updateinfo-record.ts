/** One <update> of an updateinfo.xml as an Advisory. */
import { z } from 'zod';
import type { Advisory, Affected } from '../../domain/model/advisory.ts';
import type { Item } from './feed.ts';
import { AdvisoryId, eachOnce, familyOf, isDebug, majorOf, RpmEpoch, RpmName, RpmPart } from './rpm.ts';
import { cvesIn, dateOf, links, oneLine, plain, severityOf } from './text.ts';
import { childOf, childrenOf, textIn, type XmlElement } from './xml.ts';

const Package = z.object({
  name: RpmName,
  epoch: RpmEpoch.default('0'),
  version: RpmPart,
  release: RpmPart,
  arch: z.string().max(30),
  module: z.string().nullable(),
  /** The name of its collection: what tells that two files are of one repository. Their own names change with each compose. */
  repository: z.string(),
});
const Update = z.object({ id: AdvisoryId, packages: z.array(Package).min(1) });
type Package = z.infer<typeof Package>;

/** createrepo_c, Bodhi and the vendors' own tools write these; `recommended` and `optional` are SUSE's. */
const kinds: Readonly<Record<string, Advisory['kind']>> = {
  security: 'security',
  bugfix: 'bugfix',
  recommended: 'bugfix',
  enhancement: 'feature',
  newpackage: 'feature',
  feature: 'feature',
  optional: 'feature',
};
const takenBack = ['retracted', 'revoked', 'withdrawn'];

/**
 * `release` is what the repository is for; null = the update itself must tell: the distribution by its id, the major version by the dist
 * tags of its packages. What cannot be told, or is not well-formed, is `dropped`. null = it has no package that is installed anywhere
 * (sources, debug symbols only).
 */
export function itemOf(update: XmlElement, release: string | null): Item | null {
  const read = Update.safeParse({ id: textIn(update, 'id'), packages: packagesOf(update) });
  const where = oneLine(textIn(update, 'id')) || 'an update without id';
  if (!read.success) return { kind: 'dropped', where, why: `its ${read.error.issues[0]?.path.join('.')} is not valid` };
  const installable = read.data.packages.filter(({ name, arch }) => arch !== 'src' && !isDebug(name));
  if (installable.length === 0) return null;
  const affected: Affected[] = [];
  const placeOf = release === null ? teller(update, read.data.id, installable) : () => release;
  for (const one of installable) {
    const place = placeOf(one);
    if (place === null) return { kind: 'dropped', where, why: 'it does not say which release it is for' };
    affected.push(affectedOf(place, one));
  }
  return { kind: 'advisory', advisory: advisoryOf(update, read.data.id, eachOnce(affected)) };
}

function packagesOf(update: XmlElement): unknown[] {
  const named = streamIn(textIn(update, 'title'));
  return childrenOf(childOf(update, 'pkglist'), 'collection').flatMap((collection) => {
    const { name, stream } = childOf(collection, 'module')?.attributes ?? {};
    // AlmaLinux writes behind two underscores which minor release an update came with: `...-baseos-rpms__9_1_default`.
    const repository = oneLine(collection.attributes['short'] || textIn(collection, 'name')).replace(/__.*$/, '');
    const module = name && stream ? `${name}:${stream}` : null;
    return childrenOf(collection, 'package').map(({ attributes }) => {
      const modular = /\.module[+_]/.test(attributes['release'] ?? '');
      return { ...attributes, repository, module: module ?? (modular ? named : null) };
    });
  });
}

/** Rebuilds of RHEL name the stream of a modular build in the title only: `Important: nodejs:18 security update`. null when it names two. */
function streamIn(title: string): string | null {
  const streams = [...title.matchAll(/(?<=\s|^)[a-z0-9][\w.+-]*:[A-Za-z0-9][\w.]*(?=[\s,]|$)/g)].map(
    ([stream]) => stream,
  );
  return streams.length === 1 ? (streams[0] ?? null) : null;
}

const affectedOf = (
  release: string,
  { name, epoch, version, release: build, module, repository }: Package,
): Affected => ({
  release,
  names: 'binary',
  package: name,
  introduced: null,
  fixed: `${Number(epoch)}:${version}-${build}`,
  status: 'affected',
  requires: null,
  module,
  repositories: [repository],
});

/** Tells a package's release, or null. A package without dist tag goes with the others of its update. */
function teller(update: XmlElement, id: string, packages: readonly Package[]): (one: Package) => string | null {
  const family = familyOf(id);
  if (family === null) return () => null;
  const majors = packages.map(({ release }) => majorOf(family, release));
  const usual = majors.find((major) => major !== null) ?? / (\d{1,4})$/.exec(textIn(update, 'release'))?.[1] ?? null;
  return ({ release }) => {
    const major = majorOf(family, release) ?? usual;
    return major === null ? null : `${family}:${major}`;
  };
}

function advisoryOf(update: XmlElement, id: string, affected: readonly Affected[]): Advisory {
  const references = childrenOf(childOf(update, 'references'), 'reference').map(({ attributes }) => attributes);
  const title = oneLine(textIn(update, 'title')) || oneLine(textIn(update, 'summary')) || id;
  const vendorSeverity = severityIn(update, title);
  const [published, modified] = ['issued', 'updated'].map((name) => dateOf(childOf(update, name)?.attributes['date']));
  const gone = takenBack.includes((update.attributes['status'] ?? '').toLowerCase());
  const own = references.filter(({ type }) => type === 'self');
  return {
    id,
    feed: 'updateinfo',
    title,
    text: plain(childOf(update, 'description')?.text),
    kind: kinds[(update.attributes['type'] ?? '').toLowerCase()] ?? 'bugfix',
    cves: cvesIn(
      references
        .filter(({ type }) => type === 'cve' || type === 'bugzilla')
        .flatMap((reference) => [reference['id'], reference['title']]),
    ),
    severity: severityOf(vendorSeverity),
    vendorSeverity,
    affected,
    published: published ?? null,
    modified: modified ?? published ?? null,
    // A date is needed for it to count as taken back; the vendor's last word is the best there is.
    withdrawn: gone ? (modified ?? published ?? new Date(0)) : null,
    reboot: wantsReboot(update),
    // Amazon's kernel livepatch repository: its packages are loaded into the running kernel.
    livepatch: /^ALAS\w*LIVEPATCH-/.test(id),
    references: links([...own, ...references].map(({ href }) => href)),
  };
}

/** Word for word; `None` is how AlmaLinux and Rocky write that there is none. Some builds have it only as the first word of the title. */
function severityIn(update: XmlElement, title: string): string | null {
  const written = oneLine(textIn(update, 'severity'));
  if (written !== '' && written.toLowerCase() !== 'none') return written;
  return /^(Critical|Important|Moderate|Low): /i.exec(title)?.[1] ?? null;
}

/** The element stands at the update or at a package; it is empty, or says True or 1. */
function wantsReboot(update: XmlElement): boolean {
  const packages = childrenOf(childOf(update, 'pkglist'), 'collection').flatMap((one) => childrenOf(one, 'package'));
  return [update, ...packages].some((place) =>
    childrenOf(place, 'reboot_suggested').some(({ text }) => !/^(false|0|no)$/i.test(text.trim())),
  );
}
