/** `add` in the web chat, from the typed line to the catalog: real browser with and without its script, real desk, real database. */
import type { Browser as Chromium, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accepted, catalogDesk, filled } from '../handlers/catalog-desk.ts';
import { launch, present, signIn } from './chromium.ts';
import { Browser, formTo, webSetting } from './setting.ts';

const account = (user: string) => ({ platform: 'web' as const, workspace: 'acme', user });
let catalog: Awaited<ReturnType<typeof catalogDesk>>;
let setting: Awaited<ReturnType<typeof webSetting>>;
beforeAll(async () => {
  catalog = await catalogDesk(account('sam'), account('ann'));
  const people = { byId: async (id: string) => catalog.people.find((person) => person.id === id) ?? null };
  setting = await webSetting({ desk: catalog.desk, people });
});
afterAll(async () => {
  await setting?.stop();
  await catalog?.close();
});

const named = (option: string) => `option-${option}`;
const fields = (more: Partial<typeof filled>) =>
  Object.fromEntries(Object.entries({ ...filled, ...more }).map(([name, value]) => [named(name), value]));
const wrongRelease = 'release is "debain:12": write a distribution and its version, such as debian:12.';

describe.skipIf(!present)('the form of add in a browser', () => {
  let browser: Chromium;
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(() => browser?.close());

  const field = (page: Page, option: string) => page.locator(`[name="${named(option)}"]`);
  async function fill(page: Page, values: Record<string, string>): Promise<void> {
    for (const [option, value] of Object.entries(values)) {
      if (option === 'severity') await field(page, option).selectOption(value);
      else await field(page, option).fill(value);
    }
  }

  it.each([
    ['with its script', true, 1280],
    ['without JavaScript', false, 390],
  ])('%s: opened by the verb alone, a no beside its field, corrected, in the catalog', async (_, script, width) => {
    const id = script ? 'ACME-2026-1' : 'ACME-2026-2';
    const { page, wrong, close } = await signIn(browser, setting.web, 'sam', {
      ...{ width, height: 900, javaScriptEnabled: script },
    });
    await page.locator('#line').fill('add');
    await page.locator('#line').press('Enter');
    await page.getByRole('heading', { name: 'Add an advisory' }).waitFor();
    await fill(page, { ...filled, id, release: 'debain:12', cves: '' });
    await field(page, 'title').press('Enter');
    await page
      .locator('label', { has: field(page, 'release') })
      .getByText(wrongRelease)
      .waitFor();
    expect([await catalog.entered(id), await page.locator('form.fill').count()]).toEqual([[], 1]);
    expect(await field(page, 'title').inputValue()).toBe(filled.title);
    expect(await field(page, 'severity').inputValue()).toBe('critical');
    expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBe(0);

    await field(page, 'release').fill('debian:12');
    await field(page, 'release').press('Enter');
    await page.getByText(accepted.replace('ACME-2026-1', id)).first().waitFor();
    expect(await page.locator('form.fill').count()).toBe(0);
    expect(await catalog.entered(id)).toMatchObject([{ severity: 'critical', cves: [] }]);
    expect(wrong).toEqual([]);
    await close();
  });

  it('begins in the field that is to be filled in first, and the browser holds back what is left out', async () => {
    const { page, close } = await signIn(browser, setting.web, 'sam', { width: 390, height: 844 });
    await page.locator('#line').fill('add ACME-2026-3 debian:12');
    await page.locator('#line').press('Enter');
    await expect.poll(() => page.evaluate('document.activeElement.name')).toBe(named('package'));
    expect(await field(page, 'release').inputValue()).toBe('debian:12');
    expect(
      await page.locator('form.fill :invalid').evaluateAll((all) => all.map((one) => one.getAttribute('name'))),
    ).toEqual(['package', 'fixed', 'severity', 'title'].map(named));
    await close();
  });
});

describe('the form of add as it is posted', () => {
  /** The fields of a form that was just opened. */
  async function opened(browser: Browser): Promise<Record<string, string>> {
    const line = { ...formTo(await browser.page('/c/ops'), '/say'), line: 'add' };
    const answered = await browser.post('/say', line);
    return formTo(await browser.page(answered.headers.get('location') ?? ''), '/fill');
  }
  const shown = async (browser: Browser, answered: Response) =>
    (await browser.page(answered.headers.get('location') ?? '')).replaceAll('&quot;', '"');

  it('sent twice adds one, and says the same', async () => {
    const sam = await new Browser(setting.web).signIn('sam');
    const [id, before] = ['ACME-2026-4', catalog.matched()];
    const form = { ...(await opened(sam)), ...fields({ id }) };
    for (const _ of [1, 2]) {
      expect(await shown(sam, await sam.post('/fill', form))).toContain(accepted.replace('2026-1', '2026-4'));
    }
    expect(await catalog.entered(id)).toHaveLength(1);
    expect([await catalog.told(id), catalog.matched() - before]).toEqual([1, 1]);
  });

  it('is not opened for somebody who may not add; posted all the same, it is refused with what was typed', async () => {
    const [sam, ann] = [await new Browser(setting.web).signIn('sam'), await new Browser(setting.web).signIn('ann')];
    const refusal = 'You need the role operator for this. You have: approver.';
    const line = formTo(await ann.page('/c/ops'), '/say');
    const answered = await shown(ann, await ann.post('/say', { ...line, line: 'add' }));
    expect([answered.includes(refusal), answered.includes('/fill')]).toEqual([true, false]);
    const form = { ...(await opened(sam)), ...fields({ id: 'ACME-2026-5' }), csrf: line['csrf'] ?? '' };
    const refused = await shown(ann, await ann.post('/fill', form));
    expect(refused).toContain(refusal);
    expect(refused).toContain(`value="${filled.title}"`);
    expect(await catalog.entered('ACME-2026-5')).toEqual([]);
  });

  it.each([
    ['another session’s token', { csrf: 'x' }, 403],
    ['a verb that there is none', { verb: 'delete' }, 303],
    ['more in a field than it takes', { [named('title')]: 'x'.repeat(501) }, 303],
    ['a way back to another site', { from: '//evil.example/' }, 303],
  ])('with %s does nothing', async (_, more, status) => {
    const sam = await new Browser(setting.web).signIn('sam');
    const id = 'ACME-2026-6';
    const answered = await sam.post('/fill', { ...(await opened(sam)), ...fields({ id }), ...more });
    expect(answered.status).toBe(status);
    expect(answered.headers.get('location') ?? '/?answer=').toMatch(/^\/\?answer=/);
    expect(await catalog.entered(id)).toEqual([]);
  });

  it('is not needed by who types the whole line', async () => {
    const sam = await new Browser(setting.web).signIn('sam');
    const line = `add ${Object.values({ ...filled, id: 'ACME-2026-7' }).join(' ')}`;
    const answered = await sam.post('/say', { ...formTo(await sam.page('/c/ops'), '/say'), line });
    expect(await shown(sam, answered)).toContain(accepted.replace('2026-1', '2026-7'));
  });
});
