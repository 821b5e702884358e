/**
 * The shell: set-up, processes, and every verb that chat has. What is imported here is loaded by every command, `--help` too: only how
 * commands look. What a command does is imported by its action, because settings, database and feeds bring hundreds of files.
 */
import { Command } from 'commander';
import { verifyAudit } from '../../domain/flows/sweep.ts';
import { Failure } from '../../domain/model/failure.ts';
import type { PersonId, TenantId } from '../../domain/model/ids.ts';
import { limits } from '../web/limits.ts';
import { terminalAsk } from './ask.ts';
import { addCheck } from './check-command.ts';
import { addCompare } from './compare.ts';
import { addDeviceCommands } from './device-commands.ts';
import { explainEnd } from './exit.ts';
import { addFeedCommands } from './feed-commands.ts';
import { answersFrom, basics, flags, platforms } from './init-questions.ts';
import { makeShell, type Shell } from './shell.ts';
import { addVerbs, termOf } from './verbs.ts';

const program = new Command('patchherd')
  .description('A chat-first patch manager. To look around: patchherd start. For your own devices: patchherd init.')
  .option(
    '-c, --config <file>',
    'settings file (else PATCHHERD_CONFIG, ./patchherd.yaml, /etc/patchherd/settings.yaml)',
  )
  .option(
    '--as <person>',
    'who you are: the id of one of the people in the settings (else PATCHHERD_PERSON, your login)',
  )
  .helpOption('-h, --help', 'show this')
  .helpCommand('help [command]', 'show this, or how one command is used')
  .configureHelp({ showGlobalOptions: true, minWidthToWrap: 30, subcommandTerm: termOf })
  .showHelpAfterError('(patchherd --help shows everything)')
  .exitOverride();

const shell = makeShell(
  () => program.opts(),
  (text) => console.log(text),
  (text) => console.error(text),
);

function addProcesses({ say, settings, options }: Shell): void {
  program
    .command('start')
    .description('Bot and worker in one process. Without settings: the demo, with a fleet of its own')
    .action(async () => {
      const { settingsFile } = await import('./session.ts');
      const { runDemo, runProcess } = await import('./processes.ts');
      if (settingsFile(options().config)) await runProcess(await settings(), 'all', say);
      else await runDemo(say);
    });
  program
    .command('run <part>')
    .description('One part as a process of its own: bot or worker')
    .action(async (part: string) => {
      if (part !== 'bot' && part !== 'worker')
        throw new Failure('run.part', `"${part}" is no part: say bot or worker.`);
      const { runProcess } = await import('./processes.ts');
      await runProcess(await settings(), part, say);
    });
}

type InitFlags = Readonly<Record<string, unknown>> & { readonly out: string; readonly overwrite?: boolean };

function addInit({ say }: Shell): void {
  const command = program
    .command('init')
    .description('Write a first settings file: asks on a terminal, else takes the answers from options')
    .option('-o, --out <file>', 'where to write it', 'patchherd.yaml')
    .option('--overwrite', 'replace an existing file');
  const questions = [...basics, ...Object.values(platforms).flat()];
  for (const { name, text } of questions.filter((one) => flags.includes(one.name)))
    command.option(`--${name} <answer>`, text.split('\n')[0]);
  command.action(async (given: InitFlags) => {
    const { init } = await import('./init.ts');
    const { check } = await import('../../config/load.ts');
    const { out, overwrite = false } = given;
    const terminal = process.stdin.isTTY ? terminalAsk(process.stdin, process.stdout) : null;
    const judge = (raw: Readonly<Record<string, unknown>>) => check(raw, { file: out, env: process.env });
    const options = { out, overwrite, given: answersFrom(given), ask: terminal?.ask ?? null, say, check: judge };
    const written = await init(options).finally(() => terminal?.close());
    if (!written) process.exitCode = 2;
  });
}

function addChecks({ say, within }: Shell): void {
  program
    .command('doctor')
    .description('Try database, chat tokens and every device, and say what to do where something is wrong')
    .action(async () => {
      const { doctor } = await import('./doctor.ts');
      await within(async (session) => {
        if (!(await doctor(session, say))) process.exitCode = 1;
      });
      setTimeout(() => process.exit(), 1000).unref(); // a platform that did not answer in time must not hold the shell
    });
  program
    .command('audit')
    .description('The audit trail')
    .command('verify')
    .description('Check the hash chain of the audit trail')
    .action(() =>
      within(async ({ base }) => {
        const broken = await verifyAudit({ audit: base.store.audit });
        say(broken === null ? 'The audit chain holds.' : `The audit chain is broken at number ${broken}.`);
        if (broken !== null) process.exitCode = 1;
      }),
    );
}

function addLogin({ say, warn, within }: Shell): void {
  program
    .command('login <person>')
    .description('A one-time link to the web chat, for somebody whom the settings know')
    .action((person: string) =>
      within(async ({ settings: { tenant, people, chat }, base }) => {
        const ids = people.map(({ id }) => id);
        if (!ids.includes(person))
          throw new Failure('person.unknown', `"${person}" is none of the people in the settings: ${ids.join(', ')}.`);
        if (!chat.web) throw new Failure('web.off', 'The settings have no web chat: add chat.web, {} will do.');
        const { webSessions } = await import('../../workers/store/web-sessions.ts');
        const sessions = webSessions(base.database.connection, tenant as TenantId); // checked by the settings' schema, both
        const token = await sessions.issueLink(person as PersonId, limits.linkTtlMs);
        say(`${webUrl(chat.web)}/login/${token}`);
        warn(`Good once, for ${limits.linkTtlMs / 60_000} minutes, while patchherd is running.`);
      }),
    );
}

/** What browsers call the web chat. A wildcard address is no address to go to. */
function webUrl({ publicUrl, host, port }: { publicUrl?: string | undefined; host: string; port: number }): string {
  const name = host === '0.0.0.0' || host === '::' ? 'localhost' : host.includes(':') ? `[${host}]` : host;
  return publicUrl?.replace(/\/+$/, '') ?? `http://${name}:${port}`;
}

program.commandsGroup('Set-up:');
addInit(shell);
addDeviceCommands(program, shell);
addFeedCommands(program, shell);
addLogin(shell);
program.commandsGroup('Processes:');
addProcesses(shell);
program.commandsGroup('Checks:');
addChecks(shell);
addCheck(program, shell);
addCompare(program);
program.commandsGroup('The verbs of the chat:');
addVerbs(program, shell);

// `patchherd list | head -1` closes our output early: that is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});
program.parseAsync().catch((error: unknown) => {
  process.exitCode = explainEnd(error, shell.warn);
});
