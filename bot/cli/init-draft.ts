/** The first settings file: how the answers become YAML. */
import { stringify } from 'yaml';
import { type Answers, windows } from './init-questions.ts';

const isWindow = (name: string): name is keyof typeof windows => Object.hasOwn(windows, name);

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
