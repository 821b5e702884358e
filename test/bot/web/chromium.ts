/** A real browser for the web chat's tests, and signing in with it as people do. */
import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';
import type { Web } from '../../../bot/web/index.ts';
import type { PersonId } from '../../../domain/model/ids.ts';

const executablePath = '/usr/bin/chromium';
/** Tests that need the browser are skipped where there is none. */
export const present = existsSync(executablePath);
if (!present) console.log(`skipped: no Chromium at ${executablePath}`);
const quiet = ['--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run'];
const args = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', ...quiet];

/** Starts Chromium. Close it in afterAll. */
export const launch = (): Promise<Browser> => chromium.launch({ executablePath, args });

export type Window = { readonly width: number; readonly height: number; readonly javaScriptEnabled?: boolean };

/**
 * Signs somebody in as they would: opens the link, presses the button. Anything that the page's policy blocks or breaks on is
 * kept in `wrong`.
 */
export async function signIn(browser: Browser, web: Web, person: string, window: Window) {
  const { width, height, javaScriptEnabled = true } = window;
  const context = await browser.newContext({ viewport: { width, height }, javaScriptEnabled });
  const page = await context.newPage();
  const wrong: string[] = [];
  page.on('console', (message) => message.type() === 'error' && wrong.push(message.text()));
  page.on('pageerror', (error) => wrong.push(error.message));
  page.on('dialog', (dialog) => wrong.push(dialog.message()));
  await page.goto(await web.loginLink(person as PersonId));
  await page.getByRole('button', { name: /^Sign in as/ }).press('Enter');
  await page.waitForURL('**/c/patching');
  return { page, wrong, close: () => context.close() };
}
