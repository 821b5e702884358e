import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { cisaWords, recordings, rowsOf, textOf } from '../../domain/intel/recorded.ts';
import { makePlace, type Place } from './shell.ts';

vi.setConfig({ testTimeout: 240_000 }); // each reads whole feeds, and compiles the shell, on a busy machine
let place: Place;
beforeAll(async () => {
  place = await makePlace();
});
afterAll(() => place?.remove());

type Patch = { source: string; candidate: string; entries: { cves: string[] }[] };
type Answer = {
  package: string;
  state: string;
  verdict: string;
  cves: { kev: unknown }[];
  priority: { due: keyof typeof cisaWords; deciding: string };
};

/** The fixes of recorded changelogs as Debian's tracker would tell them. */
function asTracker(patches: readonly Patch[]): string {
  const sources = patches.map(({ source, candidate, entries }) => {
    const cves = new Set(entries.flatMap((entry) => entry.cves));
    return [
      source,
      Object.fromEntries(
        [...cves].map((id) => [id, { releases: { bookworm: { status: 'resolved', fixed_version: candidate } } }]),
      ),
    ];
  });
  return JSON.stringify(Object.fromEntries(sources));
}

/** The same as Ubuntu's notices in OSV's form, one file each. */
const asOsv = ({ source, candidate, entries }: Patch, at: number): string =>
  JSON.stringify({
    schema_version: '1.7.0',
    id: `USN-${7000 + at}-1`,
    modified: '2026-11-20T00:00:00Z',
    published: '2026-11-20T00:00:00Z',
    related: [...new Set(entries.flatMap(({ cves }) => cves))],
    affected: [
      {
        package: { ecosystem: 'Ubuntu:24.04:LTS', name: source },
        ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }, { fixed: candidate }] }],
      },
    ],
  });

describe.skipIf(!recordings)('patchherd check of recorded machines with recorded feeds', () => {
  const shared = ['kev/known_exploited_vulnerabilities.2026-06-30.json.gz', 'epss/epss_scores-2026-06-28.csv.gz'];
  async function feedsIn(folder: string): Promise<void> {
    await mkdir(join(place.dir, folder), { recursive: true });
    for (const file of shared)
      await copyFile(join(recordings ?? '', file), join(place.dir, folder, file.replace('/', '-')));
    await place.write(`${folder}/ssvc.ndjson`, textOf('cve/cve-v5-vulnrichment.2024-10-24.ndjson.gz'));
  }
  async function answers(args: readonly string[]): Promise<readonly Answer[]> {
    const { code, stdout, stderr } = await place.run('check', ...args, '--json');
    expect([code, stderr]).toEqual([0, '']);
    return JSON.parse(stdout).patches;
  }
  async function expectFacts(table: string, args: readonly string[]): Promise<void> {
    const [exposed, inside] = await Promise.all([answers([...args, '--exposed']), answers(args)]);
    const find = (all: readonly Answer[], name: string) => all.find((one) => one.package === name);
    for (const { source = '', bod_exposed, bod_not_exposed, deciding_cve, cves } of rowsOf(table)) {
      const [out, within] = [find(exposed, source), find(inside, source)];
      expect([source, out?.verdict, out?.state]).toEqual([source, 'vulnerable', 'missing']);
      expect([
        source,
        out?.cves.length,
        out && cisaWords[out.priority.due],
        within && cisaWords[within.priority.due],
      ]).toEqual([source, Number(cves), bod_exposed, bod_not_exposed]);
      expect([source, out?.priority.deciding]).toEqual([source, deciding_cve]);
    }
  }

  it('gives the due dates of bookworm, exposed and not', async () => {
    await feedsIn('bookworm');
    await place.write(
      'bookworm/debian-tracker.json',
      asTracker(JSON.parse(textOf('debian/changelogs.bookworm.json.gz'))),
    );
    const inventory = await place.write('bookworm.tsv', textOf('debian/dpkg-query.bookworm.tsv'));
    const planned = join(recordings ?? '', 'debian/apt-get-s-dist-upgrade.bookworm.txt.gz');
    const args = ['--os', 'debian:12', '--inventory', inventory, '--plan', planned, '--feeds', 'bookworm'];
    await expectFacts('debian/priority-facts.bookworm.tsv', args);
  });

  it('gives the due dates of noble, exposed and not', async () => {
    await feedsIn('noble');
    const patches: readonly Patch[] = JSON.parse(textOf('ubuntu/changelogs.noble.json.gz'));
    for (const [at, patch] of patches.entries()) {
      if (patch.entries.some(({ cves }) => cves.length > 0))
        await place.write(`noble/osv-ubuntu/${patch.source}.json`, asOsv(patch, at));
    }
    const planned = join(recordings ?? '', 'ubuntu/apt-get-s-dist-upgrade.noble.txt.gz');
    const inventory = join(recordings ?? '', 'ubuntu/dpkg-query.noble.tsv');
    const args = ['--os', 'ubuntu:24.04', '--inventory', inventory, '--plan', planned, '--feeds', 'noble'];
    await expectFacts('ubuntu/priority-facts.noble.tsv', args);
  });
});
