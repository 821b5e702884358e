/** What priorities are computed from, for tests. */
import type { PriorityInput } from '../../../domain/intel/priority.ts';
import type { Priority } from '../../../domain/model/priority.ts';
import { advisory, affects, cve, epss, factsOf } from './make.ts';

export const seen = new Date('2026-11-23T12:00:00Z');
export const kev = { added: '2023-10-10', due: '2023-10-31', ransomware: false };
/** What a priority is computed from. */
export const input = (change: Partial<PriorityInput> = {}): PriorityInput => ({
  advisories: [],
  cves: new Map(),
  device: { criticality: 'normal', exposure: 'internal' },
  livepatched: false,
  classification: 'security',
  firstSeen: seen,
  ...change,
});
/** The only advisory, about one CVE. */
export const about = (id: string, change: Parameters<typeof advisory>[1] = {}): PriorityInput['advisories'] => [
  advisory(`ADV-of-${id}`, { cves: [id], ...change }),
];
/** Score, band and due class. */
export const answer = ({ score, band, due }: Priority) => [score, band, due];

export const important = { severity: 'important', vendorSeverity: 'high' } as const;
export const http2 = cve('CVE-2023-44487', {
  kev,
  epss: epss(0.99999),
  cvss: { vector: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H', score: 7.5, by: 'cna' },
  ssvc: { exploitation: 'active', automatable: true, impact: 'partial' },
});
/** The advisory about HTTP/2's rapid reset, which is exploited. */
export const nghttp2 = {
  advisories: about('CVE-2023-44487', {
    ...important,
    affected: [affects('ubuntu:22.04', 'nghttp2', '1.43.0-1ubuntu0.1')],
  }),
  cves: factsOf(http2),
};
