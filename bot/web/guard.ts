/** What every request must pass: the Host it names, its rate, and where a form came from. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';
import type { HttpBindings } from '@hono/node-server';
import type { Context, MiddlewareHandler } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { Person } from '../../domain/model/people.ts';
import { limits } from './limits.ts';
import { problemPage } from './pages.ts';

/** Who is asking. `id` is a digest of the token: safe to keep and to compare. */
export type Session = { readonly id: string; readonly token: string; readonly person: Person; readonly csrf: string };
export type Env = { Bindings: HttpBindings; Variables: { session: Session } };

/** A random id that nobody can guess: 128 bits, base64url. */
export const randomId = (): string => randomBytes(16).toString('base64url');

const sameText = (a: string, b: string): boolean => {
  // Digests have equal lengths: timingSafeEqual throws otherwise.
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
};

/**
 * Headers of every answer. No inline style or script runs. The referrer stays on this site; `no-referrer` would make
 * browsers send `Origin: null` with our own forms (Fetch standard, "append a request Origin header"), and Origin is what
 * tells a forged form apart.
 */
export const headers: MiddlewareHandler<Env> = async (c, next) => {
  await next();
  c.header(
    'Content-Security-Policy',
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; " +
      "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  );
  c.header('X-Content-Type-Options', 'nosniff');
  c.header('Referrer-Policy', 'same-origin');
  c.header('Cross-Origin-Opener-Policy', 'same-origin');
  c.header('Cross-Origin-Resource-Policy', 'same-origin');
  if (!c.res.headers.has('Cache-Control')) c.header('Cache-Control', 'no-store');
};

/**
 * Whether a Host is ours: a hostile page can make its own name resolve to this address (DNS rebinding) and would then be
 * "same origin". An address or localhost cannot be rebound, so those always pass.
 */
export function isOurHost(host: string | undefined, publicUrl: string | null): boolean {
  if (!host) return false;
  if (publicUrl && new URL(publicUrl).host === host.toLowerCase()) return true;
  const name = host.replace(/:\d+$/, '').toLowerCase();
  return name === 'localhost' || isIP(name.replace(/^\[(.*)\]$/, '$1')) !== 0;
}

/**
 * Whether a POST comes from one of our own pages. Fetch metadata and Origin must not object, and one of them must be
 * there.
 */
export function isOurPage(c: Context<Env>, publicUrl: string | null): boolean {
  const site = c.req.header('sec-fetch-site');
  const origin = c.req.header('origin');
  if (site !== undefined && site !== 'same-origin') return false;
  if (origin === undefined) return site !== undefined;
  if (publicUrl && origin === new URL(publicUrl).origin) return true;
  return URL.canParse(origin) && new URL(origin).host === c.req.header('host')?.toLowerCase();
}

/** Whether a form carries the token of the session that it is posted in. */
export const isOurForm = (session: Session, csrf: unknown): boolean =>
  typeof csrf === 'string' && sameText(csrf, session.csrf);

/** Token buckets by caller: `burst` requests at once, then `perSecond`. `now` in milliseconds. */
export function rateLimit(now: () => number) {
  const buckets = new Map<string, { left: number; at: number }>();
  return {
    /** True when this caller may go on. */
    take(caller: string): boolean {
      const at = now();
      const { left, at: before } = buckets.get(caller) ?? { left: limits.burst, at };
      const filled = Math.min(limits.burst, left + ((at - before) / 1000) * limits.perSecond);
      buckets.delete(caller); // the map keeps insertion order: the first one has been silent the longest
      buckets.set(caller, { left: filled >= 1 ? filled - 1 : filled, at });
      const [silent] = buckets.keys();
      if (buckets.size > limits.callers && silent !== undefined) buckets.delete(silent);
      return filled >= 1;
    },
  };
}

/** A refusal before any handler: a sentence for the page's script, or a page. */
export const problem = (c: Context<Env>, status: ContentfulStatusCode, title: string, sentence: string) =>
  c.req.header('accept') === 'application/json'
    ? c.json({ ok: false, text: sentence }, status)
    : c.html(problemPage(title, sentence), status);
