import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { acme, addDevices, flowDatabase, olive } from '../../domain/flows/world.ts';
import { catalog } from './catalog-world.ts';

let db: Awaited<ReturnType<typeof flowDatabase>>;
beforeAll(async () => {
  db = await flowDatabase();
});
afterAll(() => db.close());

describe('why', () => {
  it('lists the open patches of a device with what each waits for', async () => {
    const { lines, id } = await catalog(db);
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
    const { lines, id } = await catalog(db);
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
    const { lines } = await catalog(db);
    const all = await lines(typed);
    expect(all[0]).toBe(title);
    expect(all).toContain(line);
  });

  it('says that nothing is known of a device before its first scan', async () => {
    const { world, lines } = await catalog(db);
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
    const { say } = await catalog(db);
    const { ok, text } = await say(olive, typed);
    expect(ok).toBe(false);
    expect(text).toContain(sentence);
  });
});
