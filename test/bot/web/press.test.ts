/** Pressing and typing without JavaScript: plain forms, redirects, answers shown once. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Browser, button, card, formTo, webSetting } from './setting.ts';

let setting: Awaited<ReturnType<typeof webSetting>>;
let ada: Browser;
beforeAll(async () => {
  setting = await webSetting();
});
beforeEach(async () => {
  // A session of its own, so that no test spends another's allowance.
  ada = await new Browser(setting.web).signIn('ada');
  setting.presses.length = 0;
  setting.commands.length = 0;
  setting.answers({ ok: true, text: 'Approved.' });
});
afterAll(() => setting.stop());

const post = (key: string, more: Parameters<typeof card>[0] = {}, channel = 'patching') =>
  setting.web.messenger.post({ kind: 'channel', channel }, card(more), key);

describe('pressing a button without JavaScript', () => {
  it('reaches the desk as this session’s person, with what the card was drawn from', async () => {
    const ref = await post('press-1', { buttons: [button({ subject: 'debian:12/openssl=3.0.17-1~deb12u2' })] });
    const page = await ada.page('/c/patching');
    const form = formTo(page, '/act/proposal.approve');
    const answered = await ada.post('/act/proposal.approve', form);
    expect(setting.presses).toEqual([
      {
        account: { platform: 'web', workspace: 'acme', user: 'ada' },
        delivery: expect.stringMatching(/.{20,}/),
        action: 'proposal.approve',
        subject: 'debian:12/openssl=3.0.17-1~deb12u2',
        seenRev: 3,
      },
    ]);
    expect(answered.status).toBe(303);
    expect(answered.headers.get('location')).toMatch(new RegExp(`^/c/patching\\?answer=[\\w-]+#m-${ref.message}$`));
  });

  it('shows the answer once, at the card, to nobody else', async () => {
    await post('press-2');
    setting.answers({ ok: false, text: 'Your vote is already counted.' });
    const answered = await ada.post(
      '/act/proposal.approve',
      formTo(await ada.page('/c/patching'), '/act/proposal.approve'),
    );
    const back = answered.headers.get('location') ?? '';
    const bo = await new Browser(setting.web).signIn('bo');
    expect(await bo.page(back)).not.toContain('already counted');
    expect(await ada.page(back)).toContain('already counted');
    expect(await ada.page(back)).not.toContain('already counted');
  });

  it('gives one delivery id to a form posted twice, and another one to the page drawn again', async () => {
    await post('press-3');
    const form = formTo(await ada.page('/c/patching'), '/act/proposal.approve');
    await ada.post('/act/proposal.approve', form);
    await ada.post('/act/proposal.approve', form);
    await ada.post('/act/proposal.approve', formTo(await ada.page('/c/patching'), '/act/proposal.approve'));
    const [first, second, third] = setting.presses.map(({ delivery }) => delivery);
    expect(second).toBe(first);
    expect(third).not.toBe(first);
  });

  it('keeps delivery ids of two people apart, even when one copies the other’s form', async () => {
    const form = formTo(await ada.page('/c/patching'), '/act/proposal.approve');
    const bo = await new Browser(setting.web).signIn('bo');
    const bos = formTo(await bo.page('/c/patching'), '/act/proposal.approve');
    await ada.post('/act/proposal.approve', form);
    await bo.post('/act/proposal.approve', { ...bos, delivery: form['delivery'] ?? '' });
    expect(setting.presses.map(({ account }) => account.user)).toEqual(['ada', 'bo']);
    expect(new Set(setting.presses.map(({ delivery }) => delivery)).size).toBe(2);
  });

  it('takes the person from the session, whatever the form says', async () => {
    const form = formTo(await ada.page('/c/patching'), '/act/proposal.approve');
    await ada.post('/act/proposal.approve', { ...form, by: 'bo', user: 'bo', account: 'bo' });
    expect(setting.presses[0]?.account.user).toBe('ada');
  });

  it('passes on the phrase that a button asks for', async () => {
    const asks = { title: 'Roll back?', label: 'Type the phrase', phrase: 'roll back 12' };
    await post('press-4', { buttons: [button({ action: 'rollout.roll-back', asks })] }, 'ops');
    const page = await ada.page('/c/ops');
    expect(page).toContain('<code>roll back 12</code>');
    await ada.post('/act/rollout.roll-back', { ...formTo(page, '/act/rollout.roll-back'), answer: 'roll back 12' });
    expect(setting.presses[0]?.answer).toBe('roll back 12');
  });

  it('shows a confirmation’s sentence before the form that acts', async () => {
    await post(
      'press-5',
      { buttons: [button({ action: 'halt.lift', label: 'Lift', confirm: 'Everything starts again.' })] },
      'ops',
    );
    const page = await ada.page('/c/ops');
    expect(page).toMatch(/<details[^>]*>[\s\S]*Everything starts again\.[\s\S]*Yes, lift/);
  });

  it.each([
    ['an action that is no action', '/act/..%2fetc', {}],
    ['a subject with a space', '/act/proposal.approve', { subject: 'p 1' }],
    ['a revision that is no number', '/act/proposal.approve', { rev: '3; drop' }],
    ['a delivery id that nobody made', '/act/proposal.approve', { delivery: '' }],
    ['a way back to another site', '/act/proposal.approve', { from: '//evil.example/' }],
    ['an answer longer than a line', '/act/proposal.approve', { answer: 'x'.repeat(501) }],
  ])('refuses %s without asking the desk', async (_, path, wrong) => {
    const form = formTo(await ada.page('/c/patching'), '/act/proposal.approve');
    const answered = await ada.post(path, { ...form, ...wrong });
    expect(answered.headers.get('location')).toMatch(/^\/\?answer=/);
    expect(setting.presses).toEqual([]);
  });

  it('leaves an unknown action to the desk, and shows what it says', async () => {
    setting.answers({ ok: false, text: 'I cannot read this button.' });
    const form = formTo(await ada.page('/c/patching'), '/act/proposal.approve');
    const answered = await ada.post('/act/proposal.vanish', form);
    expect(setting.presses[0]?.action).toBe('proposal.vanish');
    expect(await ada.page(answered.headers.get('location') ?? '')).toContain('I cannot read this button.');
  });
});

describe('typing a command without JavaScript', () => {
  it('reaches the desk as verb and words, and the answer’s card has working buttons', async () => {
    setting.answers({
      ok: true,
      text: 'Two devices.',
      card: card({ title: 'web-1', buttons: [button({ action: 'device.scan' })] }),
    });
    const form = formTo(await ada.page('/c/ops'), '/say');
    const answered = await ada.post('/say', { ...form, line: '/patch show "web 1" all' });
    expect(setting.commands).toEqual([
      {
        account: { platform: 'web', workspace: 'acme', user: 'ada' },
        delivery: expect.any(String),
        verb: 'show',
        words: ['web 1', 'all'],
      },
    ]);
    const page = await ada.page(answered.headers.get('location') ?? '');
    expect(page).toContain('Only you can see this');
    expect(page).toContain('Two devices.');
    await ada.post('/act/device.scan', formTo(page, '/act/device.scan'));
    expect(setting.presses[0]?.action).toBe('device.scan');
  });

  it('keeps the way to the first page when the line is too long for any verb', async () => {
    const form = formTo(await ada.page('/c/ops'), '/say');
    const answered = await ada.post('/say', { ...form, line: 'x'.repeat(1001) });
    expect(await ada.page((answered.headers.get('location') ?? '').replace('/?', '/c/patching?'))).toContain(
      'at most 1000 characters',
    );
    expect(setting.commands).toEqual([]);
  });

  it('answers the page’s script with markup and a fresh delivery id', async () => {
    const form = formTo(await ada.page('/c/ops'), '/say');
    const answered = await ada.post('/say', { ...form, line: 'status <b>' }, { accept: 'application/json' });
    const body = z
      .object({ html: z.string(), delivery: z.string() })
      .loose()
      .parse(await answered.json());
    expect(body).toMatchObject({ ok: true, text: 'Approved.', at: 'prompt' });
    expect(body.html).toContain('status &lt;b&gt;');
    expect(body.delivery).not.toBe(form['delivery']);
  });

  it('offers the desk’s completions as whole lines', async () => {
    const suggest = async (line: string) => (await ada.open(`/suggest?line=${encodeURIComponent(line)}`)).json();
    expect(await suggest('status web')).toEqual(['status web-1', 'status web-2']);
    expect(await suggest('status ')).toEqual(['status web-1', 'status web-2', 'status "db one"']);
    expect(await suggest('status web-1 more')).toEqual([]);
    expect(await suggest('unknown w')).toEqual([]);
  });
});
