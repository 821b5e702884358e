/** The proxy between this machine and the internet: its settings, and what goes through it. Devices and the database never do. */
import type { Dispatcher } from 'undici';
import { z } from 'zod';
import { Failure } from '../domain/model/failure.ts';
import { line } from './fields.ts';
import { mustSecretly } from './problems.ts';

function isProxy(written: string): boolean {
  if (!URL.canParse(written)) return false;
  const { protocol, hostname, pathname, username, password } = new URL(written);
  try {
    decodeURIComponent(`${username}:${password}`);
  } catch {
    return false; // a % of the password that should be written as %25
  }
  return /^https?:$/.test(protocol) && hostname !== '' && pathname === '/';
}

/** It may hold a password, so it is never repeated. Without `http://` in front it means the same, as curl has it. */
const proxyUrl = z
  .string(mustSecretly('must be the address of the proxy, such as http://proxy.example.org:3128'))
  .trim()
  .transform((written) => (written.includes('://') ? written : `http://${written}`))
  .refine(isProxy, mustSecretly('must be the address of the proxy, such as http://proxy.example.org:3128'));

/** `https`: for addresses that begin so; without `http` in it, those of `http` go out directly. secrets.ts has the variables. */
export const WebProxy = z.strictObject({
  https: proxyUrl.optional(),
  http: proxyUrl.optional(),
  except: line('must be names with commas between them, such as mirror.example.org,.corp.example.org').optional(),
});
type WebProxy = z.output<typeof WebProxy>;

/** Proxies cannot lead back to the machine that asks. */
const ownMachine = 'localhost,127.0.0.1,[::1]';

/** A proxy's address as people may see it. */
const shown = (url: string): string => new URL(url).origin;

/** Which proxy is used for what, in words without its password; null = none. */
export function proxyWords({ https, http, except }: WebProxy): string | null {
  const [one, other] = [https ?? http, http];
  if (!one) return null;
  const plain = other && other !== one ? `, ${shown(other)} for addresses that begin with http://` : '';
  return `${shown(one)}${plain}${except ? `; directly: ${except}` : ''}`;
}

export type ThroughProxy = {
  readonly fetch: typeof fetch;
  /** For libraries that take a dispatcher of undici. */
  dispatcher(): Promise<Dispatcher>;
};

/**
 * What sends requests through the proxies of the settings, null when there are none. A failed request has a Failure among its causes:
 * `proxy.unreachable` (retryable), or `proxy.refused` for any answer but 200, such as 407.
 */
export function throughProxy(proxy: WebProxy): ThroughProxy | null {
  if (!proxy.https && !proxy.http) return null;
  let made: ReturnType<typeof makeAgent> | undefined;
  const agent = () => {
    made ??= makeAgent(proxy);
    return made;
  };
  const send = async (url: string | URL, init?: object) => {
    const { undici, dispatcher } = await agent();
    return undici.fetch(url, { ...init, dispatcher });
  };
  return {
    fetch: send as unknown as typeof fetch, // Node's own fetch is undici's; only their types come from two places
    dispatcher: async () => (await agent()).dispatcher,
  };
}

/** undici is loaded only here: without a proxy its memory is saved. */
async function makeAgent({ https, http, except = '' }: WebProxy) {
  const undici = await import('undici');
  const dispatcher = new undici.EnvHttpProxyAgent({
    httpsProxy: https ?? '',
    httpProxy: http ?? '',
    noProxy: except === '*' ? except : `${ownMachine},${except}`,
    clientFactory(proxy, options) {
      const pool = new undici.Pool(proxy, options);
      const connect = pool.connect.bind(pool);
      return Object.assign(pool, {
        connect: (to: Parameters<typeof connect>[0]) => tunnel(proxy.origin, connect(to)),
      });
    },
  });
  return { undici, dispatcher };
}

/** A connection through the proxy, or what its answer means: the library's own error does not hold the status. */
async function tunnel(at: string, connecting: Promise<Dispatcher.ConnectData>): Promise<Dispatcher.ConnectData> {
  const answer = await connecting.catch((cause: unknown) => {
    const code = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : '';
    throw new Failure('proxy.unreachable', `The proxy ${at} cannot be reached${code}.`, { retryable: true, cause });
  });
  if (answer.statusCode === 200) return answer;
  answer.socket.on('error', () => undefined).destroy();
  const what =
    answer.statusCode === 407
      ? 'wants a user name and a password, or others than ours (status 407): they belong into its address'
      : `does not let us through (status ${answer.statusCode})`;
  throw new Failure('proxy.refused', `The proxy ${at} ${what}.`);
}
