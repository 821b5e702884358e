/** CISA's catalog of known exploited vulnerabilities: evidence of attacks, with the due dates that CISA sets. */
import { z } from 'zod';
import { isCve } from '../../domain/model/cve.ts';
import { Failure } from '../../domain/model/failure.ts';
import { jsonOf, textOf } from './archive.ts';
import { asOf, isDay, itemsOf } from './checks.ts';
import type { Feed, Item } from './feed.ts';

/** Ten times its size of 2026. */
const MAX_BYTES = 16 * 1024 ** 2;

const Day = z.string().refine(isDay, 'must be a day such as 2026-06-29');
/** One entry of the catalog (kev_schema.json); the field on ransomware came later, so old mirrors lack it. */
const Entry = z.object({
  cveID: z.string().refine(isCve, 'must be a CVE such as CVE-2024-3094'),
  dateAdded: Day,
  dueDate: Day,
  knownRansomwareCampaignUse: z.string().nullish(),
});
const Catalog = z.object({
  dateReleased: z.string().nullish().catch(null),
  vulnerabilities: z.array(z.unknown()).min(1),
});
type Catalog = z.infer<typeof Catalog>;

/** The whole catalog, also of CVEs that nobody has: it is small, and a new device may have them. */
export const kev: Feed = {
  id: 'kev',
  title: 'CISA KEV',
  gives: 'cves',
  url: 'https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json',
  everyHours: 4,
  byDefault: true,
  licence: 'CC0 1.0, CISA',
  whole: true,
  concerns: () => true,
  async sync(source, url) {
    const file = await source.get(url, { maxBytes: MAX_BYTES });
    if (!file) return null;
    const catalog = await catalogOf(file.path);
    return { complete: true, items: entriesOf(catalog), cursor: null, ...asOf(catalog.dateReleased) };
  },
  async *read(file) {
    yield* entriesOf(await catalogOf(file));
  },
};

/** An empty catalog is refused as well: it would say that nothing is exploited any more. */
async function catalogOf(file: string): Promise<Catalog> {
  const read = Catalog.safeParse(jsonOf(await textOf(file, MAX_BYTES)));
  if (read.success) return read.data;
  throw new Failure(
    'feed.unreadable',
    'The file is not the KEV catalog: it has no list "vulnerabilities" with entries.',
  );
}

async function* entriesOf({ vulnerabilities }: Catalog): AsyncGenerator<Item> {
  for (const [index, entry] of vulnerabilities.entries()) {
    const id = (entry as { cveID?: unknown } | null)?.cveID;
    yield* itemsOf(Entry, entry, { id, position: `entry ${index + 1}` }, (good) => [
      { kind: 'cve', saying: { field: 'kev', id: good.cveID, value: kevOf(good) } },
    ]);
  }
}

const kevOf = ({ dateAdded, dueDate, knownRansomwareCampaignUse }: z.infer<typeof Entry>) => ({
  added: dateAdded,
  due: dueDate,
  ransomware: knownRansomwareCampaignUse === 'Known',
});
