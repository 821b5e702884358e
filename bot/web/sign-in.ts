/** Signing in by a one-time link, the session that it opens, and signing out. */
import { createHash, createHmac } from 'node:crypto';
import type { Context, Hono, MiddlewareHandler } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { explain } from '../../domain/errors.ts';
import type { PersonId } from '../../domain/model/ids.ts';
import type { Person } from '../../domain/model/people.ts';
import { type Env, problem, type Session } from './guard.ts';
import { limits } from './limits.ts';
import { confirmPage, signInPage } from './pages.ts';
import type { WebOptions } from './ports.ts';
import { isPage } from './receive.ts';

/**
 * Sessions by cookie. The name `__Host-` makes browsers insist on Secure, on Path=/ and on this very host (RFC 6265bis
 * 4.1.3.2).
 */
export function sessionCookie(secure: boolean) {
  const name = secure ? '__Host-patchherd' : 'patchherd';
  // Strict works for signing in, too: the form post is same-site, and so is the redirect that follows it.
  const options = { path: '/', httpOnly: true, secure, sameSite: 'Strict' } as const;
  return {
    read: (c: Context<Env>): string | undefined => getCookie(c, name),
    write: (c: Context<Env>, token: string) =>
      setCookie(c, name, token, { ...options, maxAge: limits.sessionTtlMs / 1000 }),
    clear: (c: Context<Env>) => void deleteCookie(c, name, options),
  };
}

/** Reads the session of a token. null = signed out, expired, or a person who is no longer of this tenant. */
export async function sessionOf(token: string | undefined, options: WebOptions): Promise<Session | null> {
  if (!token) return null;
  const person = await personOf(await options.sessions.person(token), options);
  if (!person) return null;
  const id = createHash('sha256').update(token).digest('base64url').slice(0, 16);
  // Nobody without the session token can make the form token, and nothing needs to be stored.
  const csrf = createHmac('sha256', token).update('patchherd form').digest('base64url');
  return { id, token, person, csrf };
}

async function personOf(id: PersonId | null, { people, tenant }: WebOptions): Promise<Person | null> {
  const person = id && (await people.byId(id));
  return person && person.tenant === tenant ? person : null;
}
export type SessionCookie = ReturnType<typeof sessionCookie>;

/** `/login/<token>`: a page with a button, and the button. Wrong, used and expired links all get the same sentence. */
export function signingIn(app: Hono<Env>, options: WebOptions, cookie: SessionCookie): void {
  const expired = (c: Context<Env>) => problem(c, 410, 'This link does not work', explain({ code: 'link.expired' }));
  app.get('/login/:link', async (c) => {
    const link = c.req.param('link');
    const person = await personOf(await options.sessions.peek(link), options);
    return person ? c.html(confirmPage(link, person)) : expired(c);
  });
  app.post('/login/:link', async (c) => {
    const opened = await options.sessions.redeem(c.req.param('link'), limits.sessionTtlMs);
    if (!opened || !(await personOf(opened.person, options))) return expired(c);
    options.log.info('web.signed-in', { person: opened.person });
    cookie.write(c, opened.token);
    return c.redirect('/', 303);
  });
}

/** Lets only sessions through. The page says how to get one; the page's script reloads when it meets a 401. */
export const signedIn: MiddlewareHandler<Env> = async (c, next) => {
  const session: Session | undefined = c.get('session');
  if (session) return next();
  if (c.req.header('accept') === 'application/json') return problem(c, 401, 'Sign in', 'You are signed out.');
  const { pathname } = new URL(c.req.url);
  return c.html(signInPage(c.req.method === 'GET' && isPage(pathname) ? pathname : '/'), 401);
};
