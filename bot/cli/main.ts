/** The shell: set-up, processes, and every verb that chat has. */
import { randomUUID } from 'node:crypto';
import { Command } from 'commander';
import { check } from '../../config/load.ts';
import { verifyAudit } from '../../domain/flows/sweep.ts';
import { Failure } from '../../domain/model/failure.ts';
import type { PersonId, TenantId } from '../../domain/model/ids.ts';
import type { Account, Person } from '../../domain/model/people.ts';
import { webSessions } from '../../workers/store/web-sessions.ts';
import type { Reply } from '../handlers/press.ts';
import { deskOf } from '../main.ts';
import { terminalAsk } from './ask.ts';
import * as devices from './devices.ts';
import { doctor } from './doctor.ts';
import { init } from './init.ts';
import { runDemo, runProcess } from './processes.ts';
import { renderCard } from './render.ts';
import { accountFrom, openSession, type Session, settingsFrom } from './session.ts';

type Global = { config?: string; as?: string };
const say = (line: string) => console.log(line);
const warn = (line: string) => console.error(line);

const program = new Command('patchherd')
  .description('A chat-first patch manager. Every verb of the chat works here too: patchherd help-verbs lists them.')
  .option(
    '-c, --config <file>',
    'settings file (else PATCHHERD_CONFIG, ./patchherd.yaml, /etc/patchherd/settings.yaml)',
  )
  .option('--as <person>', 'who you are: the id of one of the people in the settings')
  .showHelpAfterError('(patchherd --help shows everything)');

const global = (): Global => program.opts();
const settings = () => settingsFrom(global().config, warn);

/** Runs a command on the opened database and closes it again. */
async function within(work: (session: Session, account: Account, by: Person) => Promise<void>): Promise<void> {
  const read = settings();
  const account = accountFrom(read, global().as);
  const session = await openSession(read, warn);
  try {
    const by = session.base.world.people.byId(account.user);
    if (!by) throw new Error('person.unknown'); // accountFrom chose from the same list
    await work(session, account, by);
  } finally {
    await session.close();
  }
}

function print({ ok, text, card }: Reply, zone: string): void {
  (ok ? say : warn)(text);
  if (card) say(`\n${renderCard(card, zone)}`);
  if (!ok) process.exitCode = 2;
}

program
  .command('start')
  .description('Without settings: the demo. With --config: bot and worker in one process')
  .option('-c, --config <file>', 'settings file')
  .action(async (own: { config?: string }) => {
    const config = own.config ?? global().config;
    if (config) await runProcess(settingsFrom(config, warn), 'all', say);
    else await runDemo(say);
  });

program
  .command('run <part>')
  .description('One part as a process of its own: bot or worker')
  .action(async (part: string) => {
    if (part !== 'bot' && part !== 'worker') throw new Failure('run.part', `"${part}" is no part: say bot or worker.`);
    await runProcess(settings(), part, say);
  });

program
  .command('init')
  .description('Write a first settings file by asking')
  .option('-o, --out <file>', 'where to write it', 'patchherd.yaml')
  .option('--overwrite', 'replace an existing file')
  .action(async ({ out, overwrite = false }: { out: string; overwrite?: boolean }) => {
    const terminal = process.stdin.isTTY ? terminalAsk(process.stdin, process.stdout) : null;
    const judge = (raw: Readonly<Record<string, unknown>>) => check(raw, { file: out, env: process.env });
    const written = await init({ out, overwrite, ask: terminal?.ask ?? null, say, check: judge }).finally(() =>
      terminal?.close(),
    );
    if (!written) process.exitCode = 2;
  });

program
  .command('doctor')
  .description('Try database, chat tokens and devices, and say what to do')
  .action(() =>
    within(async (session) => {
      if (!(await doctor(session, say))) process.exitCode = 1;
    }),
  );

program
  .command('login-link <person>')
  .description('A one-time link to the web chat, good for 15 minutes')
  .action((person: string) =>
    within(async ({ settings: read, base }) => {
      const found = base.world.people.byId(person);
      const { web } = read.chat;
      if (!found) throw new Failure('person.unknown', `"${person}" is none of the people in the settings.`);
      if (!web) throw new Failure('web.off', 'The settings have no web chat: add chat.web.');
      const token = await webSessions(base.database.connection, read.tenant as TenantId).issueLink(
        person as PersonId,
        15 * 60_000,
      );
      say(`${web.publicUrl ?? `http://${web.host}:${web.port}`}/login/${token}`);
    }),
  );

program
  .command('audit-verify')
  .description('Check the hash chain of the audit trail')
  .action(() =>
    within(async ({ base }) => {
      const broken = await verifyAudit({ audit: base.store.audit });
      say(broken === null ? 'The audit chain holds.' : `The audit chain is broken at number ${broken}.`);
      if (broken !== null) process.exitCode = 1;
    }),
  );

program
  .command('press <action> <subject@rev> [answer]')
  .description('Press a button of a card, as a card in this shell prints it')
  .action((action: string, ref: string, answer?: string) =>
    within(async ({ base }, account, by) => {
      const [subject = '', rev = ''] = ref.split('@');
      if (!/^\d+$/.test(rev))
        throw new Failure('press.ref', `"${ref}" must be subject@revision, as the card prints it.`);
      const press = { account, delivery: `cli:${randomUUID()}`, action, subject, seenRev: Number(rev) };
      print(await deskOf(base).press({ ...press, ...(answer === undefined ? {} : { answer }) }), by.zone);
    }),
  );

const device = program.command('device').description('Devices: list, show, import, accept-key, prepare, retire');
device
  .command('import <file>')
  .description('Add or change devices from a YAML file')
  .action((file: string) => within((session) => devices.importDevices(session, file, say)));
device
  .command('accept-key <name>')
  .description("Show a device's host key, and accept it after you compared it")
  .option('--fingerprint <fingerprint>', 'accept exactly this one')
  .option('--known-hosts <file>', 'accept what this known_hosts file says')
  .option('--yes', 'accept what is offered')
  .action((name: string, chosen: { fingerprint?: string; knownHosts?: string; yes?: boolean }) =>
    within((session, _, by) => devices.acceptKey(session, name, by, { ...chosen, say })),
  );
device
  .command('prepare <name>')
  .description('Install the root helper and its sudo rule')
  .option('--ask-password', 'sudo on the device asks for a password')
  .action((name: string, { askPassword = false }: { askPassword?: boolean }) =>
    within(async (session) => {
      const terminal = askPassword ? terminalAsk(process.stdin, process.stdout) : null;
      const password = await terminal
        ?.ask('Password for sudo on the device: ', { secret: true })
        .finally(terminal.close);
      await devices.prepare(session, name, say, password);
    }),
  );
device
  .command('retire <name>')
  .description('Neither scan nor patch it any more')
  .action((name: string) => within((session, _, by) => devices.retire(session, name, by, say)));
for (const word of ['list', 'show <device>']) {
  device
    .command(word)
    .description('Like in chat')
    .action((...given: unknown[]) =>
      verb(['device', word.split(' ')[0] ?? '', ...given.filter((one) => typeof one === 'string')]),
    );
}

program
  .command('help-verbs')
  .description('The verbs that chat and shell share')
  .action(() => verb(['help']));
program.command('verb <words...>', { isDefault: true, hidden: true }).action((words: string[]) => verb(words));

const verb = ([first = 'help', ...words]: readonly string[]): Promise<void> =>
  within(async ({ base }, account, by) => {
    const command = { account, delivery: `cli:${randomUUID()}`, verb: first, words };
    print(await deskOf(base).command(command), by.zone);
  });

program.parseAsync().catch((error: unknown) => {
  // A Failure is a sentence for the person at the shell; anything else is a bug and keeps its stack.
  console.error(error instanceof Failure ? error.message : error);
  process.exitCode = error instanceof Failure ? 2 : 1;
});
