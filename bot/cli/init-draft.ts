/** The first settings file: what is asked for it, and how the answers become YAML. */
import { stringify } from 'yaml';
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

const isWindow = (name: string): name is keyof typeof windows => Object.hasOwn(windows, name);

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

/** "Kim O'Park" becomes kim-o-park: the id that votes and the audit trail will name. */
function idOf(name: string): string {
  const plain = name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 60);
  return plain.replace(/^-|-$/g, '') || 'admin';
}

/** A preset, or three hours from a cron expression. */
const windowOf = (answer: string | undefined) =>
  answer !== undefined && isWindow(answer) ? windows[answer] : { words: answer, cron: answer, durationMinutes: 180 };

/** True when one of these answers was given. */
const any = (block: Readonly<Record<string, unknown>>): boolean =>
  Object.values(block).some((value) => value !== undefined);

/** The blocks of the settings file, each with the comment above it. Answers that are not known yet are left out. */
function blocks(a: Answers): readonly (readonly [comment: string, block: Record<string, unknown>])[] {
  const { words, ...times } = windowOf(a.window);
  const accounts = {
    ...(a['slack-member'] && { slack: `${a['slack-workspace']}/${a['slack-member']}` }),
    ...(a['discord-user'] && { discord: `${a['discord-guild']}/${a['discord-user']}` }),
  };
  const slack = {
    botToken: a['slack-bot-token'],
    appToken: a['slack-app-token'],
    workspace: a['slack-workspace'],
    channel: a['slack-channel'],
  };
  const discord = { botToken: a['discord-bot-token'], guild: a['discord-guild'], channel: a['discord-channel'] };
  const chat = { ...(any(slack) && { slack }), ...(any(discord) && { discord }), web: {} };
  const login = {
    name: 'fleet-key',
    kind: 'key',
    keyFile: a['key-file'],
    ...(a.passphrase && { passphrase: a.passphrase }),
  };
  const device = { name: a.device, address: a.address, user: a.user, credential: 'fleet-key' };
  const become = { become: a.user === 'root' ? 'none' : 'sudo' };
  const weight = { exposure: a.exposure, criticality: a.criticality };
  return [
    ['Settings of patchherd. Every key is explained in config/example.yaml.', { tenant: a.tenant }],
    [
      'Who may do what.',
      {
        people: [
          { id: idOf(a.name ?? ''), name: a.name, roles: ['admin'], zone: a.zone, ...(any(accounts) && { accounts }) },
        ],
      },
    ],
    ['Where people meet it: the built-in web chat, and what else is set here.', { chat }],
    ['How to log in.', { credentials: [login] }],
    [
      'Devices. No login happens until their host keys were accepted: patchherd device accept-key <name>',
      { devices: [{ ...device, ...become, ...weight, zone: a.zone }] },
    ],
    [
      `Nothing is installed outside a window. This one: ${words}.`,
      { policies: [{ id: 'standard', windows: [{ ...times, zone: a.zone }] }] },
    ],
  ];
}

/** The answers so far as raw settings, for checking. */
export const draft = (answers: Answers): Readonly<Record<string, unknown>> =>
  Object.assign({}, ...blocks(answers).map(([, block]) => block));

/** The answers as the text of a settings file. */
export const fileText = (answers: Answers): string =>
  blocks(answers)
    .map(([comment, block]) => `# ${comment}\n${stringify(block)}`)
    .join('\n');
