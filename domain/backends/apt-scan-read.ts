/** Reads a scan: what is installed, what is offered, and what apt keeps back and why. */
import type { InstalledPackage } from '../model/device.ts';
import { type AptPlan, readPlan, refusalOf } from './apt-plan.ts';
import { readFacts } from './apt-scan-facts.ts';
import { demandSection, type Section, sectionsOf, unreadable } from './apt-text.ts';
import type { Offer, ScanReport } from './backend.ts';

/** apt's way to name a package: `:arch` only when it is not the device's own architecture. */
export const aptName = (name: string, arch: string, native: string): string =>
  arch === native || arch === 'all' ? name : `${name}:${arch}`;

/**
 * One line of dpkg-query; null for what is not installed (`rc`: only its configuration is left). Of the status, the first letter is
 * what is wanted (h = held), the second what is so, the third an error: only `i` and no error is a fact (dpkg-query(1)).
 */
export function readInstalled(line: string, native: string): InstalledPackage | null {
  const [binary, version, arch, source, sourceVersion, status] = line.split('\t');
  if (!binary || !arch || !source || sourceVersion === undefined || !status) return unreadable(`dpkg printed ${line}`);
  if (!version || /^.[nc]/.test(status)) return null;
  return {
    name: aptName(binary.replace(/:.*$/, ''), arch, native),
    arch,
    version,
    source,
    sourceVersion,
    held: status.startsWith('h'),
    whole: /^.i *$/.test(status),
  };
}

/** Where each offered version comes from; lines `name version arch source source-version`. */
type Origin = { readonly arch: string; readonly source: string; readonly sourceVersion: string };

function readSources({ lines }: Section, native: string): (name: string, version: string) => Origin {
  const sources = new Map<string, Origin>();
  for (const line of lines) {
    const [name = '', version = '', arch = '', source, sourceVersion] = line.split(' ');
    if (!source || !sourceVersion) return unreadable(`a source is missing in ${JSON.stringify(line)}`);
    sources.set(`${aptName(name, arch, native)}=${version}`, { arch, source, sourceVersion });
  }
  return (name, version) =>
    sources.get(`${name}=${version}`) ?? unreadable(`the source of ${name} ${version} is missing`);
}

/** What `apt-cache policy` says of one package that apt keeps back. */
export type Candidate = { readonly version: string; readonly phased: boolean; readonly archives: readonly string[] };

/** Blocks of `apt-cache policy name...`; the lines below a version name its archives, "(phased 10%)" its phasing. */
export function readPolicy(lines: readonly string[]): ReadonlyMap<string, Candidate> {
  const starts = lines.flatMap((line, at) => (/^\S+:$/.test(line) ? [at] : []));
  const blocks = starts.map((at, index) => lines.slice(at, starts[index + 1]));
  return new Map(
    blocks.map((block) => {
      const version = block.flatMap((line) => /^ {2}Candidate: (\S+)$/.exec(line)?.[1] ?? [])[0] ?? '';
      const isVersion = (line: string): boolean => /^ (?:\*\*\*| {3}) \S/.test(line);
      const start = block.findIndex((line) => isVersion(line) && line.slice(5).split(' ')[0] === version);
      const rest = start < 0 ? [] : block.slice(start + 1);
      const end = rest.findIndex(isVersion);
      const archives = rest.slice(0, end < 0 ? rest.length : end).map((line) => line.trim().replace(/^-?\d+ /, ''));
      return [block[0]?.slice(0, -1) ?? '', { version, phased: /\(phased \d+%\)$/.test(block[start] ?? ''), archives }];
    }),
  );
}

/** Archives as `apt-cache policy` lists them, to the names that plans use: `label:version/archive`. */
function readArchives(lines: readonly string[]): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  lines.forEach((line, at) => {
    const archive = /^ *-?\d+ (\S.*)$/.exec(line)?.[1];
    const release = /^ +release (.*)$/.exec(lines[at + 1] ?? '')?.[1];
    if (!archive || !release) return;
    const field = (key: string): string =>
      release
        .split(',')
        .find((part) => part.startsWith(`${key}=`))
        ?.slice(2) ?? '';
    names.set(archive, `${field('l')}:${[field('v'), field('a')].filter((part) => part !== '').join('/')}`);
  });
  return names;
}

/** Any origin counts: Ubuntu often names the security archive second (facts of apt's own plans). */
export const isSecurity = (origins: readonly string[]): boolean =>
  origins.some((origin) => origin.endsWith('-security'));

type Read = {
  readonly sections: readonly Section[];
  readonly plan: AptPlan;
  readonly packages: readonly InstalledPackage[];
  readonly native: string;
};

/** What apt keeps back is offered all the same, with the reason: a hold, phasing, or something else that apt does not name. */
function readKeptBack({ sections, plan, packages, native }: Read): readonly Offer[] {
  const names = [...new Set([...plan.keptBack, ...plan.deferredByPhasing])];
  if (names.length === 0) return [];
  const sourceOf = readSources(demandSection(sections, 'sources'), native);
  const candidates = readPolicy(demandSection(sections, 'policy').lines);
  const archives = readArchives(demandSection(sections, 'archives').lines);
  return names.map((name) => {
    const candidate = candidates.get(name) ?? unreadable(`the policy of ${name} is missing`);
    const installed = packages.find((one) => one.name === name);
    const origins = candidate.archives.flatMap((archive) => archives.get(archive) ?? []);
    const phased = candidate.phased || plan.deferredByPhasing.includes(name);
    const from = installed?.version ?? null;
    const state = installed?.held ? 'held' : phased ? 'phased' : 'kept-back';
    const to = candidate.version;
    return { name, from, to, ...sourceOf(name, to), origins, security: isSecurity(origins), state };
  });
}

function readOffers(read: Read): readonly Offer[] {
  const sourceOf = readSources(demandSection(read.sections, 'sources'), read.native);
  const missing = read.plan.installs.map(({ name, from, to, arch, origins }): Offer => {
    const { source, sourceVersion } = sourceOf(name, to);
    return { name, arch, from, to, source, sourceVersion, origins, security: isSecurity(origins), state: 'missing' };
  });
  return [...missing, ...readKeptBack(read)];
}

/** Reads a scan; see Backend.readScan. Throws Failure `scan.unreadable`, also when apt would not plan at all. */
export function readScan(stdout: string): ScanReport {
  const sections = sectionsOf(stdout);
  if (sections.some(({ name }) => name === 'unchanged')) return { kind: 'unchanged', facts: readFacts(sections, null) };
  const native = /^architecture (.*)$/m.exec(demandSection(sections, 'facts').lines.join('\n'))?.[1] ?? '';
  const packages = demandSection(sections, 'packages').lines.flatMap((line) => readInstalled(line, native) ?? []);
  const planned = demandSection(sections, 'plan');
  const refusal = refusalOf(planned);
  if (refusal) return unreadable(`apt would not plan: ${refusal}`);
  const plan = readPlan(planned.lines, native);
  return {
    kind: 'full',
    facts: readFacts(sections, packages),
    packages,
    offers: readOffers({ sections, plan, packages, native }),
    wouldRemove: plan.removals.map(({ name }) => name),
  };
}
