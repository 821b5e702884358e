import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lintDiscord } from '../../../bot/discord/limits.ts';
import { renderCard as drawDiscord } from '../../../bot/discord/render.ts';
import { lintSlack } from '../../../bot/slack/limits.ts';
import { renderSlack } from '../../../bot/slack/render.ts';
import { matchFleet } from '../../../domain/flows/intel.ts';
import { proposePatch } from '../../../domain/flows/propose.ts';
import { type Patch, patchId } from '../../../domain/model/patch.ts';
import type { Proposal } from '../../../domain/model/proposal.ts';
import { asText } from '../../domain/cards/as-text.ts';
import { advisory, feed, kev, knowing, outdated, signal } from '../../domain/flows/intel-world.ts';
import { acme, addDevices, type FlowWorld, flowDatabase, olive, riley, sam, silent } from '../../domain/flows/world.ts';
import { noon, patch, person, proposal } from '../../domain/make.ts';
import { markupIn } from '../slack/outline.ts';
import { deskFor, linked } from './verbs.ts';

let db: Awaited<ReturnType<typeof flowDatabase>>;
beforeAll(async () => {
  db = await flowDatabase();
});
afterAll(() => db.close());

const stranger = person('nobody', []);
const people = [riley, sam, olive, stranger].map(linked);
const hostile = 'acme-agent: <!channel> @everyone *bold* <script>alert(1)</script>';

/** Three devices that miss acme-agent 1.1, which fixes an exploited CVE; and two advisories that concern none of them. */
async function catalog() {
  const world = knowing(db.world({ people }));
  await feed(
    world,
    'debian-dsa',
    advisory({ title: hostile, vendorSeverity: 'high' }),
    advisory({ id: 'DSA-2-1', cves: ['CVE-2026-2002'], affected: { release: 'debian:11' } }),
  );
  await kev(world, '2026-11-01', 'CVE-2026-1001');
  const read = { checkedAt: new Date('2026-11-20T12:00:00Z'), changedAt: noon, problem: null, records: 2, dropped: 0 };
  await world.feeds.put({ id: 'debian-dsa', ...read, cursor: null, files: {}, told: false });
  await outdated(world, ['web-1', 'web-2'], { exposure: 'internet' });
  await outdated(world, ['db-1'], { exposure: null, criticality: null });
  await proposePatch(world, acme);
  await matchFleet(world, signal);
  const { say, suggest } = deskFor(world);
  const [made] = await world.proposals.find({});
  if (!made) throw new Error('nothing is proposed');
  return {
    ...{ world, suggest, id: made.id, say },
    async lines(typed: string): Promise<readonly string[]> {
      const { card, text } = await say(olive, typed);
      return card ? asText(card) : [text];
    },
  };
}

/** More of what waits: a patch of its own for each. */
async function waiting(world: FlowWorld, name: string, change: Partial<Proposal>, of: Partial<Patch> = {}) {
  const id = patchId('debian:12', name, '2.0');
  await world.patches.insert({ ...patch({ tenant: world.tenant }), id, source: name, version: '2.0', ...of }, silent);
  const made = { ...proposal({ tenant: world.tenant }), id: `p-${name}` as Proposal['id'], patch: id, ...change };
  await world.proposals.insert(made, silent);
}
const ranked = (band: Proposal['priority']['band'], score: number) => ({
  priority: { ...proposal().priority, band, score },
});

describe('list', () => {
  it('names what waits, most urgent first, with its numbers and its id', async () => {
    const { world, lines, id } = await catalog();
    await waiting(world, 'vim', { ...ranked('low', 5), state: 'open' });
    await waiting(world, 'sudo', { ...ranked('emergency', 90), state: 'deferred', deferredUntil: noon });
    await waiting(world, 'done', { state: 'approved' });
    expect(await lines('list')).toEqual([
      'Waiting [3 patches: 1 emergency, 1 high, 1 low]',
      '- sudo 2.0: emergency 90, 2 devices, next window, put away until 2026-11-23T12:00:00.000Z, p-sudo',
      `- acme-agent 1.1: high 70, 3 devices, 1 CVE, due 2026-12-07T12:00:00.000Z, ${id}`,
      '- vim 2.0: low 5, 2 devices, next window, waits for its digest, p-vim',
    ]);
  });

  it.each([
    ['a band, in any case', 'list HIGH', ['acme-agent 1.1']],
    ['a policy', 'list other', ['vim 2.0']],
    ['a part of a name', 'list acme', ['acme-agent 1.1']],
    ['several words', 'list debian agent', ['acme-agent 1.1']],
  ])('is narrowed by %s', async (_, typed, wanted) => {
    const made = await catalog();
    const others = [{ id: 'other' as Proposal['policy'], ...made.world.policies[0] }];
    await waiting(made.world, 'vim', { ...ranked('low', 5), policy: 'other' as Proposal['policy'] });
    const policies = [...made.world.policies, ...others.map((one) => ({ ...one, id: 'other' }))];
    const { say } = deskFor({ ...made.world, policies } as FlowWorld);
    const { card } = await say(olive, typed);
    expect(card && asText(card).flatMap((line) => /^- (.+?):/.exec(line)?.[1] ?? [])).toEqual(wanted);
  });

  it('says that nothing fits, and where else to look', async () => {
    const { lines } = await catalog();
    expect(await lines('list emacs')).toEqual([
      'Waiting: emacs [Nothing waits that fits "emacs"]',
      '* In the whole catalog: search emacs',
    ]);
  });

  it('names twenty and counts the others', async () => {
    const { world, lines } = await catalog();
    for (let at = 0; at < 22; at += 1) await waiting(world, `many-${at}`, ranked('normal', 40));
    const all = await lines('list many');
    expect(all[0]).toBe('Waiting: many [22 patches: 22 normal]');
    expect(all.filter((line) => line.startsWith('- many'))).toHaveLength(20);
    expect(all).toContain('- and 2 more');
  });
});

describe('show', () => {
  it('gives a proposal, or the newest one of a package, with its buttons', async () => {
    const { say, id } = await catalog();
    for (const typed of [`show ${id}`, 'show acme-agent', 'show acme-agent=1.1']) {
      const { ok, card } = await say(olive, typed);
      expect([ok, card?.buttons[0]?.action, card?.buttons[0]?.subject]).toEqual([true, 'proposal.approve', id]);
    }
  });

  it('gives a patch of the catalog, what it fixes and who has it', async () => {
    const { lines, id } = await catalog();
    expect(await lines(`show ${acme}`)).toEqual([
      'acme-agent 1.1: security update [Waits for approval]',
      'For: debian:12',
      'Devices: 3 missing',
      'CVEs: CVE-2026-1001 (exploited)',
      'Offered by: Acme:12/stable',
      'First seen: 2026-11-23T12:00:00.000Z',
      'Released: 2026-11-20T00:00:00.000Z',
      `- DSA-1-1: ${hostile}`,
      `* To decide about it: show ${id}. ${acme}`,
    ]);
  });

  it('gives an advisory in any case of its id: severity in both words, fixed versions, devices by exposure, patches', async () => {
    const { lines, id } = await catalog();
    expect(await lines('show dsa-1-1')).toEqual([
      `DSA-1-1: ${hostile} [3 devices open to it]`,
      'Severity: important (vendor: high)',
      'CVEs: CVE-2026-1001 (exploited)',
      'Devices: 3 devices (2 on the internet, 1 not said, perhaps on the internet): db-1, web-1, web-2',
      'Fixed in debian:12: acme-agent 1.1',
      'Published: 2026-11-20T00:00:00.000Z',
      'Known from: debian-dsa, read 2026-11-20T12:00:00.000Z',
      `- acme-agent 1.1 (debian:12): waits for approval, ${id}`,
    ]);
    expect((await lines('show DSA-2-1'))[0]).toBe('DSA-2-1: acme-agent: something [No device is open to it]');
  });

  it('gives one card for an advisory that two feeds know', async () => {
    const { world, lines } = await catalog();
    const both = { id: 'DSA-7-1', title: 'twice: something', cves: ['CVE-2026-7007'], affected: { package: 'twice' } };
    await feed(world, 'one', advisory({ ...both, vendorSeverity: 'high' }));
    await feed(world, 'two', advisory({ ...both, title: '', severity: 'moderate', vendorSeverity: 'medium' }));
    const all = await lines('show DSA-7-1');
    expect(all).toContain('Severity: important (vendor: high, medium)');
    expect(all).toContain('Fixed in debian:12: twice 1.1');
    expect(all).toContain('Known from: one, read never; two, read never');
    expect(await lines('search twice')).toEqual([
      'Search: twice [1 advisory, 1 package]',
      '- Advisory, important: show DSA-7-1. twice: something',
      '- Package twice: show twice',
    ]);
  });

  it('gives a CVE: facts with dates, who names it, devices, patches; what no feed says is said to be missing', async () => {
    const { world, lines, id } = await catalog();
    const value = { score: 0.61502, percentile: 0.98234, date: '2026-11-22' };
    await world.cves.takeOver('epss', [{ field: 'epss', id: 'CVE-2026-1001', value }], true);
    expect(await lines('show cve-2026-1001')).toEqual([
      'CVE-2026-1001 [3 devices open to it]',
      'Exploited: yes, in KEV since 2026-11-01, due 2026-12-11',
      'EPSS: 61.5 % within 30 days, above 98.2 % of all CVEs, as of 2026-11-22',
      'SSVC: no data',
      'CVSS: no data',
      'Devices: 3 devices (2 on the internet, 1 not said, perhaps on the internet): db-1, web-1, web-2',
      `Patches: acme-agent 1.1 (waits for approval, ${id})`,
      `- DSA-1-1: important (high), debian-dsa. ${hostile}`,
    ]);
  });

  it('says of a CVE that no advisory names how old that silence is', async () => {
    const { world, lines } = await catalog();
    await kev(world, '2026-11-01', 'CVE-2026-1001', 'CVE-2026-5005');
    const all = await lines('show CVE-2026-5005');
    expect(all[0]).toBe('CVE-2026-5005 [No device is open to it]');
    expect(all[1]).toBe(
      'No advisory of the releases that are read here names it: as far as the feeds know it concerns no device. The oldest of them: debian-dsa, read 2026-11-20T12:00:00.000Z.',
    );
  });

  it.each([
    [
      'a CVE that nobody has spoken of',
      'CVE-2099-1000',
      'No feed has spoken of CVE-2099-1000, and no advisory of the releases that are read here names it: as far as the feeds know it concerns no device. The oldest of them, debian-dsa, was read 3 days ago.',
    ],
    ['a mistyped package', 'acme-agnet', 'Did you mean acme-agent?'],
    ['a mistyped advisory', 'DSA-1-2', 'Did you mean DSA-1-1?'],
    ['a CVE with a digit too few', 'CVE-2026-100', 'Did you mean CVE-2026-1001?'],
    ['something else', 'zzyzx', 'Run search zzyzx to look for parts of names.'],
  ])('answers %s with what was looked for', async (_, typed, sentence) => {
    const { say } = await catalog();
    const { ok, text, card } = await say(olive, `show ${typed}`);
    expect([ok, card]).toEqual([false, undefined]);
    expect(text).toContain(sentence);
    expect(text).toContain(typed);
  });
});

describe('why', () => {
  it('lists the open patches of a device with what each waits for', async () => {
    const { lines, id } = await catalog();
    expect(await lines('why web-1')).toEqual([
      'web-1 [1 open patch]',
      'Policy: standard',
      'Open to: 1 advisory',
      'Last scan: 2026-11-23T12:00:00.000Z',
      `- acme-agent 1.1: high 70, due 2026-12-07T12:00:00.000Z. Waits for approval: ${id} needs 1 approval.`,
      '* The whole chain of the first: why web-1 acme-agent',
    ]);
  });

  it('prints the chain of one patch and the sum of this very device, with what was assumed', async () => {
    const { lines, id } = await catalog();
    expect(await lines('why db-1 acme-agent')).toEqual([
      'db-1: acme-agent 1.1 [Waits for approval]',
      `${id} needs 1 approval.`,
      'On the device: missing',
      'Fixes here: DSA-1-1',
      'Policy: standard',
      `Proposal: ${id}: waits for approval`,
      'Votes: 0 of 1 approvals',
      'Window: open since 2026-11-23T12:00:00.000Z to 2026-11-24T12:00:00.000Z',
      'Priority: high, 70 of 100',
      'Due: 2026-12-07T12:00:00.000Z (14 days: exploited, exposed, not automatable, partial impact (BOD 26-04, row 5))',
      'Assumed: exposure internet: nobody has said; criticality normal: nobody has said; no SSVC data for CVE-2026-1001: taken as not automatable, impact partial',
      '- severity Important (Debian: high): 28',
      '- KEV since 2026-11-01, CVE-2026-1001: 30',
      '- x 1 criticality normal',
      '- x 1.2 exposure internet',
      '- = 70',
      '- due in 14 days: exploited, exposed, not automatable, partial impact (BOD 26-04, row 5)',
      `* ${acme}`,
    ]);
  });

  it.each([
    [
      'an advisory that is open',
      'why web-1 DSA-1-1',
      'web-1: DSA-1-1 [Open to it]',
      '- acme-agent 1.0: open, fixed in 1.1',
    ],
    ['a CVE', 'why web-1 cve-2026-1001', 'web-1: CVE-2026-1001 [Open to it]', '- acme-agent 1.0: open, fixed in 1.1'],
    [
      'an advisory of another release',
      'why web-1 DSA-2-1',
      'web-1: DSA-2-1 [It does not concern this device]',
      '- 1 entry for other releases: debian:11',
    ],
  ])('explains %s', async (_, typed, title, line) => {
    const { lines } = await catalog();
    const all = await lines(typed);
    expect(all[0]).toBe(title);
    expect(all).toContain(line);
  });

  it('says that nothing is known of a device before its first scan', async () => {
    const { world, lines } = await catalog();
    await addDevices(world, ['new-1'], { facts: null });
    expect(await lines('why new-1')).toEqual(['new-1 [Not scanned yet: nothing is known of it]', 'Policy: standard']);
    expect(await lines('why new-1 DSA-1-1')).toEqual([
      'new-1 was not scanned yet, so nothing is known of it. Run scan new-1.',
    ]);
  });

  it.each([
    ['a mistyped device', 'why wbe-1', 'Did you mean web-1?'],
    ['a device that is like none', 'why zzyzx', 'I do not know a device named "zzyzx". Run device list'],
    [
      'an unknown subject',
      'why web-1 zzyzx',
      'I looked for a patch or package of web-1, an advisory and a CVE named "zzyzx"',
    ],
    ['an unknown CVE', 'why web-1 CVE-2099-1000', 'No feed has spoken of CVE-2099-1000'],
  ])('refuses %s with what would be right', async (_, typed, sentence) => {
    const { say } = await catalog();
    const { ok, text } = await say(olive, typed);
    expect(ok).toBe(false);
    expect(text).toContain(sentence);
  });
});

describe('search', () => {
  it('finds patches, advisories, packages and devices, each with the command for more', async () => {
    const { lines, id } = await catalog();
    const all = await lines('search acme');
    expect(all[0]).toBe('Search: acme [1 patch, 2 advisories, 1 package]');
    expect(all).toContain(`- Patch acme-agent 1.1 (debian:12), waits for approval: show ${id}`);
    expect(all).toContain(`- Advisory, important: show DSA-1-1. ${hostile}`);
    expect(all).toContain('- Package acme-agent: show acme-agent');
    expect(await lines('search WEB')).toEqual([
      'Search: WEB [2 devices]',
      '- Device web-1: why web-1',
      '- Device web-2: why web-2',
    ]);
  });

  it('finds CVEs by the beginning of their id, and those that only an advisory names', async () => {
    const { lines } = await catalog();
    expect(await lines('search cve-2026-10')).toEqual([
      'Search: cve-2026-10 [1 CVE]',
      '- CVE-2026-1001 (exploited): show CVE-2026-1001',
    ]);
    expect(await lines('search CVE-2026-2002')).toContain('- CVE-2026-2002: show CVE-2026-2002');
  });

  it('takes every word into account', async () => {
    const { lines } = await catalog();
    expect((await lines('search DSA-2-1 acme'))[0]).toBe('Search: DSA-2-1 acme [1 advisory]');
    expect((await lines('search web zzyzx'))[0]).toBe('Search: web zzyzx [Nothing has these words]');
  });

  it('takes patterns as text', async () => {
    const { lines } = await catalog();
    for (const typed of ['.*', '(', '[a-z]+', '^web', '\\', '$where']) {
      expect((await lines(`search ${typed}`))[0]).toBe(`Search: ${typed} [Nothing has these words]`);
    }
  });

  it('names five of a kind and says that there are more', async () => {
    const { world, lines } = await catalog();
    await addDevices(
      world,
      Array.from({ length: 8 }, (_, at) => `mail-${at}`),
    );
    const all = await lines('search mail');
    expect(all[0]).toBe('Search: mail [more than 5 devices]');
    expect(all.at(-1)).toBe('* There are more devices: another word makes it fewer.');
  });
});

describe('all four', () => {
  it('are for viewers, and for nobody without a role', async () => {
    const { say } = await catalog();
    for (const typed of ['list', 'show acme-agent', 'why web-1', 'search acme']) {
      expect((await say(olive, typed)).ok).toBe(true);
      expect((await say(stranger, typed)).text).toContain('You need the role viewer');
    }
  });

  it('complete bands, packages, ids, CVEs and devices', async () => {
    const { suggest, id } = await catalog();
    expect(await suggest(olive, 'list', 'what', 'e')).toEqual(['emergency']);
    expect(await suggest(olive, 'show', 'subject', 'acm')).toEqual(['acme-agent']);
    expect(await suggest(olive, 'show', 'subject', 'p-')).toEqual([id]);
    expect(await suggest(olive, 'show', 'subject', 'cve-2026-1')).toEqual(['CVE-2026-1001']);
    expect(await suggest(olive, 'why', 'device', 'w')).toEqual(['web-1', 'web-2']);
    expect(await suggest(sam, 'schedule', 'proposal', 'p-')).toEqual([id]);
    expect(await suggest(sam, 'schedule', 'when', 'n')).toEqual(['now', 'next-window']);
  });

  it('fit the limits of Slack and Discord, and let no mark of a title through', async () => {
    const { say } = await catalog();
    for (const typed of [
      'list',
      `show ${acme}`,
      'show DSA-1-1',
      'show CVE-2026-1001',
      'why web-1',
      'why web-1 DSA-1-1',
      'search acme',
    ]) {
      const { card } = await say(olive, typed);
      if (!card) throw new Error(`no card for ${typed}`);
      const [slack, discord] = [renderSlack(card), drawDiscord(card)];
      expect([lintSlack(slack), lintDiscord(discord)]).toEqual([[], []]);
      expect(markupIn(slack).join()).not.toMatch(/<!channel>|<script>/);
      expect(JSON.stringify(discord)).not.toContain(' *bold* ');
    }
  });
});
