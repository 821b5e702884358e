/** Signing in by a one-time link, sessions, and signing out. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { explain } from '../../../domain/errors.ts';
import type { PersonId, TenantId } from '../../../domain/model/ids.ts';
import { Browser, formTo, somebody, webSetting } from './setting.ts';

let setting: Awaited<ReturnType<typeof webSetting>>;
let browser: Browser;
beforeAll(async () => {
  setting = await webSetting();
});
beforeEach(() => {
  browser = new Browser(setting.web);
});
afterAll(() => setting.stop());

const expired = explain({ code: 'link.expired' });
const linkOf = async (person: string) => new URL(await setting.web.loginLink(person as PersonId)).pathname;

describe('a login link', () => {
  it('shows whom it signs in without being used up by looking, then signs in once', async () => {
    const link = await linkOf('ada');
    for (const _ of [1, 2]) expect(await browser.page(link)).toContain('Sign in as Ada');
    await browser.open(link, { purpose: 'preview' });
    const signed = await browser.post(link, {});
    expect([signed.status, signed.headers.get('location')]).toEqual([303, '/']);
    expect(await browser.page('/c/patching')).toContain('Sign out');
    expect(await browser.page(link)).toContain(expired);
  });

  it('signs nobody in the second time', async () => {
    const link = await linkOf('ada');
    await browser.post(link, {});
    const late = new Browser(setting.web);
    const answered = await late.post(link, {});
    expect(answered.status).toBe(410);
    expect(await answered.text()).toContain(expired);
    expect(late.cookie).toBe('');
  });

  it.each([
    ['wrong', async () => '/login/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'],
    ['expired', async () => `/login/${await setting.sessions.issueLink('ada' as PersonId, 0)}`],
    ['of a person who is gone', async () => `/login/${await setting.sessions.issueLink('nobody' as PersonId, 60_000)}`],
  ])('that is %s is answered by one sentence, looked at or used', async (_, make) => {
    const link = await make();
    const seen = await browser.open(link);
    expect([seen.status, (await seen.text()).includes(expired)]).toEqual([410, true]);
    expect((await browser.post(link, {})).status).toBe(410);
    expect(browser.cookie).toBe('');
  });

  it('gives a cookie that scripts cannot read and other sites do not send', async () => {
    const signed = await browser.post(await linkOf('ada'), {});
    expect(signed.headers.get('set-cookie')).toMatch(
      /^patchherd=[\w-]{43}; Max-Age=604800; Path=\/; HttpOnly; SameSite=Strict$/,
    );
  });

  it('cannot be posted from another site, to sign somebody in as somebody else', async () => {
    const link = await linkOf('ada');
    const answered = await browser.post(link, {}, { origin: 'https://evil.example' });
    expect([answered.status, browser.cookie]).toEqual([403, '']);
    expect((await browser.post(link, {})).status).toBe(303);
  });
});

describe('a session', () => {
  it('is missing: every page says how to get a link, and nothing else', async () => {
    for (const path of ['/', '/c/patching', '/direct', '/waiting', '/m/x', '/live', '/suggest?line=a']) {
      const answered = await browser.open(path);
      const page = await answered.text();
      expect([path, answered.status]).toEqual([path, 401]);
      expect(page).toContain('patchherd login &lt;person&gt;');
      expect(page).not.toContain('patching</h1>');
    }
  });

  it('is missing: the way back never leads to another site', async () => {
    expect(await browser.page(`${setting.web.url}//evil.example/`)).not.toContain('evil');
    expect(await browser.page('/c/ops')).toContain('href="/c/ops"');
  });

  it('is missing: a press gets 401 in a sentence for the page’s script, and no desk is asked', async () => {
    const answered = await browser.post(
      '/act/proposal.approve',
      { subject: 'p', rev: '1' },
      { accept: 'application/json' },
    );
    expect([answered.status, await answered.json()]).toEqual([401, { ok: false, text: 'You are signed out.' }]);
    expect(setting.presses).toEqual([]);
  });

  it('ends for good by signing out', async () => {
    await browser.signIn('ada');
    const kept = browser.cookie;
    const out = await browser.post('/sign-out', formTo(await browser.page('/direct'), '/sign-out'));
    expect([out.status, browser.cookie]).toEqual([303, 'patchherd=']);
    browser.cookie = kept;
    expect((await browser.open('/direct')).status).toBe(401);
  });

  it('ends with the person: somebody removed or moved to another tenant is out at once', async () => {
    const moving = somebody('mo');
    setting.people.push(moving);
    await browser.signIn('mo');
    expect((await browser.open('/direct')).status).toBe(200);
    setting.people.splice(setting.people.indexOf(moving), 1, somebody('mo', { tenant: 'other' as TenantId }));
    expect((await browser.open('/direct')).status).toBe(401);
    setting.people.pop();
    expect((await browser.open('/direct')).status).toBe(401);
  });

  it('behind https has a Secure cookie that is bound to this very host', async () => {
    const behind = await webSetting({ publicUrl: 'https://patches.example' });
    try {
      const link = new URL(await behind.web.loginLink('ada' as PersonId));
      expect(link.origin).toBe('https://patches.example');
      const answered = await fetch(new URL(link.pathname, behind.local), {
        method: 'POST',
        redirect: 'manual',
        headers: { origin: 'https://patches.example' },
      });
      expect(answered.headers.get('set-cookie')).toMatch(
        /^__Host-patchherd=[\w-]{43}; Max-Age=604800; Path=\/; HttpOnly; Secure; SameSite=Strict$/,
      );
    } finally {
      await behind.stop();
    }
  });
});
