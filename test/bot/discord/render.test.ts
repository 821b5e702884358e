import { ComponentType } from 'discord.js';
import { describe, expect, it } from 'vitest';
import { readAsk } from '../../../bot/discord/asks.ts';
import { flatten, lintDiscord } from '../../../bot/discord/limits.ts';
import { type DiscordMessage, markOf, renderCard, renderConfirm, renderReply } from '../../../bot/discord/render.ts';
import { draw, plain } from '../../../bot/discord/text.ts';
import type { Card, CardButton, Text, Tone } from '../../../domain/cards/card.ts';
import { seeded } from '../../random.ts';
import { approval, declined, running, threadLine } from './cards.ts';

/** A message as an outline: text as it is, buttons in brackets, so that a golden is read like the card. */
function outline({ components }: DiscordMessage): string {
  const lines = flatten(components).flatMap((one) => {
    if ('content' in one) return [one.content];
    if (one.type === ComponentType.Container && 'accent_color' in one)
      return [`bar #${one.accent_color?.toString(16)}`];
    if (one.type === ComponentType.Separator) return ['────'];
    return one.type === ComponentType.Button && 'label' in one && 'style' in one ? [`[${one.label}] ${one.style}`] : [];
  });
  return `\n${lines.join('\n')}\n`;
}

describe('a card drawn for Discord', () => {
  it('that waits for approval', () => {
    expect(outline(renderCard(approval))).toMatchInlineSnapshot(`
      "
      bar #f0b232
      ⚠️ **Waiting for approval · 0 of 2**
      ## openssl 3.0.17-1\\~deb12u2 → 3.0.17-1\\~deb12u3
      Fixes DSA-6015-1 (CVE-2026-9230): a crafted CMS message makes OpenSSL write out of bounds.
      ────
      **Priority** high · 78 of 100 = severity 40 + known exploited 20 × mission 1.3
      **Due** <t:1795680000:F> (<t:1795680000:R>)
      **Devices** 12: 3 mission, 7 normal, 2 low
      **Window** nightly, next <t:1795485600:F> (<t:1795485600:R>)
      **Reboot** not needed; 4 services restart
      **Way back** 11 downgrade, 1 impossible
      **Devices**
      - db-1.example.net
      - db-2.example.net
      - web\\_1 (mission)
      - web\\_2 (mission)
      - mail-1
      -# + 7 more
      [Approve] 3
      [Decline] 4
      [Ask again tomorrow] 2
      [Details] 2
      -# **Decline** asks: *Decline openssl* · Why?
      -# p-4f2a · plan 9c41e07b · why web\\_1 explains the priority
      "
    `);
  });

  it('that was declined', () => {
    expect(outline(renderCard(declined))).toMatchInlineSnapshot(`
      "
      bar #da373c
      ⛔ **Declined**
      ## openssl 3.0.17-1\\~deb12u2 → 3.0.17-1\\~deb12u3
      Bob: the vendor has withdrawn this update.
      ────
      **Priority** high · 78 of 100 = severity 40 + known exploited 20 × mission 1.3
      **Due** <t:1795680000:F> (<t:1795680000:R>)
      **Devices** 12: 3 mission, 7 normal, 2 low
      **Window** nightly, next <t:1795485600:F> (<t:1795485600:R>)
      **Reboot** not needed; 4 services restart
      **Way back** 11 downgrade, 1 impossible
      **Devices**
      - db-1.example.net
      - db-2.example.net
      - web\\_1 (mission)
      - web\\_2 (mission)
      - mail-1
      -# + 7 more
      -# p-4f2a · declined by Bob, <t:1795442400:F>
      "
    `);
  });

  it('of a rollout under way, with the questions that its buttons ask', () => {
    expect(outline(renderCard(running))).toMatchInlineSnapshot(`
      "
      bar #5865f2
      🔹 **Deploying · ring 2 of 3**
      ## openssl 3.0.17-1\\~deb12u3 on 12 devices
      ────
      **Started** <t:1795485600:F> (<t:1795485600:R>)
      **Now** web\\_1 installing, web\\_2 verifying
      **Next** db-1.example.net waits for db-2.example.net: one of a cluster at a time
      ▰▰▰▰▰▱▱▱▱▱ **6 of 12** done · **1** failed
      [Halt] 4
      [Roll back] 4
      [Pause] 2
      -# **Roll back** asks: *Roll back 6 devices* · Type the phrase **roll back r-91c0**
      -# **Pause** Devices that are installing finish; no other one starts.
      -# r-91c0
      "
    `);
  });

  it('that is only words is one line without a frame', () => {
    expect(outline(renderCard(threadLine))).toMatchInlineSnapshot(`
      "
      ✅ **Succeeded** web\\_1
      Installed and verified in 2 min 10 s.
      "
    `);
  });

  it('carries action, subject and revision in each button, and no ping', () => {
    const message = renderCard(approval);
    const ids = flatten(message.components).flatMap((one) => ('custom_id' in one ? [one.custom_id] : []));
    expect(ids).toEqual(['approve', 'deny', 'defer', 'show'].map((verb) => `proposal.${verb}|p-4f2a@3`));
    expect(message.allowed_mentions).toEqual({ parse: [] });
  });

  it('says how many devices, facts and buttons it could not show', () => {
    const button = (n: number): CardButton => ({
      action: 'a.b',
      subject: `s${n}`,
      rev: 1,
      label: `b${n}`,
      tone: 'plain',
    });
    const crowded: Card = {
      ...approval,
      facts: Array.from({ length: 40 }, (_, n) => ({ label: `fact ${n}`, value: 'x'.repeat(390) })),
      list: { title: 'Devices', items: Array.from({ length: 14 }, (_, n) => `web-${n}`), more: 100 },
      buttons: Array.from({ length: 30 }, (_, n) => button(n)),
    };
    const text = outline(renderCard(crowded));
    expect(text).toContain('-# + 33 more facts');
    expect(text).toContain('-# + 104 more');
    expect(text).toContain('-# 10 more choices did not fit here');
    expect(lintDiscord(renderCard(crowded))).toEqual([]);
  });
});

describe('a question of a button', () => {
  const asking = (more: Partial<CardButton>): CardButton => ({
    action: 'a.b',
    subject: 's',
    rev: 1,
    label: 'Go',
    tone: 'bad',
    ...more,
  });
  const asked = (button: CardButton) => readAsk(renderCard({ ...running, buttons: [button] }).components, 'a.b|s@1');

  it.each<Partial<CardButton>>([
    { confirm: 'This *stops* everything. Sure?' },
    { asks: { title: 'Why **not**?', label: 'Reason → *here* \\' } },
    { asks: { title: 'Really', label: 'Type it', phrase: 'roll_back web-1 *now* `x` @everyone \\' } },
    {
      confirm: 'Six devices → *go back*.',
      asks: { title: 'Really', label: 'Type it', phrase: 'yes' },
      label: '**Go** \\',
    },
  ])('is read back from the message as it was: %j', (ask) => {
    const { confirm, asks } = ask;
    expect(asked(asking(ask))).toEqual({ ...(confirm ? { confirm } : {}), ...(asks ? { asks } : {}) });
  });

  it('is null for a button that acts at once, and undefined for one that is not there', () => {
    expect(asked(asking({}))).toBeNull();
    expect(readAsk(renderCard(running).components, 'a.b|s@1')).toBeUndefined();
  });

  it('whose phrase is too long to be asked for takes its button with it', () => {
    const message = renderCard({
      ...running,
      buttons: [asking({ asks: { title: 't', label: 'l', phrase: 'x'.repeat(98) } })],
    });
    expect(outline(message)).toContain('-# 1 more choices did not fit here: use /patch');
    expect(readAsk(message.components, 'a.b|s@1')).toBeUndefined();
  });
});

describe('text drawn for Discord', () => {
  it.each([
    ['a_b *c* ~d~ `e` ||f||', 'a\\_b \\*c\\* \\~d\\~ \\`e\\` \\|\\|f\\|\\|'],
    ['[free](https://evil.example/a_b)', '\\[free\\](https://evil.example/a_b)'],
    ['<@123> <#4> <t:0:R> </patch:5>', '\\<@123\\> \\<#4\\> \\<t\\:0:R\\> \\</patch:5\\>'],
    ['@everyone and @here, ann@example.com', '@\u200beveryone and @\u200bhere, ann@example.com'],
    ['# no heading', '\\# no heading'],
    ['- no list', '\\- no list'],
    ['1. no list', '1\\. no list'],
    ['1:3.0 at 12:30 :tada:', '1:3.0 at 12:30 \\:tada:'],
    ['a\u202eb\u0007c', 'abc'],
    ['two\nlines', 'two lines'],
  ])('%j reads the same and means nothing', (given, drawn) => {
    expect(draw(given, 200)).toBe(drawn);
  });

  it('shows instants in the reader’s own zone, with the distance where it helps', () => {
    const text: Text = ['from ', { at: 1_790_000_000_999 }];
    expect(draw(text, 100)).toBe('from <t:1790000000:F>');
    expect(draw(text, 100, { relative: true })).toBe('from <t:1790000000:F> (<t:1790000000:R>)');
  });

  it('is never cut inside an instant, an escape or a character', () => {
    expect(draw(['ab ', { at: 0 }], 9)).toBe('ab…');
    expect(draw('abc*', 4)).toBe('abc…');
    expect(draw('ab😀', 3)).toBe('ab…');
  });
});

const nasty = [
  '@everyone',
  '<@&1>',
  '```',
  '**',
  '\\',
  '||',
  '\n',
  '\n# ',
  '- ',
  '> ',
  '[a](https://b.c)',
  '😀',
  '\u202e',
  '\ud800',
  '\0',
  ' ',
  'é',
  '→ *',
  '-# ',
  '|',
  '@9',
];

function hostileCard(next: () => number): Card {
  const upTo = (most: number) => Math.floor(next() * (most + 1));
  const pick = <T>(from: readonly T[]): T => from[upTo(from.length - 1)] as T; // never out of range: upTo is inclusive
  const words = (most: number): string =>
    Array.from({ length: upTo(most) }, () => (next() < 0.5 ? pick(nasty) : 'word')).join('');
  const text = (most: number): Text => (next() < 0.7 ? words(most) : [words(most), { at: upTo(2e12) }, words(most)]);
  const many = <T>(most: number, make: () => T): T[] => Array.from({ length: upTo(most) }, make);
  const tone = (): Tone => pick(['plain', 'good', 'warn', 'bad']);
  const big = pick([3, 30, 600]);
  const asks = () => ({ title: words(big), label: words(big), ...(next() < 0.5 ? { phrase: words(20) } : {}) });
  return {
    ...{ title: words(big), tone: tone(), status: words(big) },
    ...(next() < 0.5 ? { summary: text(big) } : {}),
    facts: many(30, () => ({ label: words(big), value: text(big) })),
    ...(next() < 0.5 ? { list: { title: words(big), items: many(12, () => text(big)), more: upTo(9000) } } : {}),
    ...(next() < 0.3 ? { progress: { done: upTo(50), failed: upTo(50), total: upTo(50) } } : {}),
    ...(next() < 0.5 ? { note: text(big) } : {}),
    buttons: many(28, () => ({
      ...{
        action: 'proposal.approve',
        subject: pick(['p1', 'p2', 'p'.repeat(upTo(120))]) || 'p',
        rev: upTo(9),
        tone: tone(),
        label: words(big),
      },
      ...(next() < 0.3 ? { confirm: words(big) } : {}),
      ...(next() < 0.3 ? { asks: asks() } : {}),
    })),
  };
}

describe('whatever a card holds', () => {
  it('Discord takes it, and it pings nobody: 1,000 hostile cards', () => {
    for (let seed = 1; seed <= 1000; seed += 1) {
      const card = hostileCard(seeded(seed));
      const reply = renderReply({ ok: true, text: card.title.repeat(9), card });
      for (const message of [renderCard(card, markOf(`key ${seed}`)), reply]) {
        expect(lintDiscord(message), `seed ${seed}`).toEqual([]);
        const text = flatten(message.components).flatMap((one) => ('content' in one ? [one.content] : []));
        expect(text.join('\n'), `seed ${seed}`).not.toMatch(/@everyone|(?<!\\)<@/);
      }
    }
  });

  it('every button that is shown has a question that can be read, or none', () => {
    for (let seed = 1; seed <= 300; seed += 1) {
      const card = hostileCard(seeded(seed));
      const { components } = renderCard(card);
      for (const one of flatten(components)) {
        if (!('custom_id' in one)) continue;
        const { custom_id: id } = one as { custom_id: string }; // only buttons have one here
        const ask = readAsk(components, id);
        const wanted = card.buttons.filter(({ action, subject, rev }) => id === `${action}|${subject}@${rev}`);
        const phrases = wanted.map(({ asks }) => asks?.phrase && plain(asks.phrase, 999));
        expect(ask, `seed ${seed}`).not.toBeUndefined();
        expect(phrases, `seed ${seed}`).toContain(ask?.asks?.phrase);
      }
    }
  });

  it('an answer shows more of a list than a message in the channel', () => {
    const list = { title: 'Commands', items: Array.from({ length: 30 }, (_, n) => `verb-${n}`), more: 0 };
    const shown = outline(renderReply({ ok: true, text: 'Help', card: { ...approval, list } }));
    expect(shown).toContain('- verb-29');
    expect(outline(renderCard({ ...approval, list }))).toContain('- verb-9\n-# + 20 more');
  });

  it('an answer and a confirmation are within the limits as well', () => {
    expect(lintDiscord(renderReply({ ok: false, text: '' }))).toEqual([]);
    expect(lintDiscord(renderReply({ ok: true, text: '*'.repeat(9000) }))).toEqual([]);
    expect(
      lintDiscord(renderConfirm('*'.repeat(9000), { style: 4, label: 'x'.repeat(200), custom_id: 'a.b|c@1' })),
    ).toEqual([]);
  });
});
