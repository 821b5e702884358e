import { describe, expect, it } from 'vitest';
import { threatOf, vendorOf } from '../../../domain/intel/threat.ts';
import { advisory, affects, cve, epss, factsOf } from './make.ts';

const none = new Map();
const kev = { added: '2026-01-01', due: '2026-01-22', ransomware: false };

describe('the threat behind a patch', () => {
  it('names the worst severity in our words and in the vendor’s', () => {
    const threat = threatOf(
      [
        advisory('A-1', { severity: 'low', vendorSeverity: 'negligible' }),
        advisory('A-2', { severity: 'important', vendorSeverity: 'high' }),
        advisory('A-3'),
      ],
      none,
      0,
    );
    expect([threat.severity, threat.vendorSeverity]).toEqual(['important', 'high']);
    expect(threat.advisories.map(({ id }) => id)).toEqual(['A-2', 'A-1', 'A-3']);
  });

  it('takes the CVSS band only when no vendor rates', () => {
    const cves = factsOf(cve('CVE-2026-0001', { cvss: { vector: '', score: 9.1, by: 'nvd' } }));
    const unrated = advisory('A-1', { cves: ['CVE-2026-0001'], vendorSeverity: 'not yet assigned' });
    expect(threatOf([unrated], cves, 0)).toMatchObject({ severity: 'critical', vendorSeverity: 'not yet assigned' });
    expect(threatOf([unrated, advisory('A-2', { severity: 'low' })], cves, 0).severity).toBe('low');
  });

  it('names five CVEs by KEV, then EPSS, then id, and counts all', () => {
    const ids = ['CVE-2026-0007', 'CVE-2026-0001', 'CVE-2026-0002', 'CVE-2026-0003', 'CVE-2026-0004', 'CVE-2026-0005'];
    const facts = factsOf(
      cve('CVE-2026-0003', { kev, epss: epss(0.01) }),
      cve('CVE-2026-0004', { epss: epss(0.9) }),
      cve('CVE-2026-0005', { epss: epss(0) }),
      cve('CVE-2026-0002'),
    );
    const threat = threatOf([advisory('A-1', { cves: ids })], facts, 3);
    expect(threat.cves).toEqual([
      { id: 'CVE-2026-0003', kev: true, epss: 0.01 },
      { id: 'CVE-2026-0004', kev: false, epss: 0.9 },
      { id: 'CVE-2026-0005', kev: false, epss: 0 },
      { id: 'CVE-2026-0001', kev: false, epss: null },
      { id: 'CVE-2026-0002', kev: false, epss: null },
    ]);
    expect([threat.cveCount, threat.exposed]).toEqual([6, 3]);
  });

  it('counts an advisory that two feeds know once, and its CVEs once', () => {
    const twice = ['osv', 'ubuntu-notices'].map((feed) => advisory('USN-1-1', { feed, cves: ['CVE-2026-0001'] }));
    const threat = threatOf(twice, none, 0);
    expect([threat.advisoryCount, threat.advisories.length, threat.cveCount]).toEqual([1, 1, 1]);
  });

  it('names five advisories, the newest first among equally bad ones', () => {
    const seven = [1, 2, 3, 4, 5, 6, 7].map((day) =>
      advisory(`A-${day}`, { published: new Date(`2026-01-0${day}T00:00:00Z`) }),
    );
    const threat = threatOf(seven, none, 0);
    expect(threat.advisories.map(({ id }) => id)).toEqual(['A-7', 'A-6', 'A-5', 'A-4', 'A-3']);
    expect(threat.advisoryCount).toBe(7);
  });

  it('passes over what was withdrawn and what is no security advisory', () => {
    const others = [
      advisory('A-1', { withdrawn: new Date(0), cves: ['CVE-2026-0001'] }),
      advisory('A-2', { kind: 'bugfix' }),
    ];
    expect(threatOf(others, none, 0)).toMatchObject({ advisoryCount: 0, cveCount: 0, severity: 'unrated' });
  });
});

describe('the vendor of an advisory', () => {
  it.each([
    ['ubuntu:24.04', 'Ubuntu'],
    ['rhel:9', 'Red Hat'],
    ['nixos:25', 'nixos'],
  ])('of %s is %s', (release, vendor) => {
    expect(vendorOf(advisory('A', { affected: [affects(release, 'p', null)] }))).toBe(vendor);
  });

  it('is just "vendor" when it speaks of no release', () => {
    expect(vendorOf(advisory('A'))).toBe('vendor');
  });
});
