import { describe, expect, it } from 'vitest';
import { renderCard as drawTerminal } from '../../../bot/cli/render.ts';
import { lintDiscord } from '../../../bot/discord/limits.ts';
import { renderCard as drawDiscord } from '../../../bot/discord/render.ts';
import { lintSlack } from '../../../bot/slack/limits.ts';
import { renderSlack } from '../../../bot/slack/render.ts';
import { type AdvisoryView, advisoryCard } from '../../../domain/cards/advisory-card.ts';
import type { Card } from '../../../domain/cards/card.ts';
import { type PatchStanding, patchLine, standingOf } from '../../../domain/cards/catalog-words.ts';
import { cveCard } from '../../../domain/cards/cve-card.ts';
import { patchCard } from '../../../domain/cards/patch-card.ts';
import { searchCard } from '../../../domain/cards/search-card.ts';
import { byThreat } from '../../../domain/intel/threat.ts';
import type { ProposalId } from '../../../domain/model/ids.ts';
import type { Patch } from '../../../domain/model/patch.ts';
import { advisory, affects, cve, epss } from '../intel/make.ts';
import { noon, patch } from '../make.ts';
import { asText } from './as-text.ts';

const kev = { added: '2023-10-10', due: '2023-10-31', ransomware: true };
const standing = (change: Partial<Patch> = {}, more: Partial<PatchStanding> = {}): PatchStanding => ({
  patch: { ...patch(), ...change },
  proposal: { id: 'p-1' as ProposalId, state: 'announced' },
  rollout: null,
  ...more,
});
const nobody = { count: 0, byExposure: new Map(), names: [] };
const view = (change: Partial<AdvisoryView> = {}): AdvisoryView => ({
  advisories: [advisory('USN-1-1', { title: 'vim vulnerability', severity: 'important', vendorSeverity: 'high' })],
  cves: [],
  open: nobody,
  patches: [],
  feeds: [{ id: 'ubuntu-notices', title: 'Ubuntu notices', checkedAt: noon }],
  ...change,
});

describe('how far people are with a patch', () => {
  const by = { by: 'Ann', at: noon };
  it.each<[string, PatchStanding, string]>([
    ['nobody decided', standing(), 'waits for approval'],
    [
      'it is deploying',
      standing({}, { proposal: { id: 'p-1' as ProposalId, state: 'approved' }, rollout: 'deploying' }),
      'approved, deploying',
    ],
    ['no device needs it', standing({}, { proposal: null }), 'no device waits for it'],
    [
      'it was replaced',
      standing({ supersededBy: 'debian:12/acme-agent=2' as Patch['id'] }),
      'replaced by acme-agent 2',
    ],
    ['it was blocked', standing({ blocked: { reason: 'it failed', at: noon } }), 'blocked'],
    ['it was declined', standing({ verdict: { ...by, verdict: 'undesirable', rationale: 'no' } }), 'declined'],
    [
      'it was taken back, which is more than anything else',
      standing({ retracted: { ...by, reason: 'bad' }, blocked: { reason: 'x', at: noon } }),
      'taken back',
    ],
  ])('when %s', (_, given, words) => {
    expect(standingOf(given)).toBe(words);
  });

  it('is a line with platform and id', () => {
    expect(patchLine(standing())).toBe('acme-agent 1.1 (debian:12): waits for approval, p-1');
  });
});

describe('the card of an advisory', () => {
  it('groups packages by the version that fixes them, and says what has no fix, no fault, or a price', () => {
    const affected = [
      ...['kernel', 'kernel-core', 'kernel-modules', 'kernel-tools'].map((name) =>
        affects('almalinux:9', name, '5.14-503'),
      ),
      { ...affects('almalinux:9', 'nodejs', '18.2'), module: 'nodejs:18' },
      affects('debian:12', 'vim', null),
      { ...affects('debian:11', 'vim', null), status: 'not-affected' as const },
      { ...affects('debian:10', 'vim', null), status: 'unknown' as const },
      { ...affects('ubuntu:22.04', 'vim', '2:9.1'), requires: 'ubuntu-pro' as const },
    ];
    const lines = asText(advisoryCard(view({ advisories: [advisory('A-1', { affected })] })));
    expect(lines.filter((line) => line.startsWith('Fixed'))).toEqual([
      'Fixed in ubuntu:22.04: vim 2:9.1 with Ubuntu Pro',
      'Fixed in debian:12: vim no fix yet',
      'Fixed in debian:11: vim not affected',
      'Fixed in debian:10: vim not decided',
      'Fixed in almalinux:9: kernel, kernel-core, kernel-modules and 1 more 5.14-503; nodejs 18.2 of nodejs:18',
    ]);
  });

  it('names five CVEs by KEV, then EPSS, and counts thousands', () => {
    const many = Array.from({ length: 2016 }, (_, at) => cve(`CVE-2025-${10_000 + at}`));
    const all = [...many, cve('CVE-2024-1', { epss: epss(0.2) }), cve('CVE-2023-1', { kev })].sort(byThreat);
    expect(asText(advisoryCard(view({ cves: all })))).toContain(
      'CVEs: CVE-2023-1 (exploited), CVE-2024-1 (EPSS 20 %), CVE-2025-10000, CVE-2025-10001, CVE-2025-10002 and 2,013 more',
    );
  });

  it('says that no patch fixes what devices are open to', () => {
    const open = { count: 2, byExposure: new Map([['internet', 2]] as const), names: ['web-1', 'web-2'] };
    const card = advisoryCard(view({ open }));
    expect([card.status, card.tone, card.note]).toEqual([
      '2 devices open to it',
      'warn',
      'No patch of the catalog fixes it: no device is offered one.',
    ]);
    expect(advisoryCard(view({ open, cves: [cve('CVE-2023-1', { kev })] })).tone).toBe('bad');
  });

  it('says what the severity of the vendor is ranked like when it rates nothing', () => {
    expect(asText(advisoryCard(view({ advisories: [advisory('A-1')] })))).toContain(
      'Severity: unrated, ranked like moderate',
    );
  });
});

describe('the card of a CVE', () => {
  it('has every fact with its date and its source', () => {
    const known = cve('CVE-2023-44487', {
      ...{ kev, epss: epss(0.94), ssvc: { exploitation: 'active', automatable: true, impact: 'partial' } },
      cvss: { score: 7.5, by: 'cna', vector: 'CVSS:3.1/AV:N' },
    });
    const more = { cve: known, advisories: [advisory('A-1')], more: true, patches: [], oldest: null };
    const open = { count: 1, byExposure: new Map([[null, 1]] as const), names: ['web-1'] };
    expect(asText(cveCard({ ...more, open }))).toEqual([
      'CVE-2023-44487 [At least 1 device open to it]',
      'Exploited: yes, in KEV since 2023-10-10, due 2023-10-31, known in ransomware campaigns',
      'EPSS: 94 % within 30 days, above 94 % of all CVEs, as of 2026-06-28',
      'SSVC: exploitation active, automatable, partial impact',
      'CVSS: 7.5 by cna: CVSS:3.1/AV:N',
      'Devices: 1 device (1 not said, perhaps on the internet): web-1',
      'Patches: none of the catalog fixes it',
      '- A-1: unrated, test. A-1 title',
    ]);
  });
});

/** As much of everything as there can be, in words that no platform may obey. */
const hostile = `<!channel> @everyone **x** \`y\` [z](https://evil.example) ${'w'.repeat(300)}`;
const advisories = Array.from({ length: 40 }, (_, at) =>
  advisory(`ALSA-2026:${at}`, {
    ...{
      title: hostile,
      severity: 'important',
      vendorSeverity: hostile,
      published: noon,
      reboot: true,
      livepatch: true,
    },
    affected: Array.from({ length: 90 }, (__, one) => affects(`release-${one % 30}:1`, `${hostile}${one}`, `${one}.0`)),
    references: [1, 2, 3, 4, 5].map((n) => `https://errata.example/${'x'.repeat(200)}/${n}`),
  }),
);
const cves = Array.from({ length: 2018 }, (_, at) => cve(`CVE-2025-${10_000 + at}`, { kev, epss: epss(0.9) }));
const patches = Array.from({ length: 50 }, (_, at) => standing({ source: `${hostile}${at}` }));
const open = {
  count: 9_988,
  byExposure: new Map([
    ['internet', 9_000],
    ['internal', 900],
    ['isolated', 8],
    [null, 80],
  ] as const),
  names: Array.from({ length: 5 }, (_, at) => `${'n'.repeat(60)}${at}`),
};
const feeds = [{ id: 'x', title: hostile, checkedAt: null }];
const oldest = { id: 'x', title: hostile, checkedAt: noon };
const crowded: readonly (readonly [string, Card])[] = [
  ['an advisory', advisoryCard({ advisories, cves, open, patches, feeds })],
  ['a CVE', cveCard({ cve: cve('CVE-2025-1', { kev }), advisories, more: true, open, patches, oldest })],
  [
    'a patch',
    patchCard({
      patch: {
        ...patch(),
        origins: [hostile],
        thirdParty: hostile,
        sideEffects: [{ text: hostile, by: 'Ann', at: noon }],
      },
      ...{ standing: standing(), devices: [['missing', 9_988]], advisories, cves },
    }),
  ],
  [
    'a search',
    searchCard({
      ...{ text: hostile, patches: patches.slice(0, 5), advisories: advisories.slice(0, 5), cves: cves.slice(0, 5) },
      ...{ devices: [{ name: 'n'.repeat(60), retired: true }], packages: [hostile], more: ['patches', 'devices'] },
    }),
  ],
];

describe('cards with everything that there can be', () => {
  it.each(crowded)('of %s fit the limits of Slack and Discord, and a terminal', (_, card) => {
    expect(lintSlack(renderSlack(card))).toEqual([]);
    expect(lintDiscord(drawDiscord(card))).toEqual([]);
    expect(JSON.stringify(renderSlack(card))).not.toContain('more fact');
    expect(
      Math.max(
        ...drawTerminal(card, 'UTC')
          .split('\n')
          .map((line) => [...line].length),
      ),
    ).toBeLessThanOrEqual(80);
  });
});
