/** `npm start` without settings, as a newcomer meets it: a process, a link, a browser. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';

const executablePath = '/usr/bin/chromium';
const args = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const present = existsSync(executablePath);
if (!present) console.log(`skipped: no Chromium at ${executablePath}`);

type Started = { readonly child: ChildProcess; readonly link: string; readonly said: () => string };

/** Starts the demo on this data directory and waits for its link. */
async function start(dir: string): Promise<Started> {
  const env = { ...process.env, PATCHHERD_DATA: dir, MONGODB_URI: inject('mongoUri') };
  const child = spawn(process.execPath, ['--import', 'tsx', 'bot/cli/main.ts', 'start'], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  const link = await new Promise<string>((resolve, reject) => {
    const hear = (chunk: Buffer) => {
      said += chunk.toString();
      const found = /http:\/\/\S+\/login\/\S+/.exec(said);
      if (found) resolve(found[0]);
    };
    child.stdout?.on('data', hear);
    child.stderr?.on('data', hear);
    child.once('exit', (code) => reject(new Error(`the demo ended with ${code}:\n${said}`)));
  });
  return { child, link, said: () => said };
}

/** Ctrl-C, and the exit code. */
const interrupt = ({ child }: Started): Promise<number | null> =>
  new Promise((resolve) => {
    child.once('exit', resolve);
    child.kill('SIGINT');
  });

/** Signs in without a browser: the session cookie of a plain form post. */
async function signIn(link: string): Promise<string> {
  const origin = new URL(link).origin;
  const answer = await fetch(link, {
    method: 'POST',
    redirect: 'manual',
    headers: { origin, 'content-type': 'application/x-www-form-urlencoded' },
  });
  return answer.headers
    .getSetCookie()
    .map((cookie) => cookie.split(';')[0])
    .join('; ');
}

async function dropDemo(): Promise<void> {
  const client = await MongoClient.connect(inject('mongoUri'));
  await client.db('patchherd-demo').dropDatabase();
  await client.close();
}

describe('the demo', () => {
  let dir: string;
  let demo: Started;
  let browser: Browser | undefined;
  let page: Page;
  beforeAll(async () => {
    await dropDemo();
    dir = await mkdtemp(join(tmpdir(), 'patchherd-demo-'));
    demo = await start(dir);
    if (present) browser = await chromium.launch({ executablePath, args });
  });
  afterAll(async () => {
    await browser?.close();
    if (demo.child.exitCode === null) await interrupt(demo);
    await dropDemo();
    await rm(dir, { recursive: true, force: true });
  });
  /** Its own card: a message in the channel, or a reply in the thread of a digest. */
  const card = (title: string) => page.locator('.card', { has: page.locator('.title', { hasText: title }) }).first();

  it('shows waiting cards with their Approve buttons without any script', async () => {
    const cookie = await signIn(demo.link);
    const html = await (await fetch(new URL('/', demo.link), { headers: { cookie } })).text();
    for (const title of ['acme-agent 1.1', 'acme-tls 3.0-2: security update', 'acme-db 2.2', 'acme-web 5.1'])
      expect(html).toContain(title);
    expect(html.match(/>\s*Approve\s*</g)?.length).toBeGreaterThanOrEqual(6);
  });

  it('announces what is exploited by a card of its own, and the rest in one digest', async () => {
    const cookie = await signIn((await restarted()).link);
    const html = await (await fetch(new URL('/c/patching', demo.link), { headers: { cookie } })).text();
    expect(html.indexOf('acme-tls 3.0-2')).toBeLessThan(html.indexOf('6 patches for demo'));
    expect(html).toContain('emergency, 99 of 100');
    expect(html).toContain('exploited now (KEV), 4 of 9 devices face the internet');
    expect(html).toMatch(/acme-kernel 6\.1-2: low 18, 5 devices, 60 CVEs/);
  });

  it.skipIf(!present)('refuses the link a second time', async () => {
    expect(await (await fetch(demo.link)).text()).toContain('used already or has expired');
  });

  it.skipIf(!present)('deploys what is approved, live, and takes back what fails', { timeout: 180_000 }, async () => {
    const cookie = await signIn((await restarted()).link);
    page = await newPage(cookie);
    for (const title of ['acme-agent 1.1', 'acme-db 2.2']) {
      await card(title).getByRole('button', { name: 'Approve', exact: true }).click();
    }
    await card('acme-agent 1.1').getByText('Succeeded', { exact: true }).waitFor();
    await card('acme-agent 1.1')
      .getByText(/^Completed/)
      .waitFor({ timeout: 120_000 });
    await card('acme-db 2.2')
      .getByText(/rolled-back\. The install ended with code 100/)
      .first()
      .waitFor({ timeout: 120_000 });
    await page
      .getByText('Work order: Install failed and was rolled back')
      .first()
      .waitFor({ state: 'attached', timeout: 60_000 });
  });

  it.skipIf(!present)('prices a card anew when its CVE becomes known as exploited', { timeout: 120_000 }, async () => {
    await page
      .getByText('CVE-2026-91003 is now known to be exploited (KEV')
      .first()
      .waitFor({ state: 'attached', timeout: 100_000 });
    await card('acme-web 5.1').getByText('emergency, 77 of 100').waitFor();
  });

  it('stops on Ctrl-C with code 0, and finds its data again', { timeout: 120_000 }, async () => {
    expect(await interrupt(demo)).toBe(0);
    demo = await start(dir);
    const cookie = await signIn(demo.link);
    const html = await (await fetch(new URL('/', demo.link), { headers: { cookie } })).text();
    expect(html).toContain('acme-kernel 6.1-2');
    if (present) expect(html).toContain('rolled-back');
  });

  /** The first link is used up: a restarted demo gives a new one, which is what a person would do. */
  async function restarted(): Promise<Started> {
    await interrupt(demo);
    demo = await start(dir);
    return demo;
  }

  async function newPage(cookie: string): Promise<Page> {
    if (!browser) throw new Error('no browser');
    const context = await browser.newContext();
    const [name = '', value = ''] = cookie.split('=');
    await context.addCookies([{ name, value, url: new URL('/', demo.link).href }]);
    const opened = await context.newPage();
    await opened.goto(new URL('/', demo.link).href);
    return opened;
  }
});
