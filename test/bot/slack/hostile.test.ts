import { describe, expect, it } from 'vitest';
import { lintSlack } from '../../../bot/slack/limits.ts';
import { renderSlack } from '../../../bot/slack/render.ts';
import { renderAsk, renderHome, renderReply } from '../../../bot/slack/surfaces.ts';
import { literal } from '../../../bot/slack/text.ts';
import type { Card, CardButton, Text, Tone } from '../../../domain/cards/card.ts';
import { markupIn } from './outline.ts';

/** What is left of markup once the parts that are ours are taken away. */
const foreign = (text: string) =>
  text.replace(/<!date\^\d+\^\{date_short_pretty\} \{time\}\|[^<>]* UTC>/g, '').replace(/&(amp|lt|gt);/g, '');

describe('any card at all', () => {
  it('passes the lint and never lets a foreign mark through, in 1,000 hostile ones', () => {
    const random = seeded(20261123);
    for (let n = 0; n < 1000; n += 1) {
      const card = hostileCard(random);
      const surfaces = [renderSlack(card), renderReply({ ok: n % 2 === 0, text: hostile(random), card })];
      for (const surface of surfaces) {
        expect(lintSlack(surface), `card ${n}`).toEqual([]);
        const leaks = [...markupIn(surface), surface.text].filter((text) => /[<>&]/.test(foreign(text)));
        expect(leaks, `card ${n}`).toEqual([]);
        expect(JSON.stringify(surface.blocks).length, `card ${n}`).toBeLessThan(60_000);
      }
      for (const one of card.buttons.slice(0, 3)) {
        const asks = one.asks ?? { title: hostile(random), label: hostile(random) };
        const asked = {
          action: one.action,
          subject: one.subject,
          rev: one.rev,
          url: `https://hooks.example/${'x'.repeat(100)}`,
        };
        expect(lintSlack(renderAsk(asks, asked)), `form of card ${n}`).toEqual([]);
      }
    }
  });
  it('never leaves a mark where Slack would start emphasis, nor a character that hides or reorders text', () => {
    const random = seeded(11);
    for (let n = 0; n < 1000; n += 1) {
      expect(literal(hostile(random))).not.toMatch(
        /(?<![\p{L}\p{N}])[*_~](?=\S)|`|\p{Surrogate}|\p{Bidi_Control}|(?!\n)\p{Cc}/u,
      );
    }
  });
  it('fits the Home tab too, however many verbs there are', () => {
    const random = seeded(7);
    const verbs = Array.from({ length: 80 }, () => ({ name: hostile(random), summary: hostile(random), options: [] }));
    expect(lintSlack(renderHome('U1', 'T1', verbs))).toEqual([]);
  });
});

/** Mulberry32: the same numbers on every run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const scraps = [
  '<!channel>',
  '<@U1>',
  '<http://x|y>',
  '&',
  '<',
  '>',
  '*b*',
  '_i_',
  '~s~',
  '`c`',
  '\n',
  '\u202Eabc',
  'שלום',
  'مرحبا',
  '🚨',
  '👩‍💻',
  ':tada:',
  '\ud800',
  '\u0000',
  '|',
  '"',
  '\\',
  ' ',
  'openssl',
];
function hostile(random: () => number, long = 0.02): string {
  const pick = () => scraps[Math.floor(random() * scraps.length)] ?? '';
  const length = random() < long ? 5000 : Math.floor(random() * 40);
  let text = '';
  while (text.length < length) text += pick();
  return text;
}

function hostileCard(random: () => number): Card {
  const many = (most: number) => Math.floor(random() ** 3 * most);
  const listOf = <T>(count: number, make: () => T) => Array.from({ length: count }, make);
  const text = (): Text =>
    random() < 0.7
      ? hostile(random)
      : listOf(many(12) + 1, () => (random() < 0.5 ? hostile(random) : { at: Math.floor(random() * 4e12) }));
  const tone = () => (['plain', 'good', 'warn', 'bad'] as const satisfies Tone[])[Math.floor(random() * 4)] ?? 'plain';
  const button = (): CardButton => ({
    action: `a.${many(8)}`,
    subject: `s-${many(1000)}`,
    rev: many(1e9),
    label: hostile(random),
    tone: tone(),
    ...(random() < 0.3 ? { confirm: hostile(random) } : {}),
    ...(random() < 0.3 ? { asks: { title: hostile(random), label: hostile(random), phrase: hostile(random) } } : {}),
  });
  return {
    title: hostile(random, 0.3),
    tone: tone(),
    status: hostile(random, 0.1),
    facts: listOf(many(60), () => ({ label: hostile(random), value: text() })),
    buttons: listOf(many(60), button),
    ...(random() < 0.8 ? { summary: text() } : {}),
    ...(random() < 0.5 ? { note: text() } : {}),
    ...(random() < 0.5 ? { progress: { done: many(100), failed: many(100), total: many(100) } } : {}),
    ...(random() < 0.5 ? { list: { title: hostile(random), items: listOf(many(300), text), more: many(99) } } : {}),
  };
}
