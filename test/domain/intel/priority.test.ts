import { describe, expect, it } from 'vitest';
import { type PriorityInput, priorityFor, worstOf } from '../../../domain/intel/priority.ts';
import { advisory, cve, epss, factsOf } from './make.ts';
import { about, http2, important, input, kev, nghttp2, seen } from './priority-make.ts';

describe('the priority of a patch on a device', () => {
  it('prints every addend, the floor and the rule of the due date', () => {
    const internet = priorityFor(input({ ...nghttp2, device: { criticality: 'mission', exposure: 'internet' } }));
    expect(internet).toEqual({
      band: 'emergency',
      score: 87,
      due: '3-days',
      dueAt: new Date('2026-11-26T12:00:00Z'),
      why: [
        'severity Important (Ubuntu: high): 28',
        'KEV since 2023-10-10, CVE-2023-44487: 30',
        'x 1.25 criticality mission',
        'x 1.2 exposure internet',
        '= 87',
        'due in 3 days: exploited, exposed, automatable, partial impact (BOD 26-04, row 11)',
      ],
      assumed: [],
      deciding: 'CVE-2023-44487',
    });
    const isolated = priorityFor(input({ ...nghttp2, device: { criticality: 'low', exposure: 'isolated' } }));
    expect(isolated.why.slice(2)).toEqual([
      'x 0.75 criticality low',
      'x 0.8 exposure isolated',
      '= 35',
      'floor: known exploited is never below high',
      'due in 14 days: exploited, not exposed, automatable, partial impact (BOD 26-04, row 6)',
    ]);
  });

  it('marks what nobody has said, with the value that a rule took instead', () => {
    const cves = factsOf(
      cve('CVE-2026-1', { cvss: { vector: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H', score: 9.8, by: 'nvd' } }),
    );
    const guessed = priorityFor(
      input({ advisories: about('CVE-2026-1'), cves, device: { criticality: null, exposure: null } }),
    );
    expect(guessed.assumed).toEqual([
      'exposure internet: nobody has said',
      'criticality normal: nobody has said',
      'no SSVC data for CVE-2026-1: taken as not automatable, impact total where CVSS says so (C:H, I:H, A:H), else partial',
    ]);
    expect(guessed.why[0]).toBe('severity Critical (CVSS 9.8 by nvd, CVE-2026-1): 40');
    expect(guessed.due).toBe('14-days');
  });

  it('takes the impact as partial where CVSS does not show all three as high, or there is none', () => {
    const device = { criticality: 'normal', exposure: 'internet' } as const;
    const vector = 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:N';
    const high = cve('CVE-2026-1', { cvss: { vector, score: 9.1, by: 'cna' } });
    for (const cves of [factsOf(high), new Map()]) {
      const { due, assumed } = priorityFor(input({ advisories: about('CVE-2026-1'), cves, device }));
      expect(due).toBe('60-days');
      expect(assumed.at(-1)).toBe('no SSVC data for CVE-2026-1: taken as not automatable, impact partial');
    }
  });

  it('lets the vendor’s word beat CVSS, and says when a severity is unrated', () => {
    const cves = factsOf(cve('CVE-2026-1', { cvss: { vector: '', score: 9.8, by: 'nvd' } }));
    const rated = priorityFor(
      input({ advisories: about('CVE-2026-1', { severity: 'low', vendorSeverity: 'negligible' }), cves }),
    );
    expect(rated.why[0]).toBe('severity Low (vendor: negligible): 5');
    const unrated = priorityFor(input({ advisories: about('CVE-2026-1') }));
    expect([unrated.why[0], unrated.assumed[0]]).toEqual([
      'severity Unrated: 14',
      'severity unrated: ranked like moderate',
    ]);
  });

  it.each([
    [{ epss: epss(0.5) }, 'EPSS 50 %, CVE-2026-1: 22'],
    [{ epss: epss(0.49999) }, 'EPSS 49.9 %, CVE-2026-1: 15'],
    [{ epss: epss(0.1) }, 'EPSS 10 %, CVE-2026-1: 15'],
    [{ epss: epss(0.01) }, 'EPSS 1 %, CVE-2026-1: 6'],
    [{ epss: epss(0.00999) }, 'EPSS 0.9 %, CVE-2026-1: 0'],
    [{}, 'nothing is known of attacks: 0'],
    [
      { epss: epss(0.01), ssvc: { exploitation: 'poc', automatable: false, impact: 'partial' } },
      'public exploit (SSVC), CVE-2026-1: 8',
    ],
    [
      { epss: epss(0.2), ssvc: { exploitation: 'poc', automatable: false, impact: 'partial' } },
      'EPSS 20 %, CVE-2026-1: 15',
    ],
    [{ kev, epss: epss(0.9) }, 'KEV since 2023-10-10, CVE-2026-1: 30'],
  ] as const)('%j counts as %s', (facts, line) => {
    const cves = factsOf(cve('CVE-2026-1', facts));
    expect(priorityFor(input({ advisories: about('CVE-2026-1'), cves })).why[1]).toBe(line);
  });

  it('adds 5 for ransomware, and stops at 100', () => {
    const worst = cve('CVE-2026-1', { kev: { ...kev, ransomware: true } });
    const { score, why } = priorityFor(
      input({
        advisories: about('CVE-2026-1', { severity: 'critical' }),
        cves: factsOf(worst),
        device: { criticality: 'mission', exposure: 'internet' },
      }),
    );
    expect(score).toBe(100);
    expect(why).toContain('known in ransomware campaigns: 5');
    expect(why).toContain('= 112, capped at 100');
  });

  it('makes a due date of 3 days an emergency whatever the score', () => {
    const wormable = cve('CVE-2026-1', { ssvc: { exploitation: 'none', automatable: true, impact: 'total' } });
    const { band, score, why } = priorityFor(
      input({
        advisories: about('CVE-2026-1', { severity: 'low' }),
        cves: factsOf(wormable),
        device: { criticality: 'low', exposure: 'internet' },
      }),
    );
    expect([band, score]).toEqual(['emergency', 4]);
    expect(why).toContain('floor: due in 3 days is always an emergency');
  });

  it('decides by the most urgent CVE, and keeps the date of one that falls due before it', () => {
    const fresh = cve('CVE-2026-2', { kev: { added: '2026-12-20', due: '2027-01-31', ransomware: false } });
    const old = cve('CVE-2026-1', { ssvc: { exploitation: 'none', automatable: true, impact: 'partial' } });
    const both = priorityFor(
      input({
        advisories: [advisory('A', { cves: ['CVE-2026-1', 'CVE-2026-2'] })],
        cves: factsOf(fresh, old),
        firstSeen: new Date('2026-11-01T00:00:00Z'),
      }),
    );
    expect([both.due, both.deciding]).toEqual(['14-days', 'CVE-2026-2']);
    expect(both.dueAt).toEqual(new Date('2026-12-31T00:00:00Z'));
    expect(both.why.at(-1)).toBe(
      'due in 14 days: exploited, not exposed, not automatable, partial impact (BOD 26-04, row 1), counted from 2026-12-20 (KEV); CVE-2026-1 falls due before that',
    );
  });

  it('can be tightened by severity, never loosened', () => {
    const cves = factsOf(cve('CVE-2026-1'));
    const device = { criticality: 'normal', exposure: 'internet' } as const;
    const advisories = about('CVE-2026-1', { severity: 'critical' });
    const tight = priorityFor(input({ advisories, cves, device, tighten: { critical: 7 } }));
    expect([tight.due, tight.dueAt]).toEqual(['60-days', new Date('2026-11-30T12:00:00Z')]);
    expect(tight.why.at(-1)).toMatch(/row 2\); tightened to 7 days for critical$/);
    const loose = priorityFor(input({ advisories, cves, device, tighten: { critical: 90, low: 1 } }));
    expect(loose.dueAt).toEqual(new Date('2027-01-22T12:00:00Z'));
    const waiting = priorityFor(input({ advisories, cves, tighten: { critical: 7 } }));
    expect([waiting.due, waiting.dueAt]).toEqual(['next-window', new Date('2026-11-30T12:00:00Z')]);
  });

  it('drops one band when a livepatch covers it, and waits for the reboot', () => {
    const device = { criticality: 'mission', exposure: 'internet' } as const;
    const covered = priorityFor(input({ ...nghttp2, device, livepatched: true, tighten: { important: 1 } }));
    expect([covered.band, covered.score, covered.due, covered.dueAt]).toEqual(['high', 87, 'next-window', null]);
    expect(covered.why.slice(-2)).toEqual([
      'livepatched: one band lower',
      'due in the next window: a livepatch covers it until the next reboot',
    ]);
  });

  it('passes over advisories that were withdrawn', () => {
    const gone = about('CVE-2023-44487', { ...important, withdrawn: seen });
    expect(priorityFor(input({ advisories: gone, cves: factsOf(http2) })).deciding).toBeNull();
  });
});

describe('the priority of a patch that no advisory describes', () => {
  it('never lets a security update fall below normal', () => {
    expect(priorityFor(input({ device: { criticality: 'mission', exposure: 'internal' } }))).toEqual({
      band: 'normal',
      score: 18,
      due: 'next-window',
      dueAt: null,
      why: [
        'security update, severity not rated: 14',
        'no advisory is known: threat 0',
        'x 1.25 criticality mission',
        'x 1 exposure internal',
        '= 18',
        'floor: a security update that no advisory describes is never below normal',
        'due in the next window: not exploited, not exposed, not automatable, partial impact (BOD 26-04, row 0)',
      ],
      assumed: [
        'severity unrated: ranked like moderate',
        'not exploited, not automatable, partial impact: no advisory is known',
      ],
      deciding: null,
    });
  });

  it('gives other updates no due date, also not on the internet', () => {
    for (const classification of ['bugfix', 'feature', 'unknown'] as const) {
      const device = { criticality: 'normal', exposure: 'internet' } as const;
      const { band, score, due, why, assumed } = priorityFor(input({ classification, device }));
      expect([band, score, due, assumed]).toEqual(['low', 6, 'next-window', []]);
      expect(why.at(-1)).toBe('due in the next window: no security update');
    }
  });
});

describe('the priority for several devices', () => {
  const on = (device: PriorityInput['device'], change: Partial<PriorityInput> = {}) =>
    priorityFor(input({ ...nghttp2, ...change, device }));

  it('is that of the worst device', () => {
    const [worst, mild] = [
      on({ criticality: 'mission', exposure: 'internet' }),
      on({ criticality: 'low', exposure: 'isolated' }),
    ];
    expect(worstOf([mild, worst, mild])).toEqual(worst);
  });

  it('takes over the due date of a less important device that is due first', () => {
    const likely = {
      advisories: about('CVE-2025-1094', important),
      cves: factsOf(cve('CVE-2025-1094', { epss: epss(0.895) })),
    };
    const mission = on({ criticality: 'mission', exposure: 'internal' }, likely);
    const internet = on({ criticality: 'low', exposure: 'internet' }, likely);
    const both = worstOf([mission, internet]);
    expect([both?.score, both?.band, both?.due, both?.dueAt]).toEqual([62, 'high', '60-days', internet.dueAt]);
    expect(both?.why).toEqual([...mission.why.slice(0, -1), internet.why.at(-1)]);
  });

  it('is none without devices', () => {
    expect(worstOf([])).toBeNull();
  });
});
