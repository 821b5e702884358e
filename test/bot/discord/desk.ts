/** A desk that writes down what it is asked, and a bot on it, connected to a fake Discord. */
import { startDiscord } from '../../../bot/discord/index.ts';
import type { CommandIn, Desk, PressIn, Reply, VerbHelp } from '../../../bot/handlers/press.ts';
import type { Account } from '../../../domain/model/people.ts';
import type { Log } from '../../../domain/ports.ts';
import type { FakeDiscord, FakeMessage, Outcome } from '../../fakes/discord/index.ts';

export const verbs: readonly VerbHelp[] = [
  { name: 'help', summary: 'What I understand', options: [] },
  {
    name: 'rollback',
    summary: 'Take a patch back',
    options: [
      { name: 'device', description: 'Where', required: true, suggests: true },
      { name: 'patch', description: 'Which patch', required: false, suggests: false },
      { name: 'reason', description: 'Why', required: false, suggests: false, rest: true },
    ],
  },
  { name: 'device list', summary: 'All devices', options: [] },
  {
    name: 'device show',
    summary: 'One device',
    options: [{ name: 'name', description: 'Its name', required: true, suggests: true }],
  },
];

export type TestDesk = Desk & {
  readonly presses: PressIn[];
  readonly commands: CommandIn[];
  readonly suggestions: { account: Account; verb: string; option: string; typed: string }[];
  /** What the next answers are; set by a test. */
  reply: Reply | Promise<Reply>;
};

export function createDesk(): TestDesk {
  const desk: TestDesk = {
    ...{ presses: [], commands: [], suggestions: [], verbs, reply: { ok: true, text: 'Approved.' } },
    async press(press) {
      desk.presses.push(press);
      return desk.reply;
    },
    async command(command) {
      desk.commands.push(command);
      return desk.reply;
    },
    form: () => null,
    async suggest(account, verb, option, typed) {
      desk.suggestions.push({ account, verb, option, typed });
      return ['web-1', 'web-2', 'db-1', 'x'.repeat(101)].filter(
        (name) => name.startsWith(typed) || name.startsWith('x'),
      );
    },
  };
  return desk;
}

export type Logged = {
  readonly level: keyof Log;
  readonly event: string;
  readonly fields?: Record<string, unknown> | undefined;
};

/** A Log into a list. */
export function createLog(): Log & { readonly lines: Logged[] } {
  const lines: Logged[] = [];
  const at = (level: keyof Log) => (event: string, fields?: Record<string, unknown>) =>
    void lines.push({ level, event, fields });
  return { lines, info: at('info'), warn: at('warn'), error: at('error') };
}

/** The bot, connected to the fake as it would be to Discord. */
export const startBot = (fake: FakeDiscord, desk: Desk, log: Log = createLog()) =>
  startDiscord({ botToken: fake.token, guild: fake.guild, desk, log, apiUrl: fake.apiUrl });

/** The message that answers; a test fails here when the outcome is another one. */
export async function answerOf(outcome: Promise<Outcome> | Outcome): Promise<FakeMessage> {
  const seen = await outcome;
  if (seen.kind !== 'answer') throw new Error(`the person sees "${seen.kind}" instead of an answer`);
  return seen.message;
}

/** The form that opens. */
export async function formOf(outcome: Promise<Outcome>): Promise<Extract<Outcome, { kind: 'form' }>> {
  const seen = await outcome;
  if (seen.kind !== 'form') throw new Error(`the person sees "${seen.kind}" instead of a form`);
  return seen;
}
