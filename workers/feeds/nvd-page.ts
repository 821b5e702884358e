/** One page of the NVD's API 2.0: where it stands in the whole, and the CVSS rating that counts of each CVE. */
import { z } from 'zod';
import { isCve } from '../../domain/model/cve.ts';
import { Failure } from '../../domain/model/failure.ts';
import { itemsOf } from './checks.ts';
import { ratingOf } from './cvss.ts';
import type { Item, Wanted } from './feed.ts';

const Page = z.object({
  startIndex: z.int().min(0),
  totalResults: z.int().min(0),
  vulnerabilities: z.array(z.unknown()),
});
export type Page = z.infer<typeof Page>;

const Metrics = z.array(z.object({ source: z.string(), cvssData: z.object({ vectorString: z.string() }) })).default([]);
const Entry = z.object({
  cve: z.object({
    id: z.string().refine(isCve, 'must be a CVE such as CVE-2024-3094'),
    metrics: z
      .object({ cvssMetricV40: Metrics, cvssMetricV31: Metrics, cvssMetricV30: Metrics, cvssMetricV2: Metrics })
      .optional(),
  }),
});
type Entry = z.infer<typeof Entry>;

/** Failure `feed.unreadable` when it is no page of that API. */
export function pageOf(json: unknown): Page {
  const read = Page.safeParse(json);
  if (read.success) return read.data;
  throw new Failure('feed.unreadable', 'This is no page of the NVD API 2.0: it has no "vulnerabilities".');
}

/** A CVE without a rating gives nothing: since 2024 the NVD rates few of them. */
export function ratingsIn({ vulnerabilities, startIndex }: Page, wanted: Wanted): readonly Item[] {
  return vulnerabilities.flatMap((entry, index) => {
    const id = (entry as { cve?: { id?: unknown } } | null)?.cve?.id;
    if (typeof id === 'string' && isCve(id) && !wanted.cve(id)) return [];
    return itemsOf(Entry, entry, { id, position: `entry ${startIndex + index + 1}` }, ratingItems);
  });
}

function ratingItems({ cve }: Entry): readonly Item[] {
  const { cvssMetricV40 = [], cvssMetricV31 = [], cvssMetricV30 = [], cvssMetricV2 = [] } = cve.metrics ?? {};
  const all = [...cvssMetricV40, ...cvssMetricV31, ...cvssMetricV30, ...cvssMetricV2];
  if (all.length === 0) return [];
  const ratings = all.map(({ source, cvssData }) => ({ vector: cvssData.vectorString, by: raterOf(source) }));
  const value = ratingOf(ratings.sort((a, b) => Number(b.by === 'nvd') - Number(a.by === 'nvd')));
  if (value) return [{ kind: 'cve', saying: { field: 'nvd', id: cve.id, value } }];
  return [{ kind: 'dropped', where: cve.id, why: 'none of its CVSS vectors can be read' }];
}

/** The NVD shows others' ratings beside its own: CISA's, by its id as a publisher, and those of the CVE's own authority. */
function raterOf(source: string): string {
  if (source === 'nvd@nist.gov') return 'nvd';
  return source === '134c704f-9b21-4f2e-91b3-4a467353bcc0' ? 'cisa-adp' : 'cna';
}
