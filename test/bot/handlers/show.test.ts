import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { advisory, feed, kev } from '../../domain/flows/intel-world.ts';
import { acme, flowDatabase, olive } from '../../domain/flows/world.ts';
import { catalog, hostile } from './catalog-world.ts';

let db: Awaited<ReturnType<typeof flowDatabase>>;
beforeAll(async () => {
  db = await flowDatabase();
});
afterAll(() => db.close());

describe('show', () => {
  it('gives a proposal, or the newest one of a package, with its buttons', async () => {
    const { say, id } = await catalog(db);
    for (const typed of [`show ${id}`, 'show acme-agent', 'show acme-agent=1.1']) {
      const { ok, card } = await say(olive, typed);
      expect([ok, card?.buttons[0]?.action, card?.buttons[0]?.subject]).toEqual([true, 'proposal.approve', id]);
    }
  });

  it('gives a patch of the catalog, what it fixes and who has it', async () => {
    const { lines, id } = await catalog(db);
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
    const { lines, id } = await catalog(db);
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
    const { world, lines } = await catalog(db);
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
    const { world, lines, id } = await catalog(db);
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
    const { world, lines } = await catalog(db);
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
    const { say } = await catalog(db);
    const { ok, text, card } = await say(olive, `show ${typed}`);
    expect([ok, card]).toEqual([false, undefined]);
    expect(text).toContain(sentence);
    expect(text).toContain(typed);
  });
});
