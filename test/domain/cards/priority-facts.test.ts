import { describe, expect, it } from 'vitest';
import { lintDiscord } from '../../../bot/discord/limits.ts';
import { renderCard as drawDiscord } from '../../../bot/discord/render.ts';
import { lintSlack } from '../../../bot/slack/limits.ts';
import { renderSlack } from '../../../bot/slack/render.ts';
import { detailsCard } from '../../../domain/cards/details-card.ts';
import { type ProposalView, proposalCard } from '../../../domain/cards/proposal-card.ts';
import { priorityFor } from '../../../domain/intel/priority.ts';
import { threatOf } from '../../../domain/intel/threat.ts';
import type { Priority } from '../../../domain/model/priority.ts';
import type { Threat } from '../../../domain/model/proposal.ts';
import { advisory, affects, cve, epss, factsOf } from '../intel/make.ts';
import { device, noon, patch, plan, proposal, rollout, workaround } from '../make.ts';
import { fact, plain } from './as-text.ts';
import { proposalView } from './views.ts';

const kev = { added: '2023-10-10', due: '2023-10-31', ransomware: true };
const others = Array.from({ length: 2017 }, (_, at) => `CVE-2025-${10_000 + at}`);
const facts = factsOf(
  cve('CVE-2023-44487', {
    kev,
    epss: epss(0.99999),
    ssvc: { exploitation: 'active', automatable: true, impact: 'partial' },
  }),
  cve('CVE-2025-10000', { epss: epss(0.2) }),
);
const advisories = [
  advisory('USN-7270-1', {
    title: 'nghttp2 can be made to use up all memory',
    severity: 'important',
    vendorSeverity: 'high',
    cves: ['CVE-2023-44487', ...others],
    affected: [affects('ubuntu:22.04', 'nghttp2', '1.43.0-1ubuntu0.1')],
  }),
];
const threat = threatOf(advisories, facts, 7);
const priority = priorityFor({
  advisories,
  cves: facts,
  device: { criticality: null, exposure: null },
  livepatched: false,
  classification: 'security',
  firstSeen: noon,
});

const names = Array.from({ length: 42 }, (_, at) => `web-${at + 1}`);
type Given = {
  readonly threat?: Threat;
  readonly priority?: Priority;
  readonly patch?: Partial<ProposalView['patch']>;
};
const view = (given: Given = {}, change: Partial<ProposalView> = {}): ProposalView =>
  proposalView({
    proposal: {
      ...proposal(),
      threat: given.threat ?? threat,
      priority: given.priority ?? priority,
      plan: plan(names),
    },
    patch: { ...patch({ classification: 'security' }), ...given.patch },
    devices: names.map((name) => device(name)),
    ...change,
  });

describe('the card of a security patch', () => {
  it('says how urgent, until when, why, and what was assumed', () => {
    const rows = proposalCard(view()).facts.slice(0, 6);
    expect(rows.map(({ label, value }) => `${label}: ${plain(value)}`)).toEqual([
      'Priority: emergency, 76 of 100',
      'Due: 2026-11-26T12:00:00.000Z (3 days: exploited, exposed, automatable, partial impact (BOD 26-04, row 11))',
      'Why: exploited now (KEV), 7 of 42 devices face the internet',
      'Fixes: USN-7270-1; CVE-2023-44487 (exploited), CVE-2025-10000 (EPSS 20 %), CVE-2025-10001, CVE-2025-10002, CVE-2025-10003 and 2,013 more',
      'Severity: important (vendor: high)',
      'Assumed: exposure internet, criticality normal, no SSVC data for 2,017 of 2,018 CVEs',
    ]);
  });

  it.each([
    [
      'likely attacks',
      cve('CVE-2025-1094', { epss: epss(0.895) }),
      0,
      'probability of attacks within 30 days 89.5 % (EPSS), no device faces the internet',
    ],
    [
      'nothing but a rating',
      cve('CVE-2025-1094', { epss: epss(0.0999) }),
      1,
      'rated important, no sign of attacks, 1 of 42 devices faces the internet',
    ],
  ] as const)('gives one reason: %s', (_, facts, exposed, reason) => {
    const known = threatOf([advisory('DSA-1', { cves: [facts.id], severity: 'important' })], factsOf(facts), exposed);
    expect(fact(proposalCard(view({ threat: known })), 'Why')).toBe(reason);
  });

  it('says when the vendor does not rate', () => {
    const unrated = threatOf([advisory('DSA-1', { vendorSeverity: 'not yet assigned' })], new Map(), 0);
    const card = proposalCard(view({ threat: unrated }));
    expect(fact(card, 'Severity')).toBe('unrated (vendor: not yet assigned), ranked like moderate');
    expect(fact(card, 'Why')).toBe('not rated, no sign of attacks, no device faces the internet');
    expect(fact(card, 'Fixes')).toBe('DSA-1');
  });

  it('names a CVE that a tracker calls an advisory once', () => {
    const tracked = threatOf([advisory('CVE-2025-10000', { cves: ['CVE-2025-10000'] })], new Map(), 0);
    expect(fact(proposalCard(view({ threat: tracked })), 'Fixes')).toBe('CVE-2025-10000');
  });

  it('says who makes it when that is not the distribution, what it breaks, and what people think of it', () => {
    const sideEffects = ['Printing stops until the queue is cleared', 'Slow start', 'Third'].map((text) => ({
      text,
      by: 'Ann',
      at: noon,
    }));
    const verdict = { verdict: 'desirable', rationale: 'we serve HTTP/2', by: 'Ann', at: noon } as const;
    const card = proposalCard(view({ patch: { thirdParty: 'Google LLC', sideEffects, verdict } }));
    expect(fact(card, 'Maker')).toBe('Google LLC, not the distribution');
    expect(fact(card, 'Side effects')).toBe('Printing stops until the queue is cleared; Slow start; and 1 more');
    expect(fact(card, 'Verdict')).toBe('desirable, says Ann: we serve HTTP/2');
  });

  it('cannot be approved once the patch was taken back, and says who did so and why', () => {
    const retracted = { reason: 'it breaks TLS', by: 'Ubuntu', at: noon };
    const card = proposalCard(view({ patch: { retracted } }));
    expect([card.status, card.tone]).toEqual(['Waiting for approval, patch taken back', 'bad']);
    expect(plain(card.summary ?? '')).toBe(
      'Taken back by Ubuntu at 2026-11-23T12:00:00.000Z: nothing starts any more. Reason: it breaks TLS',
    );
    expect(card.buttons.map(({ label }) => label)).toEqual(['Deny', 'Details']);
  });

  it('says that a newer version is offered instead', () => {
    const supersededBy = 'debian:12/acme-agent=1.2' as ProposalView['patch']['supersededBy'];
    expect(proposalCard(view({ patch: { supersededBy } })).summary).toBe(
      'A newer version is offered instead: debian:12/acme-agent=1.2.',
    );
  });

  it('keeps its due date in sight while it is rolled out', () => {
    const card = proposalCard(view({}, { rollout: rollout() }));
    expect(fact(card, 'Due')).toMatch(/^2026-11-26T12:00:00.000Z \(3 days/);
  });
});

describe('the details of a security patch', () => {
  it('have every addend, each assumption with its rule, and the advisories with their titles', () => {
    const card = detailsCard(view());
    expect(card.summary).toBe(`Why emergency: ${priority.why.join('; ')}.`);
    expect(priority.why).toContain('known in ransomware campaigns: 5');
    expect(fact(card, 'USN-7270-1')).toBe('nghttp2 can be made to use up all memory');
    expect(fact(card, 'Decides')).toBe('CVE-2023-44487 sets the due date');
    expect(fact(card, 'Assumed')).toBe(priority.assumed.join('; '));
  });
});

describe('cards with everything that there can be', () => {
  const long = 'word '.repeat(40).trim();
  const five = Array.from({ length: 9 }, (_, at) =>
    advisory(`ALSA-2026:${90_000 + at}`, {
      title: long,
      severity: 'critical',
      vendorSeverity: 'Critical',
      cves: others.slice(0, 900),
    }),
  );
  const crowded = view(
    {
      threat: { ...threatOf(five, factsOf(...others.map((id) => cve(id, { kev, epss: epss(0.99999) }))), 42) },
      patch: {
        thirdParty: 'A maker with a long name Ltd',
        sideEffects: [1, 2, 3].map(() => ({ text: long, by: 'Ann', at: noon })),
        verdict: { verdict: 'necessary', rationale: long, by: 'Ann', at: noon },
        releasedAt: noon,
      },
    },
    { workarounds: [1, 2, 3].map(() => workaround({ text: long, proof: 'TICKET-12' })), needsVerdict: true },
  );
  it.each([
    ['the card', proposalCard(crowded)],
    ['its details', detailsCard(crowded)],
  ])('%s fit the limits of Slack and Discord, and lose no row', (_, card) => {
    expect(lintSlack(renderSlack(card))).toEqual([]);
    expect(lintDiscord(drawDiscord(card))).toEqual([]);
    expect(JSON.stringify([renderSlack(card), drawDiscord(card)])).not.toContain('more fact');
  });
});
