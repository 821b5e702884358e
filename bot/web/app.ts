/** The web chat's routes, and the order in which a request is checked. */
import { Hono, type MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import {
  type Env,
  headers,
  isOurForm,
  isOurHost,
  isOurPage,
  problem,
  randomId,
  rateLimit,
  type Session,
} from './guard.ts';
import { limits } from './limits.ts';
import { roomPath } from './message.ts';
import { files } from './pages.ts';
import type { WebOptions } from './ports.ts';
import { flashes, isPage, receiveForm, receiveLine, receivePress, suggestLines } from './receive.ts';
import type { Answer, Reader } from './render.ts';
import { roomPages, visibleRooms } from './rooms.ts';
import { sessionCookie, sessionOf, signedIn, signingIn } from './sign-in.ts';
import { type Bell, liveStreams } from './stream.ts';
import { knownZone } from './times.ts';

/** Builds the routes. `close` ends the open streams. */
export function webApp(options: WebOptions, bell: Bell) {
  const cookie = sessionCookie(options.publicUrl?.startsWith('https:') ?? false);
  const again = (token: string | undefined) => sessionOf(token, options);
  const kept = flashes();
  const live = liveStreams({ ...options, bell, rooms: visibleRooms(options.channels), reader: readerOf, again });
  const receiving = { ...options, flashes: kept, reader: readerOf };

  const app = new Hono<Env>();
  app.use(headers);
  beforeSessions(app, options);
  app.use(async (c, next) => {
    const session = await again(cookie.read(c));
    if (session) c.set('session', session);
    await next();
  });
  checks(app, options);
  signingIn(app, options, cookie);
  app.use(signedIn, ownForm);
  app.post('/sign-out', async (c) => {
    await options.sessions.end(c.get('session').token);
    cookie.clear(c);
    bell.ring(); // its open pages end now
    return c.redirect('/', 303);
  });
  app.post('/act/:action', (c) => receivePress(c, receiving));
  app.post('/say', (c) => receiveLine(c, receiving));
  app.post('/fill', (c) => receiveForm(c, receiving));
  app.get('/suggest', (c) => suggestLines(c, receiving));
  app.get('/live', (c) => {
    const from = c.req.query('from') ?? '/';
    return live.serve(c, isPage(from) ? from : '/');
  });
  app.get('/', (c) => c.redirect(options.channels[0] === undefined ? '/direct' : roomPath(options.channels[0]), 302));
  roomPages(app, options, (session, from, delivery) => readerOf(session, from, kept.take(session, delivery)));
  return { app, close: live.stop };
}

/** For whom and when a page is drawn. */
const readerOf = ({ person, csrf }: Session, from: string, answer: Answer | null = null): Reader => ({
  zone: knownZone(person.zone),
  now: new Date(),
  csrf,
  from,
  answer,
  delivery: randomId,
});

/** What needs no session: health, the files of every page, and what to say when something is missing or broken. */
function beforeSessions(app: Hono<Env>, { publicUrl, ready, log }: WebOptions): void {
  app.notFound((c) => problem(c, 404, 'Not found', 'There is nothing here, or it is not yours to see.'));
  app.onError((error, c) => {
    const reference = randomId().slice(0, 8);
    const path = c.req.path.replace(/^\/login\/.+/, '/login/…'); // a link is a secret until it is used
    log.error('web.failed', { reference, path, error });
    return problem(c, 500, 'Something broke', `This is our mistake, not yours. Quote this reference: ${reference}`);
  });
  app.use(async (c, next) => {
    if (isOurHost(c.req.header('host'), publicUrl ?? null)) return next();
    return problem(c, 421, 'Wrong address', 'This server does not answer to that name: open it by its own address.');
  });
  app.get('/health/live', (c) => c.text('live\n'));
  app.get('/health/ready', async (c) => {
    const yes = ready === undefined || (await ready().catch(() => false));
    return yes ? c.text('ready\n') : c.text('not ready\n', 503);
  });
  const forEver = 'public, max-age=31536000, immutable';
  for (const [path, { type, body }] of Object.entries(files)) {
    app.get(path, (c) => c.body(body, 200, { 'Content-Type': type, 'Cache-Control': forEver }));
  }
}

/**
 * Rate, size and origin. A wrong session token is no caller of its own: else every guess would have a fresh allowance.
 */
function checks(app: Hono<Env>, { publicUrl }: WebOptions): void {
  const rate = rateLimit(Date.now);
  app.use(async (c, next) => {
    const session: Session | undefined = c.get('session');
    if (rate.take(session?.id ?? c.env.incoming.socket.remoteAddress ?? '')) return next();
    c.header('Retry-After', '1');
    return problem(
      c,
      429,
      'Too fast',
      `More than ${limits.perSecond} requests a second: wait a moment, then try again.`,
    );
  });
  const tooLong = `That is more than the ${limits.bodyBytes / 1024} KB that a form may have.`;
  app.use(bodyLimit({ maxSize: limits.bodyBytes, onError: (c) => problem(c, 413, 'Too long', tooLong) }));
  app.use(async (c, next) => {
    if (c.req.method !== 'POST' || isOurPage(c, publicUrl ?? null)) return next();
    return problem(c, 403, 'Not from here', 'That form did not come from this page, so nothing was done.');
  });
}

/** Every form of a session carries the session's form token. */
const ownForm: MiddlewareHandler<Env> = async (c, next) => {
  if (c.req.method !== 'POST' || isOurForm(c.get('session'), (await c.req.parseBody())['csrf'])) return next();
  return problem(
    c,
    403,
    'Page too old',
    'That form is from another session, so nothing was done. Load the page again.',
  );
};
