/** Rules between settings: names that must be unique or exist elsewhere. They work on whatever could be read, so that all are told at once. */
import { calendar, cronProblem } from './cron.ts';
import { about, nearest, type Problem } from './problems.ts';

const field = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null ? Object.entries(value).find(([name]) => name === key)?.[1] : undefined;
const list = (value: unknown, key: string): readonly unknown[] => {
  const items = field(value, key);
  return Array.isArray(items) ? items : [];
};

/** Every text at `key` of a list's items, with its path. */
const texts = (raw: unknown, of: string, key: string): { path: string; text: string }[] =>
  list(raw, of).flatMap((item, index) => {
    const text = field(item, key);
    return typeof text === 'string' ? [{ path: `${of}.${index}.${key}`, text }] : [];
  });

function unique(entries: readonly { path: string; text: string }[]): Problem[] {
  const first = new Map<string, string>();
  return entries.flatMap(({ path, text }) => {
    const before = first.get(text);
    first.set(text, before ?? path);
    return before ? [{ path, message: about(text, `is taken by ${before}`) }] : [];
  });
}

function exist(raw: unknown, [of, key]: readonly [string, string], known: readonly string[], where: string): Problem[] {
  return texts(raw, of, key).flatMap(({ path, text }) => {
    if (known.includes(text)) return [];
    const guess = nearest(text, known);
    return [{ path, message: about(text, `is not in ${where}${guess ? `; did you mean "${guess}"?` : ''}`) }];
  });
}

function accounts(raw: unknown): Problem[] {
  const linked = list(raw, 'people').flatMap((person, index) =>
    ['slack', 'discord'].flatMap((platform) => {
      const text = field(field(person, 'accounts'), platform);
      return typeof text === 'string' ? [{ path: `people.${index}.accounts.${platform}`, text }] : [];
    }),
  );
  return unique(linked);
}

/** Slack is reached one way: Socket Mode or HTTP. */
function slackWay(raw: unknown): Problem[] {
  const slack = field(field(raw, 'chat'), 'slack');
  if (slack === undefined) return [];
  const [app, secret, port] = ['appToken', 'signingSecret', 'port'].map((key) => field(slack, key) !== undefined);
  const path = 'chat.slack';
  if (app && (secret || port)) return [{ path, message: 'has both ways: keep appToken, or signingSecret with port' }];
  if (app || (secret && port)) return [];
  if (secret)
    return [{ path: `${path}.port`, message: "is missing: the port for Slack's HTTP requests, such as 3000" }];
  return [{ path, message: 'needs appToken (Socket Mode), or signingSecret with port (HTTP)' }];
}

/** A window has room before its cutoff, and comes round at all. `now` is where "never" is counted from. */
function windowRules(window: unknown, path: string, now: Date): Problem[] {
  const [cron, zone, duration, cutoff] = ['cron', 'zone', 'durationMinutes', 'cutoffMinutes'].map((k) =>
    field(window, k),
  );
  const tight = typeof duration === 'number' && typeof cutoff === 'number' && cutoff >= duration;
  const cutoffRule = `must be less than durationMinutes (${String(duration)}), else nothing ever starts`;
  const found: Problem[] = tight ? [{ path: `${path}.cutoffMinutes`, message: about(cutoff, cutoffRule) }] : [];
  if (typeof cron !== 'string' || typeof zone !== 'string' || cronProblem(cron) !== null) return found;
  const never = calendar().upcoming({ cron, zone: 'UTC', durationMinutes: 1, cutoffMinutes: 0 }, now, 1).length === 0;
  return never
    ? [...found, { path: `${path}.cron`, message: about(cron, 'never comes in the next five years') }]
    : found;
}

/** Every broken rule in raw settings, as far as they can be read. */
export function brokenRules(raw: unknown, now = new Date()): readonly Problem[] {
  const people = texts(raw, 'people', 'id').map(({ text }) => text);
  const credentials = texts(raw, 'credentials', 'name').map(({ text }) => text);
  const lonely = list(raw, 'devices').length > 0 && list(raw, 'policies').length === 0;
  return [
    ...unique(texts(raw, 'people', 'id')),
    ...unique(texts(raw, 'credentials', 'name')),
    ...unique(texts(raw, 'devices', 'name')),
    ...unique(texts(raw, 'policies', 'id')),
    ...accounts(raw),
    ...exist(raw, ['devices', 'credential'], credentials, 'credentials'),
    ...exist(raw, ['devices', 'owner'], people, 'people'),
    ...slackWay(raw),
    ...(lonely ? [{ path: 'policies', message: 'needs one entry: nothing is patched without a policy' }] : []),
    ...list(raw, 'policies').flatMap((policy, p) =>
      list(policy, 'windows').flatMap((window, w) => windowRules(window, `policies.${p}.windows.${w}`, now)),
    ),
  ];
}
