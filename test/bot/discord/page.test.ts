import { describe, expect, it } from 'vitest';
import { renderCard } from '../../../bot/discord/render.ts';
import { draw } from '../../../bot/discord/text.ts';
import { markdownToHtml } from '../../fakes/discord/markdown.ts';
import { pageOf } from '../../fakes/discord/page.ts';
import { createWorld } from '../../fakes/discord/world.ts';
import { approval, noon } from './cards.ts';

describe('a card as people see it', () => {
  it('shows its words and buttons, and runs nothing that is in them', () => {
    const world = createWorld();
    const message = world.add(
      world.channel,
      renderCard({ ...approval, summary: '<script>alert(1)</script> @everyone' }),
    );
    const page = pageOf([message], [], noon);
    expect(page).toContain('<strong>Waiting for approval · 0 of 2</strong>');
    expect(page).toContain('<span class="time">in 3 days</span>');
    expect(page).toContain('<button class="b3">Approve</button>');
    expect(page).toContain('&#60;script&#62;alert(1)');
    expect(page).not.toMatch(/<script|class="ping"/);
  });

  it.each([
    'a_b __c__ *d* **e** ***f*** ~~g~~ ||h|| `i` ```j```',
    '# no heading',
    '- no list',
    '-# no small print',
    '> no quote',
    '1. no list',
    '[no link](https://evil.example/x_y_z)',
    '<@1> <#2> <@&3> <t:0:F> </patch:4>',
    'C:\\Windows\\*.dll 1:9.18.24-1+deb12u2~bpo :smile:',
  ])('reads %j exactly as it was written', (text) => {
    const seen = markdownToHtml(draw(text, 1000), noon)
      .replace(/<[^>]+>/g, '')
      .replace(/&#(\d+);/g, (_, code) => String.fromCharCode(code));
    expect(seen).toBe(text);
  });
});
