import { describe, expect, it } from 'vitest';
import { type WhyAdvisory, whyAdvisoryCard } from '../../../domain/cards/why-advisory-card.ts';
import { explainMatch, type MatchSubject } from '../../../domain/intel/match.ts';
import type { Affected } from '../../../domain/model/advisory.ts';
import type { Finding } from '../../../domain/model/finding.ts';
import { installed } from '../flows/intel-world.ts';
import { advisory, affects } from '../intel/make.ts';
import { device, facts } from '../make.ts';
import { asText } from './as-text.ts';

const here: MatchSubject = {
  release: 'debian:12',
  packages: [installed('1.0', 'vim'), { ...installed('1.0', 'half'), whole: false }, installed('one', 'odd')],
  modules: new Set(['nodejs:18']),
  livepatched: new Set(['CVE-2026-9']),
};
const entry = (change: Partial<Affected> = {}): Affected => ({ ...affects('debian:12', 'vim', '1.1'), ...change });
const found = (name = 'vim', verdict: Finding['verdict'] = 'vulnerable'): Finding => {
  return { advisory: 'test/DSA-1', package: name, installed: '1.0', fixed: '1.1', verdict, requires: null };
};

function drawn(
  affected: readonly Affected[],
  findings: readonly Finding[],
  more: {
    readonly subject?: MatchSubject;
    readonly cves?: readonly string[];
    readonly cleared?: WhyAdvisory['cleared'];
  } = {},
) {
  const one = advisory('DSA-1', { affected, cves: more.cves ?? ['CVE-2026-1'] });
  const entries = explainMatch(one, more.subject ?? here);
  return whyAdvisoryCard({
    ...{ device: device('web-1', { facts: facts() }), subject: 'DSA-1', release: 'debian:12', patches: [] },
    all: [{ advisory: one, entries, found: findings }],
    cleared: more.cleared ?? new Map(),
  });
}
const lines = (...given: Parameters<typeof drawn>) => drawn(...given).list?.items;

describe('why an advisory concerns a device, or not', () => {
  it.each<[string, Partial<Affected>, readonly Finding[], string]>([
    ['it is open', {}, [found()], 'vim 1.0: open, fixed in 1.1'],
    [
      'the fix costs money',
      { requires: 'ubuntu-pro' },
      [found()],
      'vim 1.0: open, fixed in 1.1, which needs Ubuntu Pro',
    ],
    ['there is no fix', { fixed: null }, [found()], 'vim 1.0: open, there is no fix yet'],
    ['it is fixed', { fixed: '0.9' }, [], 'vim 1.0: fixed since 0.9'],
    [
      'the fault came later',
      { introduced: '2.0', fixed: '2.1' },
      [],
      'vim 1.0: older than 2.0, which brought the fault',
    ],
    [
      'the vendor looked',
      { status: 'not-affected', fixed: null },
      [],
      'vim 1.0: the vendor says that this release is not affected (VEX)',
    ],
    [
      'the vendor has not decided',
      { status: 'unknown', fixed: null },
      [found('vim', 'unknown')],
      'vim 1.0: the vendor has not decided, or does not say which module stream its fix is for',
    ],
    [
      'it is for another module stream',
      { module: 'nodejs:20' },
      [],
      'vim 1.0: for the module stream nodejs:20, which is not enabled',
    ],
    [
      'it is half installed',
      { package: 'half' },
      [found('half', 'unknown')],
      'half 1.0: half installed: its version is a wish, not a fact',
    ],
    [
      'versions cannot be compared',
      { package: 'odd' },
      [found('odd', 'unknown')],
      'odd one: nobody can compare this version with 1.1',
    ],
    ['it is not installed', { package: 'emacs' }, [], 'not installed: emacs'],
    ['it is for another release', { release: 'debian:11' }, [], '1 entry for other releases: debian:11'],
  ])('when %s', (_, affected, findings, wanted) => {
    expect(lines([entry(affected)], findings)).toEqual([wanted]);
  });

  it('says that a livepatch covers it', () => {
    const card = drawn([entry()], [found('vim', 'mitigated')], { cves: ['CVE-2026-9'] });
    expect([card.status, card.list?.items]).toEqual([
      'Covered by a livepatch until the next reboot',
      ['vim 1.0: covered by a livepatch until the next reboot, fixed in 1.1'],
    ]);
  });

  it('says that another bulletin clears it, or that it may be newer than the matching', () => {
    const cleared = new Map([['vim', new Set(['CVE-2026-1'])]]);
    expect(lines([entry()], [], { cleared })).toEqual([
      'vim 1.0: another bulletin of the vendor says that this release is not affected (VEX)',
    ]);
    expect(lines([entry()], [])).toEqual([
      'vim 1.0: fixed in 1.1, but the last matching did not find it open: it may be newer than that',
    ]);
  });

  it('draws many entries of what is not here as one line', () => {
    const many = Array.from({ length: 40 }, (_, at) => entry({ package: `lib${at}` }));
    const elsewhere = ['debian:10', 'debian:11'].map((release) => entry({ release }));
    expect(lines([entry(), ...many, ...elsewhere], [found()])).toEqual([
      'vim 1.0: open, fixed in 1.1',
      'not installed: lib0, lib1, lib2 and 37 more',
      '2 entries for other releases: debian:10, debian:11',
    ]);
  });

  it.each<[string, readonly Affected[], readonly Finding[], string]>([
    ['one entry is open', [entry()], [found()], 'Open to it'],
    ['nobody can say', [entry({ package: 'odd' })], [found('odd', 'unknown')], 'Nobody can say'],
    ['all are fixed', [entry({ fixed: '0.9' })], [], 'Not open to it: fixed'],
    ['none is about this device', [entry({ package: 'emacs' })], [], 'It does not concern this device'],
  ])('concludes when %s', (_, affected, findings, status) => {
    expect(drawn(affected, findings).status).toBe(status);
  });

  it('names the advisory in each line when there are several', () => {
    const [one, two] = [
      advisory('DSA-1', { affected: [entry()] }),
      advisory('DSA-2', { affected: [entry({ package: 'emacs' })] }),
    ];
    const card = whyAdvisoryCard({
      ...{ device: device('web-1'), subject: 'CVE-2026-1', release: 'debian:12', patches: [], cleared: new Map() },
      all: [
        { advisory: one, entries: explainMatch(one, here), found: [found()] },
        { advisory: two, entries: explainMatch(two, here), found: [] },
      ],
    });
    expect(asText(card)).toEqual([
      'web-1: CVE-2026-1 [Open to it]',
      'Release: debian:12',
      '- DSA-1 (test): vim 1.0: open, fixed in 1.1',
      '- DSA-2 (test): not installed: emacs',
    ]);
  });
});
