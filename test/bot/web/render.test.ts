/** Card → HTML: what is shown, and that nothing of a card ever becomes markup. */
import { describe, expect, it } from 'vitest';
import { renderAnswer } from '../../../bot/web/message.ts';
import { type Reader, renderCard } from '../../../bot/web/render.ts';
import type { Card } from '../../../domain/cards/card.ts';
import { button, card } from './setting.ts';

const reader = (more: Partial<Reader> = {}): Reader => ({
  zone: 'Europe/Madrid',
  now: new Date('2026-11-23T10:00:00Z'),
  csrf: 'token',
  from: '/c/patching',
  answer: null,
  delivery: () => 'd1',
  ...more,
});
const draw = (it: Card, more: Partial<Reader> = {}) => String(renderCard(it, 'm1', reader(more)));
const at = Date.parse('2026-11-24T02:00:00Z');

const tags =
  'a|article|button|code|dd|details|div|dl|dt|form|h3|h4|input|label|li|p|path|circle|rect|section|small|span|strong|summary|svg|time|ul';
const names =
  'action|aria-hidden|aria-label|autocapitalize|autocomplete|autocorrect|class|cx|cy|d|data-key|datetime|enterkeyhint|height|id|maxlength|method|name|pattern|preserveaspectratio|r|required|role|spellcheck|title|type|value|viewbox|width|x';
const tag = new RegExp(`^<(?:/(?:${tags})|(?:${tags})(?:\\s+(?:${names})(?:="[^"<>]*")?)*\\s*/?)>$`, 'i');

/** Every tag of the markup, or a throw at the first `<` that does not begin one that we write ourselves. */
function parse(markup: string): string[] {
  return markup
    .split(/(?=<)/)
    .slice(1)
    .map((piece) => {
      const end = piece.indexOf('>') + 1;
      if (!tag.test(piece.slice(0, end))) throw new Error(`not our markup: ${piece.slice(0, 80)}`);
      return piece.slice(0, end);
    });
}

const hostile = [
  '<script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  '"><svg onload=alert(1)>',
  "' onmouseover='alert(1)",
  '" autofocus onfocus="alert(1)',
  '</form><form action="https://evil.example">',
  '</textarea></title></style><iframe>',
  '&lt;script&gt;&#60;b&#62;',
  '{{constructor}} ]]> --> `backtick`',
  'javascript:alert(1)',
  '\u202egnp.exe\u0000 <!-- -->',
];

describe('a card on the web', () => {
  it.each(hostile)('keeps %j as text in every field', (text) => {
    const safe = draw({
      title: text,
      tone: 'bad',
      status: text,
      summary: [text, { at }, text],
      facts: [{ label: text, value: text }],
      list: { title: text, items: Array.from({ length: 9 }, () => text), more: 3 },
      progress: { done: 1, failed: 1, total: 3 },
      note: text,
      buttons: [
        button({ action: text, subject: text, label: text }),
        button({ label: text, confirm: text }),
        button({ label: text, asks: { title: text, label: text, phrase: text } }),
      ],
    });
    const plain = draw({
      ...card({ tone: 'bad', summary: ['a', { at }, 'a'], note: 'a' }),
      list: { title: 'a', items: Array.from({ length: 9 }, () => 'a'), more: 3 },
      progress: { done: 1, failed: 1, total: 3 },
      buttons: [button(), button({ confirm: 'a' }), button({ asks: { title: 'a', label: 'a', phrase: 'a' } })],
    });
    const shape = (markup: string) => parse(markup).map((each) => /^<\/?\w+/.exec(each)?.[0]);
    expect(shape(safe)).toEqual(shape(plain));
  });

  it('shows instants in the reader’s zone with the zone named, and the year only when it is another one', () => {
    const when = card({ summary: ['Starts ', { at }] });
    expect(draw(when)).toContain('datetime="2026-11-24T02:00:00.000Z"');
    expect(draw(when)).toContain('>Tue 24 Nov 03:00 CET</time>');
    expect(draw(when, { zone: 'America/New_York' })).toContain('>Mon 23 Nov 21:00 EST</time>');
    expect(draw(when, { zone: 'UTC', now: new Date('2027-01-02T00:00:00Z') })).toContain(
      '>Tue 24 Nov 2026 02:00 UTC</time>',
    );
  });

  it('survives an instant that no calendar has', () => {
    expect(draw(card({ note: [{ at: Number.NaN }] }))).toContain('an unknown time');
  });

  it.each([
    ['plain', 'Note'],
    ['good', 'Good'],
    ['warn', 'Attention'],
    ['bad', 'Problem'],
  ] as const)('says its tone %s by an icon named %s beside the status', (tone, name) => {
    const markup = draw(card({ tone, status: 'State in words' }));
    expect(markup).toContain(`aria-label="${name}"`);
    expect(markup).toContain('<span>State in words</span>');
  });

  it('has no buttons when the card has none', () => {
    expect(draw(card({ buttons: [] }))).not.toContain('<form');
  });

  it('gives a long value a row to itself, and others a column', () => {
    const facts = [
      { label: 'Due', value: [{ at }, ` ${'x'.repeat(50)}`] },
      { label: 'Needs', value: '1 approval' },
    ];
    expect(draw(card({ facts }))).toMatch(/<div class="wide"><dt>Due.*<div><dt>Needs/s);
  });

  it('folds the end of a long list and says how many were never listed', () => {
    const items = Array.from({ length: 13 }, (_, index) => `device-${index}`);
    const markup = draw(card({ list: { title: 'Devices', items, more: 37 } }));
    expect(markup).toContain('Show 3 more');
    expect(markup).toContain('and 37 more');
    for (const item of items) expect(markup).toContain(item);
  });

  it('folds nothing of an answer that somebody asked for', () => {
    const list = { title: 'Commands', items: Array.from({ length: 30 }, (_, index) => `verb-${index}`), more: 0 };
    const reply = { ok: true, text: 'Help', card: card({ list, buttons: [] }) };
    expect(String(renderAnswer({ at: 'prompt', reply, said: 'help' }, reader()))).not.toContain('<details');
  });

  it('draws progress in words, and a bar that never leaves its box', () => {
    expect(draw(card({ progress: { done: 34, failed: 2, total: 50 } }))).toContain('34 of 50 done, 2 failed');
    const odd = draw(card({ progress: { done: 9, failed: 9, total: 10 } }));
    expect(odd).toContain('x="9" width="1"');
    expect(draw(card({ progress: { done: 0, failed: 0, total: 0 } }))).toContain('viewBox="0 0 1 1"');
  });

  it('asks for exactly the phrase, in a pattern that takes it literally', () => {
    const phrase = 'roll back 3 (three) devices?';
    const markup = draw(card({ buttons: [button({ asks: { title: 'Sure?', label: 'Type it', phrase } })] }));
    const pattern = /pattern="(?<pattern>[^"]*)"/.exec(markup)?.groups?.['pattern'] ?? '';
    expect(new RegExp(`^(?:${pattern})$`, 'v').test(phrase)).toBe(true);
    expect(new RegExp(`^(?:${pattern})$`, 'v').test('roll back 3 three devices')).toBe(false);
  });
});
