/**
 * What a request must pass before anything of ours runs: Host, origin, form token, size, rate; and who may see what.
 */
import { request } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { isOurHost, rateLimit } from '../../../bot/web/guard.ts';
import { startWeb } from '../../../bot/web/index.ts';
import { limits } from '../../../bot/web/limits.ts';
import { line } from '../../../domain/cards/card.ts';
import { Browser, card, formTo, webSetting } from './setting.ts';

let setting: Awaited<ReturnType<typeof webSetting>>;
let ada: Browser;
let form: Record<string, string>;
beforeAll(async () => {
  setting = await webSetting();
  await setting.web.messenger.post({ kind: 'channel', channel: 'patching' }, card(), 'guarded');
});
beforeEach(async () => {
  setting.presses.length = 0;
  ada = await new Browser(setting.web).signIn('ada');
  form = formTo(await ada.page('/c/patching'), '/act/proposal.approve');
});
afterAll(() => setting.stop());

describe('a form post', () => {
  it.each([
    ['no form token', { csrf: '' }, {}],
    ['a forged form token', { csrf: 'A'.repeat(43) }, {}],
    ['another site as origin', {}, { origin: 'https://evil.example' }],
    ['an opaque origin', {}, { origin: 'null' }],
    ['the same host on another port as origin', {}, { origin: 'http://127.0.0.1:1' }],
    ['cross-site fetch metadata', {}, { 'sec-fetch-site': 'cross-site' }],
    ['same-site fetch metadata', {}, { 'sec-fetch-site': 'same-site' }],
  ])('with %s is refused and reaches nobody', async (_, fields, headers) => {
    const answered = await ada.post('/act/proposal.approve', { ...form, ...fields }, headers);
    expect(answered.status).toBe(403);
    expect(setting.presses).toEqual([]);
  });

  it('with another session’s form token is refused', async () => {
    const bo = await new Browser(setting.web).signIn('bo');
    expect((await bo.post('/act/proposal.approve', form)).status).toBe(403);
    expect(setting.presses).toEqual([]);
  });

  it('without any sign of where it came from is refused', async () => {
    const { port } = new URL(setting.web.url);
    const headers = { cookie: ada.cookie, 'content-type': 'application/x-www-form-urlencoded' };
    expect(
      await send({ port, path: '/act/proposal.approve', method: 'POST', headers }, String(new URLSearchParams(form))),
    ).toBe(403);
    expect(setting.presses).toEqual([]);
  });

  it('from our own page passes', async () => {
    expect((await ada.post('/act/proposal.approve', form, { 'sec-fetch-site': 'same-origin' })).status).toBe(303);
    expect(setting.presses).toHaveLength(1);
  });

  it('that is too large is refused, whether it says its size or not', async () => {
    const answered = await ada.post('/act/proposal.approve', { ...form, answer: 'x'.repeat(limits.bodyBytes) });
    expect(answered.status).toBe(413);
    const { port } = new URL(setting.web.url);
    const headers = { cookie: ada.cookie, origin: setting.web.url, 'transfer-encoding': 'chunked' };
    expect(await send({ port, path: '/say', method: 'POST', headers }, 'x'.repeat(limits.bodyBytes + 1))).toBe(413);
    expect([setting.presses, setting.commands]).toEqual([[], []]);
  });
});

/** A request as no browser would send it; gives the status. */
function send(
  options: { port: string; path: string; method?: string; headers?: Record<string, string> },
  body = '',
): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', ...options }, (answered) => {
      answered.resume();
      resolve(answered.statusCode ?? 0);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

describe('a Host header', () => {
  it.each([
    ['127.0.0.1:8484', true],
    ['localhost:8484', true],
    ['[::1]:8484', true],
    ['192.168.1.20', true],
    ['patches.example', true],
    ['PATCHES.example', true],
    ['evil.example', false],
    ['evil.example:8484', false],
    ['127.0.0.1.evil.example', false],
    ['localhost.evil.example', false],
    ['patches.example.evil.example', false],
    ['', false],
    [undefined, false],
  ])('of %j is ours: %j', (host, ours) => {
    expect(isOurHost(host, 'https://patches.example')).toBe(ours);
  });

  it('that is not ours gets no page, not even with a session', async () => {
    const { port } = new URL(setting.web.url);
    const of = (host: string, path: string) => send({ port, path, headers: { host, cookie: ada.cookie } });
    expect(await of(`127.0.0.1:${port}`, '/c/patching')).toBe(200);
    for (const path of ['/c/patching', '/live', '/health/ready', '/style.css'])
      expect(await of('evil.example', path)).toBe(421);
  });
});

describe('every answer', () => {
  it.each(['/c/patching', '/nothing', '/login/x', '/style.css', '/health/live'])(
    'of %s forbids frames, foreign code and guessing',
    async (path) => {
      const { headers } = await ada.open(path);
      expect(headers.get('content-security-policy')).toMatch(/^default-src 'none'; .*frame-ancestors 'none'$/);
      expect(headers.get('content-security-policy')).not.toContain('unsafe');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('referrer-policy')).toBe('same-origin');
    },
  );

  it('with messages in it is never kept by a cache', async () => {
    expect((await ada.open('/c/patching')).headers.get('cache-control')).toBe('no-store');
  });
});

describe('the rate limit', () => {
  it('lets a burst through, then ten a second, for each caller apart', () => {
    let now = 0;
    const rate = rateLimit(() => now);
    const taken = (caller: string, times: number) =>
      Array.from({ length: times }, () => rate.take(caller)).filter(Boolean).length;
    expect(taken('ada', 100)).toBe(limits.burst);
    expect(taken('bo', 1)).toBe(1);
    now = 1000;
    expect(taken('ada', 100)).toBe(limits.perSecond);
    now = 60_000;
    expect(taken('ada', 100)).toBe(limits.burst);
  });

  it('answers 429 with when to come back', async () => {
    const answers = await Promise.all(Array.from({ length: limits.burst + 60 }, () => ada.open('/suggest?line=a')));
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThan(0);
    expect(refused[0]?.headers.get('retry-after')).toBe('1');
  });
});

describe('what a person may see', () => {
  it('leaves out other people’s private messages and their threads, on every page', async () => {
    const { messenger } = setting.web;
    const ref = await messenger.post({ kind: 'direct', user: 'bo' }, card({ title: 'secret of bo' }), 'dm');
    const reply = await messenger.post({ kind: 'thread', of: ref }, line('secret reply', 'plain', 'x'), 'dm-1');
    for (const path of ['/direct', '/waiting', '/c/patching', '/c/@bo', `/m/${ref.message}`, `/m/${reply.message}`]) {
      expect(await ada.page(path)).not.toContain('secret');
    }
    expect((await ada.open(`/m/${ref.message}`)).status).toBe(404);
    const bo = await new Browser(setting.web).signIn('bo');
    for (const path of ['/direct', '/waiting', `/m/${ref.message}`])
      expect(await bo.page(path)).toContain('secret of bo');
    expect(await bo.page('/direct')).toContain('secret reply');
  });

  it('has no channel that was not given at start', async () => {
    expect((await ada.open('/c/secret')).status).toBe(404);
  });
});

describe('health', () => {
  it('is live at once, and ready when the installation says so', async () => {
    expect((await ada.open('/health/live')).status).toBe(200);
    expect((await ada.open('/health/ready')).status).toBe(200);
    const answers = [async () => false, () => Promise.reject(new Error('no database'))];
    for (const ready of answers) {
      const other = await webSetting({ ready });
      expect((await fetch(`${other.local}/health/ready`)).status).toBe(503);
      expect((await fetch(`${other.local}/health/live`)).status).toBe(200);
      await other.stop();
    }
  });

  it('survives a store that is gone: an error page with a reference, which is in the log', async () => {
    const broken = await webSetting({
      messages: { ...setting.messages, lastChange: () => Promise.reject(new Error('gone')) },
    });
    try {
      const bo = await new Browser(broken.web).signIn('bo');
      const answered = await bo.open('/direct');
      expect(answered.status).toBe(500);
      expect(await answered.text()).toMatch(/Quote this reference: [\w-]{8}/);
      expect(broken.logged).toEqual(['web.failed']);
    } finally {
      await broken.stop();
    }
  });

  it('says so when nothing can listen there', async () => {
    const { port } = new URL(setting.web.url);
    await expect(startWeb({ ...setting.options, port: Number(port) })).rejects.toMatchObject({ code: 'web.address' });
  });
});
