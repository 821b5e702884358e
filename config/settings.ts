/** Every setting, its default, and the sentence an operator reads when it is wrong. Secrets are never echoed. */
import { z } from 'zod';
import { severities } from '../domain/model/advisory.ts';
import { criticalities, exposures } from '../domain/model/device.ts';
import { Failure } from '../domain/model/failure.ts';
import { feedIds } from '../domain/model/feed.ts';
import { roles } from '../domain/model/people.ts';
import { Accounts, Chat } from './chat.ts';
import { Credential } from './credentials.ts';
import { address, amount, cron, feedUrl, line, oneOf, port, slug, whole, zone } from './fields.ts';
import { fallback, must, mustSecretly, type Problem } from './problems.ts';
import { WebProxy } from './proxy.ts';
import { brokenRules } from './rules.ts';

const Person = z.strictObject({
  id: slug('kim'),
  name: line('must be the name that people know'),
  roles: z.array(oneOf(roles)).default(['viewer']),
  zone,
  accounts: Accounts,
});

/** What `ssh-keygen -lf` prints, without the length and the comment. */
const hostKey = z
  .string(must('must be a fingerprint such as "ssh-ed25519 SHA256:..."; patchherd device accept-key shows it'))
  .regex(/^(?:ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(?:256|384|521)) SHA256:[A-Za-z0-9+/]{43}$/);

const names = (rule: string) => z.array(line(rule)).default([]);

const Device = z.strictObject({
  name: z
    .string(must('must be letters, digits, dot, dash and underscore, such as web-1'))
    .regex(/^[A-Za-z0-9][\w.-]{0,62}$/),
  address,
  port: port.default(22),
  user: z.string(must('must be a login name, such as patchherd')).regex(/^[A-Za-z_][\w.@-]{0,62}$/),
  credential: line('must be the name of one of the credentials'),
  become: oneOf(['sudo', 'none']).default('sudo'),
  hostKeys: z.array(hostKey).default([]),
  groups: names('must be the name of a group, such as web'),
  criticality: oneOf(criticalities).optional(),
  exposure: oneOf(exposures).optional(),
  ownership: oneOf(['company', 'personal']).default('company'),
  owner: line('must be the id of one of the people').optional(),
  zone: zone.default('UTC'),
  cluster: names('must be a cluster key, such as db-pair'),
});

const Window = z.strictObject({
  cron,
  zone,
  durationMinutes: whole(1, 1440, 'minutes'),
  cutoffMinutes: whole(0, 1439, 'minutes').default(0),
});

/** `off`, or the hour of the day. Without a zone of its own it follows the policy's first window. */
const Digest = z.union(
  [z.literal('off'), z.strictObject({ hour: whole(0, 23, 'hours').default(9), zone: zone.optional() })],
  must('must be off, or an hour of the day such as { hour: 9, zone: Europe/Madrid }'),
);

const Policy = z.strictObject({
  id: slug('standard'),
  groups: names('must be the name of a group, such as web'),
  windows: z
    .array(Window, must('must be a list of windows'))
    .min(1, 'needs one entry: nothing is installed outside a window'),
  approvals: z
    .strictObject({ approve: whole(1, 20, 'people').default(1), deny: whole(1, 20, 'people').default(1) })
    .prefault({}),
  expiresHours: whole(1, 2160, 'hours').default(72),
  reboot: oneOf(['never', 'if-required', 'always', 'next-window']).default('if-required'),
  conffiles: oneOf(['keep', 'replace']).default('keep'),
  deferrals: z
    .strictObject({ max: whole(0, 50, 'deferrals').default(3), deadlineDays: whole(1, 365, 'days').default(14) })
    .prefault({}),
  noticeMinutes: whole(0, 10_080, 'minutes').default(15),
  concurrency: amount(1).optional(),
  errorBudget: amount(0).optional(),
  rollbackOnFailure: z.boolean(must('must be true or false')).default(true),
  digest: Digest.prefault({}),
});

const Scan = z.strictObject({
  cron: cron.default('17 */4 * * *'),
  zone: zone.default('UTC'),
  maxAgeHours: whole(1, 720, 'hours').default(24),
  concurrency: whole(1, 1000, 'devices').default(50),
});

/** The table of CISA BOD 26-04 can only be made stricter. */
const Priority = z.strictObject({
  tightenDays: z.partialRecord(oneOf(severities), whole(1, 365, 'days')).default({}),
});

/** Whether somebody has to say what a patch is worth before it may be approved. */
const Triage = z.strictObject({ required: z.boolean(must('must be true or false')).default(false) });

const FeedSource = z.strictObject({
  enabled: z.boolean(must('must be true or false')).optional(),
  url: feedUrl.optional(),
  everyHours: whole(1, 720, 'hours').optional(),
});

/** Where patch intelligence comes from. A key for each feed, so that a mistyped one is told with what was meant. */
const Feeds = z.strictObject({
  enabled: z.boolean(must('must be true or false')).default(true),
  sources: z.strictObject(Object.fromEntries(feedIds.map((id) => [id, FeedSource.optional()]))).prefault({}),
});

/** The settings as one block, secrets in place; reading what was read changes nothing. rules.ts has what concerns more than one field. */
export const Settings = z.strictObject({
  tenant: slug('acme'),
  dataDir: line('must be the path of a directory').optional(),
  database: z
    .strictObject({
      uri: z
        .string(mustSecretly('must start with mongodb:// or mongodb+srv://'))
        .regex(/^mongodb(\+srv)?:\/\/./)
        .optional(),
    })
    .prefault({}),
  people: z.array(Person, must('must be a list of people')).min(1, 'needs one entry: somebody has to approve'),
  chat: Chat,
  credentials: z.array(Credential).default([]),
  devices: z.array(Device).default([]),
  policies: z.array(Policy).default([]),
  scan: Scan.prefault({}),
  priority: Priority.prefault({}),
  triage: Triage.prefault({}),
  feeds: Feeds.prefault({}),
  proxy: WebProxy.prefault({}),
  log: z.strictObject({ level: oneOf(['debug', 'info', 'warn', 'error']).default('info') }).prefault({}),
});

export type Settings = z.output<typeof Settings>;

/** Everything that is wrong with raw settings, once each. `found` are problems met before, which hide later ones of the same path. */
export function problemsIn(raw: unknown, found: readonly Problem[] = []): readonly Problem[] {
  const read = Settings.safeParse(raw, { error: fallback });
  const issues = read.success ? [] : read.error.issues;
  const fields = issues.map(({ path, message }) => ({ path: path.join('.') || 'settings', message }));
  const known = new Set(found.map(({ path }) => path));
  return [...found, ...[...fields, ...brokenRules(raw)].filter(({ path }) => !known.has(path))];
}

/**
 * Settings with defaults, from what was read (YAML or JSON, secrets in place). Throws Failure `settings.invalid` whose sentence lists
 * every problem on a line of its own; `source` is named in its first line. `found` as for `problemsIn`; `lineOf` gives the line of a
 * path in the source.
 */
export function readSettings(
  raw: unknown,
  source: string,
  found: readonly Problem[] = [],
  lineOf: (path: string) => number | null = () => null,
): Settings {
  const problems = problemsIn(raw, found)
    .map((problem) => ({ ...problem, line: lineOf(problem.path) }))
    .sort((a, b) => (a.line ?? 0) - (b.line ?? 0));
  if (problems.length === 0) return Settings.parse(raw);
  const lines = problems.map(({ path, line: at, message }) => `  ${path}${at ? ` (line ${at})` : ''} ${message}`);
  throw new Failure('settings.invalid', `${source}: ${lines.length} to fix\n${lines.join('\n')}`);
}
