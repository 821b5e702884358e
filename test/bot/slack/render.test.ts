import { describe, expect, it } from 'vitest';
import { lintSlack } from '../../../bot/slack/limits.ts';
import { readRef } from '../../../bot/slack/ref.ts';
import { renderSlack } from '../../../bot/slack/render.ts';
import { renderReply } from '../../../bot/slack/surfaces.ts';
import { approval, decided, deploying, threadLine } from './cards.ts';
import { markupIn, outline } from './outline.ts';

describe('a card in Slack', () => {
  it('is an approval with facts, five devices, four buttons and the small print', () => {
    expect(outline(renderSlack(approval))).toMatchInlineSnapshot(`
      "
      text      ⚠️ Waiting for approval · openssl 3.0.15-1~deb12u1 on 12 devices. Fixes DSA-5764-1: a crafted certificate can crash TLS servers (denial of service). 0 of 2 approvals so far.
      header    ⚠️ Waiting for approval · openssl 3.0.15-1~deb12u1 on 12 devices
      section   Fixes DSA-5764-1: a crafted certificate can crash TLS servers (denial of service). 0 of 2 approvals so far.
      field     *Priority*
      high, 78 of 100
      field     *Due*
      <!date^1795744800^{date_short_pretty} {time}|2026-11-27 02:00 UTC>
      field     *Devices*
      3 mission, 4 high, 5 normal
      field     *Next window*
      <!date^1795485600^{date_short_pretty} {time}|2026-11-24 02:00 UTC>, 4 h
      field     *Restart*
      services only, no reboot
      field     *Way back*
      12 of 12 can be downgraded
      section   *Why this priority*
      CVSS 7.5 gives 45, EPSS 0.42 gives 18, exposed to the internet gives 15. Not in KEV.
      section   *Devices*
      web-1 (mission, internet)  ·  web-2 (mission, internet)  ·  db-1 (mission)  ·  mail-1  ·  cache-1
      _and 7 more_
      button    [Approve] primary proposal.approve p-7f3k@3 / Approve: openssl 3.0.15-1~deb12u1 on 12 devices / Are you sure? Install openssl on 12 devices in the next window? [Approve] [Cancel]
      button    [Deny…] danger proposal.deny p-7f3k@3|{"title":"Deny this patch","label":"Why? The answer is kept in the audit log."} / Deny: openssl 3.0.15-1~deb12u1 on 12 devices
      button    [Defer a week] - proposal.defer p-7f3k@3 / Defer a week: openssl 3.0.15-1~deb12u1 on 12 devices
      button    [Details] - proposal.details p-7f3k@3 / Details: openssl 3.0.15-1~deb12u1 on 12 devices
      context   Proposal p-7f3k · plan 9c41e0 · asked by Ana Ruiz  ·  Times are in your Slack time zone.
      "
    `);
  });
  it('is a progress message with numbers and a bar', () => {
    expect(outline(renderSlack(deploying))).toMatchInlineSnapshot(`
      "
      text      🔹 Deploying, ring 2 of 3 (broad) · openssl 3.0.15-1~deb12u1. 7 of 12 done, 1 failed.
      header    🔹 Deploying, ring 2 of 3 (broad) · openssl 3.0.15-1~deb12u1
      field     *Started*
      <!date^1795485600^{date_short_pretty} {time}|2026-11-24 02:00 UTC>
      field     *Error budget*
      1 of 2 used
      section   *7 of 12 done, 1 failed* (58 %)
      ███████████▒▒░░░░░░░
      section   *Problems*
      •  mail-1: dpkg was interrupted, work order wo-12 is open
      button    [Stop] danger halt.rollout r-52@9 / Stop: openssl 3.0.15-1~deb12u1
      button    [Roll back…] - rollout.roll-back r-52@9|{"title":"Roll back 8 devices","label":"Type the rollout id to go on","phrase":"r-52"} / Roll back: openssl 3.0.15-1~deb12u1
      context   Rollout r-52 · changed <!date^1795487100^{date_short_pretty} {time}|2026-11-24 02:25 UTC>  ·  Times are in your Slack time zone.
      "
    `);
  });
  it('is one line when there is nothing but a title, a status and a summary', () => {
    expect(outline(renderSlack(threadLine))).toMatchInlineSnapshot(`
      "
      text      ✅ succeeded · web-1. 3.0.15 verified by a scan <!date^1795486500^{date_short_pretty} {time}|2026-11-24 02:15 UTC>
      section   ✅ *web-1* succeeded
      3.0.15 verified by a scan <!date^1795486500^{date_short_pretty} {time}|2026-11-24 02:15 UTC>
      "
    `);
  });
  it('has no buttons and keeps its facts once it is decided', () => {
    const types = renderSlack(decided).blocks.map((block) => block.type);
    expect(types).toEqual(['header', 'section', 'section', 'section', 'section', 'context']);
  });

  it.each<[string, string]>([
    ['<!channel> <@U1> <https://evil.example|ok>', '&lt;!channel&gt; &lt;@U1&gt; &lt;https://evil.example|ok&gt;'],
    ['&lt;!here&gt;', '&amp;lt;!here&amp;gt;'],
    ['*bold* _it_ ~gone~ `code`', '∗bold* ˍit_ ∼gone~ ˋcodeˋ'],
    ['> quoted', '› quoted'],
    [':white_check_mark: approved', '∶white_check_mark: approved'],
    ['acme_agent 1.2~rc1 at 10:30:45', 'acme_agent 1.2~rc1 at 10:30:45'],
    ['\u202Egpj.exe\u0007', 'gpj.exe'],
  ])('shows %j literally', (written, drawn) => {
    const [first] = renderSlack({ ...threadLine, title: 'x', summary: written }).blocks;
    expect(first).toMatchObject({ text: { text: `✅ *x* succeeded\n${drawn}` } });
  });

  it('keeps a title that is too long for a header in full below it', () => {
    const title = `kernel ${'6.1.0-29 '.repeat(40)}`.trim();
    const { blocks } = renderSlack({ ...approval, title });
    expect(blocks[0]).toMatchObject({
      type: 'header',
      text: { text: expect.stringMatching(/^⚠️ Waiting for approval · kernel .*…$/u) },
    });
    expect(blocks[1]).toMatchObject({ text: { text: `*${title}*` } });
  });
  it('puts two buttons of one action into two rows, because Slack wants an action once per block', () => {
    const [approve] = approval.buttons;
    if (!approve) throw new Error('the sample has buttons');
    const { blocks } = renderSlack({ ...approval, buttons: [approve, { ...approve, subject: 'p-2' }] });
    expect(blocks.filter((block) => block.type === 'actions')).toHaveLength(2);
  });
  it('counts what it leaves out', () => {
    const items = Array.from({ length: 300 }, (_, n) => `device-${n}`);
    const drawn = markupIn(renderSlack({ ...approval, list: { title: 'Devices', items, more: 20 } })).join('\n');
    expect(drawn).toContain('device-8  ·  device-9\n_and 310 more_');
  });
});

describe('a button', () => {
  it.each<[string, ReturnType<typeof readRef>]>([
    ['p-1@3', { subject: 'p-1', rev: 3, asks: null }],
    [
      'p-1@3|{"title":"T","label":"L","phrase":"r-52"}',
      { subject: 'p-1', rev: 3, asks: { title: 'T', label: 'L', phrase: 'r-52' } },
    ],
    ['p-1@3|{"title":1}', null],
    ['p-1@3|{not json}', null],
    ['p-1', null],
    ['p 1@3', null],
    ['', null],
  ])('that carries %j reads as %j', (value, read) => {
    expect(readRef(value)).toEqual(read);
  });
});

describe('an answer', () => {
  it('shows a card below its text, with more of the list than a channel gets', () => {
    const items = Array.from({ length: 12 }, (_, n) => `device-${n}`);
    const reply = renderReply({
      ok: true,
      text: 'Two are open.',
      card: { ...approval, list: { title: 'Devices', items, more: 0 } },
    });
    expect(lintSlack(reply)).toEqual([]);
    expect(markupIn(reply)[0]).toBe('Two are open.');
    expect(markupIn(reply).join('\n')).toContain('device-11');
  });
  it('says no with a sign that is not only a colour', () => {
    expect(renderReply({ ok: false, text: 'You need the role approver for this.' }).text).toMatch(/^⚠️ You need/);
  });
  it('fits when the text is longer than a message', () => {
    expect(
      lintSlack(renderReply({ ok: true, text: `${'<&>'.repeat(5000)}\n${'line\n'.repeat(3000)}`, card: approval })),
    ).toEqual([]);
  });
});

describe('the lint', () => {
  it('names what is wrong and where', () => {
    const button = { type: 'button', text: { type: 'plain_text', text: 'x'.repeat(76) }, action_id: 'a', value: 'v' };
    const lint = lintSlack({
      text: '',
      blocks: [{ type: 'actions', elements: [button, { ...button, text: { type: 'plain_text', text: 'x' } }] }],
    });
    expect(lint.map((line) => line.split(':')[0])).toEqual(['text', 'blocks.0.elements.0.text.text', 'blocks.0']);
  });
  it('finds an action twice in a block, too many blocks, and a modal title over 24', () => {
    const button = { type: 'button', text: { type: 'plain_text', text: 'x' }, action_id: 'a' };
    const blocks = Array.from({ length: 51 }, () => ({ type: 'actions', elements: [button, button] }));
    expect(lintSlack({ text: 'x', blocks })).toEqual([expect.stringMatching(/^blocks: Too big/)]);
    expect(lintSlack({ text: 'x', blocks: blocks.slice(0, 1) })).toEqual(['blocks.0: has an action_id twice']);
    const title = { type: 'plain_text', text: 'x'.repeat(25) };
    expect(lintSlack({ type: 'modal', title, blocks: [] })).toEqual([expect.stringContaining('title.text')]);
  });
  it('finds a chosen option that is none, too many of them, and more text in a field than it takes', () => {
    const text = { type: 'plain_text', text: 'x' };
    const faultOf = (element: object) =>
      lintSlack({ type: 'modal', title: text, blocks: [{ type: 'input', label: text, element }] });
    const [chosen, options] = [{ text, value: 'y' }, Array.from({ length: 101 }, () => ({ text, value: 'x' }))];
    const select = { type: 'static_select', options: options.slice(0, 100) };
    expect(faultOf(select)).toEqual([]);
    expect(faultOf({ ...select, initial_option: chosen })).toEqual([expect.stringContaining('none of its options')]);
    expect(faultOf({ ...select, options })).toEqual([expect.stringContaining('element.options: Too big')]);
    const typed = { type: 'plain_text_input', initial_value: 'x'.repeat(3001) };
    expect(faultOf(typed)).toEqual([expect.stringContaining('element.initial_value: Too big')]);
  });
});
