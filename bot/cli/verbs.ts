/** The verbs that chat and shell share, and the buttons of cards, as commands. */
import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import { Failure } from '../../domain/model/failure.ts';
import type { World } from '../../domain/ports.ts';
import { verbsFor } from '../handlers/index.ts';
import type { Reply, VerbHelp } from '../handlers/press.ts';
import { renderCard } from './render.ts';
import type { Shell } from './shell.ts';
import { workerHint } from './worker-hint.ts';

/** Making verbs reads nothing of the world; running one does, and that is left to the desk. */
const shared: readonly VerbHelp[] = verbsFor({} as World);

/** Adds a command for each verb, those of two words below their first one, and `press`. */
export function addVerbs(program: Command, shell: Shell): void {
  for (const verb of shared) if (verb.name !== 'help') addVerb(program, verb, shell); // help is commander's own
  program
    .command('press <action> <subject@rev> [answer]')
    .description('Press a button of a card, as the card prints it')
    .action((action: string, ref: string, answer?: string) => press(shell, action, ref, answer));
}

/** Wider ones would leave no room for what the others do. */
const widestTerm = 40;

/** A command as the list of all shows it: with its arguments where they fit, else with dots; its own help has all of them. */
export function termOf(command: Command): string {
  const words = command.registeredArguments.map((one) => {
    const name = `${one.name()}${one.variadic ? '...' : ''}`;
    return one.required ? `<${name}>` : `[${name}]`;
  });
  const named = [command.name(), ...(command.options.length > 0 ? ['[options]'] : [])];
  const term = [...named, ...words].join(' ');
  return term.length <= widestTerm ? term : [...named, words[0], '...'].join(' ');
}

/** Verbs of two words share their first one. The shell's own `device` is there already. */
const families: Readonly<Record<string, string>> = { wo: 'Work orders', workaround: 'Workarounds' };

function addVerb(program: Command, { name, summary, options }: VerbHelp, shell: Shell): void {
  const [first = '', second] = name.split(' ');
  const family = () => program.commands.find((one) => one.name() === first);
  const parent =
    second === undefined ? program : (family() ?? program.command(first).description(families[first] ?? ''));
  const command = parent.command(second ?? first).description(summary);
  for (const { name: option, description, required, rest } of options) {
    const dots = rest ? '...' : '';
    command.argument(required ? `<${option}${dots}>` : `[${option}${dots}]`, description);
  }
  command.action(() => run(shell, name, command.args));
}

function run(shell: Shell, name: string, given: readonly string[]): Promise<void> {
  return shell.asPerson(null, async ({ base }, by, account) => {
    const { deskOf } = await import('../main.ts');
    const [verb = '', ...more] = name.split(' ');
    const reply = await deskOf(base).command({
      account,
      delivery: `cli:${randomUUID()}`,
      verb,
      words: [...more, ...given],
    });
    print(shell, reply, by.zone);
    if (name === 'scan' && reply.ok) await workerHint(base, shell.say);
  });
}

function press(shell: Shell, action: string, ref: string, answer: string | undefined): Promise<void> {
  return shell.asPerson(null, async ({ base }, by, account) => {
    const { deskOf } = await import('../main.ts');
    const [, subject, rev] = /^([^@\s]+)@(\d{1,15})$/.exec(ref) ?? [];
    if (subject === undefined)
      throw new Failure('press.ref', `"${ref}" must be subject@revision, as the card prints it, such as p-1a2b@3.`);
    const pressed = { account, delivery: `cli:${randomUUID()}`, action, subject, seenRev: Number(rev) };
    const reply = await deskOf(base).press({ ...pressed, ...(answer === undefined ? {} : { answer }) });
    print(shell, reply, by.zone);
    if (reply.ok) await workerHint(base, shell.say);
  });
}

function print({ say, warn }: Shell, { ok, text, card }: Reply, zone: string): void {
  if (!ok) process.exitCode = 2;
  const isTitle = card?.title === text; // a card that begins with the same words
  if (!isTitle) (ok ? say : warn)(text);
  if (card) say(`${isTitle ? '' : '\n'}${renderCard(card, zone)}`);
}
