/** CSAF documents of rpm vendors: what becomes of a document, and documents that are broken or hostile. */
import { describe, expect, it } from 'vitest';
import { redhatCsaf, redhatVex } from '../../../workers/feeds/redhat.ts';
import { suseCsaf } from '../../../workers/feeds/suse.ts';
import { fleet, given, zipOfJson } from './advisories.ts';
import { csaf, curlUpdate, type Parts } from './csaf-documents.ts';
import { fileWith } from './served.ts';

const json = (value: unknown) => fileWith(typeof value === 'string' ? value : JSON.stringify(value));
const read = (value: unknown, ...releases: string[]) => given(redhatCsaf.read(json(value), fleet(...releases)));
const one = async (parts: Parts) => (await read(csaf({ ...curlUpdate, ...parts }))).advisories[0];
const rhel9 = { id: 'RHEL-9', cpe: 'cpe:/o:redhat:enterprise_linux:9' };
const _says = (status: Record<string, readonly string[]>) => ({ 'CVE-2026-1000': status });

describe('a CSAF document', () => {
  it('becomes an advisory', async () => {
    const document = {
      aggregate_severity: { text: 'Moderate' },
      notes: [
        { category: 'summary', text: 'An update for curl.' },
        { category: 'general', text: 'It fixes a fault.' },
        { category: 'legal_disclaimer', text: 'Licence' },
      ],
      references: [
        { category: 'external', url: 'https://bugs.example/1' },
        { category: 'self', url: 'https://access.redhat.com/errata/RHSA-2026:0001' },
        { category: 'external', url: 'http://plain.example/' },
      ],
    };
    expect(await one({ document })).toEqual({
      id: 'RHSA-2026:0001',
      feed: 'redhat-csaf',
      title: 'curl security update',
      text: 'An update for curl.\n\nIt fixes a fault.',
      kind: 'security',
      cves: ['CVE-2026-1000'],
      severity: 'moderate',
      vendorSeverity: 'Moderate',
      affected: [
        {
          release: 'rhel:9',
          names: 'binary',
          package: 'curl',
          introduced: null,
          fixed: '0:7.76.1-29.el9',
          status: 'affected',
          requires: null,
          module: null,
        },
      ],
      published: new Date('2026-08-01T10:00:00Z'),
      modified: new Date('2026-08-02T10:00:00Z'),
      withdrawn: null,
      reboot: false,
      livepatch: false,
      references: ['https://access.redhat.com/errata/RHSA-2026:0001', 'https://bugs.example/1'],
    });
  });

  it('goes by the worst impact where it has no severity of its own, then by the worst score', async () => {
    const impact = (details: string) => ({ category: 'impact', details });
    const threats = [
      impact('Low'),
      impact('Important'),
      impact('Catastrophic'),
      { category: 'exploit_status', details: 'Critical' },
    ];
    expect(await one({ vulnerability: { threats } })).toMatchObject({
      severity: 'important',
      vendorSeverity: 'Important',
    });
    const scores = [{ cvss_v3: { baseScore: 5 } }, { cvss_v3: { baseScore: 9.1 } }, {}];
    expect(await one({ vulnerability: { scores } })).toMatchObject({ severity: 'critical', vendorSeverity: null });
    expect(await one({})).toMatchObject({ severity: 'unrated', vendorSeverity: null });
  });

  it.each([
    ['machine', true],
    ['system', true],
    ['none', false],
    ['service', false],
  ])('whose fix needs a restart of kind %s wants a reboot: %s', async (category, reboot) => {
    const remediations = [{ category: 'vendor_fix', restart_required: { category } }, { category: 'workaround' }];
    expect((await one({ vulnerability: { remediations } }))?.reboot).toBe(reboot);
  });

  it.each([
    ['RHSA-2026:1', 'security'],
    ['RHBA-2026:1', 'bugfix'],
    ['RHEA-2026:1', 'feature'],
    ['SUSE-RU-2026:1', 'bugfix'],
    ['SUSE-FU-2026:1', 'feature'],
  ])('%s without a CVE is of kind %s', async (id, kind) => {
    const cpe = id.startsWith('SUSE') ? 'cpe:/o:suse:sles:15:sp5' : rhel9.cpe;
    const products = [...(curlUpdate.products ?? []).slice(1), { id: 'BaseOS-9', cpe }];
    const { vulnerabilities, ...rest } = csaf({ ...curlUpdate, products, id });
    const unnamed = vulnerabilities.map(({ cve: _, ...vulnerability }) => vulnerability);
    const document = { ...rest, vulnerabilities: unnamed };
    const feed = id.startsWith('SUSE') ? suseCsaf : redhatCsaf;
    expect((await given(feed.read(json(document), fleet()))).advisories[0]?.kind).toBe(kind);
  });

  it('is withdrawn when its last revision says so, or its category', async () => {
    const revision = (day: number, summary: string) => ({
      date: `2026-08-0${day}T00:00:00Z`,
      number: `${day}`,
      summary,
    });
    const back = [revision(1, 'Initial version'), revision(3, 'This advisory was retracted')];
    expect((await one({ tracking: { revision_history: back.toReversed() } }))?.withdrawn).toEqual(
      new Date('2026-08-02T10:00:00Z'),
    );
    const again = [...back, revision(4, 'Published again')];
    expect((await one({ tracking: { revision_history: again } }))?.withdrawn).toBeNull();
    expect((await one({ document: { category: 'csaf_withdrawn' } }))?.withdrawn).not.toBeNull();
  });

  it('that is a draft, or is about nothing that anybody has, is passed over', async () => {
    expect(await read(csaf({ ...curlUpdate, tracking: { status: 'draft' } }))).toMatchObject({
      advisories: [],
      dropped: [],
      code: null,
    });
    expect(await read(csaf(curlUpdate), 'rhel:8')).toMatchObject({ advisories: [], dropped: [], code: null });
    expect((await read(csaf(curlUpdate), 'rhel:8', 'rhel:9')).advisories).toHaveLength(1);
  });
});

describe('a file that should hold CSAF documents', () => {
  const deep = `${'{"branches":['.repeat(60)}${']}'.repeat(60)}`;
  it.each([
    ['a web page', '<html><body>Sign in</body></html>'],
    ['nothing', ''],
    ['other JSON', '{"hello":"world"}'],
    ['a list', '[]'],
    ['JSON that is cut short', JSON.stringify(csaf(curlUpdate)).slice(0, -10)],
    ['brackets without end', '['.repeat(100_000)],
    ['a deep tree of products', `{"document":{},"product_tree":${deep}}`],
    ['a document with an id of no vendor', JSON.stringify(csaf({ ...curlUpdate, id: '../../etc/passwd' }))],
  ])('(%s) is a failure, not an empty feed', async (_, content) => {
    expect(await read(content)).toMatchObject({ advisories: [], dropped: [], code: 'feed.unreadable' });
  });

  it.each([
    ['redhat-csaf', redhatCsaf, 'CVE-2026-1000'],
    ['redhat-vex', redhatVex, 'RHSA-2026:0001'],
    ['suse-csaf', suseCsaf, 'RHSA-2026:0001'],
  ])('is none of %s when its documents are of another one', async (_, feed, id) => {
    const { advisories, code } = await given(feed.read(json(csaf({ ...curlUpdate, id })), fleet()));
    expect([advisories, code]).toEqual([[], 'feed.unreadable']);
  });

  it('loses the documents that are none, and counts them', async () => {
    const wrong = csaf(curlUpdate);
    const archive = zipOfJson({
      'first.json': '<html></html>',
      'good.json': csaf(curlUpdate),
      'types.json': { ...wrong, vulnerabilities: [{ cve: 7, product_status: { fixed: 'all' } }] },
      'tree.json': { ...wrong, product_tree: { branches: 'none' } },
      'notes.json': { ...wrong, document: { ...wrong.document, notes: 'text' } },
      'index.txt': 'good.json',
    });
    const { advisories, dropped, code } = await given(redhatCsaf.read(fileWith(archive), fleet()));
    expect([advisories.map(({ id }) => id), code]).toEqual([['RHSA-2026:0001'], null]);
    expect(dropped.map(({ where }) => where)).toEqual(['first.json', 'types.json', 'tree.json', 'notes.json']);
    expect(dropped[1]?.why).toBe('its vulnerabilities.0.cve is not valid');
  });

  it('keeps hostile texts as plain text, cut short', async () => {
    const advisory = await one({
      title: `<!channel> \u202egnp.exe\n${'x'.repeat(300)}`,
      document: { aggregate_severity: { text: '<b>Critical</b>' }, references: [{ url: 'javascript:alert(1)' }] },
    });
    expect(advisory?.title).toMatch(/^<!channel> gnp\.exe x+…$/);
    expect(advisory).toMatchObject({ severity: 'unrated', vendorSeverity: '<b>Critical</b>', references: [] });
  });
});
