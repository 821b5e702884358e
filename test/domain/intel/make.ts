/** Advisories and CVE facts for tests of priorities: complete ones, of which a test changes only what it is about. */
import type { Advisory } from '../../../domain/model/advisory.ts';
import { type CveFacts, unknownCve } from '../../../domain/model/cve.ts';

export const advisory = (id: string, change: Partial<Advisory> = {}): Advisory => ({
  id,
  feed: 'test',
  title: `${id} title`,
  text: '',
  kind: 'security',
  cves: [],
  severity: 'unrated',
  vendorSeverity: null,
  affected: [],
  published: null,
  modified: null,
  withdrawn: null,
  reboot: false,
  livepatch: false,
  references: [],
  ...change,
});

/** An entry of `affected` with nothing special about it. */
export const affects = (release: string, name: string, fixed: string | null): Advisory['affected'][number] => ({
  release,
  names: 'source',
  package: name,
  introduced: null,
  fixed,
  status: 'affected',
  requires: null,
  module: null,
});

export const cve = (id: string, change: Partial<CveFacts> = {}): CveFacts => ({ ...unknownCve(id), ...change });
export const epss = (score: number): CveFacts['epss'] => ({ score, percentile: score, date: '2026-06-28' });

/** Facts by id, as the store gives them. */
export const factsOf = (...cves: readonly CveFacts[]): ReadonlyMap<string, CveFacts> =>
  new Map(cves.map((one) => [one.id, one]));
