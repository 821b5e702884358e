import { describe, expect, it } from 'vitest';
import { priorityFor } from '../../../domain/intel/priority.ts';
import { threatOf } from '../../../domain/intel/threat.ts';
import type { Exposure } from '../../../domain/model/device.ts';
import { advisory } from './make.ts';
import { cisaWords, patchCves, recordedFacts, recordings, rowsOf } from './recorded.ts';

const sets = [
  ['debian/priority-facts.bookworm.tsv', 'debian/changelogs.bookworm.json.gz', 27],
  ['ubuntu/priority-facts.noble.tsv', 'ubuntu/changelogs.noble.json.gz', 66],
] as const;
/** After the day of the recordings, so that no KEV date moves anything. */
const seen = new Date('2026-11-22T00:00:00Z');

describe.skipIf(!recordings)('recorded patches with recorded KEV, EPSS and SSVC facts', () => {
  const facts = recordings ? recordedFacts() : new Map();

  it.each(sets)('%s: facts and due dates of every row, exposed and not', (table, changelogs, rows) => {
    const cves = patchCves(changelogs);
    const expected = rowsOf(table);
    expect(expected).toHaveLength(rows);
    for (const row of expected) {
      const { source = '' } = row;
      const advisories = [advisory(source, { cves: cves.get(source) ?? [] })];
      const on = (exposure: Exposure) =>
        priorityFor({
          advisories,
          cves: facts,
          device: { criticality: 'normal', exposure },
          livepatched: false,
          classification: 'security',
          firstSeen: seen,
        });
      const [exposed, inside, isolated] = [on('internet'), on('internal'), on('isolated')];
      const threat = threatOf(advisories, facts, 0);
      const likely = [...threat.cves].sort((a, b) => (b.epss ?? -1) - (a.epss ?? -1))[0];
      const known = typeof likely?.epss === 'number';
      expect({
        source,
        cves: String(threat.cveCount),
        in_kev: threat.cves
          .filter(({ kev }) => kev)
          .map(({ id }) => id)
          .join(),
        max_epss_cve: known ? likely.id : '',
        max_epss: known ? String(likely.epss) : '',
        bod_exposed: cisaWords[exposed.due],
        bod_not_exposed: cisaWords[inside.due],
        deciding_cve: exposed.deciding,
      }).toEqual(pick(row));
      expect([source, isolated.due]).toEqual([source, inside.due]);
    }
  });

  /** Facts on feeds, section 6: one kernel update names 2,018 CVEs. */
  it('names five of the kernel’s 2,018 CVEs', () => {
    const cves = patchCves('debian/changelogs.bookworm.json.gz').get('linux') ?? [];
    const threat = threatOf([advisory('DSA-1', { cves })], facts, 0);
    expect([threat.cveCount, threat.cves.length, threat.cves[0]?.id]).toEqual([2018, 5, 'CVE-2025-22037']);
  });
});

const columns = [
  'source',
  'cves',
  'in_kev',
  'max_epss_cve',
  'max_epss',
  'bod_exposed',
  'bod_not_exposed',
  'deciding_cve',
];
const pick = (row: Readonly<Record<string, string>>) => Object.fromEntries(columns.map((name) => [name, row[name]]));
