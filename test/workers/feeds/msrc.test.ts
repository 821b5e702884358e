/** Microsoft's monthly documents: the recorded month, one advisory for each KB article, and names of systems. */
import { describe, expect, it } from 'vitest';
import { msrc } from '../../../workers/feeds/msrc.ts';
import { systemOf } from '../../../workers/feeds/windows-names.ts';
import { fleet, given } from './advisories.ts';
import { month, server, severity, vulnerability } from './msrc-months.ts';
import { fileWith } from './served.ts';
import { recorded } from './shelf.ts';

const read = (content: string, ...releases: string[]) => given(msrc.read(fileWith(content), fleet(...releases)));

describe('the recorded month', () => {
  const file = recorded('microsoft/cvrf-2024-Mar.xml');
  it.skipIf(!file)('holds two KB articles, and one CVE that is fixed in four products without one', async () => {
    const { advisories, dropped, code } = await given(msrc.read(file ?? '', fleet()));
    expect([dropped, code]).toEqual([[], null]);
    const brief = advisories.map(({ id, severity: step, affected }) => [
      id,
      step,
      affected.map((one) => [one.release, one.fixed]),
    ]);
    expect(brief).toEqual([
      [
        'CVE-2024-21392',
        'important',
        [
          ['windows:microsoft-visual-studio-2022-version-17.9', '17.9.3'],
          ['windows:microsoft-visual-studio-2022-version-17.6', '17.6.13'],
          ['windows:microsoft-visual-studio-2022-version-17.4', '17.4.17'],
          ['windows:microsoft-visual-studio-2022-version-17.8', '17.8.8'],
        ],
      ],
      ['KB5036451', 'important', [['windows:net-7.0', '7.0.17']]],
      ['KB5036452', 'important', [['windows:net-8.0', '8.0.3']]],
    ]);
    expect(advisories[1]).toMatchObject({
      title: 'Monthly Rollup KB5036451 for .NET 7.0',
      cves: ['CVE-2024-21392'],
      vendorSeverity: 'Important',
      published: new Date('2024-03-12T07:00:00Z'),
      reboot: false,
      references: ['https://support.microsoft.com/help/5036451'],
    });
  });
});

describe('an update of Windows', () => {
  it('is one advisory for each KB article, with all of its CVEs and the worst severity', async () => {
    const extra = '<vuln:Supercedence>5034770</vuln:Supercedence><vuln:RestartRequired>Yes</vuln:RestartRequired>';
    const { advisories } = await read(
      month(
        vulnerability({
          threats: severity('Important', '11923') + severity('Critical', '12098'),
          dates: ['2026-03-10T07:00:00', '2026-03-20T07:00:00'],
          fixes: [
            { ...server, extra },
            { ...server, product: '11924' },
          ],
        }),
        vulnerability({
          cve: 'CVE-2026-2000',
          title: 'Codec Remote Code Execution',
          threats: `${severity('Moderate', '11923')}<vuln:Threat Type="Exploit Status"><vuln:Description>Publicly Disclosed:No;Exploited:Yes;Latest</vuln:Description></vuln:Threat>`,
          fixes: [server, { article: '5035853', product: '12098', build: '10.0.22621.3296' }],
        }),
      ),
    );
    expect(advisories.map(({ id }) => id)).toEqual(['KB5035857', 'KB5035853']);
    expect(advisories[0]).toEqual({
      id: 'KB5035857',
      feed: 'msrc',
      title: 'Security Update KB5035857 for Windows Server 2022',
      text: 'Fixes 2 CVEs.\nExploited, according to Microsoft: CVE-2026-2000.\nReplaces KB5034770.\nKernel Elevation of Privilege\nCodec Remote Code Execution',
      kind: 'security',
      cves: ['CVE-2026-1000', 'CVE-2026-2000'],
      severity: 'important',
      vendorSeverity: 'Important',
      affected: [
        {
          release: 'windows:server-2022',
          names: 'binary',
          package: 'windows',
          introduced: null,
          fixed: '10.0.20348.2340',
          status: 'affected',
          requires: null,
          module: null,
        },
      ],
      published: new Date('2026-03-10T07:00:00Z'),
      modified: new Date('2026-03-20T07:00:00Z'),
      withdrawn: null,
      reboot: true,
      livepatch: false,
      references: ['https://support.microsoft.com/help/5035857'],
    });
    expect(advisories[1]?.title).toBe('Security Update KB5035853 for Windows 11 22H2');
  });

  it('is kept for the systems of the fleet, and other products for every fleet with a Windows', async () => {
    const content = month(
      vulnerability({ fixes: [server, { article: '5036451', product: '12130', build: '7.0.17' }] }),
    );
    const ids = async (...releases: string[]) => (await read(content, ...releases)).advisories.map(({ id }) => id);
    expect(await ids('windows:server-2022')).toEqual(['KB5035857', 'KB5036451']);
    expect(await ids('windows:11-23h2', 'debian:12')).toEqual(['KB5036451']);
    expect(await ids('debian:12')).toEqual([]);
  });

  it('has no fixed version where the field holds a link or nothing', async () => {
    for (const build of ['', 'https://aka.ms/OfficeSecurityReleases', '1.2; reboot', '10']) {
      const { advisories } = await read(month(vulnerability({ fixes: [{ ...server, build }] })));
      expect(advisories[0]?.affected[0]?.fixed).toBeNull();
    }
  });

  it('is no known issue, no workaround and nothing of their own Linux', async () => {
    const fixes = [
      { ...server, type: 'Known Issue' },
      { ...server, type: 'Workaround' },
      { ...server, product: '20001' },
      { ...server, product: '20002' },
      { ...server, product: '99999' },
    ];
    expect(await read(month(vulnerability({ fixes })))).toMatchObject({ advisories: [], dropped: [], code: null });
  });

  it('without a valid CVE or product is dropped and counted, and the others stay', async () => {
    const { advisories, dropped, code } = await read(
      month(
        vulnerability({ cve: 'CVE-26-1', fixes: [server] }),
        vulnerability({ cve: 'ADV260001', fixes: [] }),
        vulnerability({ cve: 'CVE-2026-3000' }).replace(
          '<vuln:Remediations>',
          '<vuln:Remediations><vuln:Remediation Type="Vendor Fix"/>',
        ),
        vulnerability({ cve: 'CVE-2026-4000', dates: ['yesterday'], fixes: [server] }),
      ),
    );
    expect(advisories.map(({ cves, published }) => [cves, published])).toEqual([[['CVE-2026-4000'], null]]);
    expect([dropped.map(({ where, why }) => `${where}: ${why}`), code]).toEqual([
      ['CVE-26-1: its CVE is not valid', 'CVE-2026-3000: the products of a remediation is not valid'],
      null,
    ]);
  });

  it('keeps hostile texts as plain text', async () => {
    const title = '&lt;b&gt;bold&lt;/b&gt; \u202eexe.scr @everyone';
    const { advisories } = await read(
      month(vulnerability({ title, fixes: [{ article: 'Release Notes', product: '12130', build: '7.0.17' }] })),
    );
    expect(advisories[0]).toMatchObject({ id: 'CVE-2026-1000', title: '<b>bold</b> exe.scr @everyone' });
  });
});

describe('a name of Microsoft', () => {
  it.each([
    ['Windows Server 2022', 'windows:server-2022'],
    ['Windows Server 2016  (Server Core installation)', 'windows:server-2016'],
    ['Windows Server 2012 R2 (Server Core installation)', 'windows:server-2012-r2'],
    ['Windows Server 2008 R2 for x64-based Systems Service Pack 1', 'windows:server-2008-r2'],
    ['Windows Server 2008 for 32-bit Systems Service Pack 2 (Server Core installation)', 'windows:server-2008'],
    ['Windows Server 2022, 23H2 Edition (Server Core installation)', 'windows:server-2022-23h2'],
    ['Windows Server 2022 Datacenter: Azure Edition (Hotpatch)', 'windows:server-2022'],
    ['Windows Server, version 20H2 (Server Core Installation)', 'windows:server-20h2'],
    ['Windows Server 2025', 'windows:server-2025'],
    ['Windows 10 for x64-based Systems', 'windows:10-1507'],
    ['Windows 10 Version 1607 for 32-bit Systems', 'windows:10-1607'],
    ['Windows 10 Version 22H2 for ARM64-based Systems', 'windows:10-22h2'],
    ['Windows 11 for x64-based Systems', 'windows:11-21h2'],
    ['Windows 11 version 21H2 for ARM64-based Systems', 'windows:11-21h2'],
    ['Windows 11 Version 24H2 for x64-based Systems', 'windows:11-24h2'],
    ['Windows 7 for 32-bit Systems Service Pack 1', 'windows:7'],
    ['Windows RT 8.1', 'windows:rt-8.1'],
    ['Windows Admin Center', null],
    ['Windows Defender Antimalware Platform', null],
    ['.NET 8.0', null],
    ['Microsoft Edge (Chromium-based)', null],
  ])('%s is %s', (name, release) => {
    expect(systemOf(name)).toBe(release);
  });
});

describe('a file that is no CVRF document', () => {
  it.each([
    ['a web page', '<html><body>Sign in</body></html>'],
    ['JSON', '{"value":[]}'],
    ['nothing', ''],
    ['a month that is cut short', month(vulnerability({ fixes: [server] })).slice(0, -40)],
    ['a month without products', '<cvrf:cvrfdoc xmlns:cvrf="c"/>'],
    ['entities that multiply', '<!DOCTYPE c [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><cvrfdoc>&b;</cvrfdoc>'],
  ])('(%s) is a failure, not an empty month', async (_, content) => {
    expect(await read(content)).toMatchObject({ advisories: [], dropped: [], code: 'feed.unreadable' });
  });
});
