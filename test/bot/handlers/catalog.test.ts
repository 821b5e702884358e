import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lintDiscord } from '../../../bot/discord/limits.ts';
import { renderCard as drawDiscord } from '../../../bot/discord/render.ts';
import { lintSlack } from '../../../bot/slack/limits.ts';
import { renderSlack } from '../../../bot/slack/render.ts';
import type { Proposal } from '../../../domain/model/proposal.ts';
import { asText } from '../../domain/cards/as-text.ts';
import { acme, addDevices, type FlowWorld, flowDatabase, olive, sam } from '../../domain/flows/world.ts';
import { noon } from '../../domain/make.ts';
import { markupIn } from '../slack/outline.ts';
import { catalog, hostile, ranked, stranger, waiting } from './catalog-world.ts';
import { deskFor } from './verbs.ts';

let db: Awaited<ReturnType<typeof flowDatabase>>;
beforeAll(async () => {
  db = await flowDatabase();
});
afterAll(() => db.close());

describe('list', () => {
  it('names what waits, most urgent first, with its numbers and its id', async () => {
    const { world, lines, id } = await catalog(db);
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
    const made = await catalog(db);
    const others = [{ id: 'other' as Proposal['policy'], ...made.world.policies[0] }];
    await waiting(made.world, 'vim', { ...ranked('low', 5), policy: 'other' as Proposal['policy'] });
    const policies = [...made.world.policies, ...others.map((one) => ({ ...one, id: 'other' }))];
    const { say } = deskFor({ ...made.world, policies } as FlowWorld);
    const { card } = await say(olive, typed);
    expect(card && asText(card).flatMap((line) => /^- (.+?):/.exec(line)?.[1] ?? [])).toEqual(wanted);
  });

  it('says that nothing fits, and where else to look', async () => {
    const { lines } = await catalog(db);
    expect(await lines('list emacs')).toEqual([
      'Waiting: emacs [Nothing waits that fits "emacs"]',
      '* In the whole catalog: search emacs',
    ]);
  });

  it('names twenty and counts the others', async () => {
    const { world, lines } = await catalog(db);
    for (let at = 0; at < 22; at += 1) await waiting(world, `many-${at}`, ranked('normal', 40));
    const all = await lines('list many');
    expect(all[0]).toBe('Waiting: many [22 patches: 22 normal]');
    expect(all.filter((line) => line.startsWith('- many'))).toHaveLength(20);
    expect(all).toContain('- and 2 more');
  });
});

describe('search', () => {
  it('finds patches, advisories, packages and devices, each with the command for more', async () => {
    const { lines, id } = await catalog(db);
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
    const { lines } = await catalog(db);
    expect(await lines('search cve-2026-10')).toEqual([
      'Search: cve-2026-10 [1 CVE]',
      '- CVE-2026-1001 (exploited): show CVE-2026-1001',
    ]);
    expect(await lines('search CVE-2026-2002')).toContain('- CVE-2026-2002: show CVE-2026-2002');
  });

  it('takes every word into account', async () => {
    const { lines } = await catalog(db);
    expect((await lines('search DSA-2-1 acme'))[0]).toBe('Search: DSA-2-1 acme [1 advisory]');
    expect((await lines('search web zzyzx'))[0]).toBe('Search: web zzyzx [Nothing has these words]');
  });

  it('takes patterns as text', async () => {
    const { lines } = await catalog(db);
    for (const typed of ['.*', '(', '[a-z]+', '^web', '\\', '$where']) {
      expect((await lines(`search ${typed}`))[0]).toBe(`Search: ${typed} [Nothing has these words]`);
    }
  });

  it('names five of a kind and says that there are more', async () => {
    const { world, lines } = await catalog(db);
    await addDevices(
      world,
      Array.from({ length: 8 }, (_, at) => `mail-${at}`),
    );
    const all = await lines('search mail');
    expect(all[0]).toBe('Search: mail [more than 5 devices]');
    expect(all.at(-1)).toBe('* There are more devices than these: another word makes it fewer.');
  });
});

describe('all four', () => {
  it('are for viewers, and for nobody without a role', async () => {
    const { say } = await catalog(db);
    for (const typed of ['list', 'show acme-agent', 'why web-1', 'search acme']) {
      expect((await say(olive, typed)).ok).toBe(true);
      expect((await say(stranger, typed)).text).toContain('You need the role viewer');
    }
  });

  it('complete bands, packages, ids, CVEs and devices', async () => {
    const { suggest, id } = await catalog(db);
    expect(await suggest(olive, 'list', 'what', 'e')).toEqual(['emergency']);
    expect(await suggest(olive, 'show', 'subject', 'acm')).toEqual(['acme-agent']);
    expect(await suggest(olive, 'show', 'subject', 'p-')).toEqual([id]);
    expect(await suggest(olive, 'show', 'subject', 'cve-2026-1')).toEqual(['CVE-2026-1001']);
    expect(await suggest(olive, 'why', 'device', 'w')).toEqual(['web-1', 'web-2']);
    expect(await suggest(sam, 'schedule', 'proposal', 'p-')).toEqual([id]);
    expect(await suggest(sam, 'schedule', 'when', 'n')).toEqual(['now', 'next-window']);
  });

  it('fit the limits of Slack and Discord, and let no mark of a title through', async () => {
    const { say } = await catalog(db);
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
