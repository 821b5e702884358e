/** Changes pushed to open pages as server-sent events. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { line } from '../../../domain/cards/card.ts';
import { Browser, card, formTo, webSetting } from './setting.ts';

type Change = { event: string; id: string; page: string; order: number; waits: boolean; says: string; html: string };
type Sent = { event: string; id: string; data: string };
let setting: Awaited<ReturnType<typeof webSetting>>;
let ada: Browser;
let close: (() => Promise<void>)[] = [];
beforeAll(async () => {
  setting = await webSetting();
});
beforeEach(async () => {
  ada = await new Browser(setting.web).signIn('ada');
});
afterEach(async () => {
  for (const each of close) await each();
  close = [];
});
afterAll(() => setting.stop());

/** Follows as a browser does; `next` gives the next event that is not a heartbeat. */
async function follow(browser: Browser, query = '', headers: Record<string, string> = {}) {
  const answered = await browser.open(`/live?from=/c/ops&${query}`, { accept: 'text/event-stream', ...headers });
  expect(answered.headers.get('content-type')).toContain('text/event-stream');
  const reader = answered.body?.pipeThrough(new TextDecoderStream()).getReader();
  if (!reader) throw new Error('an event stream has a body');
  close.push(() => reader.cancel().catch(() => {})); // a stopped server has ended it already
  let text = '';
  async function next(): Promise<Sent | null> {
    for (;;) {
      const end = text.indexOf('\n\n');
      if (end < 0) {
        const { done, value } = (await reader?.read()) ?? { done: true, value: '' };
        if (done) return null;
        text += value;
        continue;
      }
      const fields = Object.fromEntries(
        text
          .slice(0, end)
          .split('\n')
          .map((each) => each.split(/: (.*)/s, 2)),
      );
      text = text.slice(end + 2);
      if (fields.event !== 'beat' && fields.event !== 'hello') return { event: 'message', id: '', data: '', ...fields };
    }
  }
  /** The first change that `wanted` accepts, and all that came before it. */
  async function until(wanted: (change: Change) => boolean): Promise<{ change: Change; before: readonly Change[] }> {
    const before: Change[] = [];
    for (let event = await next(); event; event = await next()) {
      const change: Change = { ...JSON.parse(event.data), event: event.id };
      if (wanted(change)) return { change, before };
      before.push(change);
    }
    throw new Error('the stream ended before what was waited for');
  }
  return { next, until };
}
const now = async () => `since=${await setting.messages.lastChange()}`;

describe('an open page', () => {
  it('gets an edit as the card drawn for its own reader, without asking again', async () => {
    const ref = await setting.web.messenger.post({ kind: 'channel', channel: 'ops' }, card(), 'live-1');
    const { until } = await follow(ada, await now());
    const when = Date.parse('2026-11-24T02:00:00Z');
    await setting.web.messenger.edit(
      ref,
      card({ status: 'Approved', summary: ['Starts ', { at: when }], buttons: [] }),
    );
    const { change } = await until(({ says }) => says === 'openssl 3.0.17: Approved');
    expect(change).toMatchObject({ id: ref.message, page: '/c/ops', waits: false });
    expect(change.html).toContain('03:00 CET');
    expect(change.html).not.toContain('<form');
  });

  it('gets a reply as its whole conversation', async () => {
    const ref = await setting.web.messenger.post({ kind: 'channel', channel: 'ops' }, card(), 'live-2');
    const { until } = await follow(ada, await now());
    await setting.web.messenger.post({ kind: 'thread', of: ref }, line('web-1', 'good', 'Succeeded'), 'live-2-1');
    const { change } = await until(({ says }) => says === 'web-1: Succeeded');
    expect(change.id).toBe(ref.message);
    expect(change.html).toMatch(/^<article[\s\S]*openssl 3\.0\.17[\s\S]*Succeeded/);
  });

  it('goes on where it stopped after a lost connection, however long ago', async () => {
    const first = await setting.web.messenger.post({ kind: 'channel', channel: 'ops' }, card(), 'live-3');
    const { until } = await follow(ada, await now());
    const { change } = await until(({ id }) => id === first.message);
    await close.pop()?.();
    const missed = [];
    for (let index = 0; index < 40; index += 1) {
      missed.push(await setting.web.messenger.post({ kind: 'channel', channel: 'ops' }, card(), `missed-${index}`));
    }
    const after = await follow(ada, 'since=0', { 'last-event-id': change.event });
    const last = missed.at(-1)?.message;
    const { before } = await after.until(({ id }) => id === last);
    const seen = new Set([...before.map(({ id }) => id), last]);
    expect(missed.filter(({ message }) => !seen.has(message))).toEqual([]);
  });

  it('that is ahead of a restored database still gets what comes next', async () => {
    const { until } = await follow(ada, `since=${(await setting.messages.lastChange()) + 1000}`);
    await setting.web.messenger.post({ kind: 'channel', channel: 'ops' }, card({ title: 'next' }), 'live-4');
    expect((await until(({ says }) => says.startsWith('next'))).change.page).toBe('/c/ops');
  });

  it('never gets another person’s private message', async () => {
    const { until } = await follow(ada, await now());
    await setting.web.messenger.post({ kind: 'direct', user: 'bo' }, card({ title: 'secret of bo' }), 'live-5');
    await setting.web.messenger.post({ kind: 'direct', user: 'ada' }, card({ title: 'for ada' }), 'live-6');
    const { before } = await until(({ says }) => says.startsWith('for ada'));
    expect(before.filter(({ says }) => says.includes('secret'))).toEqual([]);
  });

  it('learns of changes that another process made, when it is told', async () => {
    const { until } = await follow(ada, await now());
    const added = await setting.messages.add({ key: 'live-7', room: 'ops', thread: null, waits: false, card: card() });
    setting.web.notify();
    expect((await until(({ id }) => id === added.id)).change.order).toBe(added.order);
  });

  it('ends when its session is signed out', async () => {
    const { next } = await follow(ada, await now());
    await ada.post('/sign-out', formTo(await ada.page('/direct'), '/sign-out'));
    let event = await next();
    while (event?.event === 'message') event = await next();
    expect(event?.event).toBe('signed-out');
    expect(await next()).toBeNull();
  });

  it('is never opened by HEAD, which would read nothing and hold its place', async () => {
    const answered = await fetch(`${setting.web.url}/live`, { method: 'HEAD', headers: { cookie: ada.cookie } });
    expect(answered.status).toBe(405);
  });

  it('does not keep the server from stopping', async () => {
    const other = await webSetting();
    const browser = await new Browser(other.web).signIn('ada');
    const { next } = await follow(browser);
    await other.stop();
    expect(await next().catch(() => null)).toBeNull();
  });
});
