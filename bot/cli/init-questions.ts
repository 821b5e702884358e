/** What `patchherd init` asks, and which answers may be options of the command. */
import { criticalities, exposures } from '../../domain/model/device.ts';

/** What init needs to know, all as text. Slack and Discord are optional as a whole. */
export const answerNames = [
  'tenant',
  'name',
  'zone',
  'address',
  'device',
  'user',
  'exposure',
  'criticality',
  'passphrase',
  'key-file',
  'window',
  'slack-bot-token',
  'slack-app-token',
  'slack-workspace',
  'slack-channel',
  'slack-member',
  'discord-bot-token',
  'discord-guild',
  'discord-channel',
  'discord-user',
] as const;
export type AnswerName = (typeof answerNames)[number];
export type Answers = Readonly<Partial<Record<AnswerName, string>>>;

/** Times that fit most teams, in words; everything else is one line in the file. */
export const windows = {
  nightly: { words: 'every night, 02:00 to 05:00', cron: '0 2 * * *', durationMinutes: 180 },
  weekly: { words: 'Sunday, 03:00 to 07:00', cron: '0 3 * * SUN', durationMinutes: 240 },
  monthly: { words: 'the third Tuesday of the month, 22:00 to 02:00', cron: '0 22 * * TUE#3', durationMinutes: 240 },
} as const;

export type Question = {
  readonly name: AnswerName;
  readonly text: string;
  /** Where the answer stands in the settings: problems of this path are this answer's. */
  readonly path: string;
  readonly secret?: boolean;
  /** What an empty answer means. */
  readonly usual?: (answers: Answers) => string;
};

/** What every installation needs. */
export const basics: readonly Question[] = [
  { name: 'tenant', text: 'Your organisation, as one word', path: 'tenant', usual: () => 'home' },
  { name: 'name', text: 'Your own name', path: 'people.0.name' },
  {
    name: 'zone',
    text: 'Your time zone',
    path: 'people.0.zone',
    usual: () => Intl.DateTimeFormat().resolvedOptions().timeZone,
  },
  { name: 'address', text: 'The address of a first device (name or IP)', path: 'devices.0.address' },
  { name: 'device', text: 'What to call it', path: 'devices.0.name', usual: ({ address = '' }) => shortName(address) },
  { name: 'user', text: 'The user to log in as', path: 'devices.0.user', usual: () => 'root' },
  {
    name: 'exposure',
    text: `Who can reach it: ${exposures.join(', ')}? How soon patches are due hangs on it`,
    path: 'devices.0.exposure',
    usual: () => 'internet',
  },
  {
    name: 'criticality',
    text: `How much depends on it: ${criticalities.join(', ')}`,
    path: 'devices.0.criticality',
    usual: () => 'normal',
  },
  {
    name: 'passphrase',
    text: 'The passphrase of the private key to log in with, if it has one',
    path: 'credentials.0.passphrase',
    secret: true,
    usual: () => '',
  },
  {
    name: 'key-file',
    text: 'The file of that private key',
    path: 'credentials.0.key',
    usual: () => '~/.ssh/id_ed25519',
  },
  {
    name: 'window',
    text: `When may it be patched?\n${Object.entries(windows)
      .map(([name, { words }]) => `  ${name.padEnd(8)} ${words}`)
      .join('\n')}\nOne of these, or a cron expression`,
    path: 'policies.0.windows.0.cron',
    usual: () => 'nightly',
  },
];

/** What each platform needs beside. */
export const platforms = {
  Slack: [
    { name: 'slack-bot-token', text: 'Bot token (xoxb-...)', path: 'chat.slack.botToken', secret: true },
    { name: 'slack-app-token', text: 'App-level token (xapp-...)', path: 'chat.slack.appToken', secret: true },
    { name: 'slack-workspace', text: 'Workspace id (T...)', path: 'chat.slack.workspace' },
    { name: 'slack-channel', text: 'Channel id (C...)', path: 'chat.slack.channel' },
    { name: 'slack-member', text: 'Your own member id (U...)', path: 'people.0.accounts.slack' },
  ],
  Discord: [
    { name: 'discord-bot-token', text: 'Bot token', path: 'chat.discord.botToken', secret: true },
    { name: 'discord-guild', text: 'Server id', path: 'chat.discord.guild' },
    { name: 'discord-channel', text: 'Channel id', path: 'chat.discord.channel' },
    { name: 'discord-user', text: 'Your own user id', path: 'people.0.accounts.discord' },
  ],
} satisfies Readonly<Record<string, readonly Question[]>>;

/** Answers that may be given as flags. Secrets may not: other users see a command's arguments; the environment has them instead. */
export const flags: readonly AnswerName[] = [...basics, ...Object.values(platforms).flat()]
  .filter((question: Question) => !question.secret)
  .map(({ name }) => name);

/** The answers among a command's options, which are the flags in camel case (`--key-file` is `keyFile`). */
export function answersFrom(options: Readonly<Record<string, unknown>>): Answers {
  const given = flags.map((flag) => [
    flag,
    options[flag.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())],
  ]);
  return Object.fromEntries(given.filter(([, value]) => typeof value === 'string'));
}

const shortName = (address: string): string => (/^[\d.:]+$/.test(address) ? 'device-1' : (address.split('.')[0] ?? ''));
