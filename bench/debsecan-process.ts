/** The measured process: reads Debian's tracker and listings of packages from files, as `patchherd check` does, and matches them. */
import { readFile } from 'node:fs/promises';
import { readListing } from '../domain/backends/listing.ts';
import { buildIndex } from '../domain/intel/match.ts';
import { type Advisory, advisoryKey } from '../domain/model/advisory.ts';
import { debianTracker } from '../workers/feeds/debian-tracker.ts';

const [, , tracker = '', release = '', ...listings] = process.argv;

async function* advisories(seen: Map<string, Advisory>): AsyncGenerator<Advisory> {
  for await (const item of debianTracker.read(tracker, { releases: new Set([release]), cve: () => true })) {
    if (item.kind !== 'advisory') continue;
    seen.set(advisoryKey(item.advisory), item.advisory);
    yield item.advisory;
  }
}

/** Prints one line of JSON: for each listing the CVEs that it is open to, sorted. */
async function main(): Promise<void> {
  const seen = new Map<string, Advisory>();
  const index = await buildIndex(advisories(seen));
  const found: (readonly string[])[] = [];
  for (const file of listings) {
    const { packages } = readListing(await readFile(file, 'utf8'), 'deb');
    const open = index.match({ release, packages, modules: new Set(), livepatched: new Set() });
    const cves = open
      .filter(({ verdict }) => verdict === 'vulnerable')
      .flatMap(({ advisory }) => seen.get(advisory)?.cves ?? []);
    found.push([...new Set(cves)].sort());
  }
  process.stdout.write(JSON.stringify(found));
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
