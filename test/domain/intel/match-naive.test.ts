import { describe, expect, it } from 'vitest';
import { buildIndex, explainMatch, type MatchSubject } from '../../../domain/intel/match.ts';
import type { Advisory, Affected } from '../../../domain/model/advisory.ts';
import type { InstalledPackage } from '../../../domain/model/device.ts';
import type { Finding } from '../../../domain/model/finding.ts';
import { seeded } from '../../random.ts';
import { advisory } from './make.ts';
import { naiveMatch } from './naive-match.ts';

/** Few names and few versions, so that they meet often; and every trap now and then. */
function generator(seed: number) {
  const random = seeded(seed);
  const chance = (share: number): boolean => random() < share;
  const pick = <T>(from: readonly [T, ...T[]]): T => from[Math.floor(random() * from.length)] ?? from[0];
  const some = <T>(most: number, make: () => T): T[] => Array.from({ length: Math.floor(random() * (most + 1)) }, make);
  const release = () => pick(['debian:12', 'almalinux:9', 'alpine:3.19', 'other:1']);
  const name = () => pick(['a', 'b', 'c', 'd']);
  const version = () => {
    const plain = `${pick(['', '', '', '1:'])}${pick(['1', '2', '3'])}.${pick(['0', '1', '05', '9', '10'])}${pick(['', '-1', '-r2', '~rc1', '_p1'])}`;
    return chance(0.05)
      ? pick(['unfixed', '?', '', 'current'])
      : chance(0.15)
        ? `${plain}.module+el9+${pick(['1', '2'])}`
        : plain;
  };
  const cve = () => pick(['CVE-2026-0001', 'CVE-2026-0002', 'CVE-2026-0003', 'CVE-2026-0004']);
  const stream = () => pick(['a:1', 'a:2', 'b:1']);
  const affected = (): Affected => ({
    release: release(),
    names: pick(['source', 'binary']),
    package: name(),
    introduced: chance(0.3) ? version() : null,
    fixed: chance(0.85) ? version() : null,
    status: chance(0.15) ? 'not-affected' : chance(0.1) ? 'unknown' : 'affected',
    requires: chance(0.1) ? 'ubuntu-pro' : null,
    module: chance(0.15) ? stream() : null,
  });
  let ids = 0;
  const bulletin = (): Advisory =>
    advisory(`A-${++ids}`, {
      cves: [...new Set(some(2, cve))],
      affected: [affected(), ...some(5, affected)],
      withdrawn: chance(0.05) ? new Date(0) : null,
    });
  const installed = (): InstalledPackage => {
    const own = version();
    return {
      name: `${name()}${chance(0.2) ? ':i386' : ''}`,
      arch: 'amd64',
      version: own,
      source: name(),
      sourceVersion: chance(0.5) ? own : version(),
      held: false,
      whole: !chance(0.1),
    };
  };
  const subject = (): MatchSubject => ({
    release: release(),
    packages: some(8, installed),
    modules: new Set(some(2, stream)),
    livepatched: new Set(chance(0.2) ? some(4, cve) : []),
  });
  return { advisories: (most: number) => some(most, bulletin), subject };
}

const sorted = (findings: readonly Finding[]): readonly string[] =>
  findings.map(({ advisory: id, ...rest }) => JSON.stringify([id, rest])).sort();

describe('the index', () => {
  it('finds what a slow search through everything finds, on any data', async () => {
    let [findings, mitigated, unknown] = [0, 0, 0];
    for (let seed = 1; seed <= 60; seed += 1) {
      const { advisories, subject } = generator(seed);
      const all = advisories(40);
      const index = await buildIndex(all);
      for (let device = 0; device < 12; device += 1) {
        const one = subject();
        const found = index.match(one);
        expect(sorted(found), `seed ${seed}, device ${device}`).toEqual(sorted(naiveMatch(all, one)));
        findings += found.length;
        mitigated += found.filter(({ verdict }) => verdict === 'mitigated').length;
        unknown += found.filter(({ verdict }) => verdict === 'unknown').length;
      }
    }
    expect(findings).toBeGreaterThan(1000); // else nothing was compared
    expect(mitigated).toBeGreaterThan(20);
    expect(unknown).toBeGreaterThan(100);
  });

  it('and the explanation agree, where no other advisory has a word', async () => {
    const opens: readonly string[] = [
      'vulnerable',
      'no-fix-yet',
      'livepatched',
      'undecided',
      'unreadable-version',
      'half-installed',
    ];
    let findings = 0;
    for (let seed = 100; seed <= 160; seed += 1) {
      const { advisories, subject } = generator(seed);
      for (const a of advisories(20)) {
        const one = subject();
        const explained = explainMatch(a, one);
        expect(explained.map(({ affected }) => affected)).toEqual(a.affected);
        const open = explained.filter(
          ({ affected, reason }) => affected.status !== 'not-affected' && opens.includes(reason),
        );
        const names = new Set(open.map(({ affected }) => `${affected.names} ${affected.package}`));
        const found = (await buildIndex([a])).match(one);
        expect(found.length, `seed ${seed}, ${a.id}`).toBe(names.size);
        findings += found.length;
      }
    }
    expect(findings).toBeGreaterThan(100);
  });
});
