/** What takes a finding back: a vendor's word that it is not affected, and a fix in the running kernel. */
import { describe, expect, it } from 'vitest';
import { buildIndex, explainMatch } from '../../../domain/intel/match.ts';
import type { Advisory, Affected } from '../../../domain/model/advisory.ts';
import { advisory } from './make.ts';
import { both, device, found, installed, lib, one } from './match-make.ts';

describe('what a vendor declares not affected (VEX)', () => {
  const cves = ['CVE-2026-0001', 'CVE-2026-0002'];
  const harmless = (named: readonly string[], change: Partial<Affected> = {}): Advisory =>
    advisory('VEX-1', { feed: 'vex', cves: named, affected: [lib(null, { status: 'not-affected', ...change })] });
  const open = advisory('A-1', { cves, affected: [lib('2.0')] });
  const subject = device([installed('lib', '1.0')]);
  const ids = async (...all: readonly Advisory[]) => (await found(all, subject)).map(({ advisory: id }) => id);

  it('closes other advisories of which it covers every CVE, whichever comes first', async () => {
    expect(await ids(open, harmless(cves))).toEqual([]);
    expect(await ids(harmless(cves), open)).toEqual([]);
    expect(
      await ids(open, harmless(cves.slice(0, 1)), advisory('VEX-2', { ...harmless(cves.slice(1)), id: 'VEX-2' })),
    ).toEqual([]);
  });

  it('closes none of which it covers only some, and none without CVEs', async () => {
    expect(await ids(open, harmless(cves.slice(0, 1)))).toEqual(['test/A-1']);
    expect(await ids(advisory('A-2', { affected: [lib('2.0')] }), harmless(cves))).toEqual(['test/A-2']);
  });

  it('closes none for another package, release or kind of name', async () => {
    expect(await ids(open, harmless(cves, { package: 'other' }))).toEqual(['test/A-1']);
    expect(await ids(open, harmless(cves, { release: 'debian:13' }))).toEqual(['test/A-1']);
    expect(await ids(open, harmless(cves, { names: 'binary' }))).toEqual(['test/A-1']);
  });

  it('says of a source package what it says of everything built from it', async () => {
    const built = installed('lib-tools', '1.0', { source: 'lib', sourceVersion: '1.0' });
    const tools = advisory('A-3', { cves, affected: [lib('2.0', { names: 'binary', package: 'lib-tools' })] });
    expect(await found([tools], device([built]))).toHaveLength(1);
    expect(await found([tools, harmless(cves)], device([built]))).toEqual([]);
    expect(await found([tools, harmless(cves)], device([{ ...built, source: 'fork' }]))).toHaveLength(1);
    const index = await buildIndex([tools, harmless(cves), harmless(cves.slice(1), { package: 'fork' })]);
    const sources = ['lib', 'fork', 'other', 'lib'].map((source) => index.match(device([{ ...built, source }])).length);
    expect(sources).toEqual([0, 1, 1, 0]);
    const own = harmless(cves.slice(0, 1), { names: 'binary', package: 'lib-tools' });
    expect(await found([tools, own, harmless(cves.slice(1))], device([built]))).toEqual([]);
  });

  it('beats what the same advisory says, also without CVEs', async () => {
    const same = one(lib('2.0'), lib(null, { status: 'not-affected' }));
    expect(await found([same], subject)).toEqual([]);
    expect(explainMatch(same, subject).map(({ reason }) => reason)).toEqual(['not-affected', 'not-affected']);
  });

  it('only holds for the versions that it names', async () => {
    const since2 = one(lib('3.0'), lib(null, { status: 'not-affected', introduced: '2.0' }));
    expect(await found([since2], subject)).toHaveLength(1);
    expect(await found([since2], device([installed('lib', '2.5')]))).toEqual([]);
    expect(await found([since2], device([installed('lib', '2.5', { whole: false })]))).toHaveLength(1);
  });

  it('does not count when it is withdrawn', async () => {
    expect(await ids(open, { ...harmless(cves), withdrawn: new Date(0) })).toEqual(['test/A-1']);
  });
});

describe('livepatch', () => {
  const cves = ['CVE-2026-0001', 'CVE-2026-0002'];
  const kernel = advisory('A-1', { cves, affected: [lib('2.0')] });
  const patched = (...livepatched: readonly string[]) => device([installed('lib', '1.0')], { livepatched });

  it.each([
    ['every CVE', cves, 'mitigated', 'livepatched'],
    ['some CVEs', cves.slice(0, 1), 'vulnerable', 'vulnerable'],
    ['no CVE', [], 'vulnerable', 'vulnerable'],
  ] as const)('that covers %s', async (_, covers, verdict, reason) => {
    expect(await both(kernel, patched(...covers))).toEqual([verdict, reason]);
  });

  it('covers neither advisories without CVEs nor what is unknown', async () => {
    expect(await both({ ...kernel, cves: [] }, patched(...cves))).toEqual(['vulnerable', 'vulnerable']);
    const undecided = { ...kernel, affected: [lib(null, { status: 'unknown' as const })] };
    expect(await both(undecided, patched(...cves))).toEqual(['unknown', 'undecided']);
  });

  it("of one device is not another device's", async () => {
    const index = await buildIndex([kernel]);
    const seen = [patched(), patched(...cves), patched()].map((subject) => index.match(subject)[0]?.verdict);
    expect(seen).toEqual(['vulnerable', 'mitigated', 'vulnerable']);
  });
});
