/** The web chat in a real browser: with and without its script, by keyboard, at a phone's and a desk's width. */
import type { Browser as Chromium, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { line } from '../../../domain/cards/card.ts';
import { launch, present, signIn as signInWith, type Window } from './chromium.ts';
import { button, card, webSetting } from './setting.ts';

let setting: Awaited<ReturnType<typeof webSetting>>;
let browser: Chromium;
beforeAll(async () => {
  if (!present) return;
  setting = await webSetting();
  browser = await launch();
});
afterAll(async () => {
  await browser?.close();
  await setting?.stop();
});

const post = (key: string, more: Parameters<typeof card>[0] = {}, channel = 'patching') =>
  setting.web.messenger.post({ kind: 'channel', channel }, card(more), key);

const signIn = (window: Window) => signInWith(browser, setting.web, 'ada', window);
const sideways = (page: Page) => page.evaluate('document.documentElement.scrollWidth - innerWidth');
/** Tabs until something with this name has the focus, as somebody without a mouse does. */
async function tabTo(page: Page, name: string): Promise<void> {
  for (let pressed = 0; pressed < 60; pressed += 1) {
    await page.keyboard.press('Tab');
    if ((await page.evaluate('document.activeElement.textContent.trim()')) === name) return;
  }
  throw new Error(`60 tabs did not reach "${name}"`);
}

describe.skipIf(!present)('the web chat in a browser', () => {
  it.each([
    [390, 844],
    [1280, 900],
  ])(
    '%i pixels wide: approve by keyboard, see the change without reload, never scroll sideways',
    async (width, height) => {
      const ref = await post(`approve-${width}`, { title: `openssl for ${width}` });
      const { page, wrong, close } = await signIn({ width, height });
      await page.evaluate('window.sameDocument = true');
      const presses = setting.presses.length;
      await page.locator(`#m-${ref.message}`).focus();
      await tabTo(page, 'Approve');
      await page.keyboard.press('Enter');
      await page.locator(`#m-${ref.message} .only-you`, { hasText: 'Approved.' }).waitFor();
      expect(setting.presses.slice(presses)).toMatchObject([
        { action: 'proposal.approve', account: { user: 'ada' }, seenRev: 3 },
      ]);

      await setting.web.messenger.edit(
        ref,
        card({ title: `openssl for ${width}`, status: 'Approved by Ada', tone: 'good', buttons: [] }),
      );
      await page.locator(`#m-${ref.message} .status`, { hasText: 'Approved by Ada' }).waitFor();
      expect(await page.locator(`#m-${ref.message} button`).count()).toBe(0);
      expect(await page.evaluate('document.activeElement.id')).toBe(`m-${ref.message}`); // not lost with its button
      await page.locator(`#m-${ref.message} .only-you`, { hasText: 'Approved.' }).waitFor();

      await post(`new-${width}`, {
        title: 'curl 8.1',
        summary: 'x'.repeat(400),
        facts: [{ label: 'y'.repeat(90), value: 'z'.repeat(300) }],
      });
      await page.getByRole('heading', { name: 'curl 8.1' }).last().waitFor();
      await expect.poll(() => page.locator('#says').textContent()).toBe('curl 8.1: Waiting for approval');
      expect(await sideways(page)).toBe(0);
      expect(await page.evaluate('window.sameDocument')).toBe(true);
      expect(wrong).toEqual([]);
      await close();
    },
  );

  it('keeps a half-typed answer and its focus when the card changes, and takes no press at that moment', async () => {
    const asks = { title: 'Deny?', label: 'Why?' };
    const deny = (rev: number) => [button({ action: 'proposal.deny', label: 'Deny', tone: 'bad', rev, asks })];
    const ref = await post('typed', { buttons: deny(1) });
    const { page, wrong, close } = await signIn({ width: 390, height: 844 });
    const article = page.locator(`#m-${ref.message}`);
    await article.locator('summary', { hasText: 'Deny' }).press('Enter');
    await expect.poll(() => page.evaluate('document.activeElement.name')).toBe('answer');
    await page.keyboard.type('because it is');
    const now = Date.now();
    await page.clock.setFixedTime(now); // so that "that moment" does not pass before the key
    const presses = setting.presses.length;
    await setting.web.messenger.edit(ref, card({ status: 'Plan changed', buttons: deny(2) }));
    await article.locator('.status', { hasText: 'Plan changed' }).waitFor();
    await page.keyboard.press('Enter'); // a key on its way while the card was swapped
    expect(await page.locator('#says').textContent()).toContain('read it again');
    await page.keyboard.type(' too late');
    expect(await article.locator('input[name=answer]').inputValue()).toBe('because it is too late');
    await page.clock.setFixedTime(now + 1000);
    await page.keyboard.press('Enter');
    await article.locator('.only-you').waitFor();
    expect(setting.presses.slice(presses)).toMatchObject([{ seenRev: 2, answer: 'because it is too late' }]);
    expect(wrong).toEqual([]);
    await close();
  });

  it('makes every retry after an answer a new press, and every retry after silence the same one', async () => {
    const ref = await post('again', { buttons: [button({ action: 'proposal.again', label: 'Again' })] });
    const { page, close } = await signIn({ width: 1280, height: 900 });
    const again = page.locator(`#m-${ref.message}`).getByRole('button', { name: 'Again' });
    const presses = setting.presses.length;
    await page.route('**/act/**', async (route) => {
      await route.fetch();
      await route.abort(); // the desk was reached, its answer was lost
    });
    await again.click();
    await page.locator(`#m-${ref.message} .only-you`, { hasText: 'The server did not answer' }).waitFor();
    await page.unroute('**/act/**');
    for (const count of [2, 3]) {
      await again.click();
      await expect.poll(() => setting.presses.length - presses).toBe(count);
      await page.locator(`#m-${ref.message} .only-you`, { hasText: 'Approved.' }).waitFor();
      await expect.poll(() => again.getAttribute('aria-busy')).toBeNull();
    }
    const [first, second, third] = setting.presses.slice(presses).map(({ delivery }) => delivery);
    expect(second).toBe(first);
    expect(third).not.toBe(second);
    await close();
  });

  it('never runs or nests what a card says', async () => {
    const evil = '"><img src=x onerror=alert(1)><script>alert(1)</script>';
    await post(
      'evil',
      { title: evil, status: evil, summary: evil, facts: [{ label: evil, value: evil }], note: evil },
      'ops',
    );
    const { page, wrong, close } = await signIn({ width: 390, height: 844 });
    await page.goto(`${setting.web.url}/c/ops`);
    await page.getByRole('heading', { name: evil }).waitFor();
    await post('evil-live', { title: `${evil} live`, summary: evil }, 'ops');
    await page.getByRole('heading', { name: `${evil} live` }).waitFor();
    expect(await page.locator('img, main script').count()).toBe(0);
    expect(await page.locator('main .summary').first().textContent()).toBe(evil);
    expect(wrong).toEqual([]);
    await close();
  });

  it('answers a typed command in place, with completions and a mark on rooms that have news', async () => {
    const { page, wrong, close } = await signIn({ width: 1280, height: 900 });
    await page.locator('#line').pressSequentially('status w');
    await page.locator('#verbs option[value="status web-1"]').waitFor({ state: 'attached' });
    await page.locator('#line').press('Enter');
    await page.locator('#m-prompt', { hasText: 'Only you can see this' }).waitFor();
    expect(setting.commands.at(-1)).toMatchObject({ verb: 'status', words: ['w'] });
    expect(await page.locator('#line').inputValue()).toBe('');
    await setting.web.messenger.post({ kind: 'channel', channel: 'ops' }, line('news', 'plain', 'x'), 'elsewhere');
    await page.locator('.rail a[data-page="/c/ops"] .dot:not([hidden])').waitFor();
    expect(wrong).toEqual([]);
    await close();
  });

  it('gives its connection back while hidden, and catches up when shown', async () => {
    const ref = await post('hidden');
    const { page, wrong, close } = await signIn({ width: 1280, height: 900 });
    const turn = (hidden: boolean) =>
      page.evaluate(`Object.defineProperty(document, 'hidden', { configurable: true, value: ${hidden} });
        document.dispatchEvent(new Event('visibilitychange'))`);
    await turn(true);
    await setting.web.messenger.edit(ref, card({ status: 'Changed meanwhile' }));
    await turn(false);
    await page.locator(`#m-${ref.message} .status`, { hasText: 'Changed meanwhile' }).waitFor();
    expect(await page.locator('#lost').isVisible()).toBe(false);
    expect(wrong).toEqual([]);
    await close();
  });

  it('works without JavaScript: menu, thread, phrase, answer, sign out', async () => {
    const asks = { title: 'Roll back?', label: 'Type it', phrase: 'roll back (1)' };
    const ref = await post('plain', {
      buttons: [button({ action: 'rollout.roll-back', label: 'Roll back', tone: 'bad', asks })],
    });
    for (const each of ['first', 'second', 'third']) {
      await setting.web.messenger.post(
        { kind: 'thread', of: ref },
        line(`${each} update`, 'good', 'ok'),
        `plain-${each}`,
      );
    }
    const { page, close } = await signIn({ width: 390, height: 844, javaScriptEnabled: false });
    const article = page.locator(`#m-${ref.message}`);
    await article.getByText('third update').waitFor();
    expect(await article.getByText('first update').isVisible()).toBe(false);
    await article.getByText('3 updates').click();
    await article.getByText('first update').waitFor();
    await article.locator('summary', { hasText: 'Roll back' }).click();
    const presses = setting.presses.length;
    await article.locator('input[name=answer]').fill('roll back');
    await article.locator('input[name=answer]').press('Enter'); // the browser holds a wrong phrase back
    await article.locator('input[name=answer]').fill('roll back (1)');
    await article.locator('input[name=answer]').press('Enter');
    await page.locator(`#m-${ref.message} .only-you`, { hasText: 'Approved.' }).waitFor();
    expect(setting.presses.slice(presses)).toMatchObject([{ action: 'rollout.roll-back', answer: 'roll back (1)' }]);
    await page.getByRole('button', { name: 'Rooms' }).click();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByText('one-time link').first().waitFor();
    await close();
  });

  it('keeps the cards of a thread in sight, those that wait for a decision first, and folds its lines', async () => {
    const ref = await post('digest', { title: 'Patches of today', buttons: [] });
    const reply = (key: string, more: Parameters<typeof card>[0]) =>
      setting.web.messenger.post({ kind: 'thread', of: ref }, card({ title: key, ...more }), `digest-${key}`);
    await setting.web.messenger.post({ kind: 'thread', of: ref }, line('a first word', 'plain', 'x'), 'digest-line');
    for (let decided = 1; decided <= 9; decided += 1) await reply(`decided ${decided}`, { buttons: [] });
    for (const each of ['one', 'two']) await reply(`waits ${each}`, {});
    const { page, close } = await signIn({ width: 390, height: 844, javaScriptEnabled: false });
    const article = page.locator(`#m-${ref.message}`);
    await article.getByText('waits one').waitFor();
    expect(await article.getByRole('button', { name: 'Approve' }).count()).toBe(2);
    expect(await article.getByText('decided 8').isVisible()).toBe(true);
    for (const folded of ['decided 9', 'a first word']) expect(await article.getByText(folded).isVisible()).toBe(false);
    await article.getByText('2 more updates').click();
    for (const folded of ['decided 9', 'a first word']) await article.getByText(folded).waitFor();
    await close();
  });

  it('leads to what waits, in targets that a thumb hits', async () => {
    await setting.web.messenger.post(
      { kind: 'direct', user: 'ada' },
      card({ title: 'your laptop', buttons: [button({ label: 'Defer', tone: 'plain' })] }),
      'dm',
    );
    const { page, close } = await signIn({ width: 390, height: 844 });
    await page.getByRole('link', { name: /^\d+ waiting for you$/ }).click();
    await page.getByRole('heading', { name: 'your laptop' }).waitFor();
    const small = await page
      .locator('main .button:visible, main input[type=text]:visible, .menu, a.waiting')
      .evaluateAll((all) =>
        all
          .map((each) => ({ text: each.textContent, height: each.getBoundingClientRect().height }))
          .filter(({ height }) => height < 44),
      );
    expect(small).toEqual([]);
    expect(await sideways(page)).toBe(0);
    await close();
  });
});
