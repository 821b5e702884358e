import { describe, expect, it } from 'vitest';
import { type PriorityInput, priorityFor } from '../../../domain/intel/priority.ts';
import { cve, epss, factsOf } from './make.ts';
import { about, answer, important, input, nghttp2 } from './priority-make.ts';

describe('the worked examples of the facts on feeds, section 6', () => {
  const sudo = cve('CVE-2025-32463', {
    kev: { added: '2025-09-29', due: '2025-10-20', ransomware: false },
    epss: epss(0.475),
    ssvc: { exploitation: 'active', automatable: false, impact: 'total' },
  });
  const rows: readonly (readonly [string, Partial<PriorityInput>, readonly unknown[]])[] = [
    [
      'jammy nghttp2, internet, mission',
      { ...nghttp2, device: { criticality: 'mission', exposure: 'internet' } },
      [87, 'emergency', '3-days'],
    ],
    [
      'jammy nghttp2, isolated, low',
      { ...nghttp2, device: { criticality: 'low', exposure: 'isolated' } },
      [35, 'high', '14-days'],
    ],
    [
      'noble sudo, internal, normal',
      { advisories: about(sudo.id, important), cves: factsOf(sudo) },
      [58, 'high', '14-days'],
    ],
    [
      'noble postgresql-16, internal, mission',
      {
        advisories: about('CVE-2025-1094', important),
        cves: factsOf(cve('CVE-2025-1094', { epss: epss(0.895) })),
        device: { criticality: 'mission', exposure: 'internal' },
      },
      [62, 'high', 'next-window'],
    ],
    [
      'noble nginx, internet, high',
      {
        advisories: about('CVE-2026-42945'),
        cves: factsOf(cve('CVE-2026-42945', { epss: epss(0.61) })),
        device: { criticality: 'high', exposure: 'internet' },
      },
      [48, 'normal', '60-days'],
    ],
    [
      'bookworm openssl, internet, mission',
      {
        advisories: about('CVE-2026-45447', { severity: 'important' }),
        cves: factsOf(cve('CVE-2026-45447', { epss: epss(0.023) })),
        device: { criticality: 'mission', exposure: 'internet' },
      },
      [51, 'normal', '60-days'],
    ],
    [
      'trixie zlib, internal, normal',
      { advisories: about('CVE-2026-0001'), cves: factsOf(cve('CVE-2026-0001', { epss: epss(0.002) })) },
      [14, 'low', 'next-window'],
    ],
  ];
  it.each(rows)('%s', (_, change, expected) => {
    expect(answer(priorityFor(input(change)))).toEqual(expected);
  });
});
