/** Where secrets, and the proxy, may come from: the settings, a file that they name (`<key>File`), or the environment. One table says which. */
import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileTrouble } from './files.ts';
import type { Problem } from './problems.ts';

/** `*` is each entry of a list, and in a variable that entry's name in capitals. Every variable has a `_FILE` form; the first one set counts. */
const secrets: readonly { readonly path: string; readonly env: readonly string[] }[] = [
  { path: 'database.uri', env: ['PATCHHERD_DATABASE_URI', 'MONGODB_URI'] },
  // As curl has it: lower case first.
  { path: 'proxy.https', env: ['PATCHHERD_PROXY_HTTPS', 'https_proxy', 'HTTPS_PROXY'] },
  { path: 'proxy.http', env: ['PATCHHERD_PROXY_HTTP', 'http_proxy', 'HTTP_PROXY'] },
  { path: 'proxy.except', env: ['PATCHHERD_PROXY_EXCEPT', 'no_proxy', 'NO_PROXY'] },
  { path: 'chat.slack.botToken', env: ['PATCHHERD_SLACK_BOT_TOKEN'] },
  { path: 'chat.slack.appToken', env: ['PATCHHERD_SLACK_APP_TOKEN'] },
  { path: 'chat.slack.signingSecret', env: ['PATCHHERD_SLACK_SIGNING_SECRET'] },
  { path: 'chat.discord.botToken', env: ['PATCHHERD_DISCORD_BOT_TOKEN'] },
  { path: 'credentials.*.key', env: ['PATCHHERD_CREDENTIAL_*_KEY'] },
  { path: 'credentials.*.passphrase', env: ['PATCHHERD_CREDENTIAL_*_PASSPHRASE'] },
  { path: 'credentials.*.password', env: ['PATCHHERD_CREDENTIAL_*_PASSWORD'] },
];

/** A proxy's address is one only with a password in it. */
const isSecret = (path: string, value: unknown): boolean =>
  typeof value === 'string' && (!path.startsWith('proxy.') || value.includes('@'));

const LIMIT = 64 * 1024; // the largest private key is a tenth of this

type Block = Record<string, unknown>;
/** A block of keys, as YAML gives it. */
export const isBlock = (value: unknown): value is Block =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

type Place = { readonly holder: Block; readonly path: string; readonly key: string; readonly env: readonly string[] };
type Found = { readonly value: string } | { readonly problem: string };

/** The text of a secret's file without its last line break. No sentence has anything of its content. */
function fromFile(path: string): Found {
  try {
    const { size } = statSync(path);
    if (size > LIMIT) return { problem: `cannot be read: ${path} is too big for a secret (${size} bytes)` };
    const value = readFileSync(path, 'utf8').replace(/\r?\n$/, '');
    return value === '' ? { problem: `cannot be read: ${path} is empty` } : { value };
  } catch (error) {
    return { problem: `cannot be read: ${path} ${fileTrouble(error)}` };
  }
}

function fromEnvironment(names: readonly string[], env: NodeJS.ProcessEnv): Found | null {
  for (const name of names) {
    const [value, file] = [env[name], env[`${name}_FILE`]];
    if (value && file) return { problem: `is given twice, by ${name} and ${name}_FILE: keep one` };
    if (value) return { value };
    if (file) return fromFile(resolve(file));
  }
  return null;
}

/** Every place of a secret in the settings. A block that is missing is made when the environment has something to put there. */
function places(raw: Block, path: string, env: readonly string[], given: NodeJS.ProcessEnv): Place[] {
  const [before = '', key = ''] = [path.slice(0, path.lastIndexOf('.')), path.slice(path.lastIndexOf('.') + 1)];
  if (before.endsWith('.*')) {
    const list = before.slice(0, -2);
    const entries = Array.isArray(raw[list]) ? raw[list] : [];
    return entries.flatMap((holder: unknown, index) => {
      if (!isBlock(holder)) return [];
      const name = String(holder['name']).toUpperCase().replaceAll('-', '_');
      return [
        { holder, key, path: `${list}.${index}.${key}`, env: env.map((variable) => variable.replace('*', name)) },
      ];
    });
  }
  let holder: Block = raw;
  for (const part of before.split('.')) {
    if (holder[part] === undefined && fromEnvironment(env, given)) holder[part] = {};
    const inner = holder[part];
    if (!isBlock(inner)) return [];
    holder = inner;
  }
  return [{ holder, key, path, env }];
}

/** One secret in its place: the environment beats the settings; a value and a file at once are a problem, never a guess. */
function fill({ holder, key, env }: Place, given: NodeJS.ProcessEnv, pathOf: (path: string) => string): string | null {
  const file = holder[`${key}File`];
  delete holder[`${key}File`];
  if (file !== undefined && key in holder) return `is given twice, as ${key} and as ${key}File: keep one`;
  if (file !== undefined && typeof file !== 'string') return `cannot be read: ${key}File must be the path of a file`;
  const found = fromEnvironment(env, given) ?? (file === undefined ? null : fromFile(pathOf(file)));
  if (found === null) return null;
  if ('problem' in found) return found.problem;
  holder[key] = found.value;
  return null;
}

/**
 * Settings with their secrets filled in, `<key>File` taken out; `raw` itself is left alone. `pathOf` makes a path of the settings
 * absolute. `files`: the files that the settings name. `written`: paths of secrets that stand in the settings themselves.
 */
export function fillSecrets(
  raw: Readonly<Record<string, unknown>>,
  env: NodeJS.ProcessEnv,
  pathOf: (path: string) => string,
): {
  filled: Record<string, unknown>;
  problems: readonly Problem[];
  files: readonly string[];
  written: readonly string[];
} {
  const filled = structuredClone(raw);
  const all = secrets.flatMap((secret) => places(filled, secret.path, secret.env, env));
  const files = all.map(({ holder, key }) => holder[`${key}File`]).filter((file) => typeof file === 'string');
  const written = all.filter(({ holder, key, path }) => isSecret(path, holder[key])).map(({ path }) => path);
  const problems = all.flatMap((place) => {
    const message = fill(place, env, pathOf);
    return message ? [{ path: place.path, message }] : [];
  });
  return { filled, problems, files: files.map(pathOf), written };
}
