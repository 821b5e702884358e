/** One conditional HTTP GET into a file: redirects, sizes, times, and what every answer means. Knows nothing of feeds. */
import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { Failure, failureIn } from '../../domain/model/failure.ts';
import { type Patience, patienceOf, seconds, type Times } from './patience.ts';
import { sizeWords } from './text.ts';

const REDIRECTS = 5;
const LONGEST_RETRY_MS = 24 * 3_600_000;

export type Ask = {
  readonly url: string;
  /** Begins each sentence: the feed's title. */
  readonly title: string;
  /** Where the content goes; replaced when it is there. */
  readonly to: string;
  readonly maxBytes: number;
  readonly times: Times;
  readonly userAgent: string;
  /** Validators of what we have; null = send everything. */
  readonly have: { readonly etag: string | null; readonly lastModified: string | null } | null;
  /** Hosts that may be asked over plain http besides our own machine. */
  readonly plainHosts: ReadonlySet<string>;
  readonly signal: AbortSignal | null;
  /** The built-in one, or one that goes through a proxy. */
  readonly fetch: typeof fetch;
};

export type Answer =
  | { readonly kind: 'unchanged' }
  | {
      readonly kind: 'content';
      readonly sha256: string;
      readonly size: number;
      readonly etag: string | null;
      readonly lastModified: string | null;
    };

/**
 * Fetches `url` into a file. Failures: `feed.unreachable` (retryable; `retryAfterMs` when the server said so), `feed.refused`,
 * `feed.too-large`, `feed.unreadable` (HTML in place of data).
 */
export async function download(ask: Ask): Promise<Answer> {
  const patience = patienceOf(ask.times, ask.signal);
  try {
    const response = await follow(ask, patience);
    return await taken(ask, response, patience);
  } finally {
    patience.end();
  }
}

/** The address as people may see it: mirrors carry keys in their queries. */
export function shown(url: string): string {
  if (!URL.canParse(url)) return 'an address that is none';
  const { origin, pathname, protocol } = new URL(url);
  return protocol === 'file:' ? `file://${pathname}` : `${origin}${pathname}`;
}

/** Goes after redirects by hand, because none may lead from https to http. */
async function follow(ask: Ask, patience: Patience): Promise<Response> {
  let url = allowed(ask, ask.url, null);
  for (let hops = 0; hops <= REDIRECTS; hops++) {
    const response = await request(ask, url, patience);
    if (![301, 302, 303, 307, 308].includes(response.status)) return response;
    const location = response.headers.get('location');
    await response.body?.cancel().catch(() => undefined);
    if (!location || !URL.canParse(location, url.href)) {
      throw refused(ask, url.href, `answered with status ${response.status} and no address to go to`);
    }
    url = allowed(ask, new URL(location, url).href, url);
  }
  throw refused(ask, ask.url, `leads from one address to the next more than ${REDIRECTS} times`);
}

/** http is for our own machine and for hosts that the settings name; a redirect never gives up https. */
function allowed(ask: Ask, address: string, from: URL | null): URL {
  if (!URL.canParse(address)) throw refused(ask, address, 'is no address: it must begin with https://');
  const url = new URL(address);
  if (url.protocol === 'https:') return url;
  if (url.protocol !== 'http:')
    throw refused(ask, address, `begins with ${url.protocol}, where https:// would be right`);
  if (from?.protocol === 'https:') throw refused(ask, from.href, `leads from https to plain http (${shown(address)})`);
  const own = ['localhost', '[::1]'].includes(url.hostname) || /^127\.\d+\.\d+\.\d+$/.test(url.hostname);
  if (own || ask.plainHosts.has(url.host)) return url;
  throw refused(
    ask,
    address,
    'is plain http, which anybody on the way could change: use https, or name it in the settings',
  );
}

async function request(ask: Ask, url: URL, patience: Patience): Promise<Response> {
  const { title, times, have, userAgent } = ask;
  patience.wait(times.headersMs, `gave no answer within ${seconds(times.headersMs)}`);
  const headers: Record<string, string> = { 'user-agent': userAgent };
  if (have?.etag) headers['if-none-match'] = have.etag;
  if (have?.lastModified) headers['if-modified-since'] = have.lastModified;
  try {
    return await ask.fetch(url.href, { redirect: 'manual', headers, signal: patience.signal });
  } catch (cause) {
    const proxys = patience.why() === null ? failureIn(cause) : null;
    const why = patience.why() ?? `cannot be reached${proxys ? `. ${proxys.message.slice(0, -1)}` : codeOf(cause)}`;
    if (proxys && !proxys.retryable) throw refused(ask, url.href, why);
    throw unreachable(title, url.href, why, cause);
  }
}

async function taken(ask: Ask, response: Response, patience: Patience): Promise<Answer> {
  const { status, headers, body } = response;
  if (status === 304 && ask.have) return { kind: 'unchanged' };
  if (status !== 200 || !body) {
    await body?.cancel().catch(() => undefined);
    throw badStatus(ask, status, headers.get('retry-after'));
  }
  if (Number(headers.get('content-length') ?? 0) > ask.maxBytes) {
    await body.cancel().catch(() => undefined);
    throw tooLarge(ask);
  }
  const file = await open(ask.to, 'w', 0o644);
  try {
    const written = await write(ask, body, file, patience);
    return { kind: 'content', ...written, etag: headers.get('etag'), lastModified: headers.get('last-modified') };
  } finally {
    await file.close();
  }
}

async function write(
  ask: Ask,
  body: AsyncIterable<Uint8Array>,
  file: FileHandle,
  patience: Patience,
): Promise<{ sha256: string; size: number }> {
  const hash = createHash('sha256');
  const { stallMs } = ask.times;
  let size = 0;
  const stalled = `sent nothing for ${seconds(stallMs)} in the middle of it`;
  patience.wait(stallMs, stalled);
  for await (const chunk of whatComes(ask, body, patience)) {
    if (size === 0 && isWebPage(chunk)) throw webPage(ask);
    size += chunk.length;
    if (size > ask.maxBytes) throw tooLarge(ask);
    hash.update(chunk);
    await file.appendFile(chunk); // all of it, where write() may take a part
    patience.wait(stallMs, stalled);
  }
  return { sha256: hash.digest('hex'), size };
}

/** The body, its ends turned into a Failure: a body that is cut short never looks like a short body. */
async function* whatComes(
  { title, url }: Ask,
  body: AsyncIterable<Uint8Array>,
  patience: Patience,
): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of body) yield chunk;
  } catch (cause) {
    throw unreachable(title, url, patience.why() ?? `broke off in the middle${codeOf(cause)}`, cause);
  }
}

/** A proxy's login page, or a site's "we have moved". */
const isWebPage = (start: Uint8Array): boolean =>
  /^\s*(?:<!--[\s\S]{0,200}?-->\s*)?<(?:!doctype html|html)/i.test(
    Buffer.from(start.subarray(0, 400)).toString('latin1'),
  );

const webPage = ({ title, url }: Ask): Failure =>
  new Failure(
    'feed.unreadable',
    `${title}: ${shown(url)} answered with a web page in place of data. Is a proxy asking for a login?`,
  );

function badStatus({ title, url }: Ask, status: number, retryAfter: string | null): Failure {
  const sentence = `${title}: ${shown(url)} answered with status ${status}.`;
  if (status !== 408 && status !== 429 && status < 500) {
    // For feeds that ask for records which need not exist.
    return new Failure('feed.refused', sentence, { cause: { status } });
  }
  const retryAfterMs = retryMs(retryAfter);
  return new Failure('feed.unreachable', sentence, {
    retryable: true,
    ...(retryAfterMs === null ? {} : { retryAfterMs }),
  });
}

/** Seconds, or a date (RFC 9110 section 10.2.3). */
function retryMs(written: string | null): number | null {
  if (written === null) return null;
  const ms = /^\d+$/.test(written.trim()) ? Number(written) * 1000 : Date.parse(written) - Date.now();
  return Number.isFinite(ms) && ms > 0 ? Math.min(ms, LONGEST_RETRY_MS) : null;
}

const refused = ({ title }: Ask, url: string, why: string): Failure =>
  new Failure('feed.refused', `${title}: ${shown(url)} ${why}.`);
const unreachable = (title: string, url: string, why: string, cause: unknown): Failure =>
  new Failure('feed.unreachable', `${title}: ${shown(url)} ${why}.`, { retryable: true, cause });
/** The Failure for a file of more bytes than its feed may have. */
export const tooLarge = ({ title, url, maxBytes }: Pick<Ask, 'title' | 'url' | 'maxBytes'>): Failure => {
  const sentence = `${title}: ${shown(url)} is larger than the ${sizeWords(maxBytes)} that are allowed for it.`;
  return new Failure('feed.too-large', sentence);
};

/** The code of a broken connection, for the end of a sentence: fetch wraps it twice. */
function codeOf(error: unknown): string {
  for (let at = error; at instanceof Error; at = at.cause) {
    if ('code' in at && typeof at.code === 'string') return ` (${at.code})`;
  }
  return '';
}
