/** The command `patchherd check`. */
import type { Command } from 'commander';
import { criticalities } from '../../domain/model/device.ts';
import type { CheckFlags } from './check.ts';
import type { Shell } from './shell.ts';

/** Adds the command. */
export function addCheck(program: Command, { say, warn }: Pick<Shell, 'say' | 'warn'>): void {
  program
    .command('check')
    .description('What a machine is open to, from a listing of its packages. No settings, no database')
    .option('--os <release>', 'such as debian:13 or almalinux:9 (default: what this machine is)')
    .option('--inventory <file>', 'the listing; - or none = standard input')
    .option('--plan <file>', 'what "apt-get -s dist-upgrade" printed; "apt-cache policy" may follow')
    .option('--feeds <dir>', 'files of feeds, fetched or copied (default: the last good copies here)')
    .option('--exposed', 'the internet can reach this machine')
    .option('--criticality <word>', criticalities.join(', '))
    .option('--modules <stream...>', 'rpm module streams that are enabled, such as nodejs:18')
    .option('--all', 'also what is fixed already')
    .option('--json', 'one JSON document')
    .action(async (flags: CheckFlags) => {
      const { check } = await import('./check.ts');
      const { checkJson, checkText } = await import('./check-text.ts');
      const report = await check(flags, warn);
      say(flags.json ? JSON.stringify(checkJson(report), null, 2) : checkText(report));
    });
}
